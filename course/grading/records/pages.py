"""What a student gets to read: the feedback page."""

from functools import cache

import jinja2

from course.grading.model.printable import plain_number
from course.grading.model.results import NotebookResult, SubmissionResult, Verdict

WORDS = {
    Verdict.PASSED: "passed",
    Verdict.NOT_ANSWERED: "not answered",
    Verdict.TIMEOUT: "out of time",
    Verdict.MEMORY: "out of memory",
    Verdict.BY_HAND: "not marked yet",
}


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
