"""What a kernel's compiled function raises, as people get to see it, and what asks for a kernel that is not there."""

from __future__ import annotations

from typing import Any

from eqc.errors import BuildError, DerivationError
from eqc.kernels.functions import describe
from eqc.kernels.signature import Signature

TYPING_ERRORS = ("TypingError", "LoweringError", "UnsupportedError")
"""What Numba raises for code that it cannot compile; kernels themselves never bring that about."""

_SCALAR_ONLY = ("gradient", "value_and_gradient", "hvp", "hessian")


def reworded(error: IndexError | ValueError) -> Exception:
    """An error of a generated function, as people get to see it."""
    return _located(error) if isinstance(error, IndexError) else _named(error)


def _named(error: ValueError) -> ValueError:
    """Generated functions raise a wrong result of a function with its name, its shape and the shape it should have."""
    if len(error.args) != 4:
        return error
    message, name, shape, wanted = error.args
    return ValueError(f"{name} gave {message}: {shape}, but the glossary says {wanted}")


def no_kernel(signature: Signature, kernel: str, method: str) -> DerivationError:
    """The error for a method whose kernel the record does not have, with the reason."""
    name, outputs = signature.id, ", ".join(map(str, signature.outputs))
    if not signature.real_outputs:
        rule, remedy = f"{name} gives integers ({outputs}), which have no derivative", "only its value can be had"
    elif not signature.differentiable:
        rule = f"{name} has no input that it is differentiated in"
        remedy = "integer inputs and those with `differentiable: false` never are"
    elif method in _SCALAR_ONLY:
        rule = f"a {method.replace('_', ' ')} needs one scalar output, but {name} gives {outputs}"
        both = method == "value_and_gradient"
        remedy = f"use {name}.value_and_vjp" if both else f"use {name}.vjp or {name}.jacobian"
    elif method == "value_and_vjp" and "value_and_gradient" in signature.kernels:
        rule = f"{name} gives one number, so that its value comes with the gradient, for a cotangent of 1"
        remedy = f"use {name}.value_and_gradient"
    else:
        rule, remedy = f"the generated module of {name} has no {kernel}", f"run `eqc build {name}`"
    return DerivationError(None, written=f"{name}.{method}(…)", rule=rule, remedy=remedy)


def uncallable(signature: Signature, functions: tuple[Any, ...], error: Exception) -> BuildError:
    """The error for a function that Numba cannot compile for the arguments, or whose value has the wrong form."""
    names = ", ".join(function.py_func.__name__ for function in functions)
    wanted = "; ".join(describe(signature, name) for name in dict.fromkeys(f.name for f in signature.functions))
    return BuildError(
        None,
        written=f"{signature.id} with {names}",
        rule=f"Numba cannot compile {signature.id} with these functions",
        remedy=f"check what they take and give: {wanted}. Numba says: {_last_line(error)}",
    )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("File", "<source", "During", "Failed", "^"))]
    return (told or lines or [""])[0]


def _located(error: IndexError) -> IndexError:
    """Generated functions raise a position out of range with its value and range as further arguments."""
    if len(error.args) != 4:
        return error
    message, value, low, high = error.args
    return IndexError(f"{message.partition(':')[0]} has the value {value}, outside its range {low} to {high}")
