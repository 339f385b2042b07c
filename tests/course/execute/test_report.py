"""The report is made from runs and executed notebooks as `course.execute` leaves them."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_output

from course.execute import CellRun, Kind, NotebookRun, RunFailure, executed_notebook
from course.execute.report import format_duration, write_report
from course.layout import Course
from tests.toy import toy_notebook, write_notebook

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5E"
    "rkJggg=="
)


class Page(HTMLParser):
    """Collect the elements of a page and its visible text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str, name: str) -> list[str | None]:
        """List the attribute `name` of every element `tag` that has it."""
        return [attrs[name] for found, attrs in self.elements if found == tag and name in attrs]


def make_run(
    lesson: str, kind: Kind = "solution", failure: RunFailure | None = None
) -> NotebookRun:
    cells = (CellRun("draw", 2.0), CellRun("train", 8.0), CellRun("think", 0.01))
    return NotebookRun(lesson, kind, "CPU", 10.5, 1, cells, failure)


def add_figures(course: Course, lesson: str, metadata: list[dict[str, object]]) -> None:
    """Write an executed notebook whose cell `draw` shows a picture with each of `metadata`."""
    outputs = [
        new_output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure>"}, metadata=m)
        for m in metadata
    ]
    cells = [new_code_cell("draw()", id="draw", outputs=outputs)]
    write_notebook(toy_notebook(cells), executed_notebook(course, lesson, "solution"))


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def test_json_says_everything_about_each_run(course: Course) -> None:
    failure = RunFailure("release/b/b.ipynb", "train", "ValueError: no")
    write_report(course, [make_run("a"), make_run("b", "release", failure)])
    report = json.loads((course.executed / "report.json").read_text(encoding="utf-8"))
    assert report["format"] == 1
    assert report["passed"] is False
    first, second = report["notebooks"]
    assert first["status"] == "passed"
    assert first["cells"][1] == {"cell_id": "train", "seconds": 8.0}
    assert (second["lesson"], second["kind"], second["status"]) == ("b", "release", "failed")
    assert second["failure"]["cell_id"] == "train"
    assert {"device", "seconds", "attempts", "page"} <= set(first)


@pytest.mark.parametrize(
    ("metadata", "alt"),
    [
        ({"image/png": {"alt": 'A "cat" & <dog>'}}, 'A "cat" & <dog>'),
        ({"alt": "A wolf"}, "A wolf"),
        ({"image/png": {"width": 3}}, "draw"),
        ({}, "draw"),
    ],
    ids=["of the picture", "of the output", "none beside others", "none"],
)
def test_figures_keep_their_text_alternative(
    course: Course, metadata: dict[str, object], alt: str
) -> None:
    add_figures(course, "a", [metadata])
    index = write_report(course, [make_run("a")])
    assert Page(index).attributes("img", "alt") == [alt]
    assert Page(index.with_name("a.html")).attributes("img", "alt") == [alt]


def test_index_needs_no_other_file_but_the_pages_it_links_to(course: Course) -> None:
    add_figures(course, "a", [{}, {}])
    index = write_report(course, [make_run("a")])
    page = Page(index)
    assert page.attributes("img", "src") == [f"data:image/png;base64,{PIXEL}"] * 2
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.elements}
    ids = {f"#{name}" for name in page.attributes("details", "id")}
    for target in page.attributes("a", "href"):
        assert target in ids or (course.executed / str(target)).is_file()


def test_failure_is_shown_as_text(course: Course) -> None:
    failure = RunFailure("solutions/a/a.ipynb", "train", "NameError: <script>alert(1)</script>")
    page = Page(write_report(course, [make_run("a", failure=failure), make_run("b")]))
    assert "NameError: <script>alert(1)</script>" in page.text
    assert "solutions/a/a.ipynb" in page.text
    assert "1 of 2 notebooks failed" in page.text


def test_bars_are_in_proportion_and_short_cells_are_counted(course: Course) -> None:
    page = Page(write_report(course, [make_run("a")]))
    bars = [a["style"] for tag, a in page.elements if tag == "span" and a.get("class") == "bar"]
    assert bars == ["width: 25.00%", "width: 100.00%"]
    assert "1 more cell took under 0.1 s" in page.text


def test_run_without_an_executed_notebook_has_no_page(course: Course) -> None:
    failure = RunFailure("solutions/a/a.ipynb", None, "no kernel")
    page = Page(write_report(course, [make_run("a", failure=failure)]))
    assert page.attributes("a", "href") == ["#solution-a"]
    assert "before its first cell" in page.text


def test_retried_start_is_told(course: Course) -> None:
    run = NotebookRun("a", "solution", "CPU", 1.0, 2, (), None)
    assert "attempt 2" in Page(write_report(course, [run])).text


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_durations_keep_their_order(first: float, second: float) -> None:
    shorter, longer = sorted((first, second))
    assert in_seconds(format_duration(shorter)) <= in_seconds(format_duration(longer))
    assert in_seconds(format_duration(first)) == pytest.approx(first, rel=0.051, abs=0.0051)


def in_seconds(text: str) -> float:
    """Read a duration back."""
    amounts = [float(word) for word in text.split() if word[0].isdigit()]
    return sum(amount * 60.0**power for power, amount in enumerate(reversed(amounts)))
