"""A kernel's plan: its program as loops run it, the loops, what is stored, and how threads share them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from eqc.ir.program import Program
from eqc.ir.solver import Solution
from eqc.loops.nest import Kept, Leaf, Nest, contract, leaves_of, nests
from eqc.loops.passes import loop_passes
from eqc.loops.reuse import standing_in
from eqc.loops.sharing import Sharing, sharing_of


@dataclass(frozen=True, slots=True)
class Manner:
    """What the plan of a function may do.

    `reshapes`: the program may be changed first, by the loop passes.
    `merges`: statements share loops with what they are summed up from, and products of matrices are kept whole.
    `reuses`: memory of results may hold temporaries.
    `teams`: threads may share the loops.
    """

    reshapes: bool
    merges: bool
    reuses: bool
    teams: bool


KERNEL = Manner(reshapes=True, merges=True, reuses=True, teams=True)
"""Of a kernel."""

AS_IT_STANDS = Manner(reshapes=False, merges=True, reuses=True, teams=False)
"""Of a kernel that may give up, or that calls a solver."""

EQUATION = Manner(reshapes=False, merges=True, reuses=False, teams=False)
"""Of what a solver calls."""

WIDE = Manner(reshapes=False, merges=False, reuses=False, teams=False)
"""Of functions in wide numbers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the `given` program runs: as the loops of the `tree`, one after the other, over the statements of `program`.

    `storage` tells which axes temporaries keep, `reused` which of them stand in the memory of which result.
    """

    given: Program
    program: Program
    tree: Sequence[Nest]
    storage: Mapping[str, Kept]
    reused: Mapping[str, str]
    sharing: Sharing | None
    leaves: Mapping[str, Leaf] = field(init=False)

    def __post_init__(self) -> None:
        leaves = {leaf.statement.target.name: leaf for leaf in leaves_of(self.tree)}
        object.__setattr__(self, "leaves", leaves)


def calls_solver(program: Program) -> bool:
    """Whether a statement is what a solver finds."""
    return any(isinstance(statement.body, Solution) for statement in program.statements)


def plan_of(given: Program, apart: Collection[str] = (), manner: Manner = KERNEL) -> Plan:
    """The plan of a program; the statements that are `apart`, by their targets, are not changed to suit the loops.

    >>> nothing = Program("nothing", (), (), (), (), (), ())
    >>> plan_of(nothing).tree
    []
    """
    manner = AS_IT_STANDS if manner is KERNEL and calls_solver(given) else manner
    program = given
    for _, run in loop_passes(apart) if manner.reshapes else ():
        program = run(program)
    tree = nests(program, shared=manner.merges, apart=frozenset(apart))
    storage = contract(tree, program)
    reused = standing_in(program, tree, storage) if manner.reuses else {}
    sharing = sharing_of(program, tree, storage, reused) if manner.teams else None
    return Plan(given, program, tree, storage, reused, sharing)
