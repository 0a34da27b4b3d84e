# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Several threads in one kernel: each runs all of it, takes its share of the loops, and meets the others in between.

A team is (which thread, how many, where they meet). Without one, None, nothing of what is here is left in the compiled
code. What threads hand over to each other is written to the `meeting`, which has two halves for it: nobody writes to
the one again before everybody has arrived at the next meeting, and so has read it.
"""

from .alone import either, nothing, same
from .meeting import array_of, handed_over_array, leave, meet, meet_all
from .shares import begin, end, leads, own, share
from .wholes import (
    in_order,
    shared_empty,
    shared_zeros,
    whole_array,
    whole_largest,
    whole_least,
    whole_maximum,
    whole_minimum,
    whole_product,
    whole_sum,
)

__all__ = [
    "array_of",
    "begin",
    "either",
    "end",
    "handed_over_array",
    "in_order",
    "leads",
    "leave",
    "meet",
    "meet_all",
    "nothing",
    "own",
    "same",
    "share",
    "shared_empty",
    "shared_zeros",
    "whole_array",
    "whole_largest",
    "whole_least",
    "whole_maximum",
    "whole_minimum",
    "whole_product",
    "whole_sum",
]
