"""Make of a graded submission the notebook that formgrader shows to whoever marks it.

It is the master's notebook with the student's answers and extra code. It is seen in a browser that
is logged in as an instructor: what a student wrote must never run there.
"""

import copy
from base64 import b64encode
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.grading.model.cell_output import CellOutput
from course.grading.model.cells import Cell, Role
from course.grading.model.printable import plain_number
from course.grading.model.rebuilt import Rebuilt
from course.grading.model.results import NotebookResult, QuestionResult, Verdict
from course.notebooks import BEGIN_MARK, END_MARK, grading, without_region

MAX_CHARACTERS = 30_000
METADATA = ("kernelspec", "language_info")
# What the elements of formgrader's page are called that belong to a cell.
ELEMENTS = ("{}", "{}_extra_credit", "{}-comment")


def autograded_notebook(
    master: Any,
    rebuilt: Rebuilt,
    result: NotebookResult,
    shown: Iterable[tuple[Cell, CellOutput]] = (),
) -> Any:
    """Return the notebook to put where nbgrader has its autograded ones.

    `master` is what `converters.saved_notebook` returns; all metadata come from it. Extra cells
    follow what they followed, but for texts of the master. Below a cell that a person marks stands
    what it has `shown`, in the order of the cells. The same arguments give the same notebook.
    """
    questions = {question.cell: question for question in result.questions}
    texts = _Texts(_element_ids(master))
    nodes, waiting = [], deque(shown)
    for number, (cell, origin) in enumerate(_pairs(master, rebuilt)):
        node = _filled(origin, cell, texts)
        # Not nbformat's random one: grading again has to give the same bytes.
        node.id = f"cell-{number}"
        if cell is not None and cell.name in questions:
            node.outputs = _outputs(questions[cell.name])
        elif cell is not None and waiting and cell == waiting[0][0]:
            node.outputs = list(_shown(waiting.popleft()[1]))
        nodes.append(node)

    metadata = {key: master.metadata[key] for key in METADATA if key in master.metadata}
    return new_notebook(cells=nodes, metadata=metadata)


def _element_ids(master: Any) -> set[str]:
    """Return the ids that formgrader's page uses, so that no heading passes for a score."""
    names = [grading(cell).get("grade_id", "") for cell in master.cells]
    return {element.format(name) for name in names for element in ELEMENTS}


def _pairs(master: Any, rebuilt: Rebuilt) -> Iterator[tuple[Cell | None, Any]]:
    """Yield each rebuilt cell with the master's node, or a blank one for an extra cell.

    Nothing is rebuilt for the master's texts, which come alone.
    """
    rest = deque(rebuilt.cells)
    for origin in master.cells:
        if not _is_text(origin):
            yield from _leading_extras(rest)
        if rest and _is_same(origin, rest[0]):
            yield from _filled_pairs(rest.popleft(), origin)
            yield from _leading_extras(rest)
        else:
            yield None, origin
    yield from ((cell, _blank(cell)) for cell in rest)


def _filled_pairs(cell: Cell, origin: Any) -> Iterator[tuple[Cell | None, Any]]:
    """Yield the pair, or for a task the master's text and then what its student made of it."""
    if not grading(origin).get("task"):
        yield cell, origin
        return
    yield None, origin
    # A task whose text was left as it is has no answer to show.
    released = without_region(origin.source, BEGIN_MARK, END_MARK)
    if cell.source.strip() and cell.source.split() != released.split():
        yield cell, _blank(cell)


def _leading_extras(rest: deque[Cell]) -> Iterator[tuple[Cell | None, Any]]:
    while rest and rest[0].role is Role.EXTRA:
        cell = rest.popleft()
        yield cell, _blank(cell)


def _blank(cell: Cell) -> Any:
    """Return a node without any metadata, and never a raw one, which nothing would escape."""
    return new_code_cell() if cell.kind == "code" else new_markdown_cell()


def _is_text(origin: Any) -> bool:
    flags = grading(origin)
    is_marked = any(flags.get(flag) for flag in ("grade", "solution", "task"))
    return origin.cell_type != "code" and not is_marked


def _is_same(origin: Any, cell: Cell) -> bool:
    # What nbgrader has put before or after the master's cells is not rebuilt, either.
    name = str(grading(origin).get("grade_id") or origin.get("id", ""))
    return not _is_text(origin) and cell.role is not Role.EXTRA and cell.name == name


@dataclass
class _Texts:
    """Make the texts of one notebook harmless, which have `left` as many characters in all.

    Longer ones are shown as they were typed: a text can be made to take long to look at. `taken`
    are the ids of elements of the page.
    """

    taken: Collection[str]
    left: int = MAX_CHARACTERS

    def harmless(self, source: str, attachments: Any) -> str:
        """Return Markdown that shows `source`."""
        # This imports nbconvert, which takes a second that `course --help` should not pay.
        from course.grading.records.harmless import harmless_markdown, verbatim

        self.left -= len(source)
        if self.left < 0:
            return verbatim(source)
        return harmless_markdown(source, taken=self.taken, attachments=attachments)


def _filled(origin: Any, cell: Cell | None, texts: _Texts) -> Any:
    """Return a copy of the node `origin`, with the source of `cell` if there is one."""
    node = copy.deepcopy(origin)
    is_code = node.cell_type == "code"
    if is_code:
        node.outputs, node.execution_count = [], None
    if cell is not None and cell.source != node.source:
        # Code is escaped when it is shown; of Markdown, HTML and links would come through.
        pictures = node.get("attachments", {})
        node.source = cell.source if is_code else texts.harmless(cell.source, pictures)
    return node


def _outputs(question: QuestionResult) -> list[Any]:
    """Return what stands below a test cell, from which nbgrader would read the same points."""
    outputs = [new_output("stream", name="stdout", text=_report(question))]
    is_passed = question.verdict is Verdict.PASSED
    # To nbgrader, a number at the end of a cell is its points; without one, it gives all or none.
    if question.score != (question.max_score if is_passed else 0):
        score = {"text/plain": repr(float(question.score))}
        outputs.append(new_output("execute_result", score, execution_count=None))
    if not is_passed:
        reason = _clean(question.messages[0] if question.messages else question.verdict)
        lines = _clean(question.detail or reason).splitlines()
        error = {"ename": str(question.verdict), "evalue": reason, "traceback": lines}
        outputs.append(new_output("error", **error))
    return outputs


def _shown(shown: CellOutput) -> Iterator[Any]:
    """Yield what stands below a cell: text that is escaped when it is shown, and pictures."""
    if shown.text:
        yield new_output("stream", name="stdout", text=_clean(shown.text))
    for figure in shown.figures:
        yield new_output("display_data", {"image/png": b64encode(figure).decode()})
    if shown.error:
        lines = _clean(shown.traceback or shown.error).splitlines()
        name, _, reason = _clean(shown.error).partition(":")
        yield new_output("error", ename=name, evalue=reason.strip(), traceback=lines)


def _report(question: QuestionResult) -> str:
    """Return the points, the verdict and the outcome of each assert."""
    score = "?" if question.is_open else plain_number(question.score)
    most = plain_number(question.max_score)
    lines = [f"{question.verdict}: {score} of {most} points"]
    for test in question.tests:
        hidden = " (hidden)" if test.hidden else ""
        lines.append(f"line {test.line}{hidden}: {test.outcome}: {test.name}")
    return _clean("\n".join(lines)) + "\n"


def _clean(text: str) -> str:
    # Half a surrogate pair, which a student's message may have, cannot be written to a file.
    return text.encode("utf-8", "replace").decode()
