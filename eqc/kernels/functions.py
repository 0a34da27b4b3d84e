"""Functions that people pass to kernels: which ones a kernel needs, and whether what was given can be called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from typing import Any

from eqc.errors import BuildError, DerivationError, nearest
from eqc.kernels.signature import FunctionInput, Signature


def check_given(signature: Signature, given: Mapping[str, Any]) -> None:
    """Every given function is one that some kernel takes, is compiled by Numba, and takes the right arguments.

    Raises BuildError otherwise.
    """
    for name, function in given.items():
        owner = _owner(signature, name)
        if owner is None:
            known = [f.name for f in signature.functions] + _known(signature)
            rule = f"{signature.id} takes no function {name}"
            raise BuildError(None, written=f"{name}=…", rule=rule, remedy=nearest(name, known))
        _check_function(signature, owner, name, function)


def select(signature: Signature, kernel: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
    """The functions that a kernel calls, in its order.

    Raises DerivationError for derivatives that are missing, BuildError for functions.
    """
    missing = [name for name in signature.needs.get(kernel, ()) if name not in given]
    if not missing:
        return tuple(given[name] for name in signature.needs.get(kernel, ()))
    names = [f.name for f in signature.functions]
    kind = BuildError if all(name in names for name in missing) else DerivationError
    forms = "; ".join(describe(signature, name) for name in missing)
    call = ", ".join(f"{name}=…" for name in missing)
    base = " and ".join(dict.fromkeys(_base(signature, name) for name in missing))
    raise kind(
        None,
        written=f"{signature.id}, the {kernel.replace('_', ' ')}",
        rule=f"it calls {', '.join(missing)}, which {'was' if len(missing) == 1 else 'were'} not given",
        remedy=f"give it to eqc.kernel(…, {call}), {forms}; or give {base} as a record's id",
    )


def describe(signature: Signature, name: str) -> str:
    """What a function has to be: `f_derivative: an njit function of a number that gives a number`."""
    owner = _owner(signature, name)
    if owner is None:
        return name
    inputs = " and ".join(_shape(shape) for shape in owner.arguments)
    result = owner.returns + tuple(e for n in _wrt(owner, name) or () for e in owner.arguments[n])
    return f"{name}: an njit function of {inputs} that gives {_shape(result)}"


def _shape(shape: tuple[str, ...]) -> str:
    return f"an array of shape [{', '.join(shape)}]" if shape else "a number"


def derivative_name(name: str, arguments: int, wrt: tuple[int, ...]) -> str:
    """The name under which a derivative of a function of so many arguments is given; `wrt` counts them from 0.

    >>> derivative_name("f", 1, (0,)), derivative_name("g", 2, (0, 1))
    ('f_derivative', 'g_second_derivative_12')
    """
    if not wrt:
        return name
    places = "".join(str(n + 1) for n in wrt)
    return f"{name}_{_ORDERS[len(wrt)]}derivative" + (f"_{places}" if arguments > 1 else "")


_ORDERS = ("", "", "second_", "third_", "fourth_", "fifth_", "sixth_")


def _wrt(owner: FunctionInput, name: str) -> tuple[int, ...] | None:
    """The arguments that a name says a derivative of a function is taken in; None if it says none."""
    count = len(owner.arguments)
    for order in range(len(_ORDERS)):
        for wrt in combinations_with_replacement(range(count), order):
            if derivative_name(owner.name, count, wrt) == name:
                return wrt
    return None


def _known(signature: Signature) -> list[str]:
    """All functions and derivatives of functions that some kernel calls."""
    return list(dict.fromkeys(name for names in signature.needs.values() for name in names))


def _owner(signature: Signature, name: str) -> FunctionInput | None:
    """The function that a name is, or is a derivative of."""
    return next((f for f in signature.functions if _wrt(f, name) is not None), None)


def _base(signature: Signature, name: str) -> str:
    owner = _owner(signature, name)
    return owner.name if owner else name


def _check_function(signature: Signature, owner: FunctionInput, name: str, function: Any) -> None:
    if not hasattr(function, "py_func"):
        what = "a plain Python function" if callable(function) else f"a {type(function).__name__}"
        raise BuildError(
            None,
            written=f"{name}={getattr(function, '__name__', function)!s}",
            rule=f"{name} is {what}; kernels call functions that Numba compiles",
            remedy=f"write numba.njit({name}), or @njit above its definition; or give a record's id",
        )
    count = len(owner.arguments)
    if not _takes(function.py_func, count):
        raise BuildError(
            None,
            written=f"{name}={function.py_func.__name__}{inspect.signature(function.py_func)}",
            rule=f"{name} takes {count} argument{'s' * (count != 1)}",
            remedy=describe(signature, name),
        )


def _takes(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    return True
