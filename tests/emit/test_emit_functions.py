"""Every emitted function of every case, run as plain Python, against the reference interpreter."""

from __future__ import annotations

import ast
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from core_samples import arguments_of, case, case_names, derivatives, numeric_cases, seed_of
from emit_samples import module, sample_module, sample_source, signature_of, source
from plain_team import by_threads

from eqc.emit.module import function_name
from eqc.ir.interpret import interpret
from eqc.ir.program import Program

NAMES = case_names()


def kinds(name: str) -> tuple[str, ...]:
    kernels: tuple[str, ...] = signature_of(source(name))["kernels"]
    return kernels


def expected(value: Program, given: dict[str, Any]) -> list[Any]:
    with mpmath.workdps(30):
        found = interpret(value, given)
        return [np.asarray(found[n], dtype=float) for n in value.outputs]


def as_argument(given: Any, tensor: Any) -> Any:
    """What a caller passes: int64 and float64 arrays, ints and floats."""
    if not tensor.rank:
        return int(given) if tensor.integer else float(given)
    return np.array(given, dtype=np.int64 if tensor.integer else np.float64)


def arguments(value: Program, given: dict[str, Any]) -> list[Any]:
    tensors = {t.name: t for t in value.inputs}
    return [as_argument(given[n], tensors[n]) if n in tensors else int(given[n]) for n in value.arguments]


def as_list(found: Any) -> list[Any]:
    return list(found) if isinstance(found, tuple) else [found]


ROUNDING = {"equations/eckart_young_error": "nothing is left out at the point drawn, and its law compares roundings"}
"""Cases whose point is no good for a comparison, with the reason."""


@pytest.mark.parametrize("name", [case for case in numeric_cases() if case.values[0] not in ROUNDING])
def test_modules(name: str) -> None:
    """One test for a case, so that it is compiled once."""
    check_signature(name)
    check_shapes(name)
    for kind in kinds(name):
        value = derivatives(name)[kind]
        given = arguments_of(case(name), value, random.Random(seed_of(name)))
        check_function(name, kind, value, given)
        check_leading_axis(name, kind, value, given)
        check_team(name, kind, value, given)


def check_function(name: str, kind: str, value: Program, given: dict[str, Any]) -> None:
    """It computes what the program means."""
    label = f"{name} {kind} at the point of seed {seed_of(name)}"
    function = module(name)[function_name(case(name).record.id, kind)]
    found = as_list(function(*arguments(value, given)))
    for output, a, b in zip(value.outputs, found, expected(value, given), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11, err_msg=f"{label}: {output}")
        assert np.shape(a) == b.shape, f"{label}: {output}"


def check_leading_axis(name: str, kind: str, value: Program, given: dict[str, Any]) -> None:
    """Buffers full of garbage are overwritten, and items do not mix."""
    parameters = {p.name for p in value.parameters}
    integers = {t.name for t in value.inputs if t.integer}
    other = {n: v if n in parameters | integers else np.asarray(v, dtype=object) * 1.0625 for n, v in given.items()}
    functions, single = module(name), function_name(case(name).record.id, kind)
    items = [arguments(value, g) for g in (given, other)]
    rows = [as_list(functions[single](*item)) for item in items]
    batch = [
        items[0][n] if argument in parameters else np.stack([item[n] for item in items])
        for n, argument in enumerate(value.arguments)
    ]
    buffers = [np.full((2, *np.shape(r)), 7777, np.asarray(r).dtype) for r in rows[0]]
    assert not functions[f"{single}_into"](*batch, *buffers)
    for output, buffer, *results in zip(value.outputs, buffers, *rows, strict=True):
        np.testing.assert_array_equal(buffer, np.stack(results), err_msg=f"{name} {kind}: {output}")


def check_team(name: str, kind: str, value: Program, given: dict[str, Any]) -> None:
    """Threads that share an item give what one gives, whichever of them is late."""
    if kind not in signature_of(source(name)).get("teams", ()):
        return
    function = module(name)[f"{function_name(case(name).record.id, kind)}_into"]
    parameters = {p.name for p in value.parameters}
    one = arguments(value, given)
    items = [x if n in parameters else np.asarray(x)[np.newaxis] for n, x in zip(value.arguments, one, strict=True)]
    single = as_list(module(name)[function_name(case(name).record.id, kind)](*one))
    buffers = [np.full((1, *np.shape(r)), 7777, np.asarray(r).dtype) for r in single]
    turns = [[0, 1, 2], [2, 1, 0]][seed_of(name) % 2]
    by_threads(function, (*items, *buffers), turns)
    for output, buffer, result in zip(value.outputs, buffers, single, strict=True):
        np.testing.assert_allclose(buffer[0], result, rtol=1e-9, atol=1e-11, err_msg=f"{name} {kind}: {output}")


def check_signature(name: str) -> None:
    """It says what the module has."""
    text, value = source(name), case(name).value
    signature = signature_of(text)
    assert set(signature) - {"watched", "optional", "batched", "teams"} == {
        "id",
        "inputs",
        "extents",
        "outputs",
        "kernels",
        "shares_items",
    }
    assert signature["id"] == case(name).record.id
    assert [i["name"] for i in signature["inputs"]] == list(value.arguments)
    assert [o["name"] for o in signature["outputs"]] == list(value.outputs)
    differentiable = [i["name"] for i in signature["inputs"] if i["differentiable"]]
    assert differentiable == [t.name for t in value.differentiable]
    assert [i["name"] for i in signature["inputs"] if i["per_call"]] == [p.name for p in value.parameters]
    defined = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    public = {function_name(signature["id"], kind) for kind in signature["kernels"]}
    assert {n for n in defined if not n.startswith("_")} == public | {f"{n}_into" for n in public}


def check_shapes(name: str) -> None:
    """Shapes in the signature are those of the results."""
    signature, value = signature_of(source(name)), case(name).value
    given = arguments_of(case(name), value, random.Random(seed_of(name)))
    sizes: dict[str, int] = {i["name"]: int(given[i["name"]]) for i in signature["inputs"] if i["per_call"]}
    for extent, tensor, axis, solution in signature["extents"]:
        sizes[extent] = size(solution, {**sizes, "_size": np.shape(given[tensor])[axis]})
    for entry in signature["inputs"]:
        if not entry["per_call"]:
            assert tuple(size(e, sizes) for e in entry["shape"]) == np.shape(given[entry["name"]])
    for entry, result in zip(signature["outputs"], expected(value, given), strict=True):
        assert tuple(size(e, sizes) for e in entry["shape"]) == result.shape
        assert entry["kind"] == ("integer" if value.tensors[entry["name"]].integer else "real")


def size(text: str, sizes: dict[str, int]) -> int:
    """A shape expression of the contract: arithmetic, max, min and exact."""

    def exact(a: int, b: int) -> int:
        assert a % b == 0
        return a // b

    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Call, ast.operator, ast.unaryop, ast.Load)
    tree = ast.parse(text, mode="eval")
    assert all(isinstance(node, allowed) for node in ast.walk(tree.body)), text
    result = eval(compile(tree, text, "eval"), {"max": max, "min": min, "exact": exact, **sizes})
    assert isinstance(result, int)
    return result


# single functions -----------------------------------------------------------------------------------------------------

VECTOR = "{shape: [n]}"


def test_wrong_shapes_raise() -> None:
    dot = sample_module("x.T*y", x=VECTOR, y=VECTOR, n="size")["sample"]
    assert dot(np.ones(3), np.ones(3)) == 3
    with pytest.raises(ValueError, match="the shapes of x, y do not fit together"):
        dot(np.ones(3), np.ones(4))


def test_positions_out_of_range_raise_with_what_was_given() -> None:
    functions = sample_module("-log(p[y])", p="{shape: [C]}", y="{domain: natural}", C="classes")
    assert functions["sample"](np.ones(3), 3) == 0
    for wrong in (0, 4, -1):
        with pytest.raises(IndexError) as error:
            functions["sample"](np.ones(3), wrong)
        assert error.value.args == ("y: position outside its axis", wrong, 1, 3)
    for kernel in ("sample_vjp", "sample_gradient"):
        with pytest.raises(IndexError):
            functions[kernel](np.ones(3), 4, *([1.0] if kernel.endswith("vjp") else []))


def test_positions_count_from_zero_where_the_symbol_says_so() -> None:
    functions = sample_module("p[y]", p="{shape: [C]}", y="{domain: natural, origin: 0}", C="classes")
    assert functions["sample"](np.arange(3.0), 0) == 0
    with pytest.raises(IndexError) as error:
        functions["sample"](np.arange(3.0), 3)
    assert error.value.args == ("y: position outside its axis", 3, 0, 2)


def test_guarded_positions_are_checked_only_where_they_are_read() -> None:
    functions = sample_module(
        "Eq(y[i], Piecewise((E[k[i]], k[i] > 0), (0, True)))",
        y="{shape: [m]}",
        E=VECTOR,
        k="{shape: [m], domain: integer}",
        m="length",
        n="size",
    )
    assert functions["sample"](np.array([5.0, 6.0]), np.array([2, 0, -3])).tolist() == [6, 0, 0]
    with pytest.raises(IndexError):
        functions["sample"](np.array([5.0, 6.0]), np.array([2, 3]))
    bar = functions["sample_vjp"](np.array([5.0, 6.0]), np.array([2, 0, 2]), np.array([1.0, 10.0, 100.0]))
    assert bar.tolist() == [0, 101]


def test_empty_extrema_raise_and_empty_sums_do_not() -> None:
    symbols = {"x": VECTOR, "n": "size"}
    with pytest.raises(ValueError, match="an extremum over an empty range"):
        sample_module("MaxOver(x[i], (i, 1, n))", **symbols)["sample"](np.ones(0))
    with pytest.raises(ValueError, match="an extremum over an empty range"):
        sample_module("ArgMaxOver(x[i], (i, 1, n))", **symbols)["sample"](np.ones(0))
    functions = sample_module("Sum(exp(x[i + 1] - x[i]), (i, 1, n - 1))", **symbols)
    assert functions["sample"](np.ones(0)) == 0
    assert functions["sample_gradient"](np.ones(0)).shape == (0,)
    assert functions["sample_value_and_gradient"](np.ones(1))[1].tolist() == [0]


def test_short_arrays_of_products() -> None:
    """At n = 1 the range of the inner product is negative, so empty."""
    functions = sample_module("Sum(x[i]*Product(x[k], (k, 1, i - 2)), (i, 1, n))", x=VECTOR, n="size")
    for n in range(4):
        x = np.arange(2.0, 2.0 + n)
        assert functions["sample"](x) == sum(x[i] * x[: max(i - 1, 0)].prod() for i in range(n))
        assert functions["sample_gradient"](x).shape == (n,)


def test_inexact_quotients_raise() -> None:
    value = sample_module(
        "Eq(y[i], Sum(x[r*(i - 1) + k], (k, 1, r)))", y="{shape: [n/r]}", x=VECTOR, r="{domain: natural}", n="size"
    )["sample"]
    assert value(np.arange(6.0), 3).tolist() == [3, 12]
    with pytest.raises(ValueError, match="inexact quotient"):
        value(np.arange(6.0), 4)


def test_the_first_of_equal_extrema_wins() -> None:
    functions = sample_module(
        "Eq(a, ArgMaxOver(x[i], (i, 1, n)))", "Eq(b, ArgMinOver(x[i], (i, 1, n)))", a="a", b="b", x=VECTOR, n="size"
    )
    assert functions["sample"](np.array([1.0, 3.0, 3.0, 1.0])) == (2, 1)


def test_float32_stays_float32() -> None:
    functions = sample_module("Eq(y[i], exp(x[i])/Sum(exp(x[k]), (k, 1, n)))", y=VECTOR, x=VECTOR, n="size")
    x = np.array([1, 2, 3], dtype=np.float32)
    assert functions["sample"](x).dtype == np.float32
    assert functions["sample_vjp"](x, x).dtype == np.float32


def test_no_line_is_dead_and_no_name_is_a_number() -> None:
    """Every name that a function assigns, it uses; names come from the mathematics."""
    for name in NAMES:
        for node in ast.walk(ast.parse(source(name))):
            if isinstance(node, ast.FunctionDef):
                stored, loaded = uses(node)
                unused = stored - loaded - {"_"}
                assert not unused, f"{name}: {node.name} assigns {sorted(unused)} for nothing"
                assert not any(n.startswith(("_tmp", "tmp")) for n in stored)


def uses(function: ast.FunctionDef) -> tuple[set[str], set[str]]:
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    looped = {n.target.id for n in ast.walk(function) if isinstance(n, ast.For) and isinstance(n.target, ast.Name)}
    written = {
        n.value.id
        for n in ast.walk(function)
        if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) and isinstance(n.value, ast.Name)
    }
    loaded = {n.id for n in names if isinstance(n.ctx, ast.Load)} - (written - read_again(function))
    return stored - looped, loaded


def read_again(function: ast.FunctionDef) -> set[str]:
    """Arrays that are read, returned or passed on, not only written to; arguments count, they are buffers.

    So do other names of theirs.
    """
    given = {a.arg for a in function.args.args}
    renamed = [n for n in ast.walk(function) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name)]
    given |= {t.id for n in renamed for t in n.targets if isinstance(t, ast.Name) and ast.unparse(n.value) in given}
    stores = {id(n.value) for n in ast.walk(function) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)}
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return {n.id for n in names if id(n) not in stores} | given


def test_lines_of_source_have_no_unbalanced_brackets() -> None:
    for name in NAMES:
        for line in source(name).splitlines():
            assert not line.endswith(" "), f"{name}: {line!r}"


def test_a_record_that_composes_itself_is_refused() -> None:
    text = sample_source("tanh(x)", id="tanh", x="x")
    assert "_tanh(x)" in text


def test_items_of_numbers_lie_side_by_side() -> None:
    """A number that serves all items would keep the loop over them from running in vectors."""
    assert "a[item] = sample(z[item])" in sample_source("Eq(a, log(1 + exp(z)))", a="value", z="input")
    assert "sample(_item_of(x, item), team)" in sample_source(
        "Eq(a, Sum(x[i], (i, 1, n)))", a="a", x="{shape: [n]}", n="size"
    )


def test_kernels_without_loops_become_part_of_the_loop_over_items() -> None:
    """Only so can that loop run in vectors: large functions are not inlined otherwise."""
    scalar, summed = (
        sample_source("erf(x)*exp(-x)", x="x"),
        sample_source("Sum(x[i]**2, (i, 1, n))", x="{shape: [n]}", n="length"),
    )
    assert decorator(scalar, "sample") == decorator(scalar, "sample_vjp")
    assert "forceinline=True" in decorator(scalar, "sample")
    assert "forceinline" not in decorator(scalar, "sample_into") + decorator(summed, "sample")


def test_loops_are_joined_once_a_later_one_brings_them_together() -> None:
    """The sums of x and of y share no data until the one of x*y does."""
    text = sample_source(
        "Eq(a, sqrt(Sum(x[i]**2, (i, 1, n))))",
        "Eq(b, sqrt(Sum(y[i]**2, (i, 1, n))))",
        "Eq(c, Sum(x[i]*y[i], (i, 1, n))/(a*b))",
        a="norm",
        b="norm",
        c="cosine",
        x="{shape: [n]}",
        y="{shape: [n]}",
        n="length",
    )
    value = text.partition("def sample(")[2].partition("@njit")[0]
    assert value.count("in range(_begin(") == 1
    assert value.count("_add_square(") == 2


def decorator(text: str, name: str) -> str:
    """The line above a function's."""
    return text.partition(f"\ndef {name}(")[0].splitlines()[-1]


def test_sums_of_all_terms_are_collected_beside_those_of_columns() -> None:
    """Term by term they would wait for each other."""
    symbols = {"c": "{shape: [n]}", "q": "sum", "m": "mean", "w": "{shape: [n, n]}", "x": "{shape: [n]}", "n": "size"}
    formulas = (
        "Eq(m, Sum(x[k], (k, 1, n))/n)",
        "Eq(c[j], Sum(w[i, j]*(x[i] - m), (i, 1, n)))",
        "Eq(q, Sum(w[i, j]*(x[i] - m)*(x[j] - m), (j, 1, n), (i, 1, n)))",
    )
    text = sample_source(*formulas, **symbols)
    value = text[text.index("def _sample(") : text.index("def sample(")]
    assert "_collect(" in value and "_put_one(" not in value
    w, x = np.random.default_rng(2).normal(size=(5, 5)), np.arange(5.0) ** 2
    c, q = sample_module(*formulas, **symbols)["sample"](w, x)
    gap = x - x.mean()
    np.testing.assert_allclose(c, gap @ w, rtol=1e-12)
    np.testing.assert_allclose(q, gap @ w @ gap, rtol=1e-12)
