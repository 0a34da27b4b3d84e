"""All records of a project, found by their files' names and loaded when asked for."""

from __future__ import annotations

from pathlib import Path

from eqc.errors import RecordError, Span, nearest
from eqc.records.model import Record

FOLDER = "equations"
SUFFIX = ".yaml"
LIKE_RECORDS = (".yaml", ".yml")


class Catalog:
    """The records under `equations/` of a project's root.

    Only the folder is read at first; a record is loaded, once, when it is asked for.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     area = Path(folder, "equations", "algebra")
    ...     area.mkdir(parents=True)
    ...     _ = (area / "square.yaml").write_text("{title: Square, sympy: x**2, symbols: {x: input}}")
    ...     catalog = Catalog(Path(folder))
    ...     catalog.ids(), catalog.get("square").title, "cube" in catalog
    (('square',), 'Square', False)
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._paths: dict[str, tuple[Path, ...]] | None = None
        self._records: dict[str, Record] = {}

    def ids(self) -> tuple[str, ...]:
        """The ids of all records, in alphabetical order."""
        return tuple(self._found())

    def __contains__(self, id: str) -> bool:
        return id in self._found()

    def path(self, id: str) -> Path:
        """The file of a record.

        Raises RecordError where no record, or more than one, has the id.
        """
        paths = self._found().get(id)
        if paths is None:
            raise RecordError(None, written=id, rule="no record has this id", remedy=nearest(id, self.ids()))
        if len(paths) > 1:
            raise self._duplicate(id, paths)
        return paths[0]

    def get(self, id: str) -> Record:
        """A record by its id.

        Raises RecordError where no record, or more than one, has the id, or where the record breaks the format.
        """
        if id not in self._records:
            from eqc.records.load import load_record  # the YAML and schema libraries are not needed to list records

            self._records[id] = load_record(self.path(id), self.root)
        return self._records[id]

    def check_unique(self) -> None:
        """Raises RecordError for the first id that two areas have."""
        for name, paths in self._found().items():
            if len(paths) > 1:
                raise self._duplicate(name, paths)

    def misplaced(self) -> tuple[RecordError, ...]:
        """An error for every YAML file under `equations/` that is not where a record belongs."""
        folder = self.root / FOLDER
        files = sorted(file for file in folder.rglob("*") if file.suffix in LIKE_RECORDS)
        return tuple(self._misplaced(file) for file in files if not self._is_record(file))

    def _found(self) -> dict[str, tuple[Path, ...]]:
        if self._paths is None:
            paths: dict[str, tuple[Path, ...]] = {}
            for file in sorted((self.root / FOLDER).glob(f"*/*{SUFFIX}")):
                if self._is_record(file):
                    paths[file.stem] = (*paths.get(file.stem, ()), file)
            self._paths = dict(sorted(paths.items()))
        return self._paths

    def _is_record(self, file: Path) -> bool:
        return file.suffix == SUFFIX and file.parent.parent == self.root / FOLDER and not file.name.startswith(".")

    def _name(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()

    def _misplaced(self, file: Path) -> RecordError:
        name = self._name(file)
        rule = "a record stands in equations/<area>/<id>.yaml"
        return RecordError(
            Span(name, 1, 1), written=name, rule=rule, remedy="move the file there, or out of equations/"
        )

    def _duplicate(self, id: str, paths: tuple[Path, ...]) -> RecordError:
        where = Span(self._name(paths[1]), 1, 1)
        rule = f"two records have the id {id}; the other one is {self._name(paths[0])}"
        return RecordError(where, written=id, rule=rule, remedy="rename one of the two files")
