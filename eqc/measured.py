"""What `eqc verify --accuracy` found, kept beside the kernels: `generated/<area>/<id>.accuracy.json`.

A build only reads these files. They carry a hash of the records that they hold for; measurements of another text count
as none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from eqc.project import RecordFile

NOT_MEASURED = "Accuracy: not measured"
_HASH = "records"
_LEVELS = 3
_KINDS = ("value", "gradient")


def records_hash(root: Path, files: Iterable[RecordFile]) -> str:
    """A hash of the text of a record and of those that it composes, in any order."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.source):
        data = (root / file.source).read_bytes()
        total.update(f"{file.source}:{len(data)}:".encode() + data)
    return total.hexdigest()


def as_text(measured: Mapping[str, object], records: str) -> str:
    """The file's contents.

    >>> print(as_text({"float64": {"plain": {"value": {"p99": 1.5, "worst_at": {"x": [1, 2]}}}}}, "ab"), end="")
    {
     "records": "ab",
     "float64": {
      "plain": {
       "value": {"p99": 1.5, "worst_at": {"x": [1, 2]}}
      }
     }
    }
    """
    return _expanded({_HASH: records, **measured}, _LEVELS, "\n") + "\n"


def _expanded(value: object, levels: int, newline: str) -> str:
    """JSON with so many levels of objects over several lines, and what is deeper on one."""
    if not levels or not isinstance(value, Mapping) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = newline + " "
    parts = (f"{json.dumps(key)}: {_expanded(part, levels - 1, inner)}" for key, part in value.items())
    return f"{{{inner}{f',{inner}'.join(parts)}{newline}}}"


def summary(root: Path, file: RecordFile, records: str) -> str:
    """One line for docstrings: the 99th percentile of the bits of error on plain inputs.

    What cannot be read, was measured for other records, or had nothing that could be measured, is not measured.
    """
    try:
        found = json.loads((root / file.accuracy).read_text(encoding="utf-8"))
        if found[_HASH] != records:
            return NOT_MEASURED
        kinds = {dtype: _kinds(found[dtype]["plain"]) for dtype in found if dtype != _HASH}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return NOT_MEASURED
    parts = [f"{dtype} {text}" for dtype, text in kinds.items() if text]
    return f"Accuracy (p99 on plain inputs): {'; '.join(parts)}" if parts else NOT_MEASURED


def _kinds(plain: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(f"{kind} {float(plain[kind]['p99']):.1f} bits" for kind in _KINDS if kind in plain)
