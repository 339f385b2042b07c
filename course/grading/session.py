"""One submission as the grader sees it: what its referee process asks for, until it has judged.

The referee process is trusted, but what it hears may lead a test astray: it may never come back, or
not as it should. Then the test that it said it would run is to blame.
"""

import os
import pickle
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from course.grading.assignment import Cell
from course.grading.channel import Channel, ChannelError, ChannelTimeout
from course.grading.referee import Judgement
from course.grading.results import Verdict
from course.grading.sandbox import ForkServer, Kind, Student

MAX_MESSAGE = 2**28
SECONDS_IN_ALL = 3600.0
ENDINGS = {Kind.MEMORY: Verdict.MEMORY, Kind.CPU: Verdict.TIMEOUT}


class Ungraded(Exception):  # noqa: N818 - it says what happened
    """Report that the machine, not the student, kept a submission from being graded."""


class RefereeLost(Exception):  # noqa: N818
    """Report that a referee process was lost while it ran a test."""

    def __init__(self, test: str, verdict: Verdict) -> None:
        super().__init__(test)
        self.test, self.verdict = test, verdict


@dataclass
class Session:
    """Attend to one referee process; it has `seconds` for each test.

    `own_files` is what student processes start with: the files handed in, pickled.
    """

    referee: Channel
    connection: socket.socket
    server: ForkServer
    seconds: float
    own_files: bytes = pickle.dumps({})
    process: int | None = None
    student: Student | None = None
    test: str = ""

    def attend(self, cells: Sequence[Cell], left_out: Mapping[str, Verdict]) -> list[Judgement]:
        """Return the judgements; raises `RefereeLost`, or `Ungraded` where no test is to blame."""
        try:
            while True:
                limit = self.seconds if self.test else SECONDS_IN_ALL
                kind, detail = pickle.loads(self.referee.receive(limit, MAX_MESSAGE))
                if kind == "judged":
                    return list(detail)
                self._answer(kind, detail, (list(cells), dict(left_out)))
        except ChannelError as error:
            if not self.test:
                raise Ungraded(f"its referee failed ({type(error).__name__})") from error
            late = isinstance(error, ChannelTimeout)
            raise RefereeLost(self.test, Verdict.TIMEOUT if late else Verdict.CRASHED) from error

    def close(self) -> None:
        """End the referee process and the student process that it had."""
        self.referee.close()
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
        _end(self.student)

    def _answer(self, kind: str, detail: Any, submission: object) -> None:
        self.test = detail if kind == "judging" else self.test
        if kind == "process":
            self.process = detail
            self.referee.send(pickle.dumps(submission))
        elif kind == "start":
            self.test = ""
            self.student = self.server.spawn(self.own_files)
            socket.send_fds(self.connection, [b"!"], [self.student.socket.fileno()])
        elif kind == "lost":
            self.referee.send(pickle.dumps(_end(self.student)))
            self.student = None
        elif kind == "failed":
            raise Ungraded(f"its referee failed: {detail}")


def _end(student: Student | None) -> Verdict | None:
    """Kill what is left of a student's process, and return the verdict that its ending gives."""
    if student is None:
        return None
    ending = student.ended() or student.kill()
    student.socket.close()
    return ENDINGS.get(ending.kind)
