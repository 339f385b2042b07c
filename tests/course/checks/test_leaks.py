"""Secrets in what students get are found: solutions, hidden tests, marking guides."""

import shutil
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course.checks import Problem
from course.checks.leaks import check_leaks
from course.checks.masters import read_masters
from course.layout import Course
from tests.course.checks.changes import (
    MASTER,
    RELEASE,
    SOLUTION,
    add_to_notebook,
    change_cell,
    write_master,
)
from tests.toy import DOUBLE, TEST_DOUBLE, THINK, toy_cells, toy_notebook

NORM = '''def double(model):
    """Return the norm of a model's weights, twice."""
    ### BEGIN SOLUTION
    total = 0.0
    for weights in model.parameters():
        total = total + weights.abs().sum() * 2
    return total
    ### END SOLUTION'''

RENAMED_NORM = """def size(network):
    result = 0.0
    # Somebody's comment.
    for w in network.parameters():
        result = result + w.abs().sum() * 2
    return result
"""


def leaks(course: Course) -> list[Problem]:
    return check_leaks(course, read_masters(course)[0])


@pytest.mark.parametrize(
    ("cell", "owner"),
    [
        (new_markdown_cell("Use `return number+number`.", id="a"), "double"),
        (new_markdown_cell("Twice   anything is even.", id="a"), "think-even"),
        (new_markdown_cell("x", id="a", metadata={"x": ["return number + number"]}), "double"),
        (new_code_cell("assert double(-3) == -6", id="a"), None),
        (
            new_code_cell(
                id="a", outputs=[new_output("stream", text="5     return number + number\n")]
            ),
            "double",
        ),
        (
            new_markdown_cell(
                "x", id="a", attachments={"x": {"text/plain": TEST_DOUBLE.splitlines()[2]}}
            ),
            "test-double",
        ),
    ],
)
def test_secret_in_a_student_version_is_found(
    built_course: Course, cell: NotebookNode, owner: str | None
) -> None:
    add_to_notebook(built_course.root / RELEASE, cell)
    found = leaks(built_course)
    assert [problem.file for problem in found] == ([RELEASE] if owner else [])
    assert all(f"cell `{owner}` of {MASTER}" in problem.message for problem in found)


def test_marker_in_a_student_version_is_found(built_course: Course) -> None:
    add_to_notebook(built_course.root / RELEASE, new_code_cell("### BEGIN SOLUTION", id="a"))
    (problem,) = leaks(built_course)
    assert (problem.file, problem.message) == (RELEASE, "still has markers of a master")


@pytest.mark.parametrize("secret", [TEST_DOUBLE.splitlines()[2], THINK.splitlines()[3]])
def test_hidden_test_or_marking_guide_in_a_solution_is_found(
    built_course: Course, secret: str
) -> None:
    add_to_notebook(built_course.root / SOLUTION, new_markdown_cell(secret, id="a"))
    (problem,) = leaks(built_course)
    assert problem.file == SOLUTION
    assert "withholds" in problem.message


def test_master_copied_over_what_it_makes_is_found(built_course: Course) -> None:
    for generated in (RELEASE, SOLUTION):
        shutil.copy(built_course.root / MASTER, built_course.root / generated)
    assert {problem.file for problem in leaks(built_course)} == {RELEASE, SOLUTION}


@pytest.mark.parametrize("folder", ["", "deeper"])
def test_solution_in_helpers_is_found(toy_course: Course, folder: str) -> None:
    module = toy_course.root / "helpers" / folder / "maths.py"
    module.parent.mkdir(parents=True)
    module.write_text("def twice(number):\n\treturn  number+number\n")
    (problem,) = leaks(toy_course)
    assert problem.file == Path("helpers", folder, "maths.py")


def test_solution_with_other_names_in_helpers_is_found(toy_course: Course) -> None:
    change_cell(toy_course, "double", NORM)
    module = toy_course.root / "helpers" / "norms.py"
    module.parent.mkdir()
    module.write_text(RENAMED_NORM)
    (problem,) = leaks(toy_course)
    assert problem.file == Path("helpers/norms.py")
    assert "`size` is the solution in cell `double`" in problem.message
    module.write_text(RENAMED_NORM.replace("* 2", "* 3"))
    assert leaks(toy_course) == []


def test_lines_shown_in_the_master_or_written_by_anybody_are_no_secrets(
    toy_course: Course,
) -> None:
    idioms = (
        "    for images, labels in loader:\n        optimizer.zero_grad()\n        # sum it up\n"
    )
    solution = DOUBLE.replace("    return", f"{idioms}    shown = 2 * number + 7\n    return")
    nb = toy_notebook(toy_cells())
    nb.cells[1].source = "number = 3\nshown = 2 * number + 7"
    nb.cells[2].source = solution
    write_master(toy_course, nb)
    module = toy_course.root / "helpers" / "training.py"
    module.parent.mkdir()
    module.write_text(f"def run(number, loader, optimizer):\n{idioms}    shown = 2 * number + 7\n")
    assert leaks(toy_course) == []
