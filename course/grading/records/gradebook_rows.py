"""The rows of nbgrader's gradebook, laid out as nbgrader itself would.

Importing this module imports nbgrader, which takes two seconds.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import nbgrader
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import (
    Assignment,
    Base,
    BaseCell,
    Comment,
    Course,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.utils import is_grade, is_locked, is_solution, is_task, parse_utc
from sqlalchemy import Engine, and_, create_engine, delete, insert, inspect, select, update
from sqlalchemy.orm import Session

CELLS = (GradeCell, SolutionCell, TaskCell, SourceCell)
GRADED, COMMENTED = ("GradeCell", "TaskCell"), ("SolutionCell", "TaskCell")


@dataclass(frozen=True)
class StoredSubmission:
    """Hold the row of a submission, and when it is due with its extension; all times are UTC."""

    id: str
    assignment: str
    timestamp: datetime | None
    due: datetime | None


@dataclass(frozen=True)
class StoredGrade:
    """Hold what the gradebook says of the points for one cell."""

    id: str
    notebook: str
    cell: str
    is_task: bool
    manual_score: float | None
    auto_score: float | None
    needs_manual_grade: bool


@dataclass(frozen=True)
class StoredComment:
    """Hold the autograder's comment on one answer or task."""

    id: str
    notebook: str
    cell: str
    is_task: bool
    auto_comment: str | None


@dataclass(frozen=True)
class StoredPenalty:
    """Hold what being late takes off the points of one notebook."""

    id: str
    notebook: str
    late_submission_penalty: float | None


def open_gradebook(url: str) -> Engine:
    """Return a connection to the gradebook at `url`, which is made if there is none."""
    engine = create_engine(url)
    try:
        # A gradebook of an older nbgrader is left as it is: to change its tables is not our part.
        if not inspect(engine).get_table_names():
            _make_tables(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make_tables(engine: Engine) -> None:
    """Make the tables and note their version, as nbgrader does, but all of it or nothing."""
    scripts = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        MigrationContext.configure(connection).stamp(scripts, "head")


def save_assignment(session: Session, name: str, course: str, notebooks: Mapping[str, Any]) -> None:
    """Make the assignment's rows those of `notebooks`, as nbgrader has them when it saves cells.

    What is there keeps its id. What `notebooks` no longer has goes, with all its points; what is
    new in them gets a row in every submission.
    """
    # An assignment that is there already keeps its course, whatever that is called.
    if not _all(session, Assignment, name=name):
        _find_or_add(session, Course, id=course)
    assignment = _find_or_add(session, Assignment, {"course_id": course}, name=name)
    for notebook in _all(session, Notebook, assignment_id=assignment.id):
        if notebook.name not in notebooks:
            _save_cells(session, notebook, [])
            condition = SubmittedNotebook.notebook_id == notebook.id
            session.execute(delete(SubmittedNotebook).where(condition))
            session.delete(notebook)

    for title, nb in notebooks.items():
        notebook = _find_or_add(session, Notebook, name=title, assignment_id=assignment.id)
        notebook.kernelspec = json.dumps(nb.metadata.get("kernelspec", {}))
        _save_cells(session, notebook, nb.cells)
    session.flush()  # so that the query for what is lacking finds the new cells
    _complete(session, SubmittedAssignment.assignment_id == assignment.id)


def has_submission(session: Session, assignment: str, student: str) -> bool:
    """Tell whether the gradebook knows of a submission of the student."""
    query = (
        select(SubmittedAssignment.id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment, SubmittedAssignment.student_id == student)
    )
    return session.execute(query).first() is not None


def find_submission(session: Session, assignment: str, student: str) -> StoredSubmission:
    """Return the student's submission, with all its rows, which are added where there are none."""
    query = (
        select(
            SubmittedAssignment.id,
            SubmittedAssignment.assignment_id,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            Assignment.duedate,
        )
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment, SubmittedAssignment.student_id == student)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        _add_submission(session, assignment, student)
        row = session.execute(query).one()
    due = row.duedate and row.duedate + (row.extension or timedelta())
    return StoredSubmission(row.id, row.assignment_id, row.timestamp, due)


def read_grades(session: Session, submission: StoredSubmission) -> list[StoredGrade]:
    """Return the rows of the submission's points."""
    columns = (Grade.manual_score, Grade.auto_score, Grade.needs_manual_grade)
    return [StoredGrade(*row) for row in _of_cells(session, submission, Grade, columns)]


def read_comments(session: Session, submission: StoredSubmission) -> list[StoredComment]:
    """Return the rows of the submission's comments."""
    rows = _of_cells(session, submission, Comment, (Comment.auto_comment,))
    return [StoredComment(*row) for row in rows]


def read_penalties(session: Session, submission: StoredSubmission) -> list[StoredPenalty]:
    """Return the rows of the submission's notebooks."""
    columns = (SubmittedNotebook.id, Notebook.name, SubmittedNotebook.late_submission_penalty)
    query = _of_notebooks(select(*columns), submission)
    return [StoredPenalty(*row) for row in session.execute(query)]


def read_score(session: Session, penalty: StoredPenalty) -> float:
    """Return the points of a submitted notebook, before anything is taken off."""
    query = select(SubmittedNotebook.score).where(SubmittedNotebook.id == penalty.id)
    return float(session.execute(query).scalar_one())


def save_timestamp(session: Session, submission: StoredSubmission, timestamp: datetime) -> None:
    """Save when the submission was handed in."""
    values = {"id": submission.id, "timestamp": timestamp}
    session.execute(update(SubmittedAssignment), [values])


def save_grades(session: Session, grades: Sequence[StoredGrade]) -> None:
    """Save what the autograder says in these rows."""
    columns = ("auto_score", "needs_manual_grade")
    _save(session, Grade, grades, columns)


def save_comments(session: Session, comments: Sequence[StoredComment]) -> None:
    """Save what the autograder says in these rows."""
    _save(session, Comment, comments, ("auto_comment",))


def save_penalties(session: Session, penalties: Sequence[StoredPenalty]) -> None:
    """Save what being late takes off."""
    _save(session, SubmittedNotebook, penalties, ("late_submission_penalty",))


def as_utc(timestamp: datetime) -> datetime:
    """Return `timestamp` as the gradebook has it: UTC, without saying so."""
    utc: datetime = parse_utc(timestamp)
    return utc


def _save(session: Session, model: Any, rows: Sequence[Any], columns: Sequence[str]) -> None:
    names = ("id", *columns)
    values = [{name: getattr(row, name) for name in names} for row in rows]
    if values:
        session.execute(update(model), values)


def _all(session: Session, model: Any, **values: str) -> Sequence[Any]:
    return session.scalars(select(model).filter_by(**values)).all()


def _find_or_add(
    session: Session, model: Any, defaults: Mapping[str, str] | None = None, **values: str
) -> Any:
    if found := _all(session, model, **values):
        return found[0]
    row = model(**values, **(defaults or {}))
    session.add(row)
    session.flush()  # for its id
    return row


def _save_cells(session: Session, notebook: Any, cells: Sequence[Any]) -> None:
    wanted = {(model, name): values for model, name, values in _rows_of_cells(cells)}
    for model in CELLS:
        for row in _all(session, model, notebook_id=notebook.id):
            if (model, row.name) not in wanted:
                _remove_cell(session, row)
    for (model, name), values in wanted.items():
        row = _find_or_add(session, model, values, name=name, notebook_id=notebook.id)
        for column, value in values.items():
            setattr(row, column, value)


def _rows_of_cells(cells: Sequence[Any]) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Yield the table, the name and the values of each row that nbgrader keeps for the cells."""
    for cell in cells:
        flags = cell.metadata.get("nbgrader", {})
        name, kind = flags.get("grade_id"), {"cell_type": cell.cell_type}
        marks = kind | {"max_score": float(flags.get("points") or 0)}
        if is_grade(cell):
            yield GradeCell, name, marks
        if is_solution(cell):
            yield SolutionCell, name, {}
        if is_task(cell):
            yield TaskCell, name, marks
        if is_grade(cell) or is_solution(cell) or is_task(cell) or is_locked(cell):
            source = {"source": cell.source, "checksum": flags.get("checksum")}
            yield SourceCell, name, kind | source | {"locked": is_locked(cell)}


def _remove_cell(session: Session, cell: Any) -> None:
    # Points refer to their cell.
    for model in (Grade, Comment):
        session.execute(delete(model).where(model.cell_id == cell.id))
    session.delete(cell)
    session.flush()


def _add_submission(session: Session, assignment: str, student: str) -> None:
    _find_or_add(session, Student, id=student)
    owner = session.scalar(select(Assignment.id).where(Assignment.name == assignment))
    submission = SubmittedAssignment(assignment_id=owner, student_id=student)
    session.add(submission)
    session.flush()
    _complete(session, SubmittedAssignment.id == submission.id)


def _complete(session: Session, condition: Any) -> None:
    """Add the rows that submissions lack: one for each notebook, and one or two for each cell."""
    notebooks = (
        select(Notebook.id, SubmittedAssignment.id)
        .join(SubmittedAssignment, SubmittedAssignment.assignment_id == Notebook.assignment_id)
        .outerjoin(
            SubmittedNotebook,
            and_(
                SubmittedNotebook.notebook_id == Notebook.id,
                SubmittedNotebook.assignment_id == SubmittedAssignment.id,
            ),
        )
        .where(condition, SubmittedNotebook.id.is_(None))
    )
    _insert(session, SubmittedNotebook, ("notebook_id", "assignment_id"), notebooks)
    for model, kinds in ((Grade, GRADED), (Comment, COMMENTED)):
        cells = (
            select(BaseCell.id, SubmittedNotebook.id)
            .join(SubmittedNotebook, SubmittedNotebook.notebook_id == BaseCell.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .outerjoin(
                model,
                and_(model.cell_id == BaseCell.id, model.notebook_id == SubmittedNotebook.id),
            )
            .where(condition, BaseCell.type.in_(kinds), model.id.is_(None))
        )
        _insert(session, model, ("cell_id", "notebook_id"), cells)


def _insert(session: Session, model: Any, columns: Sequence[str], query: Any) -> None:
    if rows := session.execute(query).all():
        session.execute(insert(model), [dict(zip(columns, row, strict=True)) for row in rows])


def _of_cells(
    session: Session, submission: StoredSubmission, model: Any, columns: Sequence[Any]
) -> Iterator[Any]:
    """Yield the id, the notebook, the cell and these columns of each of the submission's rows."""
    is_task = BaseCell.type == "TaskCell"
    query = (
        _of_notebooks(select(model.id, Notebook.name, BaseCell.name, is_task, *columns), submission)
        .join(BaseCell, BaseCell.notebook_id == Notebook.id)
        .join(
            model,
            and_(model.cell_id == BaseCell.id, model.notebook_id == SubmittedNotebook.id),
        )
    )
    yield from session.execute(query)


def _of_notebooks(query: Any, submission: StoredSubmission) -> Any:
    """Return `query` with the notebooks of the submission to select from.

    The assignment is named, too, as the index on submitted notebooks begins with the notebook.
    """
    return (
        query.select_from(Notebook)
        .join(SubmittedNotebook, SubmittedNotebook.notebook_id == Notebook.id)
        .where(
            Notebook.assignment_id == submission.assignment,
            SubmittedNotebook.assignment_id == submission.id,
        )
    )
