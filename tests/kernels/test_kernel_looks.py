"""A look at arguments accepts just those that have the key of the arguments it was made for."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from eqc.kernels.looks import look_for
from eqc.kernels.plans import EXACT, key_of

X = np.arange(6.0)


class Own(np.ndarray[Any, Any]):
    """An array of a class of its own."""


def read_only() -> Any:
    array = X.copy()
    array.setflags(write=False)
    return array


VALUES = {
    "array": X.copy(),
    "another": X + 1,
    "shape": np.arange(5.0),
    "axes": X.reshape(2, 3),
    "single": X.astype(np.float32),
    "order": np.asfortranarray(X.reshape(2, 3)),
    "byte order": X.astype(">f8"),
    "integers": np.arange(6),
    "strided": np.arange(12.0)[::2],
    "read-only": read_only(),
    "of its own class": X.view(Own),
    "list": [0.0] * 6,
    "float": 2.0,
    "NumPy number": np.float64(2),
    "int": 2,
    "another int": 3,
    "truth": True,
    "beyond": EXACT + 1,
    "none": None,
}


@pytest.mark.parametrize("matter", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_looks_agree_with_keys(count: int, matter: bool) -> None:
    others = (X, 2)[: count - 1]
    for known, value in product(VALUES.values(), repeat=2):
        first, second = (*others, known), (*others, value)
        key = key_of(first, matter)
        if key is not None:
            assert look_for(first, matter)(second) == (key_of(second, matter) == key)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_number_of_arguments_counts(count: int) -> None:
    look = look_for((X,) * count, integers_matter=False)
    assert [n for n in range(6) if look((X,) * n)] == [count]
