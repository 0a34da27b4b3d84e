"""Rules that rewrite one node of a body into a form that holds over more of the float range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eqc.ir.terms import Expr


@dataclass(frozen=True, slots=True)
class Rule:
    """`apply(node)` is the better form, or None where the rule does not match.

    `identity` says in words what equals what, `because` why the new form is better.
    """

    name: str
    identity: str
    because: str
    apply: Callable[[Expr], Expr | None]
