"""One submission as the grader sees it: what its referee process asks for, until it has judged.

The referee process is trusted, but what it hears may lead a test astray: it may never come back, or
not as it should. Then the test that it said it would run is to blame.

A process that was killed may have been in the way of a machine without memory, or of somebody with
`kill`: the first time, nobody is to blame, and the submission is to be heard again.
"""

import os
import pickle
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from course.errors import CourseError
from course.grading.assignment import Cell
from course.grading.channel import Channel, ChannelError, ChannelTimeout
from course.grading.hearing import Hearing
from course.grading.results import Verdict
from course.grading.sandbox import Ending, ForkServer, Kind, Student

MAX_MESSAGE = 2**28
SECONDS_IN_ALL = 3600.0
REPORT_SECONDS = 2.0  # until the supervisor of a process that has hung up says how it ended
ENDINGS = {Kind.MEMORY: Verdict.MEMORY, Kind.CPU: Verdict.TIMEOUT}
KILLED = Ending(Kind.KILLED, signal=signal.SIGKILL)


class Ungraded(Exception):  # noqa: N818 - it says what happened
    """Report that the machine, not the student, kept a submission from being graded."""


class Killed(Exception):  # noqa: N818
    """Report that a process was killed, for the first time and not by this one: hear it again."""


class RefereeLost(Exception):  # noqa: N818
    """Report that a referee process was lost while it ran a test."""

    def __init__(self, test: str, verdict: Verdict) -> None:
        super().__init__(test)
        self.test, self.verdict = test, verdict


@dataclass(frozen=True)
class Rules:
    """Name the tests of which a person has to judge, and those run in the student process."""

    by_hand: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Hold the cells of a submission, and the files handed in beside it, by name.

    Tests are `left_out` with a verdict: on what they did to a referee process, or that a person has
    to judge them. Those `beside` are run in the student process. When a process `was_killed` in an
    earlier hearing, another one is the student's doing.
    """

    cells: tuple[Cell, ...]
    own_files: Mapping[str, bytes]
    left_out: Mapping[str, Verdict] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    was_killed: bool = False


@dataclass
class Session:
    """Attend to one referee process; it has `seconds` for each test."""

    referee: Channel
    connection: socket.socket
    server: ForkServer
    seconds: float
    process: int | None = None
    student: Student | None = None
    test: str = ""

    def attend(self, case: Case) -> Hearing:
        """Return what was found.

        Raises `Killed`; or `RefereeLost`, or `Ungraded` where no test is to blame; or `CourseError`
        for one that takes too long in all.
        """
        deadline = time.monotonic() + SECONDS_IN_ALL
        try:
            while True:
                left = max(0.1, deadline - time.monotonic())
                limit = min(self.seconds, left) if self.test else left
                kind, detail = pickle.loads(self.referee.receive(limit, MAX_MESSAGE))
                if kind == "judged":
                    hearing: Hearing = detail
                    return hearing
                self._answer(kind, detail, case)
        except ChannelError as error:
            late = isinstance(error, ChannelTimeout)
            if not late and not case.was_killed:
                raise Killed from error
            if late and not self.test:
                reason = f"its cells run longer than {SECONDS_IN_ALL:.0f} s; look at it"
                raise CourseError(reason) from error
            if not self.test:
                raise Ungraded(f"its referee failed ({type(error).__name__})") from error
            raise RefereeLost(self.test, Verdict.TIMEOUT if late else Verdict.CRASHED) from error

    def close(self) -> None:
        """End the referee process and the student process that it had."""
        self.referee.close()
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
        if self.student:
            _end(self.student)

    def _answer(self, kind: str, detail: Any, case: Case) -> None:
        self.test = detail if kind == "judging" else self.test
        if kind == "process":
            self.process = detail
            self.referee.send(pickle.dumps((case.cells, case.left_out, case.beside)))
        elif kind == "start":
            self.student = self.server.spawn(pickle.dumps(dict(case.own_files)))
            socket.send_fds(self.connection, [b"!"], [self.student.socket.fileno()])
        elif kind == "lost":
            self.referee.send(pickle.dumps(self._lose(detail, case)))
        elif kind == "failed":
            raise Ungraded(f"its referee failed: {detail}")

    def _lose(self, copy_was_killed: bool, case: Case) -> Verdict | None:
        """Kill what is left of a student's process, and return the verdict that its end gives."""
        if self.student is None:
            return None
        ended = self.student.ended(within=REPORT_SECONDS if self.student.has_hung_up() else 0)
        verdict = _end(self.student)
        self.student = None
        if (copy_was_killed or ended == KILLED) and not case.was_killed:
            raise Killed
        return verdict


def _end(student: Student) -> Verdict | None:
    ending = student.ended() or student.kill()
    student.socket.close()
    return ENDINGS.get(ending.kind)
