"""nbgrader's gradebook gets the rows that stock nbgrader writes, and no others."""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.plugins import LateSubmissionPlugin
from traitlets.config import Config

from course.converters import ConversionError, lesson_config, run_converter, saved_notebook
from course.errors import CourseError
from course.grading.intake.assignment import read_master
from course.grading.intake.rebuild import rebuild
from course.grading.model.results import NotebookResult, QuestionResult, SubmissionResult, Verdict
from course.grading.records import gradebook_rows
from course.grading.records.gradebook import GradebookWriter
from course.layout import Course
from tests.nbgrader_course import (
    LESSON,
    first_cells,
    make_course,
    rows,
    saved_notebooks,
    second_cells,
    written_cell,
)
from tests.toy import check_cell, toy_notebook, write_notebook

pytestmark = pytest.mark.slow

ANSWERS = {
    "double": "def double(number):\n    return 2 * number",
    "think_even": "Because.",
    "halve": "def halve(x):\n    return x",
    "draw": "draw = 'my plot'",
}
WHEN = datetime(2026, 1, 2, 3, 4, 5)
TEST, WRITTEN, TASK = "test_double", "think_even", "plot"
UNEXECUTED = [
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]
Rows = dict[str, dict[Any, dict[str, Any]]]


@dataclass(frozen=True)
class Stock:
    """Hold a course that stock nbgrader has graded, its gradebooks and what ours would find."""

    course: Course
    notebooks: Mapping[str, Any]
    generated: Path
    graded: Rows
    regraded: Rows
    results: tuple[SubmissionResult, ...]


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Let stock nbgrader grade one honest submission, and a blank one without its second notebook.

    A person then marks, and stock nbgrader grades once more, but executes nothing: tests pass.
    """
    course = make_course(tmp_path_factory.mktemp("stock") / "course")
    path = course.root / "gradebook.db"
    config = settings(course)
    run_converter(GenerateAssignment, config)
    hand_in(course, "ann", ANSWERS)
    (course.submitted / "ann" / LESSON / "timestamp.txt").write_text(f"{WHEN} UTC")
    hand_in(course, "bob", {})
    (course.submitted / "bob" / LESSON / "two.ipynb").unlink()
    generated = Path(shutil.copy(path, course.root / "generated.db"))
    set_due(path)
    run_converter(Autograde, config)
    graded = rows(path)
    mark(path)
    config.Autograde.autograde_preprocessors = UNEXECUTED
    run_converter(Autograde, config)
    results = (result(course, "ann", double=2, halve=0), result(course, "bob", double=0))
    return Stock(course, saved_notebooks(course), generated, graded, rows(path), results)


def settings(course: Course) -> Config:
    config = lesson_config(course, LESSON)
    config.CourseDirectory.db_url = f"sqlite:///{course.root / 'gradebook.db'}"
    config.Autograde.force = True
    config.LateSubmissionPlugin.penalty_method = "zero"
    return config


def hand_in(course: Course, student: str, answers: Mapping[str, str]) -> None:
    for released in (course.release / LESSON).glob("*.ipynb"):
        nb = nbformat.read(released, as_version=4)
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        write_notebook(nb, course.submitted / student / LESSON / released.name)


def result(course: Course, student: str, **scores: float) -> SubmissionResult:
    """Return the result of what is handed in, with these points in its tests."""
    found = []
    for path in sorted((course.submitted / student / LESSON).glob("*.ipynb")):
        master = read_master(
            course.masters / LESSON / path.name, course.release / LESSON / path.name
        )
        unanswered = rebuild(master, nbformat.read(path, as_version=4)).unanswered
        points = {cell.name.removeprefix("test_"): cell.points for cell in master.cells}
        questions = tuple(
            question(name, score, points[name]) for name, score in scores.items() if name in points
        )
        found.append(NotebookResult(path.stem, questions, unanswered=unanswered))
    return SubmissionResult(student, tuple(found))


def question(name: str, score: float, points: float) -> QuestionResult:
    verdict = Verdict.PASSED if score else Verdict.FAILED
    return QuestionResult(name, f"test_{name}", score, points, verdict)


def set_due(path: Path) -> None:
    run_sql(path, "UPDATE assignment SET duedate = '2026-01-01 00:00:00.000000'")


def mark(path: Path) -> None:
    """Mark as a person would: a test, an answer, a task and a comment."""
    run_sql(path, "UPDATE grade SET manual_score = 1, extra_credit = 0.5, needs_manual_grade = 0")
    run_sql(path, "UPDATE comment SET manual_comment = 'well'")


def run_sql(path: Path, command: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(command).fetchall()


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def path(stock: Stock, tmp_path: Path) -> Path:
    """Provide a gradebook that generate_assignment has filled."""
    return Path(shutil.copy(stock.generated, tmp_path / "gradebook.db"))


@pytest.fixture
def writer(stock: Stock, path: Path) -> Iterator[GradebookWriter]:
    with GradebookWriter(url(path), LESSON, stock.notebooks) as writer:
        yield writer


def grade(path: Path, cell: str, student: str = "ann") -> Any:
    """Return a row as nbgrader's own interface sees it."""
    notebook = "two" if cell in (TASK, "test_halve", "draw") else "one"
    with Gradebook(url(path)) as gradebook:
        found = gradebook.find_grade(cell, notebook, LESSON, student)
        return (found.auto_score, found.manual_score, found.needs_manual_grade)


# --- beside stock nbgrader ---


def test_every_row_is_as_stock_nbgrader_writes_it(stock: Stock, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    with GradebookWriter(url(path), LESSON, stock.notebooks, course_id="regularization"):
        set_due(path)
    write_like_stock(stock, path, stock.results)
    expected = deepcopy(stock.graded)
    # nbgrader's preprocessors add a course that nothing belongs to.
    assert expected["course"].pop(("default_course",)) == {}
    assert rows(path) == expected
    mark(path)
    passed = result(stock.course, "ann", double=2, halve=3), result(stock.course, "bob", double=2)
    write_like_stock(stock, path, passed)
    assert rows(path) == stock.regraded | {"course": expected["course"]}


def write_like_stock(stock: Stock, path: Path, results: Iterable[SubmissionResult]) -> None:
    policy = LateSubmissionPlugin(config=settings(stock.course)).late_submission_penalty
    with GradebookWriter(url(path), LESSON, stock.notebooks, penalty=policy) as writer:
        for result, timestamp in zip(results, (WHEN, None), strict=True):
            writer.record(result, timestamp=timestamp)


def test_what_generate_assignment_wrote_is_left_alone(stock: Stock, path: Path) -> None:
    before = path.read_bytes()
    with GradebookWriter(url(path), LESSON, stock.notebooks, course_id="default_course"):
        pass
    assert path.read_bytes() == before


# --- a submission ---


def test_recording_again_writes_nothing(stock: Stock, path: Path, writer: GradebookWriter) -> None:
    writer.record(stock.results[0], timestamp=WHEN)
    before = path.read_bytes()
    writer.record(stock.results[0], timestamp=WHEN)
    writer.record(stock.results[0])
    assert path.read_bytes() == before


def test_nothing_is_left_of_an_older_result(
    stock: Stock, path: Path, writer: GradebookWriter, tmp_path: Path
) -> None:
    other = Path(shutil.copy(path, tmp_path / "other.db"))
    full, blank = (replace(result, student="ann") for result in stock.results)
    writer.record(full)
    writer.record(blank)
    with GradebookWriter(url(other), LESSON, stock.notebooks) as fresh:
        fresh.record(blank)
    assert rows(path) == rows(other)
    writer.record(full)
    assert grade(path, TASK) == (None, None, True)


def test_a_problem_takes_old_points_and_waits_for_a_person(
    stock: Stock, path: Path, writer: GradebookWriter
) -> None:
    writer.record(stock.results[0])
    writer.record(SubmissionResult("ann", problem="ungraded: it took too long"))
    found = rows(path)["grade"].values()
    assert {(row["auto_score"], row["needs_manual_grade"]) for row in found} == {(None, 1)}


def test_a_problem_of_somebody_unknown_writes_nothing(path: Path, writer: GradebookWriter) -> None:
    before = path.read_bytes()
    writer.record(SubmissionResult("zoe", problem="the notebook is missing"))
    assert path.read_bytes() == before


def test_a_submission_is_written_as_a_whole_or_not_at_all(
    stock: Stock, path: Path, writer: GradebookWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(path)
    monkeypatch.setattr(gradebook_rows, "save_comments", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writer.record(stock.results[0])
    assert rows(path) == before


def test_points_that_a_person_settled_stay_settled_if_nothing_changed(
    stock: Stock, path: Path, writer: GradebookWriter
) -> None:
    ann = stock.results[0]
    writer.record(ann)
    mark(path)
    before = path.read_bytes()
    writer.record(ann, is_changed=False)
    assert path.read_bytes() == before
    writer.record(ann)
    assert grade(path, WRITTEN) == (None, 1, True)


def test_a_new_score_is_looked_at_again_in_any_case(
    stock: Stock, path: Path, writer: GradebookWriter
) -> None:
    writer.record(stock.results[0])
    mark(path)
    writer.record(replace(stock.results[1], student="ann"), is_changed=False)
    assert grade(path, TEST) == (0, 1, True)


def test_a_test_without_a_result_waits_for_a_person(
    stock: Stock, path: Path, writer: GradebookWriter
) -> None:
    notebooks = tuple(replace(each, questions=()) for each in stock.results[0].notebooks)
    writer.record(replace(stock.results[0], notebooks=notebooks))
    assert grade(path, TEST) == (None, None, True)


def test_a_notebook_of_another_assignment_is_no_zero(
    stock: Stock, path: Path, writer: GradebookWriter
) -> None:
    notebooks = (NotebookResult("uno", ()), *stock.results[0].notebooks)
    with pytest.raises(ValueError, match="no notebooks of week: uno"):
        writer.record(SubmissionResult("ann", notebooks))
    assert rows(path) == rows(stock.generated)


def test_a_time_is_kept_in_utc(stock: Stock, path: Path, writer: GradebookWriter) -> None:
    writer.record(stock.results[0], timestamp=WHEN.replace(tzinfo=timezone(timedelta(hours=2))))
    with Gradebook(url(path)) as gradebook:
        assert gradebook.find_submission(LESSON, "ann").timestamp == WHEN - timedelta(hours=2)
    writer.record(stock.results[0], timestamp=WHEN.replace(tzinfo=UTC))
    with Gradebook(url(path)) as gradebook:
        assert gradebook.find_submission(LESSON, "ann").timestamp == WHEN


@pytest.mark.parametrize(("takes", "taken"), [(1.5, 1.5), (99, 2), (-1, 0), (None, None)])
def test_a_late_policy_takes_no_more_than_there_is(
    stock: Stock, path: Path, takes: float | None, taken: float | None
) -> None:
    set_due(path)
    asked = []

    def policy(student: str, score: float, seconds: float) -> float | None:
        asked.append((student, score, seconds))
        return takes

    with GradebookWriter(url(path), LESSON, stock.notebooks, penalty=policy) as writer:
        writer.record(stock.results[0], timestamp=WHEN)
    late = (WHEN - datetime(2026, 1, 1)).total_seconds()
    assert sorted(asked) == [("ann", 0, late), ("ann", 2, late)]
    with Gradebook(url(path)) as gradebook:
        notebook = gradebook.find_submission_notebook("one", LESSON, "ann")
        assert notebook.late_submission_penalty == taken


# --- a changed assignment ---


def changed_notebooks(stock: Stock) -> dict[str, Any]:
    """Return the masters without the second one, and with cells changed, removed and added."""
    cells = [cell for cell in first_cells() if "double" not in str(cell.metadata)]
    cells += [check_cell("double", "assert double(1) == 2", 7), written_cell("why", "Because.")]
    nb = saved_notebook(toy_notebook(cells), "one", settings(stock.course))
    third = saved_notebook(toy_notebook(second_cells()), "three", settings(stock.course))
    return {"one": nb, "three": third}


def test_a_changed_assignment_takes_its_old_points_along(
    stock: Stock, path: Path, writer: GradebookWriter, tmp_path: Path
) -> None:
    other = Path(shutil.copy(path, tmp_path / "other.db"))
    ann, notebooks = stock.results[0], changed_notebooks(stock)
    writer.record(ann)
    for each in (path, other):
        with GradebookWriter(url(each), LESSON, notebooks) as changed:
            changed.record(replace(ann, notebooks=ann.notebooks[:1]))
    assert rows(path) == rows(other)


def test_a_changed_assignment_keeps_marks_and_completes_every_submission(
    stock: Stock, path: Path, writer: GradebookWriter
) -> None:
    for result in stock.results:
        writer.record(result)
    mark(path)
    with GradebookWriter(url(path), LESSON, changed_notebooks(stock)):
        pass
    assert grade(path, WRITTEN, "bob") == (0, 1, False)
    assert grade(path, "why", "bob") == (None, None, True)
    with Gradebook(url(path)) as gradebook:
        submission = gradebook.find_submission(LESSON, "bob")
        assert [notebook.name for notebook in submission.notebooks] == ["one", "three"]
        assert submission.max_score == 2 + 7 + 2 + 3 + 4 + 5


def test_other_assignments_are_left_alone(
    stock: Stock, path: Path, writer: GradebookWriter
) -> None:
    writer.record(stock.results[0])
    before = rows(path)
    with GradebookWriter(url(path), "other", changed_notebooks(stock)) as other:
        other.record(SubmissionResult("ann"))
    after = rows(path)
    assert all(row in after[table].items() for table in before for row in before[table].items())


def test_a_notebook_that_nbgrader_refuses_is_refused(stock: Stock) -> None:
    nb = toy_notebook([written_cell("think", "Yes."), written_cell("think", "No.")])
    with pytest.raises(ConversionError, match="failed to validate"):
        saved_notebook(nb, "one", settings(stock.course))


# --- what goes wrong with a database ---


def complaint(stock: Stock, address: str) -> str:
    with (
        pytest.raises(CourseError) as caught,
        GradebookWriter(address, LESSON, stock.notebooks) as writer,
    ):
        writer.record(stock.results[0])
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_locked_gradebook_is_named(stock: Stock, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        said = complaint(stock, f"{url(path)}?timeout=0.1")
    assert said.startswith(f"{path}: database is locked; another program")


def test_a_gradebook_that_can_only_be_read_is_named(stock: Stock, path: Path) -> None:
    said = complaint(stock, f"sqlite:///file:{path}?mode=ro&uri=true")
    assert f"{path}: attempt to write a readonly database; make the file" in said


def test_a_missing_folder_is_named(stock: Stock, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "gradebook.db"
    assert complaint(stock, url(path)).startswith(f"{path}: unable to open database file; make its")


def test_an_outdated_gradebook_is_named(stock: Stock, path: Path) -> None:
    run_sql(path, "DROP TABLE task_cells")
    assert "no such table: task_cells; run `nbgrader db upgrade`" in complaint(stock, url(path))


def test_a_file_that_is_no_gradebook_is_named_and_kept(stock: Stock, tmp_path: Path) -> None:
    path = tmp_path / "gradebook.db"
    path.write_text("student,score\n" * 99)
    assert complaint(stock, url(path)) == (
        f"{path}: file is not a database; move that file away, or name another one, "
        "then grade again"
    )
    assert path.read_text() == "student,score\n" * 99


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+nodriver://ann:s3cret@127.0.0.1/grades",
        "postgresql+asyncpg://ann:s3cret@127.0.0.1:1/grades?password=s3cret",
        "ann:s3cret@127.0.0.1",
    ],
)
def test_a_password_is_never_shown(stock: Stock, address: str) -> None:
    said = complaint(stock, address)
    assert "s3cret" not in said
    assert "mend the address" in said or "write it like" in said
