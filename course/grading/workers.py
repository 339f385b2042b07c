"""Grade many submissions at once: one thread and its graders for each processor core.

The threads only hand things on; what takes time happens in the processes of their graders.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Self

from course.errors import CourseError
from course.grading.assignment import Assignment, Cell, MasterNotebook
from course.grading.channel import ChannelError
from course.grading.collection import HandedIn, Submission, read_submission
from course.grading.files import Files
from course.grading.grader import Grader, Terms, Ungraded
from course.grading.hearing import Hearing
from course.grading.protocol import ServerDied
from course.grading.rebuild import Rebuilt, rebuild
from course.grading.rehearsal import Rehearsals, rehearse
from course.grading.session import Rules
from course.notebooks import parse

FAILURES = (Ungraded, ServerDied, ChannelError, OSError)  # of the machine
ATTEMPTS = 3
MISSING = "the notebook {}.ipynb was missing; none of its questions is answered"


@dataclass(frozen=True)
class HeardNotebook:
    """Hold what was run of one notebook, what was found, and the seconds of each stage."""

    master: MasterNotebook
    rebuilt: Rebuilt
    hearing: Hearing
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Heard:
    """Hold all that was found out of one submission: its hash, and the notebooks in order."""

    digest: str
    notebooks: tuple[HeardNotebook, ...]


Tasks = SimpleQueue[Submission | None]
Outcomes = SimpleQueue[tuple[Submission | None, Heard | BaseException]]


def hear_all(
    assignment: Assignment,
    terms: Terms,
    submissions: Sequence[Submission],
    rehearsals: Rehearsals,
) -> Iterator[tuple[Submission, Heard | BaseException]]:
    """Yield each submission with what was found, or with what kept it from being graded.

    Raises `CourseError` when no student process can be started on this machine, or the assignment's
    own solution cannot be graded.
    """
    tasks: Tasks = SimpleQueue()
    outcomes: Outcomes = SimpleQueue()
    jobs = min(terms.jobs, len(submissions))
    for task in [*submissions, *[None] * jobs]:
        tasks.put(task)
    work = partial(_work, partial(_open_desks, assignment, terms, rehearsals), tasks, outcomes)
    threads = [Thread(target=work, daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for _ in submissions:
        submission, outcome = outcomes.get()
        if submission is None:
            assert isinstance(outcome, BaseException)
            raise outcome
        yield submission, outcome
    for thread in threads:
        thread.join()


def _work(open_desks: Callable[[ExitStack], "_Desks"], tasks: Tasks, outcomes: Outcomes) -> None:
    """Grade submissions until none is left; a grader lives in the thread that started it."""
    try:
        with ExitStack() as stack:
            desks = open_desks(stack)
            while (submission := tasks.get()) is not None:
                outcomes.put((submission, desks.hear(submission)))
    except BaseException as error:  # noqa: BLE001 - the class waits for an answer from every thread
        outcomes.put((None, error))


def _open_desks(
    assignment: Assignment, terms: Terms, rehearsals: Rehearsals, stack: ExitStack
) -> "_Desks":
    desks = [
        stack.enter_context(_Desk(each, terms, assignment.files)) for each in assignment.notebooks
    ]
    for desk in desks:
        desk.rehearse(rehearsals)
    return _Desks(assignment, desks)


@dataclass(frozen=True)
class _Desks:
    """Hold the desks of one thread, one for each notebook of the assignment."""

    assignment: Assignment
    desks: Sequence["_Desk"]

    def hear(self, submission: Submission) -> Heard | Exception:
        """Return what was found, or why nothing could be found."""
        try:
            handed_in = read_submission(submission, self.assignment)
            notebooks = tuple(desk.hear(handed_in) for desk in self.desks)
            return Heard(handed_in.digest, notebooks)
        except Exception as error:  # noqa: BLE001 - one submission must not stop the class
            return error


class _Desk:
    """Keep a grader of one notebook, and put another in its place when it breaks."""

    def __init__(self, master: MasterNotebook, terms: Terms, files: Files) -> None:
        self._master, self._terms, self._files = master, terms, files
        self._stack = ExitStack()
        self._rules = Rules()

    def __enter__(self) -> Self:
        self._grader = self._stack.enter_context(Grader(self._master, self._terms, self._files))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def rehearse(self, rehearsals: Rehearsals) -> None:
        """Find out from the solution how each test is to be run; raises `CourseError`."""
        beside = self._terms.beside
        try:
            found = rehearsals.of(
                self._master, partial(rehearse, self._grade, self._master, beside=beside)
            )
        except (CourseError, *FAILURES) as error:
            raise CourseError(f"{self._master.name}: grading its own solution: {error}") from error
        self._rules = found.rules(beside=beside)

    def hear(self, handed_in: HandedIn) -> HeardNotebook:
        """Return what was found of the notebook; raises `CourseError` for one of no use."""
        began = time.monotonic()
        rebuilt = self._rebuild(handed_in)
        rebuilding = time.monotonic() - began
        hearing = self._grade(rebuilt.cells, handed_in.files, self._rules)
        stages = {str(stage): seconds for stage, seconds in hearing.seconds.items()}
        seconds = {"rebuild": rebuilding, **stages}
        return HeardNotebook(self._master, rebuilt, hearing, seconds)

    def _rebuild(self, handed_in: HandedIn) -> Rebuilt:
        name = self._master.name
        if (content := handed_in.notebooks.get(name)) is not None:
            return rebuild(self._master, parse(content, f"{name}.ipynb"))
        blank = rebuild(self._master, {"cells": []})
        return Rebuilt(blank.cells, (MISSING.format(name),), blank.unanswered)

    def _grade(
        self,
        cells: Sequence[Cell],
        own_files: Mapping[str, bytes],
        rules: Rules,
        *,
        attempts: int = ATTEMPTS,
    ) -> Hearing:
        """Do what `Grader.grade` does, with another grader where the machine fails this one."""
        try:
            return self._grader.grade(cells, own_files, rules)
        except FAILURES:
            self._stack.close()
            self.__enter__()
            if attempts == 1:
                raise
        return self._grade(cells, own_files, rules, attempts=attempts - 1)
