"""The grader of one lesson: it judges submissions, one after another."""

import importlib.util
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

from course.errors import CourseError
from course.grading.assignment import Cell, MasterNotebook, leading_given, runnable
from course.grading.engine import Engine, Preparation, Terms
from course.grading.files import Files
from course.grading.hearing import Hearing
from course.grading.limits import Isolation
from course.grading.protocol import Unfit
from course.grading.results import Verdict
from course.grading.session import Case, Killed, RefereeLost, Rules, Ungraded

__all__ = ["Grader", "Isolation", "Terms", "Ungraded", "provide_helpers"]

NO_FILES, NO_RULES, NOTHING = Files(), Rules(), MappingProxyType[str, bytes]({})


class Grader:
    """Grade submissions to one notebook, one after another.

    What the instructor's first cells do is done once, and there in every forked process. A
    submission in which something of the student's stands among them has an engine of its own, in
    which nothing has run before; so have all if processes cannot be forked after these cells. What
    leaves threads behind when it is imported is then imported by each process for itself.
    """

    def __init__(self, master: MasterNotebook, terms: Terms, files: Files = NO_FILES) -> None:
        self._master, self._terms, self._files = master, terms, files
        self._preparation = Preparation(leading_given(master.cells))
        self._engines: dict[tuple[Cell, ...], Engine] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the kept processes; raises `CourseError` when one cannot be started."""
        reason = ""
        for preparation in (self._preparation, Preparation(), Preparation(imports=False)):
            self._preparation = preparation
            try:
                self._engine(preparation.prefix)
                return self
            except Unfit as unfit:
                reason = str(unfit)
        raise CourseError(f"{self._master.name}: {reason}")

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def grade(
        self,
        cells: Sequence[Cell],
        own_files: Mapping[str, bytes] = NOTHING,
        rules: Rules = NO_RULES,
    ) -> Hearing:
        """Return what is found in a rebuilt submission.

        `own_files` are contents by name: what the student handed in beside the notebook.

        A test that never ends, or ends its referee, is left out, and all others are judged again.
        Raises `Ungraded` when something else keeps the referee process from its work.
        """
        to_run = runnable(cells)
        first = self._preparation.prefix
        prefix = first if to_run[: len(first)] == first else ()
        left_out = dict.fromkeys(rules.by_hand, Verdict.BY_HAND)
        case = Case(to_run[len(prefix) :], own_files, left_out, rules.beside)
        while True:
            try:
                return self._engine(prefix).hear(case)
            except Killed:
                case = replace(case, was_killed=True)
            except RefereeLost as lost:
                case = replace(case, left_out={**case.left_out, lost.test: lost.verdict})

    def _engine(self, prefix: tuple[Cell, ...]) -> Engine:
        """Return the engine in which the cells `prefix` have run, started when first needed."""
        if prefix not in self._engines:
            preparation = replace(self._preparation, prefix=prefix)
            engine = Engine(self._master, self._terms, self._files, preparation)
            self._engines[prefix] = self._stack.enter_context(engine)
        return self._engines[prefix]


def provide_helpers() -> tuple[Path, ...]:
    """Return this project's `helpers` and their cache, which students then find by `COURSE_CACHE`.

    A course without `helpers` has neither.
    """
    spec = importlib.util.find_spec("helpers")
    if spec is None or spec.origin is None:
        return ()
    from helpers.data import cache_folder

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["COURSE_CACHE"] = str(folder)
    return Path(spec.origin).parent, folder.resolve()
