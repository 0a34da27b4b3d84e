"""Small generated modules by hand, as eqc writes them: the kernel API is tested apart from the compiler."""

from __future__ import annotations

from pathlib import Path

RUNTIME = """
from numba import njit


@njit(cache=True)
def scale(x):
    return 1.0 * x
"""

SOFTMAX = '''"""Softmax."""
import numpy as np
from numba import njit

from .._runtime import scale

SIGNATURE = {
    "id": "softmax",
    "inputs": (
        {"name": "z", "kind": "real", "shape": ("C",), "per_call": False, "default": None, "differentiable": True},
    ),
    "extents": (("C", "z", 0, "_size"),),
    "outputs": ({"name": "yhat", "kind": "real", "shape": ("C",)},),
    "kernels": ("value", "jvp", "vjp", "value_and_vjp"),
}


@njit(cache=True)
def softmax(z):
    yhat = np.empty_like(z)
    softmax_into(z.reshape(1, -1), yhat.reshape(1, -1))
    return yhat


@njit(cache=True)
def softmax_into(z, yhat):
    for b in range(z.shape[0]):
        total = z[b, 0] * 0
        for c in range(z.shape[1]):
            yhat[b, c] = np.exp(z[b, c] - z[b].max())
            total += yhat[b, c]
        for c in range(z.shape[1]):
            yhat[b, c] = scale(yhat[b, c] / total)


@njit(cache=True)
def softmax_jvp_into(z, z_dot, yhat_dot):
    softmax_into(z, yhat_dot)
    for b in range(z.shape[0]):
        mean = (yhat_dot[b] * z_dot[b]).sum()
        yhat_dot[b] *= z_dot[b] - mean


@njit(cache=True)
def softmax_vjp_into(z, yhat_bar, z_bar):
    softmax_jvp_into(z, yhat_bar, z_bar)


@njit(cache=True)
def softmax_value_and_vjp_into(z, yhat_bar, yhat, z_bar):
    softmax_into(z, yhat)
    softmax_vjp_into(z, yhat_bar, z_bar)
'''

PARABOLA = '''"""a x^2, with a default before a required input."""
from numba import njit

SIGNATURE = {
    "id": "parabola",
    "inputs": (
        {"name": "a", "kind": "real", "shape": (), "per_call": False, "default": 0.5, "differentiable": True},
        {"name": "x", "kind": "real", "shape": (), "per_call": False, "default": None, "differentiable": True},
    ),
    "extents": (),
    "outputs": ({"name": "y", "kind": "real", "shape": ()},),
    "kernels": ("value", "jvp", "vjp", "gradient", "value_and_gradient", "hvp"),
}


@njit(cache=True)
def parabola_into(a, x, y):
    for b in range(x.shape[0]):
        y[b] = a[b] * x[b] * x[b]


@njit(cache=True)
def parabola_jvp_into(a, x, a_dot, x_dot, y_dot):
    for b in range(x.shape[0]):
        y_dot[b] = a_dot[b] * x[b] * x[b] + 2 * a[b] * x[b] * x_dot[b]


@njit(cache=True)
def parabola_vjp_into(a, x, y_bar, a_bar, x_bar):
    for b in range(x.shape[0]):
        a_bar[b] = y_bar[b] * x[b] * x[b]
        x_bar[b] = y_bar[b] * 2 * a[b] * x[b]


@njit(cache=True)
def parabola_gradient_into(a, x, a_bar, x_bar):
    for b in range(x.shape[0]):
        a_bar[b] = x[b] * x[b]
        x_bar[b] = 2 * a[b] * x[b]


@njit(cache=True)
def parabola_value_and_gradient_into(a, x, y, a_bar, x_bar):
    parabola_into(a, x, y)
    parabola_gradient_into(a, x, a_bar, x_bar)


@njit(cache=True)
def parabola_hvp_into(a, x, a_dot, x_dot, a_bar, x_bar):
    for b in range(x.shape[0]):
        a_bar[b] = 2 * x[b] * x_dot[b]
        x_bar[b] = 2 * x[b] * a_dot[b] + 2 * a[b] * x_dot[b]
'''

MSE = '''"""Mean squared error."""
from numba import njit

SIGNATURE = {
    "id": "mse",
    "inputs": (
        {"name": "y", "kind": "real", "shape": ("N", "C"), "per_call": False, "default": None, "differentiable": False},
        {"name": "yhat", "kind": "real", "shape": ("N", "C"), "default": None, "differentiable": True},
    ),
    "extents": (("N", "y", 0, "_size"), ("C", "y", 1, "_size")),
    "outputs": ({"name": "L", "kind": "real", "shape": ()},),
    "kernels": ("value", "jvp", "vjp", "gradient", "value_and_gradient", "hvp"),
}


@njit(cache=True)
def mse_into(y, yhat, L):
    for b in range(y.shape[0]):
        L[b] = ((y[b] - yhat[b]) ** 2).sum() / y.shape[1]


@njit(cache=True)
def mse_gradient_into(y, yhat, yhat_bar):
    for b in range(y.shape[0]):
        yhat_bar[b] = 2 * (yhat[b] - y[b]) / y.shape[1]


@njit(cache=True)
def mse_value_and_gradient_into(y, yhat, L, yhat_bar):
    mse_into(y, yhat, L)
    mse_gradient_into(y, yhat, yhat_bar)


@njit(cache=True)
def mse_hvp_into(y, yhat, yhat_dot, yhat_bar):
    for b in range(y.shape[0]):
        yhat_bar[b] = 2 * yhat_dot[b] / y.shape[1]


@njit(cache=True)
def mse_vjp_into(y, yhat, L_bar, yhat_bar):
    mse_gradient_into(y, yhat, yhat_bar)
    for b in range(y.shape[0]):
        yhat_bar[b] *= L_bar[b]


@njit(cache=True)
def mse_jvp_into(y, yhat, yhat_dot, L_dot):
    for b in range(y.shape[0]):
        L_dot[b] = (2 * (yhat[b] - y[b]) * yhat_dot[b]).sum() / y.shape[1]
'''

PICK = '''"""The score of a class label, twice."""
from numba import njit

SIGNATURE = {
    "id": "pick",
    "inputs": (
        {"name": "x", "kind": "real", "shape": ("C",), "per_call": False, "default": None, "differentiable": True},
        {"name": "y", "kind": "integer", "shape": (), "per_call": False, "default": None, "differentiable": False},
    ),
    "extents": (("C", "x", 0, "_size"),),
    "outputs": ({"name": "s", "kind": "real", "shape": ()},),
    "kernels": ("value", "gradient"),
}


@njit(cache=True)
def pick_into(x, y, s):
    for b in range(x.shape[0]):
        if y[b] < 1 or y[b] > x.shape[1]:
            raise IndexError("y: position outside its range", y[b], 1, x.shape[1])
        s[b] = 2 * x[b, y[b] - 1]


@njit(cache=True)
def pick_gradient_into(x, y, x_bar):
    x_bar[:] = 0
    for b in range(x.shape[0]):
        x_bar[b, y[b] - 1] = 2
'''

EVERY = '''"""Every stride-th element of an even number of them."""
from numba import njit

SIGNATURE = {
    "id": "every",
    "inputs": (
        {"name": "x", "kind": "real", "shape": ("2*n",), "per_call": False, "default": None, "differentiable": True},
        {"name": "stride", "kind": "integer", "shape": (), "per_call": True, "default": 1, "differentiable": False},
    ),
    "extents": (("n", "x", 0, "exact(_size, 2)"),),
    "outputs": ({"name": "y", "kind": "real", "shape": ("(2*n - 1)//stride + 1",)},),
    "kernels": ("value", "vjp"),
}


@njit(cache=True)
def every_into(x, stride, y):
    for b in range(x.shape[0]):
        for i in range(y.shape[1]):
            y[b, i] = x[b, i * stride]


@njit(cache=True)
def every_vjp_into(x, stride, y_bar, x_bar):
    x_bar[:] = 0
    for b in range(x.shape[0]):
        for i in range(y_bar.shape[1]):
            x_bar[b, i * stride] = y_bar[b, i]
'''

MOMENTUM = '''"""A moving average and its energy."""
from numba import njit

SIGNATURE = {
    "id": "momentum",
    "inputs": (
        {"name": "m", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True},
        {"name": "g", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True},
        {"name": "beta", "kind": "real", "shape": (), "per_call": False, "default": 0.9, "differentiable": True},
    ),
    "extents": (("n", "m", 0, "_size"),),
    "outputs": (
        {"name": "m_new", "kind": "real", "shape": ("n",), "updates": "m"},
        {"name": "energy", "kind": "real", "shape": ()},
    ),
    "kernels": ("value", "jvp", "vjp", "value_and_vjp"),
    "shares_items": True,
}


@njit(cache=True)
def of(array, item):
    return array[item % len(array)]


@njit(cache=True)
def momentum_into(m, g, beta, m_new, energy):
    for b in range(energy.shape[0]):
        m_new[b] = 0  # would spoil m if the two shared memory
        m_new[b] = of(beta, b) * of(m, b) + (1 - of(beta, b)) * of(g, b)
        energy[b] = (m_new[b] ** 2).sum()


@njit(cache=True)
def momentum_jvp_into(m, g, beta, m_dot, g_dot, beta_dot, m_new_dot, energy_dot):
    for b in range(energy_dot.shape[0]):
        m_new_dot[b] = of(beta, b) * of(m_dot, b) + (1 - of(beta, b)) * of(g_dot, b)
        m_new_dot[b] += of(beta_dot, b) * (of(m, b) - of(g, b))
        new = of(beta, b) * of(m, b) + (1 - of(beta, b)) * of(g, b)
        energy_dot[b] = (2 * new * m_new_dot[b]).sum()


@njit(cache=True)
def momentum_vjp_into(m, g, beta, m_new_bar, energy_bar, m_bar, g_bar, beta_bar):
    for b in range(m_bar.shape[0]):
        new = of(beta, b) * of(m, b) + (1 - of(beta, b)) * of(g, b)
        total = of(m_new_bar, b) + 2 * new * of(energy_bar, b)
        m_bar[b] = of(beta, b) * total
        g_bar[b] = (1 - of(beta, b)) * total
        beta_bar[b] = ((of(m, b) - of(g, b)) * total).sum()


@njit(cache=True)
def momentum_value_and_vjp_into(m, g, beta, m_new_bar, energy_bar, m_new, energy, m_bar, g_bar, beta_bar):
    momentum_into(m, g, beta, m_new, energy)
    momentum_vjp_into(m, g, beta, m_new_bar, energy_bar, m_bar, g_bar, beta_bar)
'''

AFFINE = '''"""W x + b."""
import numpy as np
from numba import njit

SIGNATURE = {
    "id": "affine",
    "inputs": (
        {"name": "W", "kind": "real", "shape": ("m", "n"), "per_call": False, "default": None, "differentiable": True},
        {"name": "x", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True},
        {"name": "b", "kind": "real", "shape": ("m",), "per_call": False, "default": None, "differentiable": True},
    ),
    "extents": (("m", "W", 0, "_size"), ("n", "W", 1, "_size")),
    "outputs": ({"name": "y", "kind": "real", "shape": ("m",)},),
    "kernels": ("value", "jvp", "vjp", "value_and_vjp"),
}


@njit(cache=True)
def affine_into(W, x, b, y):
    for k, i in np.ndindex(y.shape):
        y[k, i] = b[k, i]
        for j in range(x.shape[1]):
            y[k, i] += W[k, i, j] * x[k, j]


@njit(cache=True)
def affine_jvp_into(W, x, b, W_dot, x_dot, b_dot, y_dot):
    for k, i in np.ndindex(y_dot.shape):
        y_dot[k, i] = b_dot[k, i]
        for j in range(x.shape[1]):
            y_dot[k, i] += W_dot[k, i, j] * x[k, j] + W[k, i, j] * x_dot[k, j]


@njit(cache=True)
def affine_vjp_into(W, x, b, y_bar, W_bar, x_bar, b_bar):
    x_bar[:] = 0
    for k, i in np.ndindex(y_bar.shape):
        b_bar[k, i] = y_bar[k, i]
        for j in range(x.shape[1]):
            W_bar[k, i, j] = y_bar[k, i] * x[k, j]
            x_bar[k, j] += y_bar[k, i] * W[k, i, j]


@njit(cache=True)
def affine_value_and_vjp_into(W, x, b, y_bar, y, W_bar, x_bar, b_bar):
    affine_into(W, x, b, y)
    affine_vjp_into(W, x, b, y_bar, W_bar, x_bar, b_bar)
'''

WINNER = '''"""The position of the largest score."""
from numba import njit

SIGNATURE = {
    "id": "winner",
    "inputs": (
        {"name": "x", "kind": "real", "shape": ("C",), "per_call": False, "default": None, "differentiable": True},
    ),
    "extents": (("C", "x", 0, "_size"),),
    "outputs": ({"name": "k", "kind": "integer", "shape": ()},),
    "kernels": ("value",),
}


@njit(cache=True)
def winner_into(x, k):
    for b in range(x.shape[0]):
        k[b] = x[b].argmax() + 1
'''

SQUARES = '''"""A sum of squares times another, with dense kernels of its own."""
import numpy as np
from numba import njit

SIGNATURE = {
    "id": "squares",
    "inputs": (
        {"name": "u", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True},
        {"name": "v", "kind": "real", "shape": (), "per_call": False, "default": None, "differentiable": True},
    ),
    "extents": (("n", "u", 0, "_size"),),
    "outputs": ({"name": "out", "kind": "real", "shape": ()},),
    "kernels": ("value", "jvp", "vjp", "gradient", "hvp", "jacobian", "hessian"),
}


@njit(cache=True)
def squares_into(u, v, out):
    for b in range(u.shape[0]):
        out[b] = v[b] ** 2 * (u[b] ** 2).sum()


@njit(cache=True)
def squares_hvp_into(u, v, u_dot, v_dot, u_bar, v_bar):
    for b in range(u.shape[0]):
        u_bar[b] = 2 * v[b] ** 2 * u_dot[b] + 4 * v[b] * u[b] * v_dot[b]
        v_bar[b] = (4 * v[b] * u[b] * u_dot[b]).sum() + 2 * (u[b] ** 2).sum() * v_dot[b]


@njit(cache=True)
def squares_jacobian_into(u, v, out_u, out_v):
    for b in range(u.shape[0]):
        out_u[b] = 2 * v[b] ** 2 * u[b]
        out_v[b] = 2 * v[b] * (u[b] ** 2).sum()


@njit(cache=True)
def squares_hessian_into(u, v, u_u, u_v, v_u, v_v):
    for b in range(u.shape[0]):
        u_u[b] = np.eye(u.shape[1]) * 2 * v[b] ** 2
        u_v[b] = 4 * v[b] * u[b]
        v_u[b] = 4 * v[b] * u[b]
        v_v[b] = 2 * (u[b] ** 2).sum()
'''

CUBES = '''"""A sum of cubes, with dense kernels of its own for its one input."""
import numpy as np
from numba import njit

SIGNATURE = {
    "id": "cubes",
    "inputs": (
        {"name": "u", "kind": "real", "shape": ("n",), "per_call": False, "default": None, "differentiable": True},
    ),
    "extents": (("n", "u", 0, "_size"),),
    "outputs": ({"name": "out", "kind": "real", "shape": ()},),
    "kernels": ("value", "jvp", "vjp", "gradient", "hvp", "jacobian", "hessian"),
}


@njit(cache=True)
def cubes_into(u, out):
    for b in range(u.shape[0]):
        out[b] = (u[b] ** 3).sum()


@njit(cache=True)
def cubes_jacobian_into(u, out_u):
    out_u[:] = 3 * u**2


@njit(cache=True)
def cubes_hessian_into(u, u_u):
    u_u[:] = 0
    for b in range(u.shape[0]):
        for i in range(u.shape[1]):
            u_u[b, i, i] = 6 * u[b, i]
'''

SWAY = '''"""The scaled sum, its position and the scaled entries, with the function of one item that eqc writes too."""
from numba import njit

SIGNATURE = {
    "id": "sway",
    "inputs": (
        {"name": "rate", "kind": "real", "shape": (), "per_call": False, "default": 0.5, "differentiable": True},
        {"name": "x", "kind": "real", "shape": ("N",), "per_call": False, "default": None, "differentiable": True},
        {"name": "k", "kind": "integer", "shape": (), "per_call": False, "default": None, "differentiable": False},
    ),
    "extents": (("N", "x", 0, "_size"),),
    "outputs": (
        {"name": "y", "kind": "real", "shape": ("N",)},
        {"name": "total", "kind": "real", "shape": ()},
        {"name": "place", "kind": "integer", "shape": ()},
    ),
    "kernels": ("value",),
    "watched": ("value",),
    "shares_items": True,
}


@njit(cache=True)
def _sway(rate, x, k, y):
    if not 0 <= k - 1 < x.shape[0]:
        raise IndexError("k: position outside its axis", k, 1, x.shape[0])
    total = 0.0
    lost = 0.0
    for i in range(x.shape[0]):
        y[i] = rate * x[i]
        lost += y[i] * 0.0
        total += y[i]
    return total, k, lost


@njit(cache=True)
def sway_into(rate, x, k, y, total, place):
    lost = 0.0
    for b in range(y.shape[0]):
        total[b], place[b], part = _sway(
            rate[b if rate.shape[0] > 1 else 0], x[b if x.shape[0] > 1 else 0], k[b if k.shape[0] > 1 else 0], y[b]
        )
        lost += part
    return lost != 0.0
'''


MODULES = {
    "softmax": SOFTMAX,
    "parabola": PARABOLA,
    "mse": MSE,
    "pick": PICK,
    "every": EVERY,
    "momentum": MOMENTUM,
    "affine": AFFINE,
    "winner": WINNER,
    "cubes": CUBES,
    "squares": SQUARES,
    "sway": SWAY,
}


def interpreted(source: str) -> str:
    """The module without Numba, which would take most of the tests' time and changes nothing for the API."""
    return source.replace("@njit(cache=True)\n", "")


TOTALS = '''"""What kernels find beside them to add up items."""


def add_items(block, totals):
    totals += block.sum(axis=0)
'''


def write_project(root: Path, modules: dict[str, str] | None = None) -> Path:
    """A project at `root` with these modules (all samples by default) in the area `sample`."""
    area = root / "generated" / "sample"
    area.mkdir(parents=True, exist_ok=True)
    (root / "equations" / "sample").mkdir(parents=True, exist_ok=True)
    for package in (area.parent, area):
        (package / "__init__.py").write_text("")
    (root / "generated" / "_runtime.py").write_text(RUNTIME)
    calls = root / "generated" / "_calls"
    calls.mkdir(exist_ok=True)
    (calls / "__init__.py").write_text("")
    (calls / "totals.py").write_text(TOTALS)
    for name, source in (MODULES if modules is None else modules).items():
        (area / f"{name}.py").write_text(source)
        (root / "equations" / "sample" / f"{name}.yaml").write_text("")
    return root
