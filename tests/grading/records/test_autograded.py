"""What formgrader shows of a submission: all of it, the points, and nothing that could run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output, new_raw_cell
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.server_extensions.formgrader.handlers import template_path
from nbgrader.utils import determine_grade
from traitlets.config import Config

from course.grading.intake.assignment import read_master
from course.grading.intake.rebuild import rebuild
from course.grading.model.cell_output import CellOutput
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.rebuilt import Rebuilt
from course.grading.model.results import (
    AssertResult,
    NotebookResult,
    Outcome,
    QuestionResult,
    Verdict,
)
from course.grading.records.autograded import autograded_notebook
from course.grading.records.harmless import MAX_RENDERED, harmless_markdown
from tests.nbgrader_course import (
    LESSON,
    TASK,
    first_cells,
    make_course,
    saved_notebooks,
)
from tests.toy import toy_notebook, write_notebook

RIGHT = "def double(number):\n    return 2 * number"
ORDINARY = [
    "Because $a<b$ and $$x<y>z$$ hold, `<script>` is only code & <3.",
    "if a < b and b > c\n\n```html\n<script>alert(1)</script>\n```",
    "[a page](https://example.org/?a=1&b=2), <https://example.org>, <ann@example.org>",
    "![a plot](https://example.org/plot.png) ![pasted](data:image/png;base64,QUJDRA==)",
    "![local](plot.png) and [below](#results)",
    "# A heading\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [ ] task\n- *list*\n\n> quote",
    "Ümläute, &copy; and &lt;b&gt; \\$5 \\* 3, 日本語",
    "\\begin{align}a &< b\\\\ c &> d\\end{align}",
]
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "</textarea><script>alert(1)</script>",
    "</div></div></div><form action=//evil><input name=score></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<!-- <script>alert(1)</script> --> --!><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]> <?php <script> ?>",
    "<a href='javascript:alert(1)'>x</a> <base href=//evil> <meta http-equiv=refresh>",
    "[x](javascript:alert(1)) [y](JaVaScRiPt:alert(1)) [z](<java\tscript:alert(1)>)",
    "[x](&#106;avascript:alert(1)) [y](&#x6A;avascript&colon;alert(1)) [z](\\javascript:alert(1))",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "![x](javascript:alert(1)) ![y](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](data:text/html;base64,PHNjcmlwdD4=) [y](vbscript:x) <javascript:alert(1)>",
    '[x](https://a "onmouseover=alert(1)") ![x](https://a" onerror="alert(1))',
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    '```"onmouseover="alert(1)\ncode\n```',
    "$<img src=x onerror=alert(1)>$ $$</p><script>alert(1)</script>$$",
    "\\begin{x}<script>alert(1)</script>\\end{x}",
    "$\\href{javascript:alert(1)}{x}$",
    "&#36;&#92;href{javascript:alert(1)}{x}&#36;",
    "$\\require{html}\\style{color:red}{x}$",
    "`<script>`<script>alert(1)</script>",
    "# <img src=x onerror=alert(1)>\n\n# test_double\n\n# think_even-comment",
    "![x](attachment:evil.svg)",
    "````\n```\n</pre><script>alert(1)</script>",
    "<" * 500 + "script>alert(1)</script>",
    "x" * MAX_RENDERED + "<script>alert(1)</script>",
]
PIECES = ["<", ">", "script", "img src=x onerror=a", "/", "!--", "[x](", "javascript:", ")", "`"]
PIECES += [
    "```",
    "$",
    "$$",
    "\\",
    "\n",
    "\n\n",
    " ",
    "&lt;",
    "#",
    "\\begin{a}",
    "\\end{a}",
    "mermaid",
    '"',
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


@dataclass
class Page(HTMLParser):
    """Hold what of a page a browser might run or follow."""

    html: str
    tags: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    handlers: list[tuple[str, str | None]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "action"):
                self.handlers.append((name, value))
            elif name in ("href", "src") and value is not None:
                self.addresses.append("".join(value.split()).lower())
            elif name == "id":
                self.ids.append(str(value))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tags and self.cdata_elem == "script":
            self.scripts.append(data)


@cache
def exporter(template: str) -> HTMLExporter:
    """Return the exporter that formgrader, or generate_feedback, would use."""
    config = Config()
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [template_path]
    static = Path(template_path).parent / "static/node_modules/bootstrap/dist/css"
    config.HTMLExporter.extra_template_paths = [str(static)]
    return HTMLExporter(config=config)


def render(nb: Any, template: str = "formgrade") -> Page:
    names = {"notebook": "one", "score": 1, "max_score": 2, "late_penalty": 0}
    resources = {"nbgrader": names, "index": 0, "total": 1, "base_url": "", "notebook_path": "nb"}
    html, _ = exporter(template).from_notebook_node(nb, resources | {"submission_id": "1"})
    return Page(html)


@dataclass(frozen=True)
class Master:
    saved: Any
    notebook: MasterNotebook

    def autograded(self, submitted: Any, *questions: QuestionResult) -> Any:
        result = NotebookResult(self.notebook.name, questions)
        return autograded_notebook(self.saved, rebuild(self.notebook, submitted), result)

    def filled(self, **answers: str) -> NotebookNode:
        """Return what a student hands in."""
        nb = nbformat.reads(nbformat.writes(self.saved), as_version=4)
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        return nb


@pytest.fixture(scope="module")
def masters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Master]:
    course = make_course(tmp_path_factory.mktemp("autograded"))
    saved = saved_notebooks(course)
    for name, nb in saved.items():
        write_notebook(nb, course.release / LESSON / f"{name}.ipynb")
    paths = {name: Path(LESSON) / f"{name}.ipynb" for name in saved}
    return {
        name: Master(saved[name], read_master(course.masters / path, course.release / path))
        for name, path in paths.items()
    }


@pytest.fixture(scope="module")
def one(masters: Mapping[str, Master]) -> Master:
    return masters["one"]


@pytest.fixture(scope="module")
def two(masters: Mapping[str, Master]) -> Master:
    return masters["two"]


def double(score: float = 2, verdict: Verdict = Verdict.PASSED, **more: Any) -> QuestionResult:
    return QuestionResult("double", "test_double", score, 2, verdict, **more)


# --- what is in it ---


def test_all_cells_of_the_master_are_there_with_its_metadata(one: Master) -> None:
    nb = one.autograded(one.filled(double=RIGHT, think_even="Because."), double())
    assert [cell.metadata for cell in nb.cells] == [cell.metadata for cell in one.saved.cells]
    expected = one.filled(double=RIGHT, think_even="Because.")
    assert [cell.source for cell in nb.cells] == [cell.source for cell in expected.cells]
    assert nb.metadata == {"kernelspec": one.saved.metadata.kernelspec}


def test_nbgrader_accepts_it(masters: Mapping[str, Master]) -> None:
    for master in masters.values():
        nb = master.autograded(master.filled(), double(0, Verdict.FAILED))
        nbformat.validate(nb)
        MetadataValidator().validate_nb(nb)


def test_the_same_submission_gives_the_same_bytes(one: Master) -> None:
    nb = one.filled(double=RIGHT)
    nb.cells.insert(3, new_code_cell("helper = 1"))
    first, second = (one.autograded(nb, double(0, Verdict.ERROR)) for _ in range(2))
    assert nbformat.writes(first) == nbformat.writes(second)


def test_extra_code_stays_where_it_was(one: Master) -> None:
    nb = one.filled(double=RIGHT)
    nb.cells.insert(4, new_code_cell("print(double(1))"))
    nb.cells.insert(1, new_code_cell("import math"))
    sources = [cell.source for cell in one.autograded(nb).cells]
    assert sources.index("import math") < sources.index(RIGHT)
    assert sources[sources.index(RIGHT) + 2] == "print(double(1))"
    assert len(sources) == len(one.saved.cells) + 2


def test_a_changed_test_or_text_is_the_masters(one: Master) -> None:
    nb = one.filled(test_double="pass", read_me="Do not read this.")
    assert [cell.source for cell in one.autograded(nb).cells] == [
        cell.source for cell in one.saved.cells
    ]


def test_nothing_but_sources_comes_from_the_student(one: Master) -> None:
    nb = one.filled(double=RIGHT, think_even="Because.")
    for cell in nb.cells:
        cell.metadata["evil"] = "<script>"
        if cell.cell_type == "code":
            cell.outputs = [new_output("display_data", {"text/html": "<script>alert(1)</script>"})]
        else:
            cell.attachments = {"evil.svg": {"image/svg+xml": "PHN2Zz4="}}
    nb.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"evil": 1}}
    nb.cells.append(
        new_raw_cell("<script>alert(1)</script>", metadata={"raw_mimetype": "text/html"})
    )
    text = nbformat.writes(one.autograded(nb, double()))
    assert "evil" not in text
    assert "alert" not in text
    assert '"raw"' not in text


def test_a_task_keeps_its_text_and_mark_scheme(two: Master) -> None:
    released = TASK.partition("\n\n###")[0]
    nb = two.autograded(two.filled(plot=released))
    assert [cell.source for cell in nb.cells] == [cell.source for cell in two.saved.cells]
    written = two.autograded(two.filled(plot=f"{released}\n\nHere it is."))
    assert written.cells[-2].source == TASK
    assert written.cells[-1].source == "< b>Plot it< /b> in a cell below.\n\nHere it is."
    assert not written.cells[-1].metadata


def test_a_picture_of_the_masters_is_still_shown(tmp_path: Path) -> None:
    cells = first_cells()
    picture = {"plot.png": {"image/png": "QUJDRA=="}}
    cells[-1].attachments = picture
    path = write_notebook(toy_notebook(cells), tmp_path / "one.ipynb")
    master = Master(toy_notebook(cells), read_master(path, None))
    [*_, cell] = master.autograded(master.filled(think_even="![](attachment:plot.png)")).cells
    assert cell.source == "![](attachment:plot.png)"
    assert cell.attachments == picture


# --- the points ---


@settings(max_examples=settings().max_examples // 3)
@given(st.sampled_from([0, 0.5, 1, 2]), st.sampled_from(Verdict), st.text(max_size=20))
def test_nbgrader_reads_the_same_points_from_it(
    one: Master, score: float, verdict: Verdict, message: str
) -> None:
    question = double(score, verdict, messages=(message,), detail=message)
    nb = one.autograded(one.filled(double=RIGHT), question)
    assert determine_grade(nb.cells[3]) == (score, 2)
    nbformat.writes(nb).encode()


@pytest.mark.parametrize(("answer", "points"), [("*Write your answer here.*", 0), ("Yes.", None)])
def test_nbgrader_sees_whether_there_is_an_answer(
    one: Master, answer: str, points: int | None
) -> None:
    nb = one.autograded(one.filled(think_even=answer))
    assert determine_grade(nb.cells[-1]) == (points, 2)


def test_a_failure_is_shown_with_its_reason(one: Master) -> None:
    tests = (AssertResult("double(-3) == -6", 3, True, Outcome.FAILED),)
    question = double(0, Verdict.FAILED, messages=("no",), detail="line 3: <b>no</b>", tests=tests)
    nb = one.autograded(one.filled(double=RIGHT), question)
    for template in ("formgrade", "feedback"):
        if template == "feedback":
            add_scores(nb)
        text = render(nb, template).text
        assert "failed: 0 of 2 points" in text
        assert "line 3 (hidden): failed: double(-3) == -6" in text
        assert "line 3: <b>no</b>" in text


def add_scores(nb: Any) -> None:
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(score=1.0, comment=None, points=2)


# --- what could run ---


@pytest.mark.parametrize(
    ("source", "shown"),
    [("a <b and c> $d<e$", "a < b and c> $d< e$"), ("one<br>two", "one< br>two")],
)
def test_what_looks_like_a_tag_can_still_be_read(source: str, shown: str) -> None:
    assert harmless_markdown(source) == shown


@pytest.mark.parametrize("source", ORDINARY)
def test_ordinary_markdown_is_left_as_it_is(source: str) -> None:
    assert harmless_markdown(source) == source


def is_as_harmless(page: Page, plain: Page) -> bool:
    """Tell whether `page` can run and load no more than `plain`, pictures and pages aside."""
    forbidden = {"form", "iframe", "object", "embed", "base", "svg", "math", "style", "textarea"}
    counts = {tag: (page.tags.count(tag), plain.tags.count(tag)) for tag in (*forbidden, "script")}
    strange = filter(is_strange, set(page.addresses) - set(plain.addresses))
    return (
        page.scripts == plain.scripts
        and page.handlers == plain.handlers
        and all(found == usual for found, usual in counts.values())
        and not any(strange)
        and all(page.ids.count(name) == 1 for name in ("test_double", "think_even-comment"))
    )


def is_strange(address: str) -> bool:
    scheme, colon, _ = address.partition(":")
    is_usual = scheme in ("http", "https", "mailto") or address.startswith(("data:image/png;", "#"))
    return bool(colon) and not is_usual


@pytest.mark.parametrize("source", [HOSTILE[0], HOSTILE[1], HOSTILE[13], "# test_double"])
def test_the_check_of_these_tests_notices_what_stock_lets_through(one: Master, source: str) -> None:
    plain, nb = one.autograded(one.filled()), one.autograded(one.filled())
    nb.cells[-1].source = source
    assert not is_as_harmless(render(nb), render(plain))


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_no_answer_runs_in_the_browser(one: Master, source: str) -> None:
    failed = double(0, Verdict.ERROR, messages=(source[:500],), detail=source[:500])
    passed = double(0, Verdict.ERROR, messages=("plain",), detail="plain")
    submitted = one.filled(double=source, think_even=source)
    submitted.cells.insert(4, new_code_cell(source))
    submitted.cells.insert(4, new_raw_cell(source))
    usual = one.filled(double="plain", think_even="plain")
    usual.cells.insert(4, new_code_cell("plain code"))
    hostile, plain = one.autograded(submitted, failed), one.autograded(usual, passed)
    assert is_as_harmless(render(hostile), render(plain))


@pytest.mark.parametrize("source", HOSTILE[:12], ids=range(12))
def test_nothing_that_a_cell_has_shown_runs_in_the_browser(one: Master, source: str) -> None:
    extra = Cell(Role.EXTRA, "", "code", "draw()")
    cells = (*rebuild(one.notebook, one.saved).cells, extra)
    shown = [(extra, CellOutput(source, f"ValueError: {source}", f"{source}\n{source}", (b"PNG",)))]
    result = NotebookResult("one", ())
    nb = autograded_notebook(one.saved, Rebuilt(cells, (), ()), result, shown)
    page = render(nb)
    plain = render(autograded_notebook(one.saved, Rebuilt(cells, (), ()), result))
    assert is_as_harmless(page, plain)
    assert nb.cells[-1].outputs[1].data == {"image/png": "UE5H"}


@settings(max_examples=3 * settings().max_examples)
@given(TEXTS)
def test_no_text_can_be_anything_but_text(source: str) -> None:
    page = Page(exporter("formgrade").markdown2html({}, harmless_markdown(source)))
    assert not page.handlers
    assert not {"script", "img", "svg"} & set(page.tags)
    assert not any(map(is_strange, page.addresses))


@given(st.text(alphabet="abc<>`$\\[]()!#*_ \n", max_size=60))
def test_an_answer_is_never_lost(source: str) -> None:
    def letters(text: str) -> str:
        return "".join(char for char in text if char in "abc")

    page = Page(exporter("formgrade").markdown2html({}, harmless_markdown(source)))
    shown = letters(page.text) + letters("".join(page.addresses))
    assert all(shown.count(char) >= source.count(char) for char in "abc")


def test_a_picture_that_was_not_kept_does_not_break_the_page(one: Master) -> None:
    nb = one.autograded(one.filled(think_even="See ![plot](attachment:plot.png)"))
    assert "attachment/plot.png" in render(nb).addresses


def test_a_heading_cannot_take_the_place_of_a_score(one: Master) -> None:
    nb = one.autograded(one.filled(think_even="# test_double\n\nFine."))
    assert render(nb).ids.count("test_double") == 1


def test_student_text_beside_a_task_is_harmless(two: Master) -> None:
    plain = render(two.autograded(two.filled()))
    nb = two.autograded(two.filled(plot="<script>alert(1)</script>", draw="<script>"))
    assert render(nb).scripts == plain.scripts
