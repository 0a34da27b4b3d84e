"""Records and kernels written by hand for the tests of the evidence layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqc.records.load import load_text
from eqc.records.model import Record
from eqc.verify.balls import as_float
from eqc.verify.oracle import Oracle

SOFTMAX = """
title: Softmax
sympy: Eq(yhat[c], exp(z[c])/Sum(exp(z[k]), (k, 1, C)))
symbols:
  yhat: {shape: [C], domain: simplex, meaning: probabilities}
  z: {shape: [C], meaning: logits}
  C: classes
"""

CROSS_ENTROPY = """
title: Cross-entropy on logits
sympy: Eq(L, -Sum(y[i, c]*log(softmax(z)[i, c]), (c, 1, C), (i, 1, N))/N)
symbols:
  L: loss
  y: {shape: [N, C], domain: simplex, differentiable: false, meaning: targets}
  z: {shape: [N, C], meaning: logits}
  N: samples
  C: classes
"""


def record(text: str, id: str = "example") -> Record:
    """A record from its YAML text."""
    return load_text(text, id=id, area="tests", file=f"{id}.yaml")


def oracle(text: str, **others: str) -> Oracle:
    """The oracle of a record; `others` are records that it uses, by id."""
    return Oracle(record(text), {id: record(other, id) for id, other in others.items()})


def formula(sympy: str, **symbols: Any) -> Oracle:
    """The oracle of one formula; a symbol is its YAML text, with `{}` for a plain number."""
    lines = "\n".join(f"  {name}: {entry if entry != '{}' else 'a number'}" for name, entry in symbols.items())
    return oracle(f"title: Formula\nsympy: {sympy!r}\nsymbols:\n{lines}\n")


def value(of: Oracle, output: str = "out", **inputs: Any) -> NDArray[np.float64]:
    """The rounded value of an output."""
    return as_float(of.value(inputs)[output])


def jacobian(of: Oracle, wrt: str, output: str = "out", **inputs: Any) -> NDArray[np.float64]:
    """The rounded Jacobian of an output, of shape output + input."""
    shape = np.shape(inputs[wrt])
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    first = of.evaluate(inputs, [{wrt: unit} for unit in units]).first
    columns = np.stack([as_float(part[output]) for part in first], axis=-1)
    return columns.reshape(*columns.shape[:-1], *shape)


def hessian(of: Oracle, wrt: str, output: str = "out", **inputs: Any) -> NDArray[np.float64]:
    """The rounded Hessian of a scalar output as a matrix over the entries of one input."""
    shape = np.shape(inputs[wrt])
    units = [{wrt: unit} for unit in np.eye(int(np.prod(shape))).reshape(-1, *shape)]
    rows = [of.evaluate(inputs, units, unit).mixed for unit in units]
    return np.array([[float(as_float(entry[output])) for entry in row] for row in rows])
