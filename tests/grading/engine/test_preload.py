"""What servers import beforehand is found out without running any of it."""

import sys
from pathlib import Path

import pytest

from course.grading.engine.preload import PYPLOT, TORCH, WARM, WARM_TORCH, find_preload
from course.grading.model.cells import Cell, Role
from tests.grading.cells import answer, given, question

NOTHING = frozenset[str]()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a package that says so when it is run, on the path of imports."""
    folder = tmp_path / "telltale"
    folder.mkdir()
    told = f"from pathlib import Path\nPath({str(tmp_path / 'was_run')!r}).touch()\n"
    (folder / "__init__.py").write_text(told)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_only_what_the_instructors_cells_import_is_wanted() -> None:
    cells = [
        given("import json"),
        answer("import evil"),
        question("import ast"),
        given("import re"),
    ]
    assert find_preload(cells, NOTHING).wanted == ("json", "re")


def test_every_module_is_wanted_once() -> None:
    cells = [given("import json\nimport re"), given("import json")]
    assert find_preload(cells, NOTHING).wanted == ("json", "re")


def test_modules_beside_the_notebook_are_left_to_its_cells() -> None:
    cells = [given("import tools\nfrom tools.more import x\nimport json")]
    assert find_preload(cells, frozenset({"tools"})).wanted == ("json",)


def test_without_imports_only_ours_is_needed() -> None:
    found = find_preload([given("import json")], NOTHING, imports=False)
    assert (found.needed, found.wanted) == ((WARM,), ())


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("import json", (WARM,)),
        ("import matplotlib.pyplot as plt", (WARM, PYPLOT)),
        ("%matplotlib inline", (WARM, PYPLOT)),
    ],
)
def test_figures_are_prepared_where_somebody_draws(source: str, needed: tuple[str, ...]) -> None:
    assert find_preload([given(source)], NOTHING).needed == needed


def test_without_imports_torch_is_there_where_somebody_uses_it_but_not_warmed_up() -> None:
    found = find_preload([given("import torch")], NOTHING, imports=False)
    assert (found.needed, found.wanted) == ((WARM, TORCH), ())


@pytest.mark.parametrize(
    ("cells", "is_warm"),
    [
        ([given("import json")], False),
        ([given("import torch")], True),
        ([answer("x = torch.ones(1)")], True),
        ([Cell(Role.GIVEN, "", "code", "import nowhere_to_be_found")], False),
    ],
)
def test_torch_is_warmed_up_where_somebody_uses_it(cells: list[Cell], is_warm: bool) -> None:
    assert (WARM_TORCH in find_preload(cells, NOTHING).needed) is is_warm


@pytest.mark.parametrize("file", ["__init__.py", "module.py", "inner/__init__.py"])
def test_torch_is_seen_in_a_module_that_is_not_run_for_it(package: Path, file: str) -> None:
    path = package / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as opened:
        opened.write("import torch\n")
    names = {"__init__.py": "telltale", "module.py": "telltale.module"}
    name = names.get(file, "telltale.inner")
    found = find_preload([given(f"import {name}")], NOTHING)
    assert (WARM_TORCH in found.needed, found.wanted) == (True, (name,))
    assert not (package.parent / "was_run").exists()
    assert "telltale" not in sys.modules


@pytest.mark.parametrize("file", ["__init__.py", "deep/inside.py"])
def test_torch_is_seen_anywhere_in_a_package_of_the_courses(tmp_path: Path, file: str) -> None:
    package = tmp_path / "elsewhere"  # not on the grader's own path
    (package / file).parent.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / file).write_text("import torch")
    cells = [given("import elsewhere")]
    assert WARM_TORCH in find_preload(cells, NOTHING, readable=(package,)).needed
    assert WARM_TORCH not in find_preload(cells, NOTHING).needed


@pytest.mark.parametrize("name", ["telltale.missing", "telltale.module.deeper", "sys.x", "math"])
def test_a_module_without_a_source_is_only_wanted(package: Path, name: str) -> None:
    (package / "module.py").touch()
    found = find_preload([given(f"import {name}")], NOTHING)
    assert (found.needed, found.wanted) == ((WARM,), (name,))
    assert not (package.parent / "was_run").exists()
