# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""The lesser and the greater one of two pairs: where the first floats are equal, the second ones decide."""

from numba.extending import intrinsic

from .number import ZERO, is_operand, operation, result_of


def _chosen(relation):
    """The one of two pairs that is in a relation to the other, or NaN."""

    def in_pairs(arithmetic, x, y):
        b = arithmetic.b
        (high, low), (other, other_low) = (
            (part[0], ZERO if part[1] is None else part[1]) for part in map(arithmetic.normal, (x, y))
        )
        tie = b.and_(b.fcmp_ordered("==", high, other), b.fcmp_ordered(relation, low, other_low))
        first = b.or_(b.fcmp_ordered(relation, high, other), b.or_(tie, b.fcmp_unordered("uno", high, high)))
        return b.select(first, high, other), b.select(first, low, other_low)

    def in_floats(arithmetic, x, y):
        return in_pairs(arithmetic, (x, None), (y, None))[0]

    build = operation(in_floats, in_pairs)

    @intrinsic
    def function(typing, x, y):
        return (result_of(x, y)(x, y), build) if is_operand(x) and is_operand(y) else None

    return function


lesser_of = _chosen("<")
greater_of = _chosen(">")
