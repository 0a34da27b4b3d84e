# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""Numbers in a kernel's source take the precision of its data, as in NumPy: 0.5*x is float32 where x is.

Numba makes every number in a source a double, and so would have all arithmetic of a float32 kernel done in double
precision. This compiler narrows them where all real arguments are float32. Sums and products are still collected in
double precision: `np.float64(0)` and what `add` and `multiply` make of it stay doubles; any other variable that holds
a real number becomes a float32.
"""

import math
import operator

import numpy as np
from numba import extending, types
from numba.core import ir, ir_utils, postproc
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.untyped_passes import ReconstructSSA

from .linking import PART, lowered_by
from .places import place_of_largest, place_of_least
from .reductions import add, add_product, add_square, multiply
from .widths import WideLowering

_DIVISIONS = (operator.truediv, operator.itruediv)
_ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.iadd, operator.isub, operator.imul, *_DIVISIONS)
_COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
_LARGEST, _LARGEST_WHOLE = float(np.finfo(np.float32).max), 2**24
_WHOLE = {range, len, max, min, int, np.int64, place_of_largest, place_of_least}
_WIDE = {add, add_product, add_square, multiply, np.float64}
_MAKERS = {"empty", "zeros", "shared_empty", "shared_zeros"}


def single(value):
    """A number as a float32; arrays, which functions of matrices give, as they are."""
    return np.float32(value)


@extending.overload(single, jit_options=PART)
def _single(value):
    def number(value):
        return np.float32(value)

    def array(value):
        return value

    return number if isinstance(value, types.Number) else array


class DoubleCompiler(CompilerBase):
    """Numba's own pipeline with wide vectors, for functions that compute in float64 whatever their data are."""

    def define_pipelines(self):
        return [lowered_by(WideLowering, DefaultPassBuilder.define_nopython_pipeline(self.state))]


class KernelCompiler(CompilerBase):
    """The same with one pass more."""

    def define_pipelines(self):
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.add_pass_after(NarrowNumbers, ReconstructSSA)
        return [lowered_by(WideLowering, pipeline)]


@register_pass(mutates_CFG=False, analysis_only=False)
class NarrowNumbers(FunctionPass):
    """Make numbers float32 in a function all of whose real arguments are."""

    _name = "narrow_numbers"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state):
        kinds = {_real_type(kind) for kind in state.args} - {None}
        if kinds != {types.float32}:
            return False
        _Narrowing(state.func_ir, state.args).run()
        state.func_ir._definitions = ir_utils.build_definitions(state.func_ir.blocks)  # noqa: SLF001 (Numba's own way)
        postproc.PostProcessor(state.func_ir).run(emit_dels=False)
        return True


def _real_type(kind):
    kind = kind.dtype if isinstance(kind, types.Array) else kind
    return kind if isinstance(kind, types.Float) else None


def _operands(value, functions) -> set[str]:
    """The names of both operands if a value is one of these operations."""
    known = isinstance(value, ir.Expr) and value.op in ("binop", "inplace_binop") and value.fn in functions
    return {value.lhs.name, value.rhs.name} if known else set()


class _Narrowing:
    """What the variables of one function hold, and which numbers have to change."""

    def __init__(self, function, arguments) -> None:
        self.function = function
        self.arguments = arguments
        self.values: dict = {}
        for statement in self._assignments():
            self.values.setdefault(statement.target.name, []).append(statement.value)
        self.real: set[str] = set()
        self.pairs = self._pairs()

    def _assignments(self):
        for block in self.function.blocks.values():
            yield from (s for s in block.body if isinstance(s, ir.Assign))

    def run(self) -> None:
        size = -1
        while size != len(self.real):
            size = len(self.real)
            found = {name for name, values in self.values.items() if any(map(self._is_real, values))}
            self.real |= found - self.pairs
        whole = self._mixed()
        for block in self.function.blocks.values():
            block.body = [new for statement in block.body for new in self._narrowed(statement, whole)]

    def _pairs(self) -> set[str]:
        """The variables that hold pairs of floats, which know their precision themselves."""
        found: set[str] = set()
        size = -1
        while size != len(found):
            size = len(found)
            found |= {name for name, values in self.values.items() if any(self._is_pair(v, found) for v in values)}
        return found

    def _is_pair(self, value, known) -> bool:
        if isinstance(value, ir.Var):
            return value.name in known
        if not isinstance(value, ir.Expr):
            return False
        if value.op == "call":
            return self._gives_pairs(value)
        return value.op in ("binop", "unary", "phi") and any(v.name in known for v in value.list_vars())

    def _gives_pairs(self, call) -> bool:
        function = self._object(call.func)
        given = "_pairs" in str(getattr(function, "__module__", "")).split(".")
        return given and function.__name__ not in ("gap", "nearest", "place_of")

    # which variables hold real numbers, or arrays of them -----------------------------------------------------------

    def _is_real(self, value) -> bool:
        if isinstance(value, ir.Arg):
            return _real_type(self.arguments[value.index]) is not None
        if isinstance(value, ir.Var):
            return value.name in self.real
        if isinstance(value, ir.Const | ir.Global | ir.FreeVar):
            return isinstance(value.value, float)
        return isinstance(value, ir.Expr) and self._is_real_expression(value)

    def _is_real_expression(self, value) -> bool:
        if value.op == "phi":
            return any(isinstance(v, ir.Var) and v.name in self.real for v in value.incoming_values)
        if value.op in ("binop", "inplace_binop"):
            real = {value.lhs.name, value.rhs.name} & self.real
            return value.fn in _DIVISIONS or (value.fn not in _COMPARISONS and bool(real))
        if value.op in ("unary", "getitem", "static_getitem"):
            return value.value.name in self.real
        if value.op == "getattr":
            return self._constant(value) is not None
        return value.op == "call" and self._is_real_call(value)

    def _is_real_call(self, call) -> bool:
        function = self._object(call.func)
        if getattr(function, "__name__", "") in _MAKERS:
            return len(call.args) == 1 or self._object(call.args[1]) is not np.int64
        given = {v.name for v in call.args} & (self.real | self.pairs)
        return function in _WIDE or (bool(given) and function not in _WHOLE)

    def _object(self, variable):
        """What a variable names for sure: a module, a function, a type."""
        (value, *others) = self.values.get(variable.name, [None])
        if others:
            return None
        if isinstance(value, ir.Global | ir.FreeVar):
            return value.value if callable(value.value) or isinstance(value.value, type(math)) else None
        if isinstance(value, ir.Expr) and value.op == "getattr":
            return getattr(self._object(value.value), value.attr, None)
        return self._object(value) if isinstance(value, ir.Var) else None

    def _constant(self, value):
        """The number of `math.inf` and its like."""
        found = getattr(math, value.attr, None) if self._object(value.value) is math else None
        return found if isinstance(found, float) else None

    # what changes ---------------------------------------------------------------------------------------------------

    def _mixed(self) -> set[str]:
        """Variables that meet real numbers: those that hold a whole number from the source become real."""
        found: set[str] = set()
        for statement in self._assignments():
            value = statement.value
            names = _operands(value, (*_ARITHMETIC, *_COMPARISONS))
            if names:
                found |= names if names & self.real else set()
            elif statement.target.name in self.real:
                sources = value.incoming_values if isinstance(value, ir.Expr) and value.op == "phi" else [value]
                found |= {v.name for v in sources if isinstance(v, ir.Var)}
        return found | {source for name in found for source in self._copied(name)}

    def _copied(self, name) -> set[str]:
        """The unnamed variables that a variable may be copied from, such as one of two numbers by a condition."""
        sources = {value.name for value in self.values.get(name, ()) if isinstance(value, ir.Var)}
        return {source for source in sources if source.startswith("$")}

    def _narrowed(self, statement, mixed):
        """The statements that stand for one."""
        if not isinstance(statement, ir.Assign):
            return [statement]
        number = self._number(statement, mixed)
        if number is not None:
            return [ir.Assign(ir.Const(np.float32(number), statement.loc), statement.target, statement.loc)]
        before = self._converted(statement)
        if statement.target.name in self.real and self._is_kept(statement):
            return [*before, *self._rounded(statement)]
        return [*before, statement]

    def _converted(self, statement):
        """Whole numbers that meet real ones, such as an extent that a sum is divided by, become float32."""
        names = _operands(statement.value, _ARITHMETIC)
        whole = [name for name in sorted(names - self.real) if not self._is_source(name)]
        if not names & self.real or not whole or names & self.pairs:
            return []
        side = "lhs" if statement.value.lhs.name == whole[0] else "rhs"
        old = getattr(statement.value, side)
        result = statement.target.scope.redefine("$converted", statement.loc)
        setattr(statement.value, side, result)
        return self._rounded(ir.Assign(old, result, statement.loc))

    def _is_source(self, name) -> bool:
        """Whether a variable is a number of the source."""
        return any(isinstance(value, ir.Const) for value in self.values.get(name, ()))

    def _number(self, statement, mixed):
        value, meets = statement.value, statement.target.name in mixed
        found = self._constant(value) if isinstance(value, ir.Expr) and value.op == "getattr" else None
        if isinstance(value, ir.Const | ir.Global | ir.FreeVar):
            found = value.value
        if type(found) is int:
            return found if meets and abs(found) <= _LARGEST_WHOLE else None
        beyond = type(found) is not float or (abs(found) > _LARGEST and not math.isinf(found))
        return None if beyond else found

    def _is_kept(self, statement) -> bool:
        """Whether a named variable takes a number that may be a double and is no step of a sum."""
        if statement.target.name.startswith("$") or getattr(statement.value, "op", None) == "phi":
            return False
        value = self._origin(statement.value)
        if not isinstance(value, ir.Expr) or value.op != "call":
            return isinstance(value, ir.Expr) and value.op in ("binop", "unary", "phi")
        function = self._object(value.func)
        if function is None or function in _WIDE:
            return False
        module = str(function.__module__)
        return not module.startswith("numpy") and "._team" not in module

    def _origin(self, value):
        """What a variable was copied from, by way of other variables."""
        while isinstance(value, ir.Var):
            (value, *others) = self.values.get(value.name, [None])
            if others:
                return None
        return value

    def _rounded(self, statement):
        scope, loc = statement.target.scope, statement.loc
        function, exact, result = (scope.redefine(name, loc) for name in ("$float32", "$exact", "$rounded"))
        convert = single if getattr(self._origin(statement.value), "op", None) == "call" else np.float32
        call = ir.Expr.call(function, (exact,), (), loc)
        return [
            ir.Assign(ir.Global("float32", convert, loc), function, loc),
            ir.Assign(statement.value, exact, loc),
            ir.Assign(call, result, loc),
            ir.Assign(result, statement.target, loc),
        ]
