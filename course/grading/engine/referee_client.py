"""The grader's side of one referee process: it serves what that asks for, until it has judged.

The referee process is trusted, but what a student's process tells it may lead a test astray: it may
never come back, or not as it should. Then the test that it said it would run is to blame.

A process that was killed may have been in the way of a machine without memory, or of somebody with
`kill`: the first time, nobody is to blame, and the submission is to be judged again.
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
from course.grading.border.channel import Channel, ChannelError, ChannelTimeout
from course.grading.model.cells import Cell
from course.grading.model.findings import Findings
from course.grading.model.results import Verdict
from course.grading.sandbox.fork_server_client import Ending, ForkServer, Kind, StudentHandle

MAX_MESSAGE = 2**28
SECONDS_IN_ALL = 3600.0
REPORT_SECONDS = 2.0  # until the supervisor of a process that has hung up says how it ended
ENDINGS = {Kind.MEMORY: Verdict.MEMORY, Kind.CPU: Verdict.TIMEOUT}
KILLED = Ending(Kind.KILLED, signal=signal.SIGKILL)


class Ungraded(Exception):  # noqa: N818 - it says what happened
    """Report that the machine, not the student, kept a submission from being graded."""


class Killed(Exception):  # noqa: N818
    """Report that a process was killed, for the first time and not by this one: judge it again."""


class RefereeLost(Exception):  # noqa: N818
    """Report that a referee process was lost while it ran a test."""

    def __init__(self, test: str, verdict: Verdict) -> None:
        super().__init__(test)
        self.test, self.verdict = test, verdict


@dataclass(frozen=True)
class JudgingRequest:
    """Hold the cells of a submission, and the student's own files handed in with it, by name.

    Tests are `left_out` with a verdict: on what they did to a referee process, or that a person has
    to judge them. Those to `run_beside` the answers are run in the student process. When a process
    `was_killed` in an earlier trial, another one is the student's doing.
    """

    cells: tuple[Cell, ...]
    own_files: Mapping[str, bytes]
    left_out: Mapping[str, Verdict] = field(default_factory=dict)
    run_beside: tuple[str, ...] = ()
    was_killed: bool = False


@dataclass
class RefereeClient:
    """Attend to one referee process; it has `patience` seconds for each test."""

    channel: Channel
    connection: socket.socket
    fork_server: ForkServer
    patience: float
    process: int | None = None
    student: StudentHandle | None = None
    test: str = ""

    def attend(self, request: JudgingRequest) -> Findings:
        """Return what was found.

        Raises `Killed`; or `RefereeLost`, or `Ungraded` where no test is to blame; or `CourseError`
        for one that takes too long in all.
        """
        deadline = time.monotonic() + SECONDS_IN_ALL
        try:
            while True:
                left = max(0.1, deadline - time.monotonic())
                # Only a test can be blamed for a silence, so only a test has a limit of its own.
                limit = min(self.patience, left) if self.test else left
                # This may be unpickled, as the referee runs nothing of a student's.
                kind, detail = pickle.loads(self.channel.receive(limit, MAX_MESSAGE))
                if kind == "judged":
                    findings: Findings = detail
                    return findings
                self._serve(kind, detail, request)
        except ChannelError as error:
            raise self._blame(error, request) from error

    def close(self) -> None:
        """End the referee process and the student process that it had."""
        self.channel.close()
        # It would not notice that the channel is closed while it is in a test that never ends.
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process, signal.SIGKILL)
        if self.student:
            _end(self.student)

    def _blame(self, error: ChannelError, request: JudgingRequest) -> Exception:
        """Return who or what is to blame for a referee process that says nothing any more."""
        late = isinstance(error, ChannelTimeout)
        # It may have been the machine's doing: a second time it is not.
        if not late and not request.was_killed:
            return Killed()

        if late and not self.test:
            return CourseError(f"its cells run longer than {SECONDS_IN_ALL:.0f} s; look at it")
        if not self.test:
            return Ungraded(f"its referee failed ({type(error).__name__})")
        return RefereeLost(self.test, Verdict.TIMEOUT if late else Verdict.CRASHED)

    def _serve(self, kind: str, detail: Any, request: JudgingRequest) -> None:
        """Do what the referee process asks for, or note what it says."""
        if kind == "judging":
            self.test = detail
        elif kind == "process":
            # It says so before it gets anything to run: from then on it can be killed.
            self.process = detail
            details = request.cells, request.left_out, request.run_beside
            self.channel.send(pickle.dumps(details))
        elif kind == "start":
            self.student = self.fork_server.spawn(pickle.dumps(dict(request.own_files)))
            # The student's socket is only handed on: nothing is ever read from it here.
            socket.send_fds(self.connection, [b"!"], [self.student.socket.fileno()])
        elif kind == "lost":
            self.channel.send(pickle.dumps(self._lose(detail, request)))
        elif kind == "failed":
            raise Ungraded(f"its referee failed: {detail}")

    def _lose(self, copy_was_killed: bool, request: JudgingRequest) -> Verdict | None:
        """Kill what is left of a student's process, and return the verdict that its end gives."""
        if self.student is None:
            return None
        # Only one that has hung up has an end of its own, which may still be on its way here.
        ended = self.student.ended(within=REPORT_SECONDS if self.student.has_hung_up() else 0)
        verdict = _end(self.student)
        self.student = None
        if (copy_was_killed or ended == KILLED) and not request.was_killed:
            raise Killed
        return verdict


def _end(student: StudentHandle) -> Verdict | None:
    ending = student.ended() or student.kill()
    student.socket.close()
    return ENDINGS.get(ending.kind)
