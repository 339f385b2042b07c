"""What a student and the class get to read: the feedback page and the table of points."""

import csv
from collections.abc import Sequence
from functools import cache
from io import StringIO

import jinja2

from course.grading.model.results import NotebookResult, SubmissionResult, Verdict
from course.grading.model.wording import plain_number

WORDS = {
    Verdict.PASSED: "passed",
    Verdict.NOT_ANSWERED: "not answered",
    Verdict.TIMEOUT: "out of time",
    Verdict.MEMORY: "out of memory",
    Verdict.BY_HAND: "not marked yet",
}


def grades_table(results: Sequence[SubmissionResult]) -> str:
    """Return a row for every student as CSV; those with a problem have a name and empty cells."""
    graded = [result for result in results if not result.problem]
    # All have the same questions, those of the master.
    names = [question.question for question in graded[0].questions] if graded else []
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["student", "score", "max_score", *names])
    for result in sorted(results, key=lambda result: result.student):
        writer.writerow([result.student, *_numbers(result, names)])
    return table.getvalue()


def feedback_page(
    name: str, result: SubmissionResult, graded: NotebookResult | None, *, whole: str = ""
) -> str:
    """Return one self-contained HTML page, in which all that a student wrote is escaped.

    It is about one notebook, `graded`, or about the problem of the whole submission. `whole` is the
    assignment's name where that has other notebooks too.
    """
    return _page_template().render(name=name, result=result, graded=graded, whole=whole)


@cache
def _page_template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course.grading.records"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": plain_number, "words": in_words}
    return environment.get_template("feedback.html.j2")


def in_words(verdict: Verdict) -> str:
    """Return a verdict as students read it."""
    return WORDS.get(verdict, "not passed")


def _numbers(result: SubmissionResult, names: Sequence[str]) -> list[str]:
    if result.problem:
        return [""] * (2 + len(names))
    scores = {
        question.question: "" if question.is_open else plain_number(question.score)
        for question in result.questions
    }
    # Nobody shall take for the whole what a person has yet to add to.
    score = "" if result.open_points else plain_number(result.score)
    total = [score, plain_number(result.max_score)]
    return [*total, *(scores.get(name, "") for name in names)]
