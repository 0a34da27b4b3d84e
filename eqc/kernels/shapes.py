"""Shapes of one call: extents from the inputs, every axis checked, leading axes broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from eqc.kernels.binding import Zero
from eqc.kernels.extents import Extent
from eqc.kernels.signature import ExtentRule, Form, Signature, Tensor
from eqc.kernels.values import Operand

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The shapes of one call.

    `leads` are the operands' own leading axes (None for a per-call integer), `cores` the axes after them, `batch` the
    broadcast of all leading axes, whose first `front` come from the extras alone. `results` are the results' cores,
    `targets` the leading axes that they end up with. `items` is the number of items in the batch, `blocks` and
    `buffers` are the shapes of operands and results with it as one leading axis. `alone` tells which operands have one
    item that serves all, where such are `shared`; `is_direct` that no operand has to be repeated, and `is_even` that
    no result has to be summed up either.
    """

    leads: tuple[Shape | None, ...]
    cores: tuple[Shape, ...]
    batch: Shape
    results: tuple[Shape, ...]
    targets: tuple[Shape, ...]
    front: int
    shared: bool = False
    items: int = field(init=False)
    alone: tuple[bool, ...] = field(init=False)
    blocks: tuple[Shape, ...] = field(init=False)
    buffers: tuple[Shape, ...] = field(init=False)
    is_direct: bool = field(init=False)
    is_even: bool = field(init=False)

    def __post_init__(self) -> None:
        items = prod(self.batch)
        alone = tuple(self.shared and lead is not None and prod(lead) == 1 for lead in self.leads)
        pairs = list(zip(self.leads, alone, strict=True))
        is_direct = all(lead is None or lead == self.batch or one for lead, one in pairs)
        derived = {
            "items": items,
            "alone": alone,
            "blocks": tuple((1 if one else items, *core) for core, one in zip(self.cores, alone, strict=True)),
            "buffers": tuple((items, *core) for core in self.results),
            "is_direct": is_direct,
            "is_even": is_direct and all(target == self.batch for target in self.targets),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)


def lay_out(signature: Signature, form: Form, operands: Sequence[Operand]) -> Layout:
    """Check the operands (inputs, then extras) against the signature and find the shapes of the results.

    Raises ValueError naming the symbols and the extents that do not fit.
    """
    tensors = signature.inputs + form.extras
    sizes = _Sizes(dict(zip((tensor.name for tensor in tensors), operands, strict=True)), tensors)
    for tensor in tensors:
        sizes.check_axes(tensor)
    for rule in signature.extents:
        sizes.define(rule)
    for tensor in tensors:
        sizes.check(tensor)
    leads = tuple(sizes.lead(tensor) for tensor in tensors)
    primal = _broadcast(tensors[: len(signature.inputs)], leads, operands)
    batch = _broadcast(tensors, leads, operands)
    results = tuple(sizes.result(tensor) for tensor in form.results)
    front = batch[: len(batch) - len(primal)]
    by_name = dict(zip((tensor.name for tensor in signature.inputs), leads, strict=False))
    summed = form.results[form.values :] if form.summed else ()
    if form.values and batch != primal:
        raise ValueError(_beyond(batch, primal))
    targets = (
        *(batch for _ in range(len(form.results) - len(summed))),
        *(front + (by_name[tensor.name] or ()) for tensor in summed),
    )
    cores = tuple(sizes.core(tensor) for tensor in tensors)
    return Layout(leads, cores, batch, results, targets, len(front), signature.shares_items)


@dataclass(slots=True)
class _Sizes:
    """Extents found so far, and where each came from."""

    operands: dict[str, Operand]
    tensors: Sequence[Tensor]
    known: dict[str, int] = field(init=False)
    origins: dict[str, ExtentRule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = {name: value for name, value in self.operands.items() if isinstance(value, int)}

    def shape(self, name: str) -> Shape:
        """The whole shape of an operand."""
        operand = self.operands[name]
        return () if isinstance(operand, (int, Zero)) else operand.shape

    def lead(self, tensor: Tensor) -> Shape | None:
        """The leading axes; None for a per-call integer."""
        if tensor.per_call:
            return None
        shape = self.shape(tensor.name)
        return shape[: max(0, len(shape) - len(tensor.shape))]

    def core(self, tensor: Tensor) -> Shape:
        """The axes after the leading ones, also of a zero that was left out."""
        return tuple(self._evaluate(tensor, extent) for extent in tensor.shape)

    def check_axes(self, tensor: Tensor) -> None:
        """Every operand has at least the axes of its symbol."""
        shape = self.shape(tensor.name)
        if len(shape) < len(tensor.shape) and not isinstance(self.operands[tensor.name], Zero):
            raise ValueError(
                f"{tensor.name} has shape {shape}, but {tensor} has {_count(len(tensor.shape), 'axis', 'axes')}"
            )

    def define(self, rule: ExtentRule) -> None:
        """Find an extent from the axis that gives it."""
        size = self.shape(rule.input)[self._axis(rule.input, rule.axis)]
        try:
            value = rule.value.evaluate({**self.known, "_size": size})
        except ValueError as error:
            where = f"axis {self._axis(rule.input, rule.axis) + 1}"
            raise ValueError(
                f"{rule.input} has shape {self.shape(rule.input)}: its {where} gives no {rule.name}, since {error}"
            ) from None
        self.known[rule.name] = value
        self.origins[rule.name] = rule

    def check(self, tensor: Tensor) -> None:
        """Every axis has the length that its symbol's shape says."""
        if isinstance(self.operands[tensor.name], Zero):
            return
        shape = self.shape(tensor.name)
        first = len(shape) - len(tensor.shape)
        for axis, extent in enumerate(tensor.shape):
            expected, size = self._evaluate(tensor, extent), shape[first + axis]
            if expected != size:
                raise ValueError(self._mismatch(tensor, first + axis, extent, expected))

    def result(self, tensor: Tensor) -> Shape:
        """The shape of a result, which no input may make negative."""
        shape = tuple(self._evaluate(tensor, extent) for extent in tensor.shape)
        for axis, size in enumerate(shape):
            if size < 0:
                extent = tensor.shape[axis]
                raise ValueError(f"{tensor} would have {extent.text} = {size} as axis {axis + 1}{self._given(extent)}")
        return shape

    def _axis(self, name: str, core_axis: int) -> int:
        """The position of a core axis in the whole shape of an input."""
        cores = next(len(tensor.shape) for tensor in self.tensors if tensor.name == name)
        return len(self.shape(name)) - cores + core_axis

    def _evaluate(self, tensor: Tensor, extent: Extent) -> int:
        try:
            return extent.evaluate(self.known)
        except ValueError as error:
            raise ValueError(f"{tensor} has no length {extent.text}: {error}{self._given(extent)}") from None

    def _mismatch(self, tensor: Tensor, axis: int, extent: Extent, expected: int) -> str:
        shape = self.shape(tensor.name)
        rule = self.origins.get(extent.text)
        if rule is None or rule.value.text != "_size":
            needed = f"{extent.text} = {expected}" if extent.names else str(expected)
            return (
                f"{tensor.name} has shape {shape}, but its axis {axis + 1} must be {needed}, "
                f"not {shape[axis]}{self._given(extent)}"
            )
        if rule.input == tensor.name:
            other = self._axis(rule.input, rule.axis) + 1
            return (
                f"{tensor.name} has shape {shape}: the extent {rule.name} is {shape[axis]} in axis {axis + 1} "
                f"and {expected} in axis {other}"
            )
        return (
            f"{tensor.name} has shape {shape} but {rule.input} has {self.shape(rule.input)}: "
            f"the extent {rule.name} is {shape[axis]} in {tensor.name} (axis {axis + 1}) "
            f"and {expected} in {rule.input} (axis {self._axis(rule.input, rule.axis) + 1})"
        )

    def _given(self, extent: Extent) -> str:
        """Where the names in an extent have their values from."""
        parts = [self._origin(name) for name in extent.names]
        return f" (with {', '.join(parts)})" if parts else ""

    def _origin(self, name: str) -> str:
        rule = self.origins.get(name)
        if rule is None:
            return f"{name} = {self.known[name]}"
        where = f"axis {self._axis(rule.input, rule.axis) + 1} of {rule.input} {self.shape(rule.input)}"
        return f"{name} = {self.known[name]} from {where}"


def _broadcast(tensors: Sequence[Tensor], leads: Sequence[Shape | None], operands: Sequence[Operand]) -> Shape:
    """The broadcast of the operands' leading axes. Raises ValueError naming the two that do not fit."""
    rank = max((len(lead) for lead in leads[: len(tensors)] if lead), default=0)
    batch = [1] * rank
    owners = [0] * rank
    for index, lead in enumerate(leads[: len(tensors)]):
        for axis, size in enumerate(lead or (), start=rank - len(lead or ())):
            if size != 1 and batch[axis] not in (1, size):
                raise ValueError(_clash(tensors, operands, (owners[axis], index), (batch[axis], size)))
            if size != 1:
                batch[axis], owners[axis] = size, index
    return tuple(batch)


def _clash(
    tensors: Sequence[Tensor], operands: Sequence[Operand], pair: tuple[int, int], sizes: tuple[int, int]
) -> str:
    first, second = (f"{tensors[i].name} has shape {getattr(operands[i], 'shape', ())}" for i in pair)
    return f"{first} and {second}: their leading axes {sizes[0]} and {sizes[1]} do not broadcast"


def _beyond(batch: Shape, primal: Shape) -> str:
    return (
        f"the cotangents have the leading axes {batch}, which go beyond those of the inputs, {primal}: "
        "there is one value for each item of the inputs; call vjp for several cotangents of an item"
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
