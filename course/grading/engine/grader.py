"""The grader of one notebook: it has submissions judged, one after another."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import MappingProxyType
from typing import Self

from course.errors import CourseError
from course.grading.engine.options import GradingOptions
from course.grading.engine.referee_client import JudgingRequest, Killed, RefereeLost
from course.grading.engine.servers import Preparation, Servers
from course.grading.inside.protocol import Unfit
from course.grading.intake.files import Files
from course.grading.model.cells import Cell, MasterNotebook, leading_given, runnable
from course.grading.model.findings import Findings
from course.grading.model.rehearsal import Rules
from course.grading.model.results import Verdict

NO_FILES, NO_RULES, NOTHING = Files(), Rules(), MappingProxyType[str, bytes]({})


class Grader:
    """Grade submissions to one notebook, one after another.

    What the instructor's first cells do is done once, and there in every forked process. A
    submission in which something of the student's stands among them has servers of its own, in
    which nothing has run before; so have all if processes cannot be forked after these cells. What
    leaves threads behind when it is imported is then imported by each process for itself.
    """

    def __init__(
        self, master: MasterNotebook, options: GradingOptions, files: Files = NO_FILES
    ) -> None:
        self._master, self._options, self._files = master, options, files
        self._preparation = Preparation(leading_given(master.cells))
        self._servers: dict[tuple[Cell, ...], Servers] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the kept processes; raises `CourseError` when one cannot be started."""
        reason = ""
        # From the fastest start of a process to the one that always works.
        for preparation in (self._preparation, Preparation(), Preparation(imports=False)):
            self._preparation = preparation
            try:
                self._servers_after(preparation.prefix)
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
    ) -> Findings:
        """Return what is found in a rebuilt submission.

        `own_files` are contents by name: what the student handed in beside the notebook.

        A test that never ends, or ends its referee, is left out, and all others are judged again.
        Raises `Ungraded` when something else keeps the referee process from its work.
        """
        to_run = runnable(cells)
        first = self._preparation.prefix
        # What a cell of the student's among them changed, the instructor's cells after it must see.
        prefix = first if to_run[: len(first)] == first else ()

        left_out = dict.fromkeys(rules.by_hand, Verdict.BY_HAND)
        request = JudgingRequest(to_run[len(prefix) :], own_files, left_out, rules.run_beside)
        # It ends: a process may be killed once without blame, and a test is left out for good.
        while True:
            try:
                return self._servers_after(prefix).judge(request)
            except Killed:
                request = replace(request, was_killed=True)
            except RefereeLost as lost:
                left_out = {**request.left_out, lost.test: lost.verdict}
                request = replace(request, left_out=left_out)

    def _servers_after(self, prefix: tuple[Cell, ...]) -> Servers:
        """Return the servers in which the cells `prefix` have run, started when first needed."""
        if prefix not in self._servers:
            preparation = replace(self._preparation, prefix=prefix)
            servers = Servers(self._master, self._options, self._files, preparation)
            self._servers[prefix] = self._stack.enter_context(servers)
        return self._servers[prefix]
