"""Projects, generated modules and rebuilds."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from kernel_samples import MODULES, SOFTMAX, write_project

import eqc

Z = np.array([0.0, 1.0])


def scaled(factor: float) -> dict[str, str]:
    return {"softmax": SOFTMAX.replace("scale(yhat[b, c] / total)", f"{factor}*scale(yhat[b, c] / total)")}


def run(code: str, folder: Path) -> str:
    """The output of a program in a new process whose working directory is `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(Path(eqc.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_project_is_the_nearest_folder_upward(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "equations" / "sample")
    assert eqc.kernel("softmax") is eqc.kernel("softmax", root=project)


def test_unknown_and_unbuilt_records(tmp_path: Path) -> None:
    write_project(tmp_path, {"softmax": SOFTMAX})
    with pytest.raises(eqc.EqcError, match="did you mean softmax"):
        eqc.kernel("sofmax", root=tmp_path)
    (tmp_path / "equations" / "sample" / "new.yaml").write_text("")
    with pytest.raises(eqc.EqcError, match="run `eqc build new`"):
        eqc.kernel("new", root=tmp_path)


def test_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(eqc.EqcError, match="not in a project"):
        eqc.kernel("softmax")


@pytest.mark.parametrize("source", ["SIGNATURE = (", "from .nowhere import x", "x = 1"])
def test_a_module_that_is_of_no_use(tmp_path: Path, source: str) -> None:
    write_project(tmp_path, {"softmax": source})
    with pytest.raises(eqc.EqcError, match="run `eqc build softmax`"):
        eqc.kernel("softmax", root=tmp_path)


def test_projects_do_not_mix(tmp_path: Path) -> None:
    kernels = [
        eqc.kernel("softmax", root=write_project(tmp_path / str(factor), scaled(factor))) for factor in (1.0, 2.0, 3.0)
    ]
    assert [round(float(kernel(Z).sum()), 6) for kernel in kernels] == [1.0, 2.0, 3.0]
    assert not [name for name in sys.modules if name.split(".")[0] == "generated"]


def test_a_rebuild_is_seen_even_with_the_same_time_and_size(tmp_path: Path) -> None:
    write_project(tmp_path, scaled(1.0))
    module = tmp_path / "generated" / "sample" / "softmax.py"
    times = module.stat()
    old = eqc.kernel("softmax", root=tmp_path)
    assert old(Z).sum() == pytest.approx(1)
    write_project(tmp_path, scaled(4.0))
    os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))
    new = eqc.kernel("softmax", root=tmp_path)
    assert new is not old
    assert new is eqc.kernel("softmax", root=tmp_path)
    assert new(Z.astype(np.float32)).sum() == pytest.approx(4)
    assert old(Z.astype(np.float32)).sum() == pytest.approx(1)


def test_a_rebuild_of_what_a_module_imports_is_seen(tmp_path: Path) -> None:
    write_project(tmp_path, {"softmax": SOFTMAX})
    assert eqc.kernel("softmax", root=tmp_path)(Z).sum() == pytest.approx(1)
    runtime = tmp_path / "generated" / "_runtime.py"
    runtime.write_text(runtime.read_text().replace("1.0 * x", "5.0 * x"))
    module = tmp_path / "generated" / "sample" / "softmax.py"
    module.write_text(f"# rebuilt\n{module.read_text()}")
    assert eqc.kernel("softmax", root=tmp_path)(Z).sum() == pytest.approx(5)


def test_the_cache_on_disk_serves_every_way_of_loading(tmp_path: Path) -> None:
    write_project(tmp_path, {"softmax": SOFTMAX})
    (tmp_path / "elsewhere").mkdir()
    by_eqc = f"""
        import eqc, numpy as np
        kernel = eqc.kernel("softmax", root={str(tmp_path)!r})
        print(kernel(np.zeros(2)), sum(kernel.module.softmax_into.stats.cache_hits.values()))
    """
    by_import = """
        import numpy as np
        from generated.sample.softmax import softmax, softmax_into
        print(softmax(np.zeros(2)), sum(softmax_into.stats.cache_hits.values()))
        import eqc
        print(eqc.kernel("softmax")(np.zeros(2)))
    """
    assert run(by_eqc, tmp_path / "elsewhere") == "[0.5 0.5] 0"
    assert run(by_eqc, tmp_path / "elsewhere") == "[0.5 0.5] 1"
    run(by_import, tmp_path)
    assert run(by_import, tmp_path).endswith("[0.5 0.5]")
    assert run(by_eqc, tmp_path / "elsewhere") == "[0.5 0.5] 1"


def test_the_cache_on_disk_is_never_stale(tmp_path: Path) -> None:
    code = "import eqc, numpy as np; print(eqc.kernel('softmax')(np.zeros(2)))"
    write_project(tmp_path, scaled(1.0))
    assert run(code, tmp_path) == "[0.5 0.5]"
    write_project(tmp_path, scaled(8.0))
    assert run(code, tmp_path) == "[4. 4.]"


def test_plain_import_stays_what_it_was(project: Path, tmp_path: Path) -> None:
    other = write_project(tmp_path, scaled(2.0))
    code = f"""
        import numpy as np, eqc
        from generated.sample.softmax import softmax
        kernel = eqc.kernel("softmax", root={str(other)!r})
        print(softmax(np.zeros(2)), kernel(np.zeros(2)), eqc.kernel("softmax")(np.zeros(2)))
        from generated.sample import softmax as module
        print(module.softmax is softmax)
    """
    assert run(code, project) == "[0.5 0.5] [1. 1.] [0.5 0.5]\nTrue"


def test_compile_fills_the_cache(tmp_path: Path) -> None:
    write_project(tmp_path, {"every": MODULES["every"]})
    eqc.kernel("every", root=tmp_path).compile()
    code = """
        import eqc, numpy as np
        k = eqc.kernel("every")
        for dtype in (np.float32, np.float64):
            k(np.ones((3, 4), dtype), 2), k.vjp(np.ones((3, 4), dtype), 2, np.ones(2, dtype))
        print(*(sum(f.stats.cache_hits.values()) for f in (k.module.every_into, k.module.every_vjp_into)))
    """
    assert run(code, tmp_path) == "2 2"


def test_compile_takes_functions_for_teams(tmp_path: Path) -> None:
    """Their last parameter is left out, as it is in calls by one thread."""
    text = MODULES["every"].replace("every_into(x, stride, y)", "every_into(x, stride, y, team=None)")
    write_project(tmp_path, {"every": text})
    kernel = eqc.kernel("every", root=tmp_path)
    kernel.compile()
    kernel(np.ones((3, 4)), 2)
    assert len(kernel.module.every_into.signatures) == 2


def test_kernels_can_be_pickled(project: Path) -> None:
    kernel = eqc.kernel("softmax", root=project)
    assert pickle.loads(pickle.dumps(kernel)) is kernel


def test_import_is_light(tmp_path: Path) -> None:
    code = "import eqc, sys; print(sorted({'numpy', 'numba', 'sympy', 'pydantic'} & set(sys.modules)))"
    assert run(code, tmp_path) == "[]"


def test_calling_a_kernel_loads_no_sympy(project: Path) -> None:
    code = """
        import eqc, sys, numpy as np
        eqc.kernel("softmax")(np.zeros(2))
        print(sorted({"sympy", "pydantic", "ruamel", "mpmath"} & set(sys.modules)))
    """
    assert run(code, project) == "[]"


def test_bytecode_goes_by_the_bytes_of_its_source(tmp_path: Path) -> None:
    root, show = write_project(tmp_path / "first", scaled(2.0)), "import eqc; print(eqc.kernel('softmax').__doc__)"
    module = root / "generated/sample/softmax.py"
    first = run(show, root)
    assert {file.name.split(".")[0] for file in module.parent.glob("__pycache__/*.pyc")} >= {"softmax"}
    stamp = module.stat()
    module.write_text(module.read_text().replace("Softmax.", "Hardmax."))
    os.utime(module, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert (first, run(show, root)) == ("Softmax.", "Hardmax.")
    for file in module.parent.glob("__pycache__/*.pyc"):
        file.write_bytes(file.read_bytes()[:-40])
    assert run(show, root) == "Hardmax."


def test_a_copied_project_names_its_own_files(tmp_path: Path) -> None:
    show = "import eqc; print(eqc.kernel('softmax').module.softmax.py_func.__code__.co_filename)"
    root = write_project(tmp_path / "first", scaled(2.0))
    run(show, root)
    shutil.copytree(root, tmp_path / "second")
    assert run(show, tmp_path / "second") == str(tmp_path / "second/generated/sample/softmax.py")


def test_garbage_is_collected_as_before(project: Path) -> None:
    gc.disable()
    eqc.kernel("softmax", root=project)(Z)
    assert not gc.isenabled()
    gc.enable()
    eqc.kernel("softmax", root=project)(Z.astype(np.float32))
    assert gc.isenabled()
