"""What cannot be run is refused before anything runs, with the remedy."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from course.errors import CourseError
from course.execute import RunOptions, run_notebooks
from course.layout import Course, notebook
from tests.toy import toy_notebook, write_notebook, write_versions


@pytest.fixture
def toy(tmp_path: Path) -> Course:
    """Provide a course with one lesson that does nothing."""
    course = Course(tmp_path / "course")
    write_versions(course, "toy", {"work": "1"}, {})
    return course


def test_unknown_parameter_is_refused_by_name(toy: Course) -> None:
    with pytest.raises(CourseError, match=r"toy\.ipynb: .*does not define epoch, only device"):
        run_notebooks(toy, RunOptions(device="cpu", parameters={"epoch": 1}))


def test_notebook_without_parameters_cell_is_refused_by_name(toy: Course) -> None:
    untagged = toy_notebook([new_code_cell("device = 'auto'", id="first")])
    path = write_notebook(untagged, notebook(toy.release, "toy"))
    with pytest.raises(CourseError, match=f"{path}: no cell is tagged"):
        run_notebooks(toy, RunOptions(device="cpu"))


def test_notebook_that_was_not_built_is_named_with_the_remedy(toy: Course) -> None:
    path = notebook(toy.solutions, "toy")
    path.unlink()
    with pytest.raises(CourseError, match=f"{path}: .*make build"):
        run_notebooks(toy, RunOptions(device="cpu"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (RunOptions(device="cpu", jobs=0), "jobs 0"),
        (RunOptions(device="cpu", kernel="cobol"), "cobol.*kernelspec list"),
        (RunOptions(device="cpu", only=["nope"]), "nope"),
    ],
    ids=["jobs", "kernel", "lesson"],
)
def test_impossible_options_are_refused(toy: Course, options: RunOptions, message: str) -> None:
    with pytest.raises(CourseError, match=message):
        run_notebooks(toy, options)
