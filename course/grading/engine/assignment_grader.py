"""The graders of one assignment: what one thread needs to grade submissions, one after another."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Self

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from course.errors import CourseError
from course.grading.border.channel import ChannelError
from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.engine.referee_client import Ungraded
from course.grading.engine.rehearsal import rehearse
from course.grading.inside.protocol import ServerDied
from course.grading.intake.assignment import Assignment
from course.grading.intake.collection import HandedIn
from course.grading.intake.files import Files
from course.grading.intake.rebuild import rebuild
from course.grading.model.cells import Cell, MasterNotebook
from course.grading.model.findings import Findings, GradedNotebook, Stage
from course.grading.model.rebuilt import Rebuilt
from course.grading.model.rehearsal import Rehearsal, Rules
from course.notebooks import parse

FAILURES = (Ungraded, ServerDied, ChannelError, OSError)  # of the machine
TRIES = 3
MISSING = "the notebook {}.ipynb was missing; none of its questions is answered"


class Unstartable(CourseError):  # noqa: N818 - it says what happened
    """Report that no submission at all can be graded on this machine, and why."""


class AssignmentGrader:
    """Grade submissions to one assignment; what it starts ends with the thread that uses it.

    Nothing is started before it is needed: a class that has not changed needs no process.
    """

    def __init__(self, assignment: Assignment, options: GradingOptions) -> None:
        self._assignment, self._options = assignment, options
        self._graders: dict[str, RestartingGrader] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start the graders of all notebooks, unless they run; raises `Unstartable`."""
        for master in self._assignment.notebooks:
            if master.name in self._graders:
                continue
            grader = RestartingGrader(master, self._options, self._assignment.files)
            try:
                self._graders[master.name] = self._stack.enter_context(grader)
            except CourseError as error:
                # Of another type than what is wrong with one submission: it ends the whole run.
                raise Unstartable(str(error)) from error

    def rehearse(self) -> Mapping[str, Rehearsal]:
        """Find out from the solutions how each test is to be run, by the names of the notebooks.

        Raises `CourseError` when a solution cannot be graded.
        """
        self.start()
        found = {}
        for master in self._assignment.notebooks:
            grade = self._graders[master.name].grade
            allow_beside = self._options.allow_beside
            try:
                found[master.name] = rehearse(grade, master, allow_beside=allow_beside)
            # The machine's failures, too: without a rehearsal nobody can be graded fairly.
            except (CourseError, *FAILURES) as error:
                raise CourseError(f"{master.name}: grading its own solution: {error}") from error
        return found

    def grade(self, handed_in: HandedIn, rules: Mapping[str, Rules]) -> tuple[GradedNotebook, ...]:
        """Return what was found in each notebook of a submission; `rules` are by their names.

        Raises `CourseError` for a notebook of no use, and what kept it from being graded.
        """
        self.start()
        return tuple(
            self._grade(master, handed_in, rules[master.name])
            for master in self._assignment.notebooks
        )

    def _grade(self, master: MasterNotebook, handed_in: HandedIn, rules: Rules) -> GradedNotebook:
        began = time.monotonic()
        rebuilt = _rebuild(master, handed_in)
        rebuilding = time.monotonic() - began

        findings = self._graders[master.name].grade(rebuilt.cells, handed_in.own_files, rules)
        seconds = {**findings.seconds, Stage.REBUILD: rebuilding}
        return GradedNotebook(master, rebuilt, replace(findings, seconds=seconds))


def _rebuild(master: MasterNotebook, handed_in: HandedIn) -> Rebuilt:
    content = handed_in.notebooks.get(master.name)
    if content is not None:
        return rebuild(master, parse(content, f"{master.name}.ipynb"))
    # One of several may be missing: it is judged as if it had been left blank.
    blank = rebuild(master, {"cells": []})
    return replace(blank, repairs=(MISSING.format(master.name),))


class RestartingGrader:
    """Keep a grader of one notebook, and put another in its place when it breaks."""

    def __init__(self, master: MasterNotebook, options: GradingOptions, files: Files) -> None:
        self._master, self._options, self._files = master, options, files
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        grader = Grader(self._master, self._options, self._files)
        self._grader = self._stack.enter_context(grader)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def grade(
        self, cells: Sequence[Cell], own_files: Mapping[str, bytes], rules: Rules
    ) -> Findings:
        """Do what `Grader.grade` does, with another grader where the machine fails this one."""
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            retry=retry_if_exception_type(FAILURES),
            # After the last attempt too: the next submission shall find one that works.
            after=lambda _: self._restart(),
            reraise=True,
        )
        return tries(lambda: self._grader.grade(cells, own_files, rules))

    def _restart(self) -> None:
        self._stack.close()
        self.__enter__()
