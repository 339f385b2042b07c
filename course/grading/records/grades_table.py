"""The table of grades: a row for every student, as CSV."""

import csv
from collections.abc import Sequence
from io import StringIO

from course.grading.model.printable import plain_number
from course.grading.model.results import SubmissionResult


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
