"""Write the results of a class: a table for the instructor and a page for every student."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import jinja2
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.grading.collection import is_student_name
from course.grading.rebuild import Rebuilt
from course.grading.referee import Judgement
from course.grading.results import SubmissionResult

GRADES, FEEDBACK = "grades.csv", "feedback"


def write_records(lesson: str, results: Sequence[SubmissionResult], folder: Path) -> None:
    """Write `grades.csv` and `feedback/<student>.html` into `folder`."""
    write_grades(results, folder / GRADES)
    (folder / FEEDBACK).mkdir()
    for result in results:
        if is_student_name(result.student):
            page = feedback_page(lesson, result)
            (folder / FEEDBACK / f"{result.student}.html").write_text(page, encoding="utf-8")


def write_grades(results: Sequence[SubmissionResult], path: Path) -> None:
    """Write a row for every student; those with a problem have a name and empty cells."""
    graded = [result for result in results if not result.problem]
    names = [question.question for question in graded[0].questions] if graded else []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["student", "score", "max_score", *names])
        for result in results:
            writer.writerow([result.student, *_numbers(result, len(names))])


def feedback_page(lesson: str, result: SubmissionResult) -> str:
    """Return one self-contained HTML page, in which all that a student wrote is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = plain_number
    return environment.get_template("feedback.html.j2").render(lesson=lesson, result=result)


def write_notebook(rebuilt: Rebuilt, judgements: Sequence[Judgement], path: Path) -> None:
    """Write what was run as a notebook for the instructor, with what each test cell found."""
    found = {judgement.test: judgement for judgement in judgements}
    nb = new_notebook()
    for cell in rebuilt.cells:
        make = new_code_cell if cell.kind == "code" else new_markdown_cell
        nb.cells.append(make(cell.source))
        if judgement := found.get(cell.name):
            nb.cells[-1].outputs = [new_output("stream", name="stdout", text=_report(judgement))]
    path.write_text(nbformat.writes(nb), encoding="utf-8")


def _report(judgement: Judgement) -> str:
    """Return what an instructor reads below a test cell."""
    lines = [f"{judgement.verdict}: {plain_number(judgement.score)} points"]
    for failure in judgement.failures:
        hidden = " (hidden)" if failure.hidden else ""
        lines += [f"line {failure.line}{hidden}: {failure.message}", failure.detail]
    return "\n".join(filter(None, lines)) + "\n"


def plain_number(value: float) -> str:
    """Return `value` as people write it: 3 for 3.0, at most two digits after the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def publish(fresh: Path, out: Path) -> None:
    """Move all that is in `fresh`, a folder inside `out`, to `out`, in place of what is there."""
    for item in list(fresh.iterdir()):
        target = out / item.name
        if target.is_dir():  # a folder cannot be replaced in one step: put the old one aside
            os.rename(target, fresh / f"old-{item.name}")
        os.replace(item, target)


def _numbers(result: SubmissionResult, questions: int) -> list[str]:
    if result.problem:
        return [""] * (2 + questions)
    scores = [question.score for question in result.questions]
    return [plain_number(value) for value in (result.score, result.max_score, *scores)]
