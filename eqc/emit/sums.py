"""Sums, products and extrema that a loop collects: what stands before the loop, in it and after it."""

from __future__ import annotations

import sympy as sp

from eqc.emit import checks, paired, product
from eqc.emit.function import Function
from eqc.ir.program import Op, Statement
from eqc.ir.terms import Expr, read
from eqc.loops.nest import Leaf
from eqc.loops.order import Item

STEPS = {Op.SUM: "_add", Op.PRODUCT: "_multiply", Op.MAX: "_maximum", Op.MIN: "_minimum"}
STARTS = {Op.SUM: "0.0", Op.PRODUCT: "1.0", Op.MAX: "-math.inf", Op.MIN: "math.inf"}


def start(function: Function, item: Item, depth: int) -> None:
    """The neutral number, before the loop."""
    statement, op = item.statement, item.statement.op
    if op in (Op.MAX, Op.MIN) and not statement.target.constant:
        checks.refuse_empty(function, statement.bound, statement, depth)
    if item.product is not None:
        function.line(depth, f"{function.slices(statement, len(item.shared_free))} = 0.0")
    elif item.free_inside:
        function.line(depth, f"{collected(function, item)}[:] = 0.0")
    elif paired.is_sum(function, statement):
        paired.start(function, statement, depth)
    else:
        wide = op in (Op.SUM, Op.PRODUCT) and not statement.target.integer
        number = f"np.float64({STARTS[op]})" if wide else STARTS[op]
        function.line(depth, f"{collected(function, item)} = {number}")


def step(function: Function, leaf: Leaf, depth: int) -> None:
    """One round of the loop; what is summed up for an entry of an array is summed up in a number first."""
    item = leaf.item
    if paired.is_sum(function, item.statement):
        paired.step(function, leaf, item.free_inside, depth)
        return
    total, inside = collected(function, item), item.free_inside
    if not inside:
        within, statement = function.open_guarded(item.statement, leaf.inner, depth)
        function.line(within, added(function, statement, total))
        return
    entry = f"{total}[{', '.join(function.whole(loop.symbol) for loop in inside)}]"
    if leaf.inner:
        number = function.local(f"{total}entry")
        function.line(depth, f"{number} = np.float64(0.0)")
        within, statement = function.open_guarded(item.statement, leaf.inner, depth)
        function.line(within, added(function, statement, number))
        function.line(depth, f"{entry} += {number}")
    else:
        _, statement = function.open_guarded(item.statement, (), depth)
        function.line(depth, f"{entry} += {function.value(statement)}")


def added(function: Function, statement: Statement, total: str) -> str:
    """The line that collects one more term; a product in a sum is rounded together with it, and only once."""
    factors = _factors(statement.body) if statement.op is Op.SUM and not statement.target.integer else ()
    name = {0: STEPS[statement.op], 1: "_add_square", 2: "_add_product"}[len(factors)]
    terms = [function.source(factor) for factor in factors] or [function.value(statement)]
    function.printer.used.add(name)
    return f"{total} = {name}({', '.join([total, *terms])})"


def _factors(term: Expr) -> tuple[Expr, ...]:
    """The two numbers that a term multiplies, one for a square, none for another term."""
    if isinstance(term, sp.Pow) and term.args[1] == 2:
        return (term.args[0],)
    factors = term.as_ordered_factors() if isinstance(term, sp.Mul) else []
    if len(factors) < 2 or any(isinstance(f, sp.Pow) and f.args[1].could_extract_minus_sign() for f in factors):
        return ()
    *others, last = factors
    return () if sp.Mul(*others).is_number else (sp.Mul(*others), last)


def finish(function: Function, item: Item, depth: int) -> None:
    """Store the result, after the loop."""
    if item.product is not None:
        product.finish(function, item, depth)
        return
    total, target = collected(function, item), function.target(item.statement)
    inside = item.free_inside
    if inside:
        depth = function.open_loops(inside, depth)
    if paired.is_sum(function, item.statement):
        paired.finish(function, item.statement, inside, depth)
        return
    if inside:
        total = f"{total}[{', '.join(function.whole(loop.symbol) for loop in inside)}]"
    if total != target:
        function.line(depth, f"{target} = {total}")
        if "[" in target and not inside:
            # LLVM reads an entry again wherever something else is written, and such loops would take no vectors.
            function.at_hand[read(item.statement.target.name, item.statement.positions)] = total, depth


def array_of_sums(function: Function, item: Item) -> tuple[str, str] | None:
    """The array in which a loop collects, and its shape; None if it collects a number, or in the result itself."""
    inside = item.free_inside
    if item.product is not None or not inside:
        return None
    shape = tuple(loop.extent for loop in inside)
    if paired.is_sum(function, item.statement):
        return collected(function, item), f"(2, {function.shape((sp.Mul(*shape),))})"
    return collected(function, item), function.room(shape, integer=False)


def collected(function: Function, item: Item) -> str:
    """The name of what is collected: the target's own, or one beside it."""
    statement: Statement = item.statement
    name = function.names[statement.target.name]
    wide = statement.op in (Op.SUM, Op.PRODUCT) and not statement.target.integer
    return function.local(f"{name}_") if wide or item.free_inside or "[" in function.target(statement) else name
