"""Random arguments of a kernel at chosen extents, from the domains of the record."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from eqc.errors import BuildError, nearest
from eqc.ir.program import Check, reads_of
from eqc.kernels.signature import Signature, Tensor
from eqc.records.model import Record
from eqc.verify.draws import draw, draw_integers


def extents_of_size(signature: Signature, size: int) -> dict[str, int]:
    """Equal extents such that the largest array has about `size` elements.

    A record of scalars has none: it is timed on arrays of `size` items.

    >>> from eqc.kernels.signature import read_signature
    >>> A = {"name": "A", "kind": "real", "shape": ("n", "m"), "differentiable": True}
    >>> extents_of_size(read_signature({"id": "f", "inputs": (A,), "outputs": (), "kernels": (),
    ...     "extents": (("n", "A", 0, "_size"), ("m", "A", 1, "_size"))}), 10_000)
    {'n': 100, 'm': 100}
    """
    rank = max((len(tensor.shape) for tensor in (*signature.inputs, *signature.outputs)), default=0)
    lengths = {axis.text for tensor in signature.inputs for axis in tensor.shape}
    names = [rule.name for rule in signature.extents]
    names += [tensor.name for tensor in signature.inputs if tensor.per_call and tensor.name in lengths]
    return {name: max(1, round(size ** (1 / rank))) for name in names} if rank else {}


def arguments(
    record: Record,
    signature: Signature,
    extents: Mapping[str, int],
    dtype: str,
    items: int | None = None,
    shared: Collection[str] = (),
    checks: Sequence[Check] = (),
) -> list[Any]:
    """One value for each input; the seed follows from the record's id. Positions pass the `checks`.

    `items` gives every input that is not `shared` a leading axis. Raises BuildError for an extent that the record does
    not have, or that is missing.
    """
    rng = np.random.default_rng(zlib.crc32(record.id.encode()))
    _check_names(signature, extents)
    counts = {t.name: _count(record, t, extents, rng) for t in signature.inputs if t.per_call}
    most, extents = min(extents.values(), default=3), {**extents, **counts}
    leads = [() if items is None or tensor.name in shared else (items,) for tensor in signature.inputs]
    pairs, places = zip(signature.inputs, leads, strict=True), _places(checks, extents)
    drawn = [(tensor.name, _argument(record, tensor, extents, rng, lead, dtype, most)) for tensor, lead in pairs]
    return [np.clip(value, *places[name]) if name in places else value for name, value in drawn]


def _places(checks: Sequence[Check], extents: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """The least and the greatest value of integer inputs that are positions, such as labels."""
    found: dict[str, tuple[int, int]] = {}
    for check in checks:
        extent = check.extent.subs({s: extents[s.name] for s in check.extent.free_symbols if s.name in extents})
        for r in reads_of(check.position):
            offset = check.position - r
            if offset.is_Integer and extent.is_Integer:
                low, high = found.get(r.tensor, (int(-offset), int(extent - 1 - offset)))
                found[r.tensor] = max(low, int(-offset)), min(high, int(extent - 1 - offset))
    return found


def _count(record: Record, tensor: Tensor, extents: Mapping[str, int], rng: np.random.Generator) -> int:
    """An integer that stays the same for the whole call."""
    chosen = extents.get(tensor.name, tensor.default)
    return int(draw_integers(record.symbols[tensor.name].domain, rng, (), 3)) if chosen is None else int(chosen)


def _argument(
    record: Record,
    tensor: Tensor,
    extents: Mapping[str, int],
    rng: np.random.Generator,
    lead: tuple[int, ...],
    dtype: str,
    most: int,
) -> Any:
    domain = record.symbols[tensor.name].domain
    if tensor.per_call:
        return extents[tensor.name]
    shape = (*lead, *(axis.evaluate(extents) for axis in tensor.shape))
    if tensor.kind == "integer":
        return draw_integers(domain, rng, shape, most)
    return draw(domain, rng, shape, "double").astype(dtype)


def _check_names(signature: Signature, extents: Mapping[str, int]) -> None:
    known = [rule.name for rule in signature.extents] + [t.name for t in signature.inputs if t.per_call]
    for name in extents:
        if name not in known:
            raise BuildError(None, written=name, rule=f"{signature.id} has no such extent", remedy=nearest(name, known))
    for rule in signature.extents:
        if rule.name not in extents:
            remedy = f"give one, such as {rule.name}=100"
            raise BuildError(None, written=signature.id, rule=f"the extent {rule.name} is not given", remedy=remedy)
