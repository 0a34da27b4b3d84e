"""Docstrings of generated code. Whatever a record says, the text stays inside its quotes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Documentation:
    """A summary line and further lines."""

    summary: str
    lines: tuple[str, ...] = ()


def docstring(doc: Documentation, indent: str) -> str:
    """The docstring's source lines.

    >>> print(docstring(Documentation('ends it: \\"\\"\\" no'), ""))
    \"\"\"ends it: \\"\\"\\" no\"\"\"
    """
    lines = [_safe(line) for line in (doc.summary, *doc.lines)]
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""'
    body = "\n".join(f"{indent}{line}".rstrip() for line in lines[1:])
    return f'{indent}"""{lines[0]}\n{body}\n{indent}"""'


def _safe(line: str) -> str:
    """Escape what could end the string or start an escape; drop what no editor shows."""
    shown = "".join(c for c in line if c.isprintable())
    escaped = shown.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    bare = escaped.endswith('"') and not escaped.endswith('\\"')
    return f'{escaped[:-1]}\\"' if bare else escaped
