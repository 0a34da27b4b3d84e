"""`eqc.kernel`: the kernels of a record, with njit functions or other records for its function inputs.

A record's id takes part in the compilation: `eqc build` writes the kernels for the records that a record names itself
(as defaults, or in examples). Others are compiled when they are asked for and kept beside Numba's own cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from eqc import atomic
from eqc.freshness import Inputs, read_if_there
from eqc.kernels.kernel import Kernel
from eqc.kernels.loading import kernel_of
from eqc.project import GENERATED, RecordFile, Survey, find_root, given_root, survey

CACHE = Path(GENERATED, "__pycache__", "bound")
"""Where modules that a project does not name stand: a folder that version control leaves out anyway."""


def kernel(id: str, root: Path | str | None = None, **functions: Any) -> Kernel:
    """The kernels of a record as one callable object.

    `root` is the project's folder; without it, the nearest one upward from the working directory with `equations/`.
    For each function input `f` of the record, `f=` is another record's id, or a function that Numba has compiled
    (`@njit`); then derivatives that a kernel needs are given alike: `f_derivative=`, `f_second_derivative=`.
    After a rebuild in the same process this gives the new kernels. Raises EqcError if there is no project, no such
    record, no generated module of it yet, or a function that does not fit.

    >>> import eqc
    >>> eqc.kernel("sigmoid", root="no/such/project")
    Traceback (most recent call last):
    eqc.errors.BuildError: no project here: the folder has no equations/
      written: no/such/project
      remedy:  start one with `eqc init no/such/project`
    """
    folder = find_root() if root is None else given_root(Path(root))
    whole = survey(folder)
    file = whole.only(id)
    given = {name: function for name, function in functions.items() if not isinstance(function, str)}
    reopen = partial(kernel, **functions), (id, folder)
    plain = kernel_of(file, folder, given, reopen if functions else None)
    wanted = {name: function for name, function in functions.items() if isinstance(function, str)}
    defaults = {f.name: f.bound for f in plain.signature.functions if f.bound and f.name not in functions}
    bindings = {**wanted, **defaults}
    if not bindings:
        return plain
    order = [f.name for f in plain.signature.functions]
    chosen = tuple(sorted(bindings.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order)))
    return _bound(whole, file, chosen, given, reopen)


def _bound(whole: Survey, file: RecordFile, bindings: Any, given: Mapping[str, Any], reopen: Any) -> Kernel:
    """The kernels with some functions bound to records: built ones, else those in the cache, else new ones."""
    from eqc.records.bindings import bound_id

    name = bound_id(file.id, bindings)
    sibling = RecordFile(name, file.area)
    if (whole.root / sibling.module).is_file():
        return kernel_of(sibling, whole.root, given, reopen)
    inputs = Inputs(whole.root, whole.files)
    cached = whole.root / CACHE / sibling.module
    if inputs.state(file.id, read_if_there(cached)) != "fresh":
        _compile(whole, file, bindings, inputs, cached)
    return kernel_of(sibling, whole.root / CACHE, given, reopen)


def _compile(whole: Survey, file: RecordFile, bindings: Any, inputs: Inputs, target: Path) -> None:
    """Write a module with functions bound, and what it imports, into the cache."""
    from eqc.build import PACKAGE, shared_modules
    from eqc.pipeline import compile_bound  # loads the compiler
    from eqc.records.catalog import Catalog

    compiled = compile_bound(file.id, bindings, Catalog(whole.root))
    package = target.parent
    files = {
        package.parent / "__init__.py": PACKAGE,
        package / "__init__.py": PACKAGE,
        **shared_modules(package.parent),
        target: inputs.stamp(file.id, compiled.text, compiled.composes),
        **{
            package / f"{name}.py": inputs.stamp(file.id, text, compiled.composes)
            for name, text in compiled.siblings.items()
        },
    }
    atomic.commit(whole.root, {path: data for path, data in files.items() if read_if_there(path) != data})
