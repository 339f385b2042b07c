"""Results depend on all that students' code may read of a package, data included."""

from pathlib import Path

import pytest

from course.grading.engine.dependencies import Dependencies, find_dependencies
from course.grading.engine.options import GradingOptions
from course.grading.intake.assignment import Assignment
from course.grading.model.cells import MasterNotebook
from tests.grading.cells import given


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "maths"
    folder.mkdir()
    (folder / "__init__.py").write_text("one = 1")
    (folder / "table.toml").write_text("two = 2")
    return folder


def dependencies(*readable: Path) -> Dependencies:
    master = MasterNotebook("toy", (given("import maths"),), {}, ())
    return find_dependencies(Assignment("toy", (master,)), GradingOptions(readable=readable))


def digest(package: Path) -> str:
    return dependencies(package).digest


@pytest.mark.parametrize("file", ["__init__.py", "table.toml"])
def test_a_change_of_code_or_data_of_a_package_counts(package: Path, file: str) -> None:
    before = digest(package)
    (package / file).write_text("three = 3")
    assert digest(package) != before


def test_what_python_compiled_does_not_count(package: Path) -> None:
    before = digest(package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "maths.cpython-311.pyc").write_bytes(b"compiled")
    assert digest(package) == before


def test_a_cache_of_data_does_not_count_whatever_comes_into_it(
    package: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    before = dependencies(package, cache)
    (cache / "faces.npz").write_bytes(b"pictures")
    assert dependencies(package, cache) == before
    assert not before.others
