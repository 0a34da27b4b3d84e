"""New projects and new records: the texts that `eqc init` and `eqc new` write."""

from __future__ import annotations

from pathlib import Path

from eqc.atomic import commit
from eqc.build import PACKAGE
from eqc.errors import BuildError, Span
from eqc.project import EQUATIONS, GENERATED, RecordFile, Survey, name_problem, survey

EXAMPLE = RecordFile("weighted_mean", "statistics")
DEFAULT_AREA = "general"

_EXAMPLE_RECORD = r"""# One equation: how it is printed (latex), what it means (sympy), what its letters are (symbols).
# Change it and run `eqc build`; `eqc new ID` adds another.
title: Weighted mean
summary: The mean of some values, each counted with its own weight.

# As a book prints it. A block (|-) needs no quotes and no escapes.
latex: |-
  \bar{x} = \frac{\sum_{i=1}^{n} w_i x_i}{\sum_{i=1}^{n} w_i}

# The same in SymPy's words: Eq(result, formula). Positions count from 1, as in print.
sympy: Eq(mean, Sum(w[i]*x[i], (i, 1, n))/Sum(w[i], (i, 1, n)))

# Every letter of the formula. Results come out, sizes follow from the shapes, the rest are the inputs in this order.
symbols:
  mean: {latex: '\bar{x}', meaning: weighted mean}
  w: {latex: 'w_i', index: [i], shape: [n], domain: positive, meaning: weights}
  x: {latex: 'x_i', index: [i], shape: [n], meaning: values}
  n: number of values

# Worked cases that must come out.
examples:
  - given: {w: [1, 3], x: [2, 6]}
    expect: {mean: 5}
    source: by hand, (1*2 + 3*6)/(1 + 3)
"""

_TEMPLATE = r"""# `eqc check {id}` reads this record, `eqc build {id}` writes its kernels.
title: "{title}"
# summary: One sentence on what it is for.

# The formula as it is printed.
latex: |-
  y = a x^2

# Its meaning in SymPy's words: Eq(result, formula), or a list of such statements in order.
# Sum(x[i], (i, 1, n)), Product, Piecewise((a, x > 0), (b, True)), Max, Min, exp, log, sqrt ...; matrices as Q*K.T;
# another record is a function named by its id.
sympy: Eq(y, a*x**2)

# Every letter, as a meaning or as a mapping. Inputs are what is not assigned, in this order.
# An array says its shape, and the indices that its LaTeX shows: {{latex: 'x_i', index: [i], shape: [n]}}
# Domains: real, positive, nonnegative, nonzero, unit_interval, probability, simplex, binary, integer, [0, 1) ...
symbols:
  y: result
  a: {{domain: positive, meaning: a factor}}
  x: an input

# Worked cases that must come out; say where they are printed.
examples:
  - given: {{a: 2, x: 3}}
    expect: {{y: 18}}

# sources:
#   - {{title: "...", section: "...", url: "..."}}
"""

_README = """# Equations

Every equation is one file in `equations/<area>/<id>.yaml`. `eqc build` writes its kernels (value, derivatives) to
`generated/<area>/<id>.py`; both are kept under version control.

    eqc new ID              a record to fill in
    eqc check               is every record well written?
    eqc build               write the kernels of what changed
    eqc verify              compare the kernels with an independent oracle
    eqc derive weighted_mean --wrt x

In a program:

    import eqc
    import numpy as np
    mean = eqc.kernel("weighted_mean")
    w, x = np.array([1.0, 3.0]), np.array([2.0, 6.0])
    mean(w, x)                          # 5.0
    mean.gradient(w, x, wrt="x")        # [0.25, 0.75]

In continuous integration: `eqc build --check` and `eqc verify`.
"""

_GITIGNORE = """__pycache__/
.lock
*.eqc-tmp
"""


def create_project(folder: Path) -> tuple[Path, ...]:
    """Write a new project with one worked example; gives the files that were written.

    Raises BuildError, and writes nothing, if one of them is there already or the folder cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     files = create_project(Path(name) / "demo")
    ...     [path.name for path in files]
    ['weighted_mean.yaml', '__init__.py', 'README.md', '.gitignore']
    """
    contents = {
        folder / EXAMPLE.source: _EXAMPLE_RECORD,
        folder / GENERATED / "__init__.py": PACKAGE.decode(),
        folder / "README.md": _README,
        folder / ".gitignore": _GITIGNORE,
    }
    for path in (folder / EQUATIONS, *contents):
        if path.exists() or path.is_symlink():
            rule = "a project is only started where none of its files exist"
            raise BuildError(None, written=str(path), rule=rule, remedy="choose another folder")
    commit(folder, {path: text.encode() for path, text in contents.items()})
    return tuple(contents)


def create_record(root: Path, record_id: str, area: str | None) -> Path:
    """Write a commented record that is valid as it stands; gives its path.

    Without `area` it goes to the project's only area, or to `general`.
    Raises RecordError for a bad name, BuildError if the id is taken or the file cannot be written.
    """
    found = survey(root)
    area = area or _usual_area(found)
    for name, what in ((record_id, "id"), (area, "area")):
        problem = name_problem(name, what)
        if problem is not None:
            raise problem
    _refuse_taken(found, record_id)
    path = root / RecordFile(record_id, area).source
    title = record_id.replace("_", " ").strip()
    text = _TEMPLATE.format(id=record_id, title=title[:1].upper() + title[1:])
    commit(root, {path: text.encode()})
    return path


def _usual_area(found: Survey) -> str:
    areas = {file.area for file in found.files.values()}
    return areas.pop() if len(areas) == 1 else DEFAULT_AREA


def _refuse_taken(found: Survey, record_id: str) -> None:
    owner = found.files.get(record_id)
    if owner is None and record_id not in found.problems:
        return
    where = Span(owner.source, 1, 1) if owner else None
    remedy = f"choose another id, or edit {owner.source}" if owner else "choose another id"
    raise BuildError(where, written=record_id, rule="a record has this id already", remedy=remedy)
