"""Where a project's files stand: `equations/<area>/<id>.yaml` in, `generated/<area>/<id>.py` out.

Only names are looked at here; nothing is parsed, so that an unchanged build stays fast.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from eqc.errors import BuildError, EqcError, RecordError, Span, nearest
from eqc.records.names import id_problem

EQUATIONS = "equations"
GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class RecordFile:
    """One record's place in a project; nothing is known yet of what stands in it."""

    id: str
    area: str

    @property
    def source(self) -> str:
        """The YAML file, relative to the project's root, with forward slashes.

        >>> RecordFile("softmax", "activations").source
        'equations/activations/softmax.yaml'
        """
        return f"{EQUATIONS}/{self.area}/{self.id}.yaml"

    @property
    def module(self) -> str:
        """The generated module, relative to the project's root, with forward slashes.

        >>> RecordFile("softmax", "activations").module
        'generated/activations/softmax.py'
        """
        return self.sibling(self.id)

    def sibling(self, name: str) -> str:
        """Another module in the same folder, relative to the project's root.

        >>> RecordFile("layer", "nets").sibling("layer__f_tanh")
        'generated/nets/layer__f_tanh.py'
        """
        return f"{GENERATED}/{self.area}/{name}.py"

    @property
    def accuracy(self) -> str:
        """The file that `eqc verify --accuracy` writes, relative to the project's root."""
        return f"{GENERATED}/{self.area}/{self.id}.accuracy.json"


@dataclass(frozen=True, slots=True)
class Survey:
    """What stands in `equations/`: the records by id, and what is wrong with other files, by id or path.

    `claimed` are the modules of all of them, right or wrong: a broken record keeps its old module.
    """

    root: Path
    files: Mapping[str, RecordFile]
    problems: Mapping[str, EqcError]
    claimed: frozenset[str]

    def choose(self, ids: Iterable[str]) -> Survey:
        """The part of the project that was asked for; everything if `ids` is empty.

        Raises BuildError with the nearest known name for an id that is not there.
        """
        wanted = sorted(set(ids))
        if not wanted:
            return self
        known = {**self.files, **self.problems}
        for name in wanted:
            if name not in known:
                raise BuildError(None, written=name, rule="no record has this id", remedy=nearest(name, known))
        files = {name: self.files[name] for name in wanted if name in self.files}
        problems = {name: self.problems[name] for name in wanted if name in self.problems}
        return Survey(self.root, files, problems, self.claimed)

    def only(self, record_id: str) -> RecordFile:
        """The place of one record. Raises the record's problem, or BuildError if there is no such record."""
        chosen = self.choose([record_id])
        for problem in chosen.problems.values():
            raise problem
        return chosen.files[record_id]


def find_root(start: Path | None = None) -> Path:
    """The project's root: the nearest folder upward from `start` (default: the working directory) with `equations/`.

    Raises BuildError if there is none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     root = Path(name).resolve()
    ...     (root / "equations" / "physics").mkdir(parents=True)
    ...     find_root(root / "equations" / "physics") == root
    True
    """
    here = _absolute(start)
    for folder in (here, *here.parents):
        if (folder / EQUATIONS).is_dir():
            return folder
    raise BuildError(
        None,
        written=str(here),
        rule=f"not in a project: neither this folder nor one above it has {EQUATIONS}/",
        remedy="start a project with `eqc init DIR`, or name one with --root",
    )


def given_root(folder: Path) -> Path:
    """The root that was named outright; BuildError unless `equations/` stands in it."""
    root = _absolute(folder)
    if (root / EQUATIONS).is_dir():
        return root
    rule = f"no project here: the folder has no {EQUATIONS}/"
    raise BuildError(None, written=str(folder), rule=rule, remedy=f"start one with `eqc init {folder}`")


def _absolute(start: Path | None) -> Path:
    try:
        return (start or Path.cwd()).resolve()
    except OSError as error:
        rule = f"the folder cannot be read: {error.strerror}"
        raise BuildError(None, written=str(start or "."), rule=rule, remedy="change to a folder that exists") from None


def survey(root: Path) -> Survey:
    """List the records of a project without reading them.

    Files that can never be records (bad names, wrong depth, wrong ending, an id used twice) become problems.
    Raises BuildError if `equations/` cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     area = Path(name) / "equations" / "physics"
    ...     area.mkdir(parents=True)
    ...     for file in ("energy.yaml", "2nd.yaml"):
    ...         _ = (area / file).write_text("")
    ...     found = survey(Path(name))
    ...     sorted(found.files), sorted(found.problems)
    (['energy'], ['equations/physics/2nd.yaml'])
    """
    files: dict[str, RecordFile] = {}
    problems: dict[str, EqcError] = {}
    paths = _yaml_files(root)
    for path in paths:
        found = _classify(path)
        if isinstance(found, EqcError):
            problems[path] = found
        elif found.id in files:
            problems[found.id] = _duplicate(files[found.id], found)
        else:
            files[found.id] = found
    healthy = {name: files[name] for name in sorted(files) if name not in problems}
    return Survey(root, healthy, problems, frozenset(_claimed(path) for path in paths))


def _claimed(path: str) -> str:
    return f"{GENERATED}/{path.removeprefix(EQUATIONS + '/').rpartition('.')[0]}.py"


def _yaml_files(root: Path) -> list[str]:
    """Every visible YAML file below `equations/`, as sorted relative paths."""
    top = root / EQUATIONS
    found = []
    for folder, inner, names in os.walk(top, onerror=_unreadable):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        base = Path(folder).relative_to(root).as_posix()
        found += [f"{base}/{name}" for name in names if _is_yaml(name)]
    return sorted(found)


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")


def _unreadable(error: OSError) -> None:
    rule = f"the folder cannot be read: {error.strerror}"
    raise BuildError(None, written=str(error.filename), rule=rule, remedy="make it readable") from None


def _classify(path: str) -> RecordFile | EqcError:
    parts = path.split("/")
    stem, _, ending = parts[-1].rpartition(".")
    where = Span(path, 1, 1)
    if len(parts) != 3:
        rule, remedy = "a record stands in a folder of its own area", f"move it to {EQUATIONS}/<area>/{stem}.yaml"
        return RecordError(where, written=path, rule=rule, remedy=remedy)
    if ending != "yaml":
        return RecordError(where, written=parts[-1], rule="a record ends in .yaml", remedy=f"rename it {stem}.yaml")
    for name, what in ((parts[1], "area"), (stem, "id")):
        problem = name_problem(name, what, where)
        if problem is not None:
            return problem
    return RecordFile(stem, parts[1])


def name_problem(name: str, what: str, where: Span | None = None) -> EqcError | None:
    """What keeps `name` from being an "id" or an "area", as an error; None if it is a good name.

    >>> print(name_problem("lambda", "id").remedy)
    rename it to lambda_0
    >>> name_problem("heat_flow", "area") is None
    True
    """
    problem = id_problem(name, what)
    if problem is None:
        return None
    rule, remedy = problem
    return RecordError(where, written=name, rule=rule, remedy=remedy)


def _duplicate(first: RecordFile, second: RecordFile) -> EqcError:
    return RecordError(
        Span(second.source, 1, 1),
        written=f"{first.source} and {second.source}",
        rule=f"two records have the id {first.id}",
        remedy="rename one of the two files: an id is unique over all areas",
    )
