"""From what the referee found to what the records say of it."""

from dataclasses import replace

from course.grading.model.cells import Role, answers_before_tests
from course.grading.model.findings import GradedNotebook
from course.grading.model.judgement import Failure, Judgement
from course.grading.model.results import NotebookResult, QuestionResult, Verdict


def notebook_result(graded: GradedNotebook) -> NotebookResult:
    """Return the results of the questions that tests decide, in the order of the master."""
    master, rebuilt = graded.master, graded.rebuilt
    answers = dict(answers_before_tests(master.cells))
    has_extras = any(cell.role is Role.EXTRA and cell.kind == "code" for cell in rebuilt.cells)
    questions = []
    for judgement in graded.findings.judgements:
        question = _result(judgement)
        own = answers.get(judgement.test, ())
        # With one of several answers there, the student has tried.
        is_blank = bool(own) and all(name in rebuilt.unanswered for name in own)
        if question.is_open and has_extras:
            is_blank = False  # an answer may stand in another cell: a person will see
        if judgement.failures and is_blank:
            question = replace(question, verdict=Verdict.NOT_ANSWERED, messages=())
        questions.append(question)
    return NotebookResult(master.name, tuple(questions), rebuilt.repairs, rebuilt.unanswered)


def _result(judgement: Judgement) -> QuestionResult:
    failures = judgement.failures
    return QuestionResult(
        question=judgement.test.removeprefix("test_"),
        cell=judgement.test,
        score=judgement.score,
        max_score=judgement.points,
        verdict=judgement.verdict,
        messages=tuple(dict.fromkeys(map(_message, failures))),
        detail="\n".join(filter(None, map(_detail, failures))),
        tests=judgement.tests,
        ran_beside=judgement.ran_beside,
    )


def _message(failure: Failure) -> str:
    """Return what a student may read: of a hidden test no values, of an error there its type."""
    if failure.hidden and failure.verdict is Verdict.FAILED:
        return failure.told
    if failure.hidden and failure.verdict is Verdict.ERROR:
        return f"{failure.message.partition(':')[0]} in a hidden test, whose values are not shown."
    if failure.hidden and failure.verdict is Verdict.REFUSED:
        return "In a hidden test it returns what cannot be graded: return plain values."
    return failure.message


def _detail(failure: Failure) -> str:
    hidden = " (hidden)" if failure.hidden else ""
    line = f"line {failure.line}{hidden}: {failure.message}"
    return f"{line}\n{failure.detail}" if failure.detail else line
