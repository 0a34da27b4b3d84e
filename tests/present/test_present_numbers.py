"""Every closed form that is shown is a true formula: at random points it equals the dense derivative program."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from core_samples import case, case_names, derivatives, draw, is_opaque, memory_of, seed_of, sizes_of
from present_samples import closed_forms

from eqc.derive.assemble import derivative_programs
from eqc.ir.interpret import FUNCTIONS, interpret
from eqc.ir.stable import DEFINITIONS, Stable
from eqc.present.counting import count_from_one
from eqc.present.derivative import ClosedForm
from eqc.present.sympy_objects import to_sympy

MOST_STATEMENTS = 12
FEW = 4
NAMES = [
    name
    for name in case_names()
    if not is_opaque(case(name).value)
    and not case(name).value.functions
    and len(case(name).value.statements) <= MOST_STATEMENTS
]
MOST_INPUTS = 2


def names_with_jacobians() -> list[str]:
    return [name for name in NAMES if "jacobian" in derivatives(name)]


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with mpmath.workdps(30):
        yield


class Evaluation:
    """Formulas in SymPy's objects, counted from 1, at the values of a program's tensors; no code is shared."""

    def __init__(self, name: str) -> None:
        of = case(name)
        self.arguments = draw(of, random.Random(seed_of(name)))
        self.memory = memory_of(of.value, self.arguments)
        self.sizes = {symbol.name: number for symbol, number in sizes_of(of.value, self.arguments).items()}

    def number(self, node: Any, indices: dict[str, int]) -> Any:
        if isinstance(node, sp.Indexed):
            at = tuple(int(self.number(p, indices)) - 1 for p in node.indices)
            assert all(p >= 0 for p in at), f"{node} at {indices}"
            return self.memory[str(node.base)][at]
        if isinstance(node, sp.Symbol):
            return self.symbol(node.name, indices)
        if isinstance(node, sp.Sum | sp.Product):
            return self.repeated(node, indices)
        if isinstance(node, sp.Piecewise):
            return next((self.number(v, indices) for v, c in node.args if self.number(c, indices)), mpmath.nan)
        if isinstance(node, sp.And | sp.Or):
            found = (self.number(a, indices) for a in node.args)
            return all(found) if isinstance(node, sp.And) else any(found)
        if not node.args:
            return bool(node) if isinstance(node, sp.logic.boolalg.BooleanAtom) else mpmath.mpmathify(sp.N(node, 40))
        values = [self.number(a, indices) for a in node.args]
        known = {sp.Max: max, sp.Min: min}
        if isinstance(node, Stable):
            return self.number(DEFINITIONS[type(node)](*node.args), indices)
        function = known[type(node)] if type(node) in known else FUNCTIONS[type(node)]
        return function(*values)

    def symbol(self, name: str, indices: dict[str, int]) -> Any:
        for known in (indices, self.sizes):
            if name in known:
                return known[name]
        value = self.memory[name][()]
        return value if isinstance(value, int) else mpmath.mpf(value)

    def repeated(self, node: Any, indices: dict[str, int]) -> Any:
        terms = [self.number(node.function, inner) for inner in self.rounds(node.limits, indices)]
        return mpmath.fsum(terms) if isinstance(node, sp.Sum) else mpmath.fprod(terms)

    def rounds(self, limits: Any, indices: dict[str, int]) -> Iterator[dict[str, int]]:
        """Limits stand innermost first."""
        if not limits:
            yield indices
            return
        index, first, last = limits[-1]
        for at in range(int(self.number(first, indices)), int(self.number(last, indices)) + 1):
            yield from self.rounds(limits[:-1], {**indices, index.name: at})


def shown(form: ClosedForm) -> tuple[Any, list[str]]:
    """A form as `eqc derive --as sympy` gives it, and the names of its free indices."""
    free = tuple(p for r in (form.output, *form.inputs) for p in r.positions)
    return to_sympy(count_from_one(form.body, free)), [p.name for p in free]


def forms(name: str, wrt: str, order: int) -> list[ClosedForm]:
    return [form for form in closed_forms(name, wrt, order) if form.body is not None]


def assert_equal(name: str, form: ClosedForm, block: Any, evaluation: Evaluation) -> None:
    body, free = shown(form)
    array = np.asarray(block, dtype=object)
    for place in np.ndindex(array.shape):
        indices = dict(zip(free, (p + 1 for p in place), strict=True))
        found, expected = evaluation.number(body, indices), array[place]
        close = abs(found - expected) < 1e-20 * (1 + abs(expected))
        assert close, f"{name} at {indices}, seed {seed_of(name)}: {body} is {found}, not {expected}"


@pytest.mark.parametrize("name", names_with_jacobians())
def test_first_derivatives(name: str) -> None:
    value, evaluation = case(name).value, Evaluation(name)
    program = derivative_programs(value, ("jacobian",))["jacobian"]
    blocks = interpret(program, evaluation.arguments)
    labels = [(o.name, i.name) for o in value.real_outputs for i in value.differentiable]
    by_label = dict(zip(labels, program.outputs, strict=True))
    for tensor in value.differentiable[:MOST_INPUTS]:
        for form in forms(name, tensor.name, 1):
            assert_equal(name, form, blocks[by_label[form.output.tensor, tensor.name]], evaluation)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "hessian" in derivatives(name) and len(case(name).value.statements) <= FEW]
)
def test_second_derivatives(name: str) -> None:
    value, evaluation = case(name).value, Evaluation(name)
    program = derivative_programs(value, ("hessian",))["hessian"]
    blocks = interpret(program, evaluation.arguments)
    inputs = [t.name for t in value.differentiable]
    for number, wrt in enumerate(inputs[:1]):
        for form in forms(name, wrt, 2):
            assert_equal(name, form, blocks[program.outputs[number * (len(inputs) + 1)]], evaluation)
