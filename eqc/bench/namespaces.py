"""One set of names over NumPy, JAX and PyTorch, for transcribed formulas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

Shape = tuple[int, ...]


class Namespace:
    """The functions of an array library by NumPy's names; what it spells otherwise stands in `others`.

    A function of plain Python numbers, such as the root of an extent, is taken from `math`.
    """

    def __init__(self, library: ModuleType, others: Mapping[str, Any]) -> None:
        self._library = library
        self._others = others

    def __getattr__(self, name: str) -> Any:
        found = self._others.get(name)
        if found is None:
            found = getattr(self._library, name)
        if callable(found) and name in _OF_NUMBERS:
            found = _for_numbers_too(name, found)
        setattr(self, name, found)
        return found


_OF_NUMBERS: Mapping[str, Callable[..., Any]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "pow": math.pow,
    "power": math.pow,
    "maximum": max,
    "minimum": min,
    "floor": math.floor,
    "ceil": math.ceil,
    "lgamma": math.lgamma,
}


def _for_numbers_too(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    plain = _OF_NUMBERS[name]

    def either(*args: Any) -> Any:
        return plain(*args) if all(isinstance(a, int | float) for a in args) else function(*args)

    return either


def exact(dividend: int, divisor: int) -> int:
    """A quotient of extents, which must be whole.

    >>> exact(6, 3)
    2
    """
    quotient, rest = divmod(dividend, divisor)
    if rest:
        raise ValueError(f"{dividend}/{divisor} is not a whole number")
    return quotient


def _root_of_cube(x: Any) -> Any:
    return x**1.5


def numpy_namespace() -> Namespace:
    """NumPy, with SciPy's special functions.

    >>> xp = numpy_namespace()
    >>> float(xp.lgamma(xp.asarray(4.0))), xp.sqrt(9)
    (1.791759469228055, 3.0)
    """
    import numpy as np
    from scipy import linalg, special

    def scatter_add(shape: Shape, places: tuple[Any, ...], values: Any) -> Any:
        target = np.zeros(shape, dtype=values.dtype)
        np.add.at(target, places, values)
        return target

    def einsum(subscripts: str, *operands: Any) -> Any:
        return np.einsum(subscripts, *operands, optimize=True)

    return Namespace(
        np,
        {
            "einsum": einsum,
            "scatter_add": scatter_add,
            "exact": exact,
            "root_of_cube": _root_of_cube,
            "cho_solve": lambda factor, right: linalg.cho_solve((factor, True), right),
            "erf": special.erf,
            "erfc": special.erfc,
            "gamma": special.gamma,
            "lgamma": special.gammaln,
            "polygamma": special.polygamma,
        },
    )


def jax_namespace() -> Namespace:
    """JAX; double precision must have been switched on."""
    import jax.numpy as jnp
    from jax.scipy import linalg, special

    def scatter_add(shape: Shape, places: tuple[Any, ...], values: Any) -> Any:
        return jnp.zeros(shape, values.dtype).at[places].add(values)

    return Namespace(
        jnp,
        {
            "scatter_add": scatter_add,
            "exact": exact,
            "root_of_cube": _root_of_cube,
            "cho_solve": lambda factor, right: linalg.cho_solve((factor, True), right),
            "erf": special.erf,
            "erfc": special.erfc,
            "gamma": special.gamma,
            "lgamma": special.gammaln,
            "polygamma": special.polygamma,
        },
    )


def torch_namespace() -> Namespace:
    """PyTorch on the CPU."""
    import torch

    def extremum(function: Callable[..., Any]) -> Callable[..., Any]:
        """PyTorch compares tensors with tensors only."""

        def either(a: Any, b: Any) -> Any:
            like = a if isinstance(a, torch.Tensor) else b
            return function(torch.as_tensor(a, dtype=like.dtype), torch.as_tensor(b, dtype=like.dtype))

        return either

    def product(x: Any, axis: Shape) -> Any:
        for one in sorted(axis, reverse=True):
            x = x.prod(dim=one)
        return x

    def scatter_add(shape: Shape, places: tuple[Any, ...], values: Any) -> Any:
        return torch.zeros(shape, dtype=values.dtype).index_put(places, values, accumulate=True)

    def cho_solve(factor: Any, right: Any) -> Any:
        if right.ndim > 1:
            return torch.cholesky_solve(right, factor)
        return torch.cholesky_solve(right[:, None], factor)[:, 0]

    return Namespace(
        torch,
        {
            "cho_solve": cho_solve,
            "permute_dims": torch.permute,
            "power": torch.pow,
            "maximum": extremum(torch.maximum),
            "minimum": extremum(torch.minimum),
            "amax": lambda x, axis: torch.amax(x, dim=axis),
            "amin": lambda x, axis: torch.amin(x, dim=axis),
            "sum": lambda x, axis: torch.sum(x, dim=axis),
            "prod": product,
            "scatter_add": scatter_add,
            "exact": exact,
            "root_of_cube": _root_of_cube,
            "gamma": lambda x: torch.exp(torch.lgamma(x)),
        },
    )
