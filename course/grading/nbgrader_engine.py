"""Grade submissions with nbgrader's own Autograde converter, each in its own scratch course.

The submitted code runs with the rights and the files of whoever grades: do that where it is safe.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from traitlets.config import Config

from course.build import convert, copy_inputs
from course.converters import (
    GRADEBOOK,
    ConversionError,
    gradebook_url,
    lesson_config,
    run_converter,
)
from course.errors import CourseError
from course.grading.collection import Submission, copy_notebook
from course.grading.questions import (
    Question,
    check_cells,
    errors,
    judge,
    read_questions,
)
from course.grading.results import SubmissionResult
from course.grading.wording import one_line
from course.layout import Course, notebook
from course.notebooks import grading, read

# nbgrader never hears a student's own name, which could be a pattern or a path.
STUDENT = "student"
KERNEL_STARTS = 3
# What jupyter_client says of a kernel that fails before any of the student's code has run.
START_FAILURES = ("Kernel died before replying to kernel_info", "Kernel didn't respond in")


@dataclass(frozen=True)
class Assignment:
    """Hold what grading a lesson needs: nbgrader's settings and gradebook in `root`, questions."""

    root: Path
    lesson: str
    questions: tuple[Question, ...]


def prepare(course: Course, lesson: str, root: Path) -> Assignment:
    """Make the gradebook of `lesson` in the empty folder `root`, from the master alone.

    Raises `CourseError` when nbgrader refuses the master.
    """
    scratch = Course(root)
    copy_inputs(course, scratch)
    convert(scratch, lesson)
    return Assignment(root, lesson, read_questions(scratch, lesson))


def grade(assignment: Assignment, keep: Path, submission: Submission) -> SubmissionResult:
    """Run and judge `submission`; its executed notebook goes to `keep/<student>.ipynb`.

    Changes the working directory of the process for a while: call it from one thread only.
    """
    with TemporaryDirectory(prefix="course-grade-", ignore_cleanup_errors=True) as folder:
        scratch = Course(Path(folder).resolve())
        for name in ("nbgrader_config.py", GRADEBOOK):
            shutil.copy(assignment.root / name, scratch.root)
        try:
            executed = _execute(assignment, scratch, submission)
            shutil.copyfile(executed, keep / f"{submission.student}.ipynb")
            return _judge_all(assignment, scratch, submission.student)
        except CourseError as error:
            problem = one_line(str(error).replace(f"{scratch.root}{os.sep}", ""))
            return SubmissionResult(submission.student, problem=problem)


def _execute(assignment: Assignment, scratch: Course, submission: Submission) -> Path:
    """Return the notebook that Autograde made; raises `CourseError` when it made none."""
    handed_in = notebook(scratch.submitted / STUDENT, assignment.lesson)
    copy_notebook(submission, handed_in)
    check_cells(read(handed_in), assignment.questions)
    try:
        _autograde(_config(scratch, assignment.lesson))
    except ConversionError as error:
        raise CourseError(_explain(str(error))) from error
    return notebook(scratch.root / "autograded" / STUDENT, assignment.lesson)


def _config(scratch: Course, lesson: str) -> Config:
    config = lesson_config(scratch, lesson)
    config.CourseDirectory.student_id = STUDENT
    config.CourseDirectory.submitted_directory = str(scratch.submitted)
    config.CourseDirectory.autograded_directory = str(scratch.root / "autograded")
    # Nothing in the kernel is worth a graceful end, which takes a second once torch is loaded.
    config.Execute.shutdown_kernel = "immediate"
    return config


def _autograde(config: Config) -> None:
    """Run Autograde, again if the kernel failed to start: parallel starts race for ports."""
    # Importing nbgrader takes two seconds, which `course --help` should not pay.
    from nbgrader.converters import Autograde

    for starts_left in reversed(range(KERNEL_STARTS)):
        try:
            return run_converter(Autograde, config)
        except ConversionError as error:
            if not (starts_left and _is_start_failure(str(error))):
                raise


def _is_start_failure(reason: str) -> bool:
    return any(failure in reason for failure in START_FAILURES)


def _explain(reason: str) -> str:
    """Say in words why Autograde gave up, from the exception that it logged."""
    if _is_start_failure(reason) or "NoSuchKernel" in reason:
        return f"ungraded: no kernel would start on this machine ({reason}); grade the class again"
    if "DeadKernelError" in reason:
        return "its code ended the kernel (os._exit, or out of memory); look at it"
    return f"nbgrader cannot grade it ({reason}); look at it"


def _judge_all(assignment: Assignment, scratch: Course, student: str) -> SubmissionResult:
    executed = read(notebook(scratch.root / "autograded" / STUDENT, assignment.lesson))
    _check_time(executed)
    cells = {grading(cell).get("grade_id", ""): cell for cell in executed.cells}
    scores = _scores(scratch, assignment.lesson)
    questions = (judge(item, cells, scores[item.test]) for item in assignment.questions)
    return SubmissionResult(student, tuple(questions))


def _check_time(executed: Any) -> None:
    """Raise `CourseError` when a cell ran out of time: a slow machine is no student's fault."""
    for cell in executed.cells:
        if any(error.ename == "CellTimeoutError" for error in errors(cell)):
            name = grading(cell).get("grade_id", cell.get("id", "without a name"))
            raise CourseError(f"the cell {name} did not end in time; look at it, or run it again")


def _scores(scratch: Course, lesson: str) -> dict[str, float]:
    """Return the automatic score of every graded cell from nbgrader's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(gradebook_url(scratch)) as gradebook:
        grades = gradebook.find_submission_notebook(lesson, lesson, STUDENT).grades
        return {grade.name: grade.auto_score for grade in grades if grade.auto_score is not None}
