"""Calls that compiled code makes: what it looks at, calls and gives back, with a function of Python as the kernel."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from test_kernel_looks import VALUES, X

from eqc.emit._calls import short as runtime
from eqc.kernels import native
from eqc.kernels.looks import Short, look_for
from eqc.kernels.native import native_way
from eqc.kernels.plans import key_of
from eqc.kernels.results import Selection, named_results
from eqc.kernels.straight import Back, Fixed, Lone, New, Shaped, Straight, View
from eqc.kernels.values import FLOAT32, FLOAT64, INT64

ALL = Selection((0, 1), tuple)
FLOATS = (FLOAT64, FLOAT64)


@pytest.fixture(autouse=True)
def code(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the code stood beside generated kernels."""
    monkeypatch.setattr(native, "_code_beside", lambda package: runtime)


def way_of(straight: Straight, values: Sequence[Any], select: Selection = ALL, matter: bool = False) -> Short:
    short = native_way(straight, values, select, matter)
    assert short is not None
    return short


def call(short: Short, *given: Any) -> Any:
    way, known = short
    return way(known, given)


def numbers(*found: Any, dtypes: Sequence[Any] = FLOATS, checked: bool = True) -> Straight:
    """A kernel that returns numbers, whatever it is given."""
    places = [-1 - n for n in range(len(dtypes))]
    return Straight(
        "nowhere", lambda *_: found if len(found) > 1 else found[0], (0,), len(found), checked, places, dtypes
    )


@pytest.mark.parametrize("count", [3, 3.0, np.int64(3)])
def test_kernels_may_count_in_floats(count: Any) -> None:
    short = way_of(numbers(count, dtypes=(INT64,), checked=False), (X,), Selection((0,), None))
    for _ in range(3):
        found = call(short, X)
        assert type(found) is np.int64 and found == 3
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        call(way_of(numbers(np.nan, dtypes=(INT64,), checked=False), (X,), Selection((0,), None)), X)


@pytest.mark.parametrize("matter", [False, True])
def test_it_looks_at_arguments_as_python_does(matter: bool) -> None:
    for known, value in product(VALUES.values(), repeat=2):
        if key_of((X, known), matter) is not None:
            short = way_of(numbers(1.0, 2.0), (X, known), matter=matter)
            assert (call(short, X, value) is not None) == look_for((X, known), matter)((X, value))
            assert call(short, X) is call(short, X, known, known) is None


def test_operands_are_put_in_their_places() -> None:
    seen: list[Any] = []
    fixed, dtypes = object(), (FLOAT32, FLOAT64)
    operands = (1, Fixed(fixed), New((2, 3), FLOAT32), 0, New((), FLOAT64))
    straight = Straight("", lambda *given: seen.append(given), operands, 0, False, (2, 4), dtypes)
    short = way_of(straight, (X, 2.0))
    results = call(short, X, 3.0)
    assert [type(thing) for thing in seen[0]] == [float, object, np.ndarray, np.ndarray, np.ndarray]
    assert seen[0][0] == 3.0
    assert seen[0][1] is fixed
    assert seen[0][3] is X
    assert [(a.shape, a.dtype) for a in results] == [((2, 3), FLOAT32), ((), FLOAT64)]
    assert results[0] is seen[0][2]
    assert call(short, X, 3.0)[0] is not results[0]


def test_long_results_begin_with_a_line_of_the_cache() -> None:
    """Vectors that cross two lines are stored at half the speed."""
    shapes = [(3, 1000), (4099,), (2,)]
    places = range(len(shapes))
    straight = Straight("", lambda *_: False, [New(shape, FLOAT32) for shape in shapes], 0, True, places, [FLOAT32] * 3)
    short = way_of(straight, (X,), Selection((0, 1, 2), tuple))
    before, kept = sys.getrefcount(FLOAT32), []
    for _ in range(5):
        found = call(short, X)
        kept += found
        assert [(array.shape, array.dtype) for array in found] == [(shape, FLOAT32) for shape in shapes]
        for array in found[:2]:
            assert array.ctypes.data % 64 == 0
            assert array.flags.carray
            assert array.base.ctypes.data <= array.ctypes.data
            assert array.ctypes.data + array.nbytes <= array.base.ctypes.data + array.base.nbytes
        assert found[2].base is None
    for n, array in enumerate(kept):
        array[...] = n
    assert all(np.all(array == n) for n, array in enumerate(kept))
    assert sys.getrefcount(FLOAT32) == before + 5 * 5
    del kept, found, array
    assert sys.getrefcount(FLOAT32) == before


def test_arguments_are_seen_in_other_shapes_and_numbers_as_arrays() -> None:
    seen: list[Any] = []
    operands = View(0, (2, 1, 2)), Lone(1, FLOAT32), Lone(2, INT64), Lone(3, FLOAT64)
    straight = Straight("", lambda *given: seen.append(given), (*operands, New((1,), FLOAT64)), 0, False, (4,), FLOATS)
    x, select = np.arange(4.0), Selection((0,), None)
    given = x, 0.1, 7, np.float32(0.1)
    short, held = way_of(straight, given, select), (x, FLOAT64, FLOAT32, INT64)
    before = [sys.getrefcount(thing) for thing in held]
    for _ in range(3):
        assert call(short, *given) is not None
    view, *numbers = seen[0][:4]
    assert view.shape == (2, 1, 2) and view.base is x and view.flags.carray and view[1, 0, 1] == 3.0
    expected = np.full(1, 0.1, np.float32), np.array([7]), np.full(1, 0.1, np.float32).astype(float)
    for number, other in zip(numbers, expected, strict=True):
        np.testing.assert_array_equal(number, other, strict=True)
    seen.clear()
    del view, numbers, number, expected, other
    assert [sys.getrefcount(thing) for thing in held] == before


@pytest.mark.parametrize("dtype", [FLOAT64, FLOAT32])
@pytest.mark.parametrize("items", [2, 9])
def test_results_are_shaped_and_added_up(dtype: Any, items: int) -> None:
    """As NumPy would: in double precision, whatever they are."""
    rows, close = np.random.default_rng(3).normal(size=(items, 6)).astype(dtype), 4 * np.finfo(dtype).eps

    def kernel(given: Any, *memory: Any) -> None:
        for array in memory:
            array[...] = given.reshape(items, 6)[: len(array), : array[0].size].reshape(array.shape)

    memory = [New((items, *core), dtype) for core in ((6,), (2, 3), (6,), ())] + [New((1,), dtype)]
    shapes = (3, items // 3, 6) if items == 9 else (2, 1, 6), (1, 2, 3), (6,), (), ()
    ends = {n: Shaped(shape, 1 if n in (0, 4) else items) for n, shape in enumerate(shapes)}
    straight = Straight("", kernel, (0, *memory), 0, False, range(1, 6), (dtype,) * 5, ends)
    short = way_of(straight, (rows,), Selection(tuple(range(5)), tuple))
    before = [sys.getrefcount(thing) for thing in (rows, FLOAT64, FLOAT32)]
    for _ in range(3):
        found = call(short, rows)
        total = rows.sum(axis=0, dtype=np.float64)
        expected = rows, total, total, total[0], rows[0, 0]
        assert [np.shape(one) for one in found] == list(shapes)
        assert [type(one) for one in found[3:]] == [dtype.type] * 2
        for one, other in zip(found, expected, strict=True):
            assert one.dtype is dtype
            np.testing.assert_allclose(np.ravel(one), np.ravel(other), rtol=close)
    del found, one, expected, other, total
    assert [sys.getrefcount(thing) for thing in (rows, FLOAT64, FLOAT32)] == before


def test_memory_for_results_comes_back_unless_an_argument_shares_it() -> None:
    def kernel(given: Any, first: Any, second: Any) -> None:
        first[...], second[...] = given, 2 * given[0]

    operands, ends = (0, 1, View(2, (1,))), {0: Back(1), 1: Back(2)}
    straight = Straight("", kernel, operands, 0, False, (1, 2), FLOATS, ends, 2)
    memory, number = np.empty(9), np.empty(())
    short = way_of(straight, (X, memory[: len(X)], number))
    before = [sys.getrefcount(thing) for thing in (memory, number)]
    for _ in range(3):
        out = memory[: len(X)]
        found = call(short, X, out, number)
        assert found[0] is out
        assert found[1] is number
        assert number == 2 * X[0]
        np.testing.assert_array_equal(out, X)
    assert call(short, memory[1 : 1 + len(X)], out, number) is None
    assert call(short, X, X, number) is None
    assert call(short, X, out, out[1:2].reshape(())) is None
    assert call(short, X, out[: len(X) - 1], number) is None
    del found, out
    assert [sys.getrefcount(thing) for thing in (memory, number)] == before


def test_unwanted_results_have_one_memory() -> None:
    seen: list[Any] = []
    operands = New((2,), FLOAT64), New((3,), FLOAT64)
    straight = Straight("", lambda *given: seen.append(given), operands, 0, False, (0, 1), FLOATS)
    select = Selection((1,), None, (1,))
    short = way_of(straight.wanting(select), (X,), select)
    assert call(short, X).shape == call(short, X).shape == (3,)
    assert seen[0][0] is seen[1][0]
    assert seen[0][1] is not seen[1][1]


def test_numbers_have_their_types() -> None:
    dtypes = (FLOAT64, FLOAT32, INT64)
    found = call(way_of(numbers(0.1, 0.1, 7, dtypes=dtypes), (X,)), X)
    assert found == (np.float64(0.1), np.float32(0.1), np.int64(7))
    assert [one.dtype for one in found] == list(dtypes)


def test_results_are_packed_as_asked_for() -> None:
    named, three = named_results("pair", ("a", "b")), (FLOAT64,) * 3
    assert call(way_of(numbers(1.0, dtypes=(FLOAT64,)), (X,), Selection((0,), None)), X) == 1.0
    assert call(way_of(numbers(1.0, 2.0, 3.0, dtypes=three), (X,), Selection((2, 0), tuple, (2, 0))), X) == (3.0, 1.0)
    assert call(way_of(numbers(1.0, 2.0), (X,), Selection((0, 1), named._make)), X).b == 2.0
    assert call(way_of(numbers(1.0, 2.0), (X,), Selection((0,), None, values=1)), X) == (1.0, 2.0)
    value, rest = call(way_of(numbers(1.0, 2.0, 3.0, dtypes=three), (X,), Selection((0, 1), named._make, None, 1)), X)
    assert (value, rest.a, rest.b) == (1.0, 2.0, 3.0)
    values, rest = call(
        way_of(numbers(1.0, 2.0, 3.0, dtypes=three), (X,), Selection((0,), None, None, 2, named._make)), X
    )
    assert (values.a, values.b, rest) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_left_to_others(wrong: float) -> None:
    assert call(way_of(numbers(1.0, wrong), (X,)), X) is None
    assert call(way_of(numbers(1.0, 2.0, wrong), (X,)), X) is None
    assert call(way_of(numbers(1.0, wrong, checked=False), (X,)), X) is not None
    for lost in (False, None, 0.0, True, wrong):
        straight = Straight("", lambda *_, lost=lost: lost, (New((2,), FLOAT64),), 0, True, (0,), (FLOAT64,))
        assert (call(way_of(straight, (X,), Selection((0,), None)), X) is None) == bool(lost)


@pytest.mark.parametrize("error", [IndexError, ValueError, KeyError, ZeroDivisionError])
def test_errors(error: type[Exception]) -> None:
    def fails(*_: Any) -> None:
        raise error

    short = way_of(Straight("", fails, (0,), 0, False, (0,), (FLOAT64,)), (X,), Selection((0,), None))
    if error in (IndexError, ValueError):
        assert call(short, X) is None
    else:
        with pytest.raises(error):
            call(short, X)


def test_errors_in_packing_are_told() -> None:
    def fails(_: Any) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        call(way_of(numbers(1.0, 2.0), (X,), Selection((0, 1), fails)), X)
    with pytest.raises(KeyError):
        call(way_of(numbers(1.0, 2.0), (X,), Selection((0,), fails, values=1)), X)


def test_nothing_is_held_or_lost() -> None:
    def kernel(*given: Any) -> tuple[float, float]:
        return given[0][0], 2.0

    fixed, results = [1], (-1, 2, -2)
    straight = Straight("", kernel, (0, Fixed(fixed), New((2,), FLOAT64)), 2, True, results, (*FLOATS, FLOAT32))
    short, wrong, number = way_of(straight, (X, 12345)), X * np.nan, int("123456")
    held = X, wrong, fixed, FLOAT64, FLOAT32, np.ndarray, number, kernel
    before = [sys.getrefcount(thing) for thing in held]
    for _ in range(100):
        call(short, X, number)
        assert call(short, wrong, number) is None
        assert call(short, X, 2.0) is None
    assert [sys.getrefcount(thing) for thing in held] == before


def test_without_such_code_there_is_no_such_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(native, "_knows_arrays", lambda: False)
        assert native_way(numbers(1.0, 2.0), (X,), ALL, integers_matter=False) is None
    monkeypatch.undo()
    assert native_way(numbers(1.0, 2.0), (X,), ALL, integers_matter=False) is None


@pytest.mark.parametrize("code", [SimpleNamespace(), SimpleNamespace(FORMAT=runtime.FORMAT - 1)])
def test_code_of_another_format_is_left_alone(monkeypatch: pytest.MonkeyPatch, code: Any) -> None:
    """Kernels may have been built by another version: it would read what is written for it in its own way."""
    monkeypatch.undo()
    monkeypatch.setattr(native, "import_module", lambda _: code)
    assert native_way(numbers(1.0, 2.0), (X,), ALL, integers_matter=False) is None
    assert runtime.FORMAT == native._FORMAT
