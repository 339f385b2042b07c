"""Cells are named, paired and marked so that tools and readers find what belongs together."""

from collections.abc import Iterator
from typing import Any

from course.checks.markers import check_markers
from course.checks.masters import Master, markdown_tokens
from course.checks.problems import Problem
from course.ipython_code import defined_names, parse
from course.notebooks import grading, is_answer, is_discussion, is_test, tags


def check_conventions(masters: list[Master]) -> list[Problem]:
    """Return where `masters` break a convention that the build or the grader relies on."""
    problems: list[Problem] = []
    for master in masters:
        problems += _invalid_grading_metadata(master)
        problems += _parameters(master)
        problems += _test_pairs(master)
        problems += _expected_pairs(master)
        for cell in master.cells:
            problems += _syntax(master, cell)
            problems += _names(master, cell)
            problems += check_markers(master, cell)
    return problems


def fenced_blocks(cell: Any) -> list[str]:
    """Return the text of each fenced block of a markdown cell."""
    return [token.content for token in markdown_tokens(cell.source) if token.type == "fence"]


def dashed(name: str) -> str:
    """Return the cell id that goes with the grade_id or Python name `name`."""
    return name.replace("_", "-")


def _invalid_grading_metadata(master: Master) -> Iterator[Problem]:
    # Importing nbgrader takes two seconds, which `course --help` should not pay.
    from nbgrader.nbgraderformat import (
        MetadataValidator,
        SchemaTooNewError,
        SchemaTooOldError,
        ValidationError,
    )

    try:
        MetadataValidator().validate_nb(master.nb)
    except (ValidationError, SchemaTooOldError, SchemaTooNewError) as error:
        reason = str(error).splitlines()[0][:160]
        yield Problem(master.file, f"nbgrader refuses its metadata ({reason})", "mend that cell")


def _parameters(master: Master) -> Iterator[Problem]:
    found = [cell for cell in master.cells if "parameters" in tags(cell)]
    if len(found) != 1:
        remedy = "give that tag to one code cell"
        yield Problem(master.file, f"has {len(found)} cells tagged `parameters`, not 1", remedy)


def _test_pairs(master: Master) -> Iterator[Problem]:
    """Yield each answer without exactly one test cell after it, and each test without an answer."""
    tests = [grading(cell).get("grade_id", "") for cell in master.cells if is_test(cell)]
    # Filled on the way down, as a test must stand below its answer.
    answered: set[str] = set()
    for cell in master.cells:
        name = grading(cell).get("grade_id", "")
        if is_answer(cell):
            answered.add(f"test_{name}")
            count = tests.count(f"test_{name}")
            if count != 1:
                remedy = f"keep one test cell with the grade_id `test_{name}`"
                yield master.problem(cell, f"has {count} test cells, not 1", remedy)
        elif is_test(cell) and name not in answered:
            remedy = "name it `test_<name>` and put it after the answer cell `<name>`"
            yield master.problem(cell, "tests no answer cell above it", remedy)


def _expected_pairs(master: Master) -> Iterator[Problem]:
    """Yield what is missing around an answer: a hint, a try-out, and what the try-out prints."""
    cells = {cell.id: cell for cell in master.cells}
    answers = [cell.id for cell in master.cells if is_answer(cell)]
    # One of the two cells asks for the other, also where there is nothing to answer.
    shown = [cell_id for cell_id in cells if cell_id.startswith(("try-", "expected-"))]
    names = [*answers, *(cell_id.partition("-")[2] for cell_id in shown)]
    for name in dict.fromkeys(names):
        yield from _missing_cell(master, cells.get(f"try-{name}"), f"try-{name}", "code")
        expected = f"expected-{name}"
        yield from _missing_cell(master, cells.get(expected), expected, "markdown")

    for cell in master.cells:
        # `check_solutions` compares the block with what is printed: it must know which one.
        if cell.id.startswith("expected-") and len(fenced_blocks(cell)) != 1:
            remedy = "fence what the cell above prints in ```, once"
            yield master.problem(cell, "does not hold one fenced block", remedy)

    for name in answers:
        hint = cells.get(f"hint-{name}")
        if hint is None or hint.cell_type != "markdown" or "<details>" not in hint.source:
            remedy = "add it with the hint inside of <details>"
            yield Problem(master.file, f"has no markdown cell `hint-{name}` that folds", remedy)


def _missing_cell(master: Master, cell: Any | None, cell_id: str, kind: str) -> Iterator[Problem]:
    if cell is None or cell.cell_type != kind:
        yield Problem(master.file, f"has no {kind} cell `{cell_id}`", "add it")


def _syntax(master: Master, cell: Any) -> Iterator[Problem]:
    if cell.cell_type == "code":
        try:
            parse(cell.source)
        except SyntaxError as error:
            message = f"is not Python (line {error.lineno}: {error.msg})"
            yield master.problem(cell, message, "mend that line")


def _names(master: Master, cell: Any) -> Iterator[Problem]:
    """Yield where the id or the grade_id of a graded cell does not tell what the cell is for."""
    if not (is_answer(cell) or is_test(cell) or is_discussion(cell)):
        return
    name = grading(cell).get("grade_id", "")
    if cell.id != dashed(name):
        remedy = f"call the cell `{dashed(name)}`"
        yield master.problem(cell, f"has the grade_id `{name}`, another name than its id", remedy)
    if is_discussion(cell) and not name.startswith("think_"):
        remedy = "call it `think_<topic>`"
        yield master.problem(cell, "is a discussion but not called one", remedy)
    if is_answer(cell) and name not in defined_names(cell.source):
        remedy = f"define `{name}` at its top level, or give it the name that it does define"
        yield master.problem(cell, f"does not define `{name}`", remedy)
