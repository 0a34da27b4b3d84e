"""What a generated module offers, read from its text: neither the module nor Numba is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from eqc.kernels.signature import Signature, Tensor, form_of, read_signature


def signature_of(source: str) -> Signature | None:
    """The `SIGNATURE` in the text of a generated module; None if there is none, or none that can be read.

    >>> signature_of("SIGNATURE = {'id': 'c', 'inputs': (), 'extents': (), 'outputs': (), 'kernels': ()}").id
    'c'
    >>> signature_of("x = 1") is None
    True
    """
    try:
        body = ast.parse(source).body
        values = [node.value for node in body if isinstance(node, ast.Assign) and _names(node) == ["SIGNATURE"]]
        return read_signature(ast.literal_eval(values[0])) if values else None
    except (SyntaxError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def call_forms(signature: Signature) -> list[str]:
    """How each kernel is called and what it gives.

    >>> raw = {"id": "softmax", "inputs": ({"name": "z", "kind": "real", "shape": ("C",), "differentiable": True},),
    ...     "extents": (), "outputs": ({"name": "yhat", "kind": "real", "shape": ("C",)},), "kernels": ("value", "vjp")}
    >>> call_forms(read_signature(raw))
    ['value(z[C]) -> yhat[C]', 'vjp(z[C], yhat_bar[C]) -> z[C]']
    """
    forms = ((kernel, form_of(signature, kernel)) for kernel in signature.kernels)
    return [f"{kernel}({_listed(signature.inputs + form.extras)}) -> {_listed(form.results)}" for kernel, form in forms]


def _listed(tensors: Iterable[Tensor]) -> str:
    return ", ".join(map(str, tensors))
