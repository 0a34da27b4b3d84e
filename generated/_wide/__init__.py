# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Wide numbers: 106 bits and an exponent without limits, for the cases that floats cannot do.

Functions are compiled when they are first imported from here.
"""

from numba import types

from . import arithmetic, elementary, special
from .arithmetic import ONE, PI, ZERO, E, load, negative, size, store
from .calls import outside

_WIDE = types.UniTuple(types.float64, 3)
_ARGUMENTS = {
    "wide": (types.float64,),
    "ratio": (types.float64, types.float64),
    "whole_power": (_WIDE, types.int64),
    **dict.fromkeys(("plus", "minus", "times", "over", "compare", "greater", "lesser", "remainder"), (_WIDE, _WIDE)),
    **dict.fromkeys(("wide_power", "wide_exp_difference", "wide_power_complement"), (_WIDE, _WIDE)),
    **dict.fromkeys(("wide_xlogy", "wide_xlog1py"), (_WIDE, _WIDE)),
}
"""What the functions take that do not take one wide number."""

__all__ = ["ONE", "PI", "ZERO", "E", "load", "negative", "size", "store"]


def __getattr__(name):
    for module in (arithmetic, elementary, special):
        if name in vars(module) and not name.startswith("_"):
            call = outside(vars(module)[name], *_ARGUMENTS.get(name, (_WIDE,)))
            globals()[name] = call
            return call
    raise AttributeError(f"no wide function {name}")
