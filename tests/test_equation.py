"""`eqc.load`: an equation as people read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import eqc

RECORD = r"""title: Softplus & co
latex: \text{Softplus}(z) = \log(1 + e^z)
sympy: log(1 + exp(z))
symbols:
  z: input
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "equations" / "activations"
    folder.mkdir(parents=True)
    (folder / "softplus.yaml").write_text(RECORD)
    (folder / "plain.yaml").write_text("title: Plain\nsympy: x < 1\nsymbols: {x: input}\n")
    return tmp_path


def test_what_an_equation_shows(root: Path) -> None:
    equation = eqc.load("softplus", root=root)
    assert (equation.id, equation.title, repr(equation)) == (
        "softplus",
        "Softplus & co",
        "<equation softplus: Softplus & co>",
    )
    assert equation.latex == r"\text{Softplus}(z) = \log(1 + e^z)"
    assert equation.symbols["z"].meaning == "input"
    assert str(equation.sympy) == "log(exp(z) + 1)"
    page = equation._repr_html_()
    assert page.startswith("<p>Softplus &amp; co</p>\n<math ")
    assert "<mtext>Softplus</mtext>" in page


def test_without_latex_it_is_made_from_the_sympy_form(root: Path) -> None:
    equation = eqc.load("plain", root=root)
    assert equation.latex == "x < 1"
    assert "<mi>x</mi><mo>&#x0003C;</mo><mn>1</mn>" in equation._repr_html_()


def test_derivatives_in_closed_form(root: Path) -> None:
    derived = eqc.load("softplus", root=root).derive("z")
    assert derived.latex
    assert derived.text
    assert derived._repr_html_().startswith("<math ")
    with pytest.raises(eqc.EqcError):
        eqc.load("softplus", root=root).derive("w")


def test_unknown_records(root: Path) -> None:
    with pytest.raises(eqc.EqcError, match="did you mean softplus"):
        eqc.load("softpluss", root=root)


def test_reading_a_record_loads_no_compiler(root: Path) -> None:
    code = "import eqc, sys; eqc.load('softplus').latex; print(sorted({'sympy', 'numba', 'numpy'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={"PYTHONPATH": str(Path(eqc.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
