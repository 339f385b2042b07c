"""What students and the class get to read: text and points, and nothing that could run."""

import html
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from course.grading.model.results import NotebookResult, QuestionResult, SubmissionResult, Verdict
from course.grading.records.grades_table import grades_table
from course.grading.records.pages import feedback_page


class _Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)


def page_of(message: str) -> str:
    """Return the page of a student whose only question failed."""
    question = QuestionResult("double", "test_double", 0, 2, Verdict.FAILED, (message,))
    graded = NotebookResult("toy", (question,))
    return feedback_page("toy", SubmissionResult("ann", (graded,)), graded)


@given(st.text(max_size=40))
def test_a_message_is_text_on_the_page_and_never_markup(text: str) -> None:
    hostile = page_of(f"<img src=x onerror=alert(1)>{text}</p><script>")
    assert _Elements(hostile).names == _Elements(page_of("ordinary")).names


def test_the_page_says_what_was_wrong_and_loads_nothing() -> None:
    page = page_of("double(2) should be 4")
    assert "double(2) should be 4" in page
    assert "default-src 'none'" in html.unescape(page)
    assert not {"script", "link", "img", "iframe"} & _Elements(page).names


def test_the_page_of_a_problem_shows_no_points() -> None:
    result = SubmissionResult("ann", problem="the file is damaged")
    page = feedback_page("toy", result, None)
    assert "the file is damaged" in page
    assert " points" not in page.replace("No points are lost", "")


def test_a_class_without_any_graded_notebook_still_has_a_table() -> None:
    table = grades_table([SubmissionResult("ann", problem="damaged")])
    assert table == "student,score,max_score\nann,,\n"
