"""What is wrong in a master is found, named, and told from what only looks like it."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course.checks import Problem
from course.checks.cleanliness import check_cleanliness
from course.checks.conventions import check_conventions
from course.checks.masters import read_masters
from course.layout import Course, notebook
from tests.course.checks.changes import MASTER, change_cell, write_master
from tests.toy import (
    DOUBLE,
    EXPECTED,
    TEST_DOUBLE,
    answer_cell,
    check_cell,
    toy_cells,
    toy_notebook,
)


def look_at_masters(course: Course) -> list[Problem]:
    """Run the checks that need neither a build nor a kernel."""
    masters, unreadable = read_masters(course)
    return [*unreadable, *check_cleanliness(course, masters), *check_conventions(masters)]


def keep_outputs(nb: Any) -> None:
    nb.cells[1].outputs = [new_output("stream", text="3")]


def keep_count(nb: Any) -> None:
    nb.cells[1].execution_count = 1


def repeat_id(nb: Any) -> None:
    nb.cells[1].id = "title"


def drop_id(nb: Any) -> None:
    del nb.cells[1]["id"]


def take_random_id(nb: Any) -> None:
    nb.cells[1].id = "e1d2c3b4"


def take_uuid(nb: Any) -> None:
    nb.cells[1].id = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def shout_id(nb: Any) -> None:
    nb.cells[1].id = "Parameters"


def age(nb: Any) -> None:
    nb.nbformat_minor = 4


def keep_language_info(nb: Any) -> None:
    nb.metadata.language_info = {"name": "python"}


def pair_with_script(nb: Any) -> None:
    nb.metadata.jupytext = {"formats": "ipynb,py:percent"}


def pair_cell(nb: Any) -> None:
    nb.cells[1].metadata.jupytext = {"a": 1}


def drop_gpu(nb: Any) -> None:
    del nb.metadata["accelerator"]


def change_kernel(nb: Any) -> None:
    nb.metadata.kernelspec.name = "my-env"


def age_schema(nb: Any) -> None:
    nb.cells[2].metadata.nbgrader.schema_version = 2


def add_private_key(nb: Any) -> None:
    nb.cells[2].metadata.nbgrader.mine = 1


def drop_points(nb: Any) -> None:
    del nb.cells[3].metadata.nbgrader["points"]


def repeat_grade_id(nb: Any) -> None:
    nb.cells.append(answer_cell("double", DOUBLE))
    nb.cells[-1].id = "double-again"


def rename_answer(nb: Any) -> None:
    nb.cells[2].metadata.nbgrader.grade_id = "twice"
    nb.cells[3].metadata.nbgrader.grade_id = "test_twice"


def rename_answer_cell(nb: Any) -> None:
    nb.cells[2].id = "exercise-1"


def drop_test(nb: Any) -> None:
    del nb.cells[3]


def put_test_first(nb: Any) -> None:
    nb.cells[2], nb.cells[3] = nb.cells[3], nb.cells[2]


def add_lone_test(nb: Any) -> None:
    nb.cells.append(check_cell("triple", TEST_DOUBLE))


def rename_discussion(nb: Any) -> None:
    nb.cells[-1].metadata.nbgrader.grade_id = "even"
    nb.cells[-1].id = "even"


def drop_parameters(nb: Any) -> None:
    nb.cells[1].metadata = {}


def repeat_parameters(nb: Any) -> None:
    nb.cells.append(deepcopy(nb.cells[1]))
    nb.cells[-1].id = "more-parameters"


def break_syntax(nb: Any) -> None:
    nb.cells[1].source = "epochs = = 3"


def drop_cell(cell_id: str) -> Callable[[Any], None]:
    def drop(nb: Any) -> None:
        nb.cells = [cell for cell in nb.cells if cell.id != cell_id]

    return drop


def unfold_hint(nb: Any) -> None:
    next(cell for cell in nb.cells if cell.id == "hint-double").source = "Add it to itself."


def unfence_expected(nb: Any) -> None:
    next(cell for cell in nb.cells if cell.id == "expected-double").source = "It prints 42."


def promise_without_code(nb: Any) -> None:
    nb.cells.append(new_markdown_cell(EXPECTED, id="expected-more"))


def try_without_promise(nb: Any) -> None:
    nb.cells.append(new_code_cell("print(1)", id="try-more"))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (keep_outputs, "cell `parameters` has outputs"),
        (keep_count, "cell `parameters` has an execution count"),
        (repeat_id, "several cells with the id `title`"),
        (drop_id, "'id' is a required property"),
        (take_random_id, "cell `e1d2c3b4` has an id that nobody chose"),
        (take_uuid, "has an id that nobody chose"),
        (shout_id, "cell `Parameters` has an id that nobody chose"),
        (age, "nbformat 4.4, not 4.5"),
        (keep_language_info, "has `language_info` in the notebook's metadata"),
        (pair_with_script, "has `jupytext` in the notebook's metadata"),
        (pair_cell, "cell `parameters` has `jupytext`"),
        (drop_gpu, "does not ask Colab for a GPU"),
        (change_kernel, "another kernelspec than python3"),
        (age_schema, "nbgrader refuses its metadata"),
        (add_private_key, "nbgrader refuses its metadata"),
        (drop_points, "nbgrader refuses its metadata"),
        (repeat_grade_id, "Duplicate grade id: double"),
        (rename_answer, "does not define `twice`"),
        (rename_answer_cell, "cell `exercise-1` has the grade_id `double`"),
        (drop_test, "cell `double` has 0 test cells, not 1"),
        (put_test_first, "cell `test-double` tests no answer cell above it"),
        (add_lone_test, "cell `test-triple` tests no answer cell above it"),
        (rename_discussion, "cell `even` is a discussion but not called one"),
        (drop_parameters, "has 0 cells tagged `parameters`, not 1"),
        (repeat_parameters, "has 2 cells tagged `parameters`, not 1"),
        (break_syntax, "cell `parameters` is not Python (line 1"),
        (drop_cell("hint-double"), "has no markdown cell `hint-double`"),
        (unfold_hint, "has no markdown cell `hint-double` that folds"),
        (drop_cell("try-double"), "has no code cell `try-double`"),
        (drop_cell("expected-double"), "has no markdown cell `expected-double`"),
        (unfence_expected, "cell `expected-double` does not hold one fenced block"),
        (promise_without_code, "has no code cell `try-more`"),
        (try_without_promise, "has no markdown cell `expected-more`"),
    ],
)
def test_fault_of_a_master_is_found(
    toy_course: Course, spoil: Callable[[Any], None], complaint: str
) -> None:
    nb = toy_notebook(toy_cells())
    spoil(nb)
    write_master(toy_course, nb)
    problems = look_at_masters(toy_course)
    assert {problem.file for problem in problems} == {MASTER}
    assert any(complaint in problem.message for problem in problems), problems


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', "\x00", "{"])
def test_file_that_is_no_notebook_is_found(toy_course: Course, text: str) -> None:
    notebook(toy_course.masters, "toy").write_text(text)
    (problem,) = look_at_masters(toy_course)
    assert problem.file == MASTER
    assert "not a valid notebook" in problem.message


@pytest.mark.parametrize("name", ["toy/toy.py", "toy/other.ipynb", "toy/img/a.png", "notes.txt"])
def test_other_file_among_the_masters_is_found(toy_course: Course, name: str) -> None:
    stray = toy_course.masters / name
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("{}")
    (problem,) = look_at_masters(toy_course)
    assert problem.file == Path("source_notebooks", name)
    assert problem.message == "is not a master notebook"


def test_checkpoints_among_the_masters_are_no_problem(toy_course: Course) -> None:
    folder = toy_course.masters / "toy" / ".ipynb_checkpoints"
    folder.mkdir()
    (folder / "toy-checkpoint.ipynb").write_text("{}")
    assert look_at_masters(toy_course) == []


def test_magics_and_answers_that_are_values_or_classes_are_no_problem(toy_course: Course) -> None:
    nb = toy_notebook(toy_cells())
    nb.cells[1].source = "%matplotlib inline\n!pip list\nepochs = 3"
    nb.cells[2].source = "### BEGIN SOLUTION\ndouble: float = 2.0\n### END SOLUTION"
    write_master(toy_course, nb)
    assert look_at_masters(toy_course) == []
    nb.cells[2].source = "class double:\n    ### BEGIN SOLUTION\n    x = 2\n    ### END SOLUTION"
    write_master(toy_course, nb)
    assert look_at_masters(toy_course) == []


@pytest.mark.parametrize(
    ("cell", "source", "complaint"),
    [
        ("double", DOUBLE.replace("### BEGIN", "# BEGIN"), "the marker `# BEGIN SOLUTION`"),
        ("double", DOUBLE.replace("BEGIN SOLUTION", "Begin solution"), "`### Begin solution`"),
        ("double", DOUBLE.replace("END SOLUTION", "END SOLUTON"), "`### END SOLUTON`"),
        ("double", DOUBLE.replace("END SOLUTION", "END-SOLUTION"), "`### END-SOLUTION`"),
        ("double", DOUBLE.replace("    ### BEGIN SOLUTION\n", ""), "without its beginning"),
        ("double", DOUBLE.replace("    ### END SOLUTION", ""), "has no `### END SOLUTION`"),
        ("double", DOUBLE + "\n### END SOLUTION", "`### END SOLUTION` without its beginning"),
        ("double", DOUBLE + "\n" + DOUBLE[:-20], "has no `### END SOLUTION`"),
        ("double", DOUBLE.replace("    return", "    ### BEGIN SOLUTION\n    return"), "inside"),
        ("double", DOUBLE.replace("END SOLUTION", "END HIDDEN TESTS"), "without its beginning"),
        ("double", "def double(x):\n    return 2 * x", "withholds nothing from students"),
        ("test-double", "assert double(2) == 4", "withholds nothing from students"),
        ("think-even", "Twice anything is even.", "withholds nothing from students"),
        ("parameters", "### BEGIN SOLUTION\n3\n### END SOLUTION", "must not have"),
        ("title", "### BEGIN MARK SCHEME\n3\n### END MARK SCHEME", "must not have"),
        ("test-double", f"{TEST_DOUBLE}\n{DOUBLE}", "must not have `### BEGIN SOLUTION`"),
        ("double", f"{TEST_DOUBLE}\n{DOUBLE}", "must not have `### BEGIN HIDDEN TESTS`"),
    ],
)
def test_forgotten_marker_is_found(
    toy_course: Course, cell: str, source: str, complaint: str
) -> None:
    change_cell(toy_course, cell, source)
    problems = look_at_masters(toy_course)
    assert {problem.file for problem in problems} == {MASTER}
    assert any(complaint in problem.message for problem in problems), problems
    assert all(f"cell `{cell}`" in problem.message for problem in problems)


def test_prose_and_comments_that_only_sound_like_markers_are_no_problem(toy_course: Course) -> None:
    change_cell(
        toy_course, "title", "## Beginnings\n\nIn the end, solutions begin solution by one."
    )
    assert look_at_masters(toy_course) == []
    change_cell(toy_course, "parameters", "# begin with few\nepochs = 3  # the end")
    assert look_at_masters(toy_course) == []
