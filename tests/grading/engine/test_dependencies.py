"""A result depends on the code that decides it, and on no other."""

from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from course.grading.engine import dependencies
from course.grading.engine.dependencies import Dependencies, find_dependencies
from course.grading.engine.options import GradingOptions
from course.grading.inside.data_files import DataFile
from course.grading.intake.assignment import Assignment
from course.grading.intake.collection import HandedIn
from course.grading.intake.files import Files
from course.grading.model.cells import MasterNotebook
from tests.grading.cells import answer, given


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say what is installed: to look that up takes longer than all the rest."""
    monkeypatch.setattr(
        dependencies, "packages_distributions", lambda: {"sklearn": ["scikit-learn"]}
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Provide a package that students may import."""
    folder = tmp_path / "kit"
    folder.mkdir()
    (folder / "__init__.py").write_text("x = 1\n")
    return folder


def found(source: str, *readable: Path) -> Dependencies:
    """Return what results of a notebook with this given cell depend on."""
    notebook = MasterNotebook("toy", (given(source), answer("f = 1")), {}, ())
    return find_dependencies(Assignment("toy", (notebook,)), GradingOptions(readable=readable))


def test_twice_looked_at_is_the_same(package: Path) -> None:
    assert found("import kit", package) == found("import kit", package)


@pytest.mark.parametrize("file", ["__init__.py", "more.py", "table.csv"])
def test_a_package_that_the_notebook_imports_counts_with_all_its_files(
    package: Path, file: str
) -> None:
    before = found("import kit", package)
    (package / file).write_text("x = 2\n")
    assert found("import kit", package).digest != before.digest


def test_a_package_that_it_does_not_import_counts_for_who_does(package: Path) -> None:
    before = found("import json", package)
    (package / "__init__.py").write_text("x = 2\n")
    after = found("import json", package)
    assert after.digest == before.digest
    assert after.others.keys() == {"kit"}
    assert after.others["kit"] != before.others["kit"]


def test_what_python_leaves_behind_changes_nothing(package: Path) -> None:
    before = found("import kit", package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "kit.pyc").write_bytes(b"compiled")
    assert found("import kit", package) == before


def test_a_package_that_another_one_imports_counts_too(package: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.py"
    base.write_text("y = 1\n")
    (package / "__init__.py").write_text("from base import y\n")
    before = found("import kit", package, base)
    base.write_text("y = 2\n")
    assert found("import kit", package, base).digest != before.digest


def test_a_package_that_a_module_beside_the_notebook_imports_counts_too(
    package: Path, tmp_path: Path
) -> None:
    checks = tmp_path / "checks.py"
    checks.write_text("import kit\n")
    notebook = MasterNotebook("toy", (given("import checks"),), {}, ())
    assignment = Assignment("toy", (notebook,), files=Files((DataFile("checks.py", checks),)))
    options = GradingOptions(readable=(package,))
    before = find_dependencies(assignment, options)
    (package / "__init__.py").write_text("x = 2\n")
    assert find_dependencies(assignment, options).digest != before.digest


def test_a_library_that_a_package_imports_counts_with_its_version(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "__init__.py").write_text("import sklearn\n")
    before = found("import kit", package)
    monkeypatch.setattr(dependencies, "_version", lambda name: f"another {name}")
    assert found("import kit", package).digest != before.digest


def test_what_an_editor_leaves_behind_changes_nothing(package: Path) -> None:
    before = found("import kit", package)
    (package / ".ipynb_checkpoints").mkdir()
    (package / ".ipynb_checkpoints" / "more.py").write_text("x = 2\n")
    assert found("import kit", package) == before


def test_a_single_module_is_a_package_too(tmp_path: Path) -> None:
    module = tmp_path / "single.py"
    module.write_text("x = 1\n")
    before = found("import single", module)
    module.write_text("x = 2\n")
    assert found("import single", module).digest != before.digest


def test_a_cache_of_data_does_not_count_whatever_comes_into_it(
    package: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    before = found("import kit", package, cache)
    (cache / "faces.npz").write_bytes(b"pictures")
    assert found("import kit", package, cache) == before
    assert not before.others


@pytest.mark.parametrize("name", ["torch", "numpy", "ipython", "scikit-learn"])
def test_another_version_of_what_decides_or_is_imported_counts(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found("import sklearn")
    monkeypatch.setattr(
        dependencies, "version", lambda each: "0.0" if each == name else version(each)
    )
    assert found("import sklearn").digest != before.digest


def test_another_version_of_what_nobody_uses_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = found("import json")
    monkeypatch.setattr(
        dependencies, "version", lambda each: "0.0" if each == "scikit-learn" else version(each)
    )
    assert found("import json") == before


NAMES = st.sampled_from(["kit", "tools", "plots"])
TEXTS = st.lists(NAMES | st.text("ab \n", max_size=4), max_size=4).map(" ".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@for_all(st.dictionaries(NAMES, st.just("digest")), TEXTS, st.dictionaries(st.just("m.py"), TEXTS))
def test_a_submission_depends_on_the_packages_that_it_names(
    others: dict[str, str], notebook: str, own: dict[str, str]
) -> None:
    files = {name: text.encode() for name, text in own.items()}
    handed_in = HandedIn({"toy": notebook.encode()}, files)
    imported = Dependencies("all", others).imported_by(handed_in)
    texts = [notebook, *own.values()]
    assert imported == {
        name: digest for name, digest in others.items() if any(name in text for text in texts)
    }
