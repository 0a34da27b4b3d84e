# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""What becomes of the code that a function calls: it is compiled once, not again with everything that calls it.

Numba takes all that a function calls, and all that this calls, into what it compiles for the function; and it makes
machine code of every function, even of one that nothing will call before it has been taken into another. Here large
functions stay where they are, and what calls them finds them by their names; small ones are only taken in.
"""

import ctypes
import sys
from dataclasses import dataclass
from importlib import import_module

from llvmlite import binding
from numba import types
from numba._dynfunc import make_function
from numba.core import ir
from numba.core.caching import NullCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from .._calls.stored import load

_LARGE = 250
"""Lines of LLVM's language from which it never takes a function into another one, unless it has to."""


@dataclass(frozen=True, slots=True)
class Callee:
    """A function of a module that is called by the name of its compiled code, and what it is compiled for."""

    module: str
    name: str
    kinds: tuple
    symbol: str

    def __call__(self):
        """Have the function in memory, so that what calls it can be loaded: it may have got another name since."""
        function = getattr(import_module(self.module), self.name)
        if not load(function, self.kinds):
            function.compile(self.kinds)
        found = function.overloads[self.kinds]
        name, engine = found.fndesc.llvm_func_name, found.library.codegen._engine  # noqa: SLF001 (Numba's own way)
        if name != self.symbol:
            binding.add_symbol(self.symbol, engine.get_function_address(name))


def large_callees(state):
    """The large functions that a function calls, by the libraries that have them compiled."""
    found = {}
    for call, signature in state.calltypes.items():
        kind = state.typemap[call.func.name] if isinstance(call, ir.Expr) and call.op == "call" else None
        if isinstance(kind, types.Dispatcher):
            compiled = kind.dispatcher.overloads.get(tuple(signature.args))
            if compiled is not None and _is_found(kind.dispatcher) and _is_large(compiled):
                found[compiled.library] = _callee(kind.dispatcher.py_func, compiled)
    return found


def _callee(function, compiled):
    return Callee(function.__module__, function.__name__, compiled.signature.args, compiled.fndesc.llvm_func_name)


def _is_found(dispatcher):
    """Whether a function stands in this package, is found in its module, and is stored on disk.

    Functions that people pass may be gone when what calls them is loaded.
    """
    function = dispatcher.py_func
    package, here = __name__.partition(".")[0], str(function.__module__)
    if here.partition(".")[0] != package or getattr(sys.modules.get(here), function.__name__, None) is not dispatcher:
        return False
    return not isinstance(dispatcher._cache, NullCache)  # noqa: SLF001 (Numba's own way)


def _is_large(compiled):
    if compiled.fndesc.inline:
        return False
    body = _own_module(compiled.library).get_function(compiled.fndesc.llvm_func_name)
    return str(body).count("\n") > _LARGE


def _own_module(library):
    return library.own_module() if isinstance(library, Linked) else library._get_module_for_linking()  # noqa: SLF001


class Linked(JITCodeLibrary):
    """What Numba compiles a function to, without the large functions that are called: they are `beside`.

    What others of Numba's take in has everything, as they know nothing of that.
    """

    def __init__(self, codegen, name, large) -> None:
        super().__init__(codegen, name)
        self.beside = {}
        self._large, self._whole = large, None

    def add_linking_library(self, library):
        """Take in a library that is called, unless it is large."""
        if library in self._large:
            self.beside[library] = self._large[library]
        else:
            super().add_linking_library(library)

    def finalize(self):
        """Put all together that has been taken in, and compile it."""
        for library in self._linking_libraries:
            self.beside |= library.beside if isinstance(library, Linked) else {}
        self._linking_libraries = [_Own(one) if isinstance(one, Linked) else one for one in self._linking_libraries]
        self._reload_init.update(self.beside.values())
        super().finalize()

    def own_module(self):
        """What is taken in by those who know what is beside."""
        return super()._get_module_for_linking()

    def _get_module_for_linking(self):
        own = self.own_module()
        if not self.beside:
            return own
        if self._whole is None:
            self._whole = own.clone()
            for library in self.beside:
                self._whole.link_in(library._get_module_for_linking(), preserve=True)  # noqa: SLF001 (Numba's own way)
        return self._whole


class _Own:
    """A library without what is beside it, for Numba to take in."""

    def __init__(self, library) -> None:
        self._reload_init = library._reload_init  # noqa: SLF001 (Numba's own way)
        self._get_module_for_linking = library.own_module


class _Part(Linked):
    """A library that is only taken in: no machine code is made of it."""

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(NativeLowering):
    _name = "part_lowering"

    def run_pass(self, state):
        flags, target = state.flags, state.targetctx
        state.library = _Part(target.codegen(), state.func_id.func_qualname, large_callees(state))
        flags.no_cpython_wrapper = flags.no_cfunc_wrapper = flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        key = make_function(lowered.fndesc.lookup_module(), state.func_id.func_name, "", _REFUSAL, lowered.env, ())
        target.insert_user_function(key, lowered.fndesc, [state.library])
        _keep_environment(target, lowered)
        state["cr"] = lowered._replace(cfunc=key)
        return True


def _keep_environment(target, lowered):
    """Give the errors that a function raises what they are made with: compiled code finds it by its name."""
    name, codegen = target.get_env_name(lowered.fndesc), target.codegen()
    room = binding.parse_assembly(f'@"{name}" = common global ptr null')
    codegen._engine.add_module(room)  # noqa: SLF001 (Numba's own way)
    codegen._engine.finalize_object()  # noqa: SLF001 (Numba's own way)
    codegen.set_env(name, lowered.env)


_REFUSAL = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value
"""What runs if Python calls such a function: there is a TypeError."""


class PartCompiler(CompilerBase):
    """Numba's own pipeline, for functions that nothing but compiled code calls."""

    def define_pipelines(self):
        return [lowered_by(_PartLowering, DefaultPassBuilder.define_nopython_pipeline(self.state))]


def lowered_by(lowering, pipeline):
    """A pipeline with another pass that makes LLVM's language of functions."""
    pipeline.passes = [(lowering if made is NativeLowering else made, name) for made, name in pipeline.passes]
    pipeline.finalize()
    return pipeline


PART = {"pipeline_class": PartCompiler}
"""How overloads are compiled."""

INLINE = {**PART, "forceinline": True}
"""How overloads are compiled that become a part of what calls them."""
