"""Who is timed: eqc's kernels, and the same formula as NumPy, JAX and PyTorch people write it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqc.bench.namespaces import jax_namespace, numpy_namespace, torch_namespace
from eqc.bench.transcribe import compile_transcription
from eqc.ir.program import Program
from eqc.kernels.kernel import Kernel
from eqc.kernels.signature import Tensor

Run = Callable[[], Sequence[Any]]
"""Value and derivatives in one call: the real outputs, then a derivative for each differentiable input.

Or the Hessian: its entries by rows.
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What everybody computes: a kernel's value and gradient, or its value and vjp where that is not one number.

    `programs` are the record's own by kind, `arguments` in its order, `cotangents` one for each real output. `wrt` are
    the inputs that derivatives are taken in, if not all. With `hessian`, that alone is computed.
    """

    kernel: Kernel
    programs: Mapping[str, Program]
    arguments: list[Any]
    cotangents: list[Any]
    wrt: tuple[str, ...] | None = None
    hessian: bool = False

    @property
    def both(self) -> str | None:
        """The kernel that gives the value and the derivatives, if there are any."""
        return next((kind for kind in ("value_and_gradient", "value_and_vjp") if kind in self.programs), None)

    @property
    def seeds(self) -> list[Any]:
        """The cotangents that this kernel takes."""
        return self.cotangents if self.both == "value_and_vjp" else []

    @property
    def differentiable(self) -> list[int]:
        """The places of the arguments that derivatives are taken in."""
        wanted = [tensor.differentiable and (self.wrt is None or tensor.name in self.wrt) for tensor in self._inputs]
        return [n for n, is_wanted in enumerate(wanted) if is_wanted]

    @property
    def _inputs(self) -> tuple[Tensor, ...]:
        return self.kernel.signature.inputs


def available() -> tuple[str, ...]:
    """The contenders whose libraries are installed.

    >>> available()[:2]
    ('eqc', 'numpy')
    """
    return tuple(name for name in CONTENDERS if name == "eqc" or importlib.util.find_spec(name) is not None)


def of_eqc(work: Work) -> Run:
    """The kernels, through their public interface."""
    kernel, given = work.kernel, work.arguments
    wrt = None if work.wrt is None else tuple(kernel.inputs[n] for n in work.differentiable)
    values: Callable[[Any], Sequence[Any]] = _listed if _all_real(work) else lambda found: _real(work, _listed(found))
    if work.hessian:
        return lambda: _entries(kernel.hessian(*given, wrt=wrt))
    if work.both is None:
        return lambda: values(kernel(*given))
    if work.both not in kernel.signature.kernels:  # numbers of many items, whose slopes in what they share are summed
        return lambda: [*values(kernel(*given)), *_listed(kernel.vjp(*given, *work.cotangents, wrt=wrt))]
    method, seeds = getattr(kernel, work.both), work.seeds

    def both() -> Sequence[Any]:
        value, slopes = method(*given, *seeds, wrt=wrt)
        return [*values(value), *_listed(slopes)]

    return both


def of_numpy(work: Work) -> Run:
    """The formula and its derivative, transcribed."""
    xp = numpy_namespace()
    if work.hessian:
        entries = compile_transcription(work.programs["hessian"])
        return lambda: entries(xp, *work.arguments)
    run, seeds = compile_transcription(work.programs[work.both or "value"]), work.seeds
    if _all_real(work):
        return lambda: run(xp, *work.arguments, *seeds)
    count = len(work.kernel.signature.outputs)

    def both() -> Sequence[Any]:
        found = run(xp, *work.arguments, *seeds)
        return [*_real(work, found[:count]), *found[count:]]

    return both


def of_jax(work: Work) -> Run:
    """The transcribed formula, differentiated and compiled by JAX."""
    import jax

    jax.config.update("jax_enable_x64", True)
    xp, value = jax_namespace(), compile_transcription(work.programs["value"])
    chosen = work.differentiable
    given = [jax.numpy.asarray(a) if isinstance(a, np.ndarray | np.generic) else a for a in work.arguments]
    bars = [jax.numpy.asarray(bar) for bar in work.cotangents]

    # Arrays are arguments, or XLA computes in advance what hangs on none that is differentiated; Python numbers stay.
    arrays = [n for n, a in enumerate(given) if isinstance(a, jax.Array)]

    def both(known: list[Any], bars: list[Any]) -> Any:
        whole = _filled(given, arrays, known)
        if not chosen:
            return _real(work, value(xp, *whole))
        free = [whole[n] for n in chosen]
        outputs, pull = jax.vjp(lambda *free: _real(work, value(xp, *_filled(whole, chosen, free))), *free)
        return (*outputs, *pull(tuple(bars)))

    def entries(known: list[Any], free: list[Any]) -> Any:
        return value(xp, *_filled(_filled(given, arrays, known), chosen, free))[0]

    known = [given[n] for n in arrays]
    if work.hessian:
        second = jax.jit(jax.hessian(entries, argnums=1))
        return lambda: _entries(jax.block_until_ready(second(known, [given[n] for n in chosen])))
    compiled = jax.jit(both)
    return lambda: jax.block_until_ready(compiled(known, bars))


def of_torch(work: Work) -> Run:
    """The transcribed formula, differentiated by PyTorch's autograd."""
    import torch

    xp, value = torch_namespace(), compile_transcription(work.programs["value"])
    chosen = work.differentiable
    given = [torch.as_tensor(a) if isinstance(a, np.ndarray | np.generic) else a for a in work.arguments]
    if work.hessian:
        inputs = tuple(given[n] for n in chosen)
        second = torch.autograd.functional.hessian
        return lambda: _entries(second(lambda *free: value(xp, *_filled(given, chosen, free))[0], inputs))
    free = [given[n].requires_grad_() for n in chosen]
    bars = [torch.as_tensor(bar) for bar in work.cotangents]

    def both() -> Sequence[Any]:
        outputs = _real(work, value(xp, *_filled(given, chosen, free)))
        if not free:
            return list(outputs)
        slopes = torch.autograd.grad(outputs, free, bars, allow_unused=True)
        return [*(out.detach() for out in outputs), *slopes]

    return both


CONTENDERS: Mapping[str, Callable[[Work], Run]] = {
    "eqc": of_eqc,
    "numpy": of_numpy,
    "jax": of_jax,
    "torch": of_torch,
}


def _entries(result: Any) -> list[Any]:
    """The matrices of a Hessian, which is nested by rows where there are several."""
    return [entry for row in result for entry in _entries(row)] if isinstance(result, tuple | list) else [result]


def _listed(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


def _all_real(work: Work) -> bool:
    return all(tensor.kind == "real" for tensor in work.kernel.signature.outputs)


def _real(work: Work, outputs: Sequence[Any]) -> tuple[Any, ...]:
    """The real outputs; where there is none, all are what is computed."""
    kinds = work.kernel.signature.outputs
    return tuple(out for out, tensor in zip(outputs, kinds, strict=True) if tensor.kind == "real") or tuple(outputs)


def _filled(given: Sequence[Any], chosen: Sequence[int], free: Sequence[Any]) -> list[Any]:
    """The arguments, those that are differentiated taken from `free`."""
    by_place = dict(zip(chosen, free, strict=True))
    return [by_place.get(n, value) for n, value in enumerate(given)]


def agree(reference: Sequence[Any], other: Sequence[Any], dtype: str) -> bool:
    """Whether two contenders computed the same thing, as far as the plain formula's rounding lets one tell."""
    tolerance = 1e-6 if dtype == "float64" else 1e-2
    if len(reference) != len(other):
        return False
    for ours, theirs in zip(reference, other, strict=True):
        a, b = np.asarray(ours, dtype=float), np.asarray(0.0 if theirs is None else theirs, dtype=float)
        scale = np.max(np.abs(a), initial=0.0)
        if not np.all(np.abs(a - b) <= tolerance * scale):
            return False
    return True
