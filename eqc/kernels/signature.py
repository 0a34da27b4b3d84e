"""What a generated module says about itself, and what each of its kernels takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from eqc.kernels.extents import Extent, parse_extent


@dataclass(frozen=True, slots=True)
class Tensor:
    """An argument or a result of a kernel, without leading axes.

    `kind` is "real" or "integer"; `per_call` marks an integer that is one Python int per call. `updates` names the
    input whose memory an output may reuse.
    """

    name: str
    kind: str
    shape: tuple[Extent, ...]
    per_call: bool = False
    default: float | int | None = None
    differentiable: bool = False
    updates: str | None = None

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(extent.text for extent in self.shape)}]" if self.shape else self.name


@dataclass(frozen=True, slots=True)
class ExtentRule:
    """How an extent follows from the length (`_size`) of an input's axis."""

    name: str
    input: str
    axis: int
    value: Extent


@dataclass(frozen=True, slots=True)
class FunctionInput:
    """A function that the caller gives: the shapes of its arguments and of its value, as text.

    `bound` is the id of the record that it is by default.
    """

    name: str
    arguments: tuple[tuple[str, ...], ...]
    returns: tuple[str, ...]
    bound: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """Inputs in the glossary's order, outputs in the statements' order, and the kernels that exist.

    `functions` are the function inputs; `needs` names those, and derivatives of those, that each kernel calls.
    Kernels that are `watched` say whether a result is not finite, and have a counterpart in wide numbers; those that
    are `batched` have one for many items with the same matrices. With `shares_items`, an operand with one item serves
    all items of a call. The results of kernels that are `optional`, by number, need no memory where nobody wants them.
    Several threads can share an item of the kernels in `teams`.
    """

    id: str
    inputs: tuple[Tensor, ...]
    extents: tuple[ExtentRule, ...]
    outputs: tuple[Tensor, ...]
    kernels: tuple[str, ...]
    functions: tuple[FunctionInput, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    batched: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    shares_items: bool = False
    optional: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def differentiable(self) -> tuple[Tensor, ...]:
        """The inputs that derivatives are taken in."""
        return tuple(tensor for tensor in self.inputs if tensor.differentiable)

    @property
    def real_outputs(self) -> tuple[Tensor, ...]:
        """The outputs that have derivatives."""
        return tuple(tensor for tensor in self.outputs if tensor.kind == "real")

    def __str__(self) -> str:
        given = (*(function.name for function in self.functions), *map(str, self.inputs))
        return f"{self.id}({', '.join(given)}) -> {', '.join(map(str, self.outputs))}"


def read_signature(raw: Mapping[str, Any]) -> Signature:
    """The `SIGNATURE` of a generated module as checked data.

    >>> z = {"name": "z", "kind": "real", "shape": ("C",), "differentiable": True}
    >>> print(read_signature({"id": "softmax", "inputs": (z,), "extents": (("C", "z", 0, "_size"),),
    ...     "outputs": ({"name": "yhat", "kind": "real", "shape": ("C",)},), "kernels": ("value",)}))
    softmax(z[C]) -> yhat[C]
    """
    return Signature(
        raw["id"],
        tuple(map(_read_tensor, raw["inputs"])),
        tuple(ExtentRule(name, source, axis, parse_extent(value)) for name, source, axis, value in raw["extents"]),
        tuple(map(_read_tensor, raw["outputs"])),
        tuple(raw["kernels"]),
        tuple(FunctionInput(**function) for function in raw.get("functions", ())),
        raw.get("needs", {}),
        raw.get("watched", ()),
        raw.get("batched", ()),
        raw.get("teams", ()),
        raw.get("shares_items", False),
        raw.get("optional", {}),
    )


def _read_tensor(raw: Mapping[str, Any]) -> Tensor:
    fields = dict(raw)
    return Tensor(**{**fields, "shape": tuple(map(parse_extent, fields["shape"]))})


@dataclass(frozen=True, slots=True)
class Form:
    """What a kernel takes after the inputs and what it gives.

    With `summed`, a result is summed over the leading axes that the input of its name lacks; not so the first ones,
    which are as many `values`.
    """

    extras: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    summed: bool = False
    values: int = 0


def form_of(signature: Signature, kernel: str) -> Form:
    """The form of one kernel of a signature, by the kernel's name ("value", "vjp", …)."""
    return _FORMS[kernel](signature)


def _renamed(tensors: tuple[Tensor, ...], suffix: str) -> tuple[Tensor, ...]:
    return tuple(Tensor(tensor.name + suffix, "real", tensor.shape) for tensor in tensors)


def _products(rows: tuple[Tensor, ...], columns: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(Tensor(f"{a.name}_{b.name}", "real", a.shape + b.shape) for a in rows for b in columns)


def _gradients(signature: Signature) -> tuple[Tensor, ...]:
    return tuple(replace(tensor, default=None) for tensor in signature.differentiable)


_FORMS: dict[str, Callable[[Signature], Form]] = {
    "value": lambda s: Form((), s.outputs),
    "jvp": lambda s: Form(_renamed(s.differentiable, "_dot"), _renamed(s.real_outputs, "")),
    "vjp": lambda s: Form(_renamed(s.real_outputs, "_bar"), _gradients(s), summed=True),
    "gradient": lambda s: Form((), _gradients(s)),
    "value_and_gradient": lambda s: Form((), _renamed(s.real_outputs, "") + _gradients(s), values=1),
    "value_and_vjp": lambda s: Form(
        _renamed(s.real_outputs, "_bar"), s.outputs + _gradients(s), summed=True, values=len(s.outputs)
    ),
    "hvp": lambda s: Form(_renamed(s.differentiable, "_dot"), _gradients(s)),
    "jacobian": lambda s: Form((), _products(s.real_outputs, s.differentiable)),
    "hessian": lambda s: Form((), _products(s.differentiable, s.differentiable)),
}
