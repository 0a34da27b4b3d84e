"""The records of a project with a formula each: one that has only LaTeX gets its SymPy form from it."""

from __future__ import annotations

from eqc.records.catalog import Catalog
from eqc.records.model import Record


class Library(Catalog):
    """A catalog whose records all have statements.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     area = Path(folder, "equations", "algebra")
    ...     area.mkdir(parents=True)
    ...     _ = (area / "half.yaml").write_text("title: Half\\nlatex: h = x/2\\nsymbols: {h: half, x: whole}")
    ...     Library(Path(folder)).get("half").statements[0].text
    'Eq(h, x/2)'
    """

    def get(self, id: str) -> Record:
        """A record by its id, read from its LaTeX if it has no SymPy form.

        Raises RecordError as `Catalog.get` does, NotationError where the LaTeX cannot be read.
        """
        record = super().get(id)
        if not record.statements:
            from eqc.notation.latex.complete import completed  # most records need no LaTeX reader

            record = completed(record, self.ids(), self._other)
            self._records[id] = record
        return record

    def _other(self, id: str) -> Record | None:
        """A record that the LaTeX of another one uses."""
        return self.get(id) if id in self else None
