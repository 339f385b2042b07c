"""How fast a class is graded, beside stock `nbgrader autograde`, and in how much memory.

`python -m benchmarks.grading --tiny 10000` grades so many tiny submissions in one grader, and says
how large its processes were before and after.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import nbformat
from nbgrader.api import Gradebook

from benchmarks.memory import (
    GRADER,
    peak_megabytes,
    proportional_megabytes,
    resident_megabytes,
)
from benchmarks.stock_nbgrader import ROOT, run_nbgrader
from course.build import build
from course.grading.classroom import Progress, Selection, grade_class
from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Stage
from course.grading.model.results import SubmissionResult
from course.grading.records.records import Records
from course.layout import Course, notebook
from course.notebooks import grading, is_answer, read
from course.proof.answers import read_answers
from course.provided import provide

COURSE = Course(ROOT)
LESSON = "norm_penalties"
# Its tests train networks, for most of a minute: that says nothing of the grader.
TRAINING = ("best_lambda", "test_best_lambda")
JOBS = 2
GRADER_LIMIT = 150  # megabytes of the grader's own process
SLOW = "\n\nimport time\n\ntime.sleep(0.2)"


@dataclass(frozen=True)
class ClassTimes:
    """Say how long a class took: to start, then to grade, in seconds and by stages.

    To start includes to grade the assignment's own solution. `milliseconds` are means over the
    submissions, of which `JOBS` are graded at once.
    """

    submissions: int
    start_seconds: float
    seconds: float
    milliseconds: dict[str, float]
    megabytes_per_worker: float
    scores: list[float] = field(repr=False)

    @property
    def per_minute(self) -> float:
        """Return how many submissions are graded in a minute, once all is started."""
        return 60 * self.submissions / self.seconds

    @property
    def overhead(self) -> float:
        """Return the milliseconds a submission besides those of its tests."""
        return sum(time for stage, time in self.milliseconds.items() if stage != Stage.JUDGE)


@dataclass(frozen=True)
class Grading:
    """Hold what grading costs: of the lesson's functions beside nbgrader, and of all the lesson."""

    functions: ClassTimes
    whole_lesson: ClassTimes
    stock_seconds: float
    stock_scores: list[float] = field(repr=False)
    peaks: dict[str, float]  # megabytes, by process of a run of `course grade`

    def record(self) -> dict[str, Any]:
        """Return it as a dictionary, with the ratio."""
        ours, stock = self.functions, 60 * len(self.stock_scores) / self.stock_seconds
        return {
            "submissions": ours.submissions,
            "jobs": JOBS,
            "stock_per_minute": stock,
            "ours_per_minute": ours.per_minute,
            "ratio": ours.per_minute / stock,
            "ratio_with_start": self.stock_seconds / (ours.start_seconds + ours.seconds),
            "honest_scores_equal": ours.scores == self.stock_scores,
            "milliseconds": ours.milliseconds,
            "overhead_milliseconds": ours.overhead,
            "start_seconds": ours.start_seconds,
            "megabytes_per_worker": ours.megabytes_per_worker,
            "peak_megabytes": self.peaks,
            "grader_limit": GRADER_LIMIT,
            "whole_lesson": {
                "submissions": self.whole_lesson.submissions,
                "per_minute": self.whole_lesson.per_minute,
                "milliseconds": self.whole_lesson.milliseconds,
            },
        }


def measure_grading(*, quick: bool) -> Grading:
    """Grade the same submissions with nbgrader and with the course's own engine."""
    with TemporaryDirectory(prefix="course-bench-") as folder:
        course = _course_of_functions(Path(folder))
        students = _hand_in(course, 4 if quick else 40)
        functions = _grade(course)
        peaks = _peaks_of_command(course)

        # The very same submissions; nbgrader's gradebook must know the assignment beforehand.
        run_nbgrader(course.root, "generate_assignment", LESSON, "--force")
        began = time.monotonic()
        run_nbgrader(course.root, "autograde", LESSON)
        stock_seconds = time.monotonic() - began
        stock_scores = _scores_of_nbgrader(course, students)
    with TemporaryDirectory(prefix="course-bench-") as folder:
        course = _copy_of_course(Path(folder))
        shutil.copytree(COURSE.release / LESSON, course.release / LESSON)
        _hand_in(course, 1 if quick else 4)
        whole = _grade(course)
    return Grading(functions, whole, stock_seconds, stock_scores, peaks)


def _copy_of_course(folder: Path) -> Course:
    """Return a course of one lesson in `folder`."""
    course = Course(folder.resolve())
    shutil.copytree(COURSE.masters / LESSON, course.masters / LESSON)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / name, course.root)
    return course


def _course_of_functions(folder: Path) -> Course:
    """Return the same course without the question whose tests train networks."""
    course = _copy_of_course(folder)
    path = notebook(course.masters, LESSON)
    master = read(path)
    master.cells = [cell for cell in master.cells if grading(cell).get("grade_id") not in TRAINING]
    nbformat.write(master, path)
    build(course)
    return course


def _hand_in(course: Course, count: int) -> list[str]:
    """Hand in `count` submissions: right, wrong and partly right ones, and some that are slow."""
    released = read(notebook(course.release, LESSON))
    names = [f"student{number:02}" for number in range(count)]
    for number, name in enumerate(names):
        submission = nbformat.from_dict(released)
        for place, cell in enumerate(filter(is_answer, submission.cells)):
            cell.source = _answer(grading(cell)["grade_id"], number, place)
        path = notebook(course.submitted / name, LESSON)
        path.parent.mkdir(parents=True)
        nbformat.write(submission, path)
    return names


def _answer(exercise: str, number: int, place: int) -> str:
    """Return an answer to the exercise: in every fifth place a wrong one, in every tenth a slow."""
    is_right = (number + place) % 5 > 0
    found = [each.source for each in read_answers(COURSE, exercise) if each.is_right == is_right]
    return found[number % len(found)] + (SLOW if (number + place) % 10 == 9 else "")


def _grade(course: Course) -> ClassTimes:
    """Grade the class as `course grade` does, with all its records."""
    options = provide(course, GradingOptions(jobs=JOBS))
    clock = _Clock()
    with patch.object(Records, "keep", clock.timed(Records.keep)):
        report = grade_class(
            course, LESSON, Selection(out=course.root / "ours"), options, on_progress=clock.tick
        )
    return clock.times(report.graded)


def _peaks_of_command(course: Course) -> dict[str, float]:
    """Return how many megabytes the processes of a whole run of `course grade` had at most.

    It is a command of its own: what this process has in memory is in no figure.
    """
    command = ["-m", "course", "--root", str(course.root), "grade", LESSON, "--jobs", str(JOBS)]
    grader = subprocess.Popen(
        [sys.executable, *command, "--out", str(course.root / "command"), "--json"],
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    peaks = peak_megabytes(grader)
    if grader.returncode:
        raise RuntimeError(f"course grade ended with {grader.returncode}; see above")
    return peaks


def describe_peaks(peaks: Mapping[str, float]) -> str:
    """Return in a line how much memory each process took, and whether the grader's is too much."""
    if GRADER not in peaks:
        return "memory of a run of course grade: not measured, which needs Linux"
    shown = ", ".join(f"{name} {peak:.0f} MB" for name, peak in peaks.items())
    verdict = "within" if peaks[GRADER] <= GRADER_LIMIT else "ABOVE"
    limit = f"the grader is {verdict} its limit of {GRADER_LIMIT} MB"
    return f"memory of a run of course grade, at most: {shown}; {limit}"


@dataclass
class _Clock:
    """Note when results come, how long it takes to write them down, and the memory in use."""

    began: float = field(default_factory=time.monotonic)
    start_seconds: float = 0.0
    recording: float = 0.0
    megabytes: float = 0.0

    def tick(self, step: Progress) -> None:
        """Note that a submission is done; the first one tells how long all took to start."""
        if not self.start_seconds:
            # What the first submission itself has taken is no part of the start.
            own = sum(step.result.seconds.values()) + self.recording
            self.start_seconds = time.monotonic() - self.began - own
            self.megabytes = proportional_megabytes(os.getpid()) / JOBS

    def timed(self, keep: Callable[..., None]) -> Callable[..., None]:
        """Return a method that does what `keep` does, and notes for how long."""

        def timed(*given: Any, **named: Any) -> None:
            began = time.monotonic()
            keep(*given, **named)
            self.recording += time.monotonic() - began

        return timed

    def times(self, results: Sequence[SubmissionResult]) -> ClassTimes:
        """Return what was noted, up to now."""
        seconds = time.monotonic() - self.began - self.start_seconds
        stages = {stage: _mean_milliseconds(results, stage) for stage in results[0].seconds}
        stages["record"] = 1000 * self.recording / len(results)
        scores = [result.score for result in results]
        return ClassTimes(len(results), self.start_seconds, seconds, stages, self.megabytes, scores)


def _mean_milliseconds(results: Sequence[SubmissionResult], stage: str) -> float:
    return 1000 * fmean(result.seconds[stage] for result in results)


def _scores_of_nbgrader(course: Course, students: Sequence[str]) -> list[float]:
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(LESSON)
        scores = {submission.student.id: float(submission.score) for submission in submissions}
    return [scores[name] for name in students]


def main() -> None:
    """Grade many tiny submissions in one grader and print what its processes grow by."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__)
    parser.add_argument("--tiny", type=int, default=10_000, help="how many submissions")
    count = parser.parse_args().tiny
    with _tiny_grader() as (grader, cells):
        for number in range(count):
            # By then all is loaded that is loaded when first used.
            if number == min(100, count - 1):
                before = resident_megabytes(os.getpid())
            grader.grade(cells)
        after = resident_megabytes(os.getpid())
    for name, megabytes in before.items():
        print(f"{name:20} {megabytes:8.1f} MB at the start, {after[name]:8.1f} MB at the end")


@contextmanager
def _tiny_grader() -> Iterator[tuple[Grader, list[Cell]]]:
    cells = [
        Cell(Role.GIVEN, "given", "code", "a = 1"),
        Cell(Role.ANSWER, "f", "code", "def f():\n    return a", ("f",)),
        Cell(Role.TEST, "test_f", "code", "assert f() == 1", points=1.0),
    ]
    with Grader(MasterNotebook("tiny", tuple(cells), {}, ()), GradingOptions()) as grader:
        yield grader, cells


if __name__ == "__main__":
    main()
