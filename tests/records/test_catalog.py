"""The catalogue finds records by their files and loads them when asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from eqc.errors import RecordError
from eqc.records.catalog import Catalog

TEXT = "title: T\nsympy: x**2\nsymbols: {x: input}\n"


def project(root: Path, *names: str) -> Catalog:
    for name in names:
        file = root / "equations" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TEXT)
    return Catalog(root)


def test_ids_are_sorted_whatever_their_area(tmp_path: Path) -> None:
    catalog = project(tmp_path, "b/alpha.yaml", "a/beta.yaml", "a/.hidden.yaml", "a/notes.txt")
    assert catalog.ids() == ("alpha", "beta")
    assert "alpha" in catalog and "gamma" not in catalog
    assert catalog.path("alpha") == tmp_path / "equations" / "b" / "alpha.yaml"
    assert catalog.get("alpha").area == "b"
    assert catalog.get("alpha") is catalog.get("alpha")
    catalog.check_unique()


def test_a_project_without_records(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    assert catalog.ids() == () and catalog.misplaced() == ()
    with pytest.raises(RecordError, match="no record has this id"):
        catalog.get("x")


def test_an_unknown_id_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as caught:
        project(tmp_path, "a/softmax.yaml").get("sofmax")
    assert caught.value.remedy == "did you mean softmax?" and caught.value.written == "sofmax"


def test_an_id_in_two_areas(tmp_path: Path) -> None:
    catalog = project(tmp_path, "a/x.yaml", "b/x.yaml", "b/y.yaml")
    assert catalog.ids() == ("x", "y")
    for ask in (lambda: catalog.get("x"), lambda: catalog.path("x"), catalog.check_unique):
        with pytest.raises(RecordError, match="two records have the id x") as caught:
            ask()
        assert str(caught.value.where) == "equations/b/x.yaml:1:1"
        assert "equations/a/x.yaml" in caught.value.rule
    assert catalog.get("y").id == "y"


def test_misplaced_files(tmp_path: Path) -> None:
    catalog = project(tmp_path, "x.yaml", "a/b/y.yaml", "a/z.yml", "a/good.yaml")
    assert catalog.ids() == ("good",)
    places = [str(error.where) for error in catalog.misplaced()]
    assert places == ["equations/a/b/y.yaml:1:1", "equations/a/z.yml:1:1", "equations/x.yaml:1:1"]


def test_a_bad_name_is_an_error_of_the_record(tmp_path: Path) -> None:
    catalog = project(tmp_path, "a/Soft-Max.yaml")
    with pytest.raises(RecordError, match="lower-case letters") as caught:
        catalog.get(catalog.ids()[0])
    assert "soft_max" in caught.value.remedy


def test_listing_imports_no_heavy_library() -> None:
    code = (
        "import sys; from pathlib import Path; from eqc.records.catalog import Catalog; Catalog(Path('.')).ids(); "
        "print([m for m in ('ruamel', 'ruamel.yaml', 'pydantic', 'sympy', 'numba', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
