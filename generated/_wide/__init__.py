# eqc-inputs: f7ffc4bdf4b5e86a91039b9bab35e4f150bda144532029c51c338c680a7c1478
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
