"""Finding and importing generated modules, so that projects do not mix and a rebuild is always seen."""

from __future__ import annotations

import copyreg
import hashlib
import importlib
import marshal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from eqc.errors import BuildError
from eqc.garbage import uncollected
from eqc.kernels.kernel import Kernel
from eqc.project import GENERATED, RecordFile, find_root, given_root, survey


def kernel(id: str, root: Path | str | None = None) -> Kernel:
    """The kernels of a record as one callable object; see `eqc.bound.kernel`, which takes functions as well."""
    folder = find_root() if root is None else given_root(Path(root))
    return kernel_of(survey(folder).only(id), folder)


def kernel_of(
    file: RecordFile,
    folder: Path,
    functions: Mapping[str, Any] | None = None,
    reopen: tuple[Callable[..., Kernel], tuple[Any, ...]] | None = None,
) -> Kernel:
    """The kernels in one generated module below a folder, with functions for their function inputs.

    `reopen` is what a copy in another process is made by. Raises BuildError if there is no such module.
    """
    with _LOCK:
        return _snapshot(folder).kernel(file, functions, reopen)


class Snapshot:
    """The generated modules of one project as they stood when first read.

    They bear their public names (`generated.activations.softmax`), which Numba writes into its cache on disk and
    imports when it loads a kernel from there. So that two projects, or two builds of one, do not collide, the modules
    stand in `sys.modules` only while they are imported and while Numba compiles or loads their functions.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._modules: dict[str, ModuleType] = {}
        self._digests: dict[Path, bytes] = {}
        self._kernels: dict[str, Kernel] = {}

    def is_current(self) -> bool:
        """Whether every file that was read still has the same bytes."""
        return all(_digest(path) == digest for path, digest in self._digests.items())

    def kernel(
        self,
        file: RecordFile,
        functions: Mapping[str, Any] | None = None,
        reopen: tuple[Callable[..., Kernel], tuple[Any, ...]] | None = None,
    ) -> Kernel:
        """The kernels of a record; the same object each time, unless functions are given."""
        if functions:
            return Kernel(self._import(file), self.root, self.active, functions, reopen)
        if file.id not in self._kernels:
            self._kernels[file.id] = Kernel(self._import(file), self.root, self.active, reopen=reopen)
        return self._kernels[file.id]

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let the name `generated` mean this project's modules."""
        with _LOCK, uncollected():
            outside, finder = _take_modules(), _Finder(self.root, self._digests)
            sys.modules.update(self._modules)
            sys.meta_path.insert(0, finder)
            try:
                yield
            finally:
                sys.meta_path.remove(finder)
                self._modules = _take_modules()
                sys.modules.update(outside)

    def _import(self, file: RecordFile) -> ModuleType:
        path = self.root / file.module
        if not path.is_file():
            rule = f"{file.id} is not built: there is no {file.module}"
            raise BuildError(None, written=file.id, rule=rule, remedy=f"run `eqc build {file.id}`")
        try:
            with self.active():
                module = importlib.import_module(f"{GENERATED}.{file.area}.{file.id}")
        except (SyntaxError, ImportError) as error:
            raise _unusable(file, f"it cannot be imported: {error}") from error
        if not hasattr(module, "SIGNATURE"):
            raise _unusable(file, "it has no SIGNATURE")
        return module


class _Finder(MetaPathFinder):
    """Finds `generated` and what is in it below one project's root."""

    def __init__(self, root: Path, digests: dict[Path, bytes]) -> None:
        self._root = root
        self._digests = digests

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _is_generated(fullname):
            return None
        place = self._root.joinpath(*fullname.split("."))
        if place.is_dir():
            return self._spec(fullname, place / "__init__.py", [str(place)])
        return self._spec(fullname, place.with_suffix(".py"), None)

    def _spec(self, name: str, path: Path, folders: list[str] | None) -> ModuleSpec | None:
        if not path.is_file():
            return _folder_alone(name, folders) if folders else None
        loader = _Loader(name, path, self._digests)
        return spec_from_file_location(name, path, loader=loader, submodule_search_locations=folders)


def _folder_alone(name: str, folders: list[str]) -> ModuleSpec:
    """A package without `__init__.py`."""
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = folders
    return spec


class _Loader(SourceFileLoader):
    """Takes bytecode by the bytes of its source: by time and size, as is usual, it may miss a rebuild."""

    def __init__(self, name: str, path: Path, digests: dict[Path, bytes]) -> None:
        super().__init__(name, str(path))
        self._digests = digests

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.path)
        source = path.read_bytes()
        self._digests[path] = hashlib.sha256(source).digest()
        head = MAGIC_NUMBER + _BY_HASH + source_hash(source)
        place = cache_from_source(self.path)
        known = _read_code(Path(place), head)
        if known is not None and known.co_filename == self.path:
            return known
        code: CodeType = self.source_to_code(source, self.path)
        if not sys.dont_write_bytecode:
            self.set_data(place, head + marshal.dumps(code))
        return code


_BY_HASH = (0b11).to_bytes(4, "little")
"""What Python writes into bytecode files that it compares with the bytes of their source."""


def _read_code(path: Path, head: bytes) -> CodeType | None:
    """The code in a bytecode file that begins so, if there is one."""
    try:
        data = path.read_bytes()
        code: CodeType | None = None
        if data.startswith(head):
            code = marshal.loads(data[len(head) :])  # noqa: S302 (as trustworthy as the source beside it)
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return code


def _unusable(file: RecordFile, reason: str) -> BuildError:
    rule = f"the generated module is of no use: {reason}"
    return BuildError(None, written=file.module, rule=rule, remedy=f"run `eqc build {file.id}`")


def _is_generated(name: str) -> bool:
    return name == GENERATED or name.startswith(f"{GENERATED}.")


def _take_modules() -> dict[str, ModuleType]:
    """Take `generated` and what is in it out of `sys.modules`."""
    own = [name for name in sys.modules if name.startswith(GENERATED) and _is_generated(name)]
    return {name: sys.modules.pop(name) for name in own}


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""


def _snapshot(root: Path) -> Snapshot:
    """The project's modules as the files are now."""
    known = _SNAPSHOTS.get(root)
    if known is None or not known.is_current():
        _forget_hashes()
        known = _SNAPSHOTS[root] = Snapshot(root)
    return known


def _forget_hashes() -> None:
    """Numba remembers a source file's hash by time and size, which a quick rebuild may leave as they were."""
    remembered = getattr(sys.modules.get("numba.core.caching"), "_hash_source_file", None)
    if remembered is not None:
        remembered.cache_clear()


def _pickled(one: Kernel) -> tuple[Callable[..., Kernel], tuple[Any, ...]]:
    return one.reopen or (kernel, (one.id, one.root))


_LOCK = threading.RLock()
_SNAPSHOTS: dict[Path, Snapshot] = {}
copyreg.pickle(Kernel, _pickled)
