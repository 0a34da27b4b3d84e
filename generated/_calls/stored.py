# eqc-inputs: 6f47ab58edf58ee8373cd1477d7354578e167ea553fec0426fc467faacb0af15
"""What was compiled and stored on disk, loaded without what only compiling needs.

Before Numba loads the first function of a process, it imports and registers all that it knows how to compile, which
takes ten times as long as loading. What a stored function needs is there without: the registries say how calls become
machine code, and this one is machine code. Numba still makes up for it before it compiles something.
"""

import numpy as np
from llvmlite import binding
from numba import types
from numba.core.caching import NullCache
from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime import _nrt_python
from numba.np.numpy_support import from_dtype


def load(function, kinds):
    """Have what a function was compiled to for arguments of some types, if it is stored; whether it is there."""
    with global_compiler_lock:
        if kinds in function.overloads:
            return True
        cache, target = function._cache, function.targetctx  # noqa: SLF001 (Numba's own way)
        if isinstance(cache, NullCache):
            return False
        _name_helpers()
        found = cache._load_overload(kinds, target)  # noqa: SLF001 (Numba's own way)
        if found is None:
            return False
        function._cache_hits[kinds] += 1  # noqa: SLF001 (Numba's own way)
        target.insert_user_function(found.entry_point, found.fndesc, [found.library])
        function.add_overload(found)
    return True


def _name_helpers():
    """Let stored code find what Numba has in C for arrays; the rest of its runtime is a part of what is stored."""
    for name, address in _nrt_python.c_helpers.items():
        binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


def entry_for(function, arguments):
    """What is stored of a function for some arguments, ready to be called, and what it takes last; None if nothing is.

    It takes the defaults of parameters that are left out.
    """
    head, defaults = function.py_func.__code__, function.py_func.__defaults__ or ()
    last = defaults[len(arguments) - head.co_argcount :] if len(arguments) < head.co_argcount else ()
    kinds = (*(_kind(function, argument) for argument in arguments), *map(types.Omitted, last))
    return (function.overloads[kinds].entry_point, last) if load(function, kinds) else None


def _kind(function, argument):
    """The type of an argument. For arrays Numba itself looks whether they are masked, and imports what those need."""
    if type(argument) is np.ndarray and argument.flags.carray:
        return types.Array(from_dtype(argument.dtype), argument.ndim, "C")
    return function.typeof_pyval(argument)
