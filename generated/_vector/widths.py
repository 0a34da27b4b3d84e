# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""How many numbers the loops of kernels take at once.

LLVM prefers half of the vector registers' width on some processors; and a loop that sums float32 numbers in double
precision takes no more of them at once than doubles fit into a register. Either costs transcendental loops a third of
their speed.
"""

from functools import cached_property

from llvmlite import ir as llvm
from numba import types
from numba.core import ir
from numba.core.analysis import compute_cfg_from_blocks, compute_live_map, compute_use_defs
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from .linking import large_callees
from .loops import Library

_WIDEST = '"prefer-vector-width"="512"'
_HINTS = {"llvm.loop.vectorize.width": 16, "llvm.loop.interleave.count": 1}
"""As many float32 numbers as fit into the widest registers, and one register of them: more would leave more over."""
_ELEMENTARY = ("functions", "gates", "powers", "ratios")
"""The modules of functions that take longer than what a wider loop has to do more: short loops do without."""
_SUMS = ("reductions", "sums")
"""The modules of functions that collect sums and extrema."""


def innermost(blocks):
    """The loops without loops in them."""
    loops = compute_cfg_from_blocks(blocks).loops().values()
    return [loop for loop in loops if not any(o.header in loop.body for o in loops if o.header != loop.header)]


def _module_of(function):
    return getattr(getattr(function, "typing_key", None), "__module__", "").rpartition(".")[2]


def _is_elementary(function):
    return _module_of(function) in _ELEMENTARY


class _WideLower(Lower):
    """Numba's lowering, with these choices."""

    def setup_function(self, fndesc):
        super().setup_function(fndesc)
        self.function.attributes.update({_WIDEST})  # `add` knows attributes without values only

    def post_block(self, block):
        super().post_block(block)
        if any(block is latch for latch in self._latches):
            end = self.builder.block.terminator
            self.builder.position_before(end)
            kept = llvm.FunctionType(llvm.VoidType(), [])
            self.builder.call(
                self.module.declare_intrinsic("llvm.sideeffect", (), kept), []
            )  # or LLVM merges the block
            end.set_metadata("llvm.loop", self._hint)

    @cached_property
    def _latches(self):
        """The blocks that end the turns of loops that sum functions of float32 numbers in double precision."""
        chosen = [loop for loop in innermost(self.blocks) if self._sums_functions(loop)]
        pairs = [(loop, self.blocks[at]) for loop in chosen for at in loop.body]
        return [block for loop, block in pairs if loop.header in block.terminator.get_targets()]

    def _sums_functions(self, loop):
        calls = [call for at in loop.body for call in self.blocks[at].find_exprs(op="call")]
        kinds = [(self.fndesc.calltypes[call].args, self.typeof(call.func.name)) for call in calls]
        sums = any(set(arguments) == {types.float32, types.float64} for arguments, _ in kinds)
        sums = sums and self._may_be_wide(loop)
        return sums and any(set(arguments) == {types.float32} and _is_elementary(f) for arguments, f in kinds)

    def _may_be_wide(self, loop):
        """Whether a loop ends in one place, and only sums go from turn to turn: LLVM tells users of hints in vain."""
        if any(set(self.blocks[at].terminator.get_targets()) - loop.body for at in loop.body - {loop.header}):
            return False
        values = {}
        for at in loop.body:
            for one in self.blocks[at].find_insts(ir.Assign):
                values.setdefault(one.target.name, []).append(one.value)
        carried = self._live[loop.header] & set(values)
        return all(self._is_sum(value, values, frozenset()) for name in carried for value in values[name])

    @cached_property
    def _live(self):
        """The variables that are read at the beginning of each block, or later, before they are set."""
        known = compute_use_defs(self.blocks)
        return compute_live_map(compute_cfg_from_blocks(self.blocks), self.blocks, known.usemap, known.defmap)

    def _is_sum(self, value, values, seen):
        """Whether a value is what a sum gives, or stands for nothing else in a loop."""
        if isinstance(value, ir.Var):
            more = [] if value.name in seen else values.get(value.name, [])
            return all(self._is_sum(one, values, seen | {value.name}) for one in more)
        if not isinstance(value, ir.Expr) or value.op != "call":
            return False
        return _module_of(self.typeof(value.func.name)) in _SUMS

    @cached_property
    def _hint(self):
        words = [(llvm.MetaDataString(self.module, name), number) for name, number in _HINTS.items()]
        whole = llvm.IntType(32)
        hint = self.module.add_metadata([self.module.add_metadata([name, whole(number)]) for name, number in words])
        hint.operands = (hint, *hint.operands)  # what LLVM tells hints for loops by
        return hint


@register_pass(mutates_CFG=True, analysis_only=False)
class WideLowering(NativeLowering):
    """Numba's own lowering, but for the width of vectors and for what loops ask for."""

    _name = "wide_lowering"

    def run_pass(self, state):
        state.library = Library(state.targetctx.codegen(), state.func_id.func_qualname, large_callees(state))
        state.library.enable_object_caching()
        state.flags.no_cfunc_wrapper = True
        return super().run_pass(state)

    @property
    def lowering_class(self):
        return _WideLower
