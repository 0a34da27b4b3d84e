"""Items with the same matrices are run by one kernel for all of them, and the results are those of each item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_samples import write_project

import eqc
from eqc.kernels import together
from eqc.kernels.kernel import Kernel

LAYER = '''"""W x + b, where k of the entries count."""
import numpy as np

SIGNATURE = {
    "id": "layer",
    "inputs": (
        {"name": "W", "kind": "real", "shape": ("m", "n"), "per_call": False, "default": None, "differentiable": True},
        {"name": "x", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True},
        {"name": "b", "kind": "real", "shape": ("m",), "per_call": False, "default": None, "differentiable": True},
        {"name": "k", "kind": "integer", "shape": (), "per_call": True, "default": 2, "differentiable": False},
    ),
    "extents": (("m", "W", 0, "_size"), ("n", "W", 1, "_size")),
    "outputs": ({"name": "y", "kind": "real", "shape": ("m",)},),
    "kernels": ("value", "jvp", "vjp", "value_and_vjp"),
    "batched": ("value", "jvp", "vjp", "value_and_vjp"),
    "shares_items": True,
}


def layer_into(W, x, b, k, y):
    y[:] = np.einsum("...ij,...j->...i", W[..., :k], x[..., :k]) + b


def layer_jvp_into(W, x, b, k, W_dot, x_dot, b_dot, y_dot):
    layer_into(W_dot, x, b_dot, k, y_dot)
    y_dot += np.einsum("...ij,...j->...i", W[..., :k], x_dot[..., :k])


def layer_vjp_into(W, x, b, k, y_bar, W_bar, x_bar, b_bar):
    W_bar[:], x_bar[:], b_bar[:] = 0, 0, y_bar
    W_bar[..., :k] = y_bar[..., :, None] * x[..., None, :k]
    x_bar[..., :k] = np.einsum("...ij,...i->...j", W[..., :k], y_bar)


def layer_value_and_vjp_into(W, x, b, k, y_bar, y, W_bar, x_bar, b_bar):
    layer_into(W, x, b, k, y)
    layer_vjp_into(W, x, b, k, y_bar, W_bar, x_bar, b_bar)
'''

BATCHED = '''"""The same, and the number of items of each call in a file; threads may share a call for tangents."""
import numpy as np

SIGNATURE = {"teams": ("jvp",)}


def noted(x):
    assert x.flags.c_contiguous and x.shape[0] == 1
    with open(__file__ + ".items", "a") as file:
        file.write(f"{x.shape[1]} ")


def layer_into(W, x, b, k, y):
    noted(x)
    assert W.shape[0] == 1 and b.shape == y.shape
    y[0] = x[0, :, :k] @ W[0, :, :k].T + b[0]
    return not np.isfinite(y).all()


def layer_jvp_into(W, x, b, k, W_dot, x_dot, b_dot, y_dot, team):
    assert team[:2] == (0, 1)
    layer_into(W_dot, x, b_dot, k, y_dot)
    y_dot[0] += x_dot[0, :, :k] @ W[0, :, :k].T


def layer_vjp_into(W, x, b, k, y_bar, W_bar, x_bar, b_bar):
    noted(x)
    assert W_bar.shape == W.shape and x_bar.shape == x.shape and b_bar.shape == b.shape
    W_bar[:], x_bar[:], b_bar[:] = 0, 0, y_bar
    W_bar[0, :, :k] = y_bar[0].T @ x[0, :, :k]
    x_bar[0, :, :k] = y_bar[0] @ W[0, :, :k]


def layer_value_and_vjp_into(W, x, b, k, y_bar, y, W_bar, x_bar, b_bar):
    layer_into(W, x, b, k, y)
    layer_vjp_into(W, x, b, k, y_bar, W_bar, x_bar, b_bar)
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, {"layer": LAYER})
    folder = tmp_path / "generated" / "sample" / "_batched"
    folder.mkdir()
    (folder / "layer.py").write_text(BATCHED)
    return tmp_path


@pytest.fixture
def kernel(root: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setattr(together, "WORTH", 1)
    return eqc.kernel("layer", root=root)


def counted(root: Path) -> list[int]:
    """How many items each call for all of them had."""
    file = root / "generated/sample/_batched/layer.py.items"
    return [int(word) for word in file.read_text().split()] if file.is_file() else []


def array(*shape: int, dtype: Any = float) -> Any:
    return np.random.default_rng(shape).integers(-4, 5, shape).astype(dtype)


W, X, B = array(3, 4), array(5, 4), array(3)


def test_all_items_are_run_at_once(kernel: Kernel, root: Path) -> None:
    for _ in range(2):
        np.testing.assert_array_equal(kernel(W, X, B), X[:, :2] @ W[:, :2].T + B)
        np.testing.assert_array_equal(kernel(W, X, B, 4), X @ W.T + B)
    assert counted(root) == [5] * 4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cotangents_of_what_items_share_are_sums(kernel: Kernel, root: Path, dtype: Any) -> None:
    y_bar = array(5, 3, dtype=dtype)
    found = kernel.vjp(W.astype(dtype), X.astype(dtype), B.astype(dtype), 4, y_bar)
    assert [a.dtype for a in found] == [dtype] * 3
    np.testing.assert_array_equal(found.W, y_bar.T @ X)
    np.testing.assert_array_equal(found.x, y_bar @ W)
    np.testing.assert_array_equal(found.b, y_bar.sum(axis=0))
    np.testing.assert_array_equal(kernel.vjp(W, X, B, 4, y_bar, wrt="b"), found.b)
    assert counted(root) == [5, 5]


def test_values_come_beside_sums(kernel: Kernel, root: Path) -> None:
    y_bar = array(5, 3)
    value, found = kernel.value_and_vjp(W, X, B, 4, y_bar)
    np.testing.assert_array_equal(value, X @ W.T + B)
    np.testing.assert_array_equal(found.W, y_bar.T @ X)
    value, b_bar = kernel.value_and_vjp(W, X, B, 4, y_bar, wrt="b")
    np.testing.assert_array_equal(value, X @ W.T + B)
    np.testing.assert_array_equal(b_bar, y_bar.sum(axis=0))
    assert counted(root) == [5] * 4


def test_leading_axes_broadcast(kernel: Kernel, root: Path) -> None:
    x, b, w = array(2, 1, 4), array(6, 3), W[None]
    np.testing.assert_array_equal(kernel(w, x, b, 4), x @ W.T + b)
    y_bar = array(2, 6, 3)
    found = kernel.vjp(w, x, b, 4, y_bar)
    np.testing.assert_array_equal(found.W, np.einsum("ijm,ijn->mn", y_bar, np.broadcast_to(x, (2, 6, 4)))[None])
    np.testing.assert_array_equal(found.x, (y_bar @ W).sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(found.b, y_bar.sum(axis=0))
    assert counted(root) == [12, 12]


def test_tangents_that_are_left_out_are_zero(kernel: Kernel, root: Path) -> None:
    x_dot = array(5, 4)
    np.testing.assert_array_equal(kernel.jvp(W, X, B, 4, x_dot=x_dot), x_dot @ W.T)
    assert counted(root) == [5]


def test_results_go_to_given_memory(kernel: Kernel, root: Path) -> None:
    out, gap = np.empty((5, 3)), np.empty((5, 6))[:, ::2]
    assert kernel(W, X, B, 4, out=out) is out
    assert kernel(W, X, B, 4, out=gap) is gap
    np.testing.assert_array_equal(out, X @ W.T + B)
    np.testing.assert_array_equal(gap, out)
    place = np.empty((3, 4))
    assert kernel.vjp(W, X, B, 4, out, wrt="W", out=place) is place
    np.testing.assert_array_equal(place, out.T @ X)
    with pytest.raises(ValueError, match="shares memory"):
        kernel(W[:, :3], X[:, :3], X[:, :3], 3, out=X[:, :3])
    assert counted(root) == [5, 5, 5]


def test_other_calls_go_item_by_item(kernel: Kernel, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(array(5, 3, 4), X, B)
    kernel(W, X[0], B)
    kernel(W, X[:1], B)
    kernel.vjp(W, X[0], B, 4, array(5, 3))
    kernel.jvp(W, X, B, 4, W_dot=array(5, 3, 4))
    kernel.jacobian(W, X, B, 4)
    monkeypatch.setattr(together, "WORTH", 1 << 20)
    kernel(W, X, B)
    assert counted(root) == []


def test_items_with_results_that_are_not_finite_are_looked_at_one_by_one(kernel: Kernel, root: Path) -> None:
    x = X.copy()
    x[2, 0] = np.inf
    with np.errstate(invalid="ignore"):
        found = kernel(W, x, B)
    np.testing.assert_array_equal(found[[0, 1, 3, 4]], kernel(W, X, B)[[0, 1, 3, 4]])
    assert not np.isfinite(found[2]).all()
    assert counted(root) == [5, 5]
