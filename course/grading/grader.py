"""A grader of one lesson: the processes that are kept warm, from which others are forked.

Who is who. The *grader* is this process. It never reads what a student's code says; it only hands
sockets on. The *fork server* (`sandbox`) starts student processes. The *bench* (`bench`) has all
imported, and forks one *referee process* for each submission, so that no test leaves anything
behind for the next one. The referee process asks for student processes over a socket of its own,
which no student process has.
"""

import importlib.util
import json
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from course.cores import count_cores
from course.grading.assignment import Cell, MasterNotebook, Role
from course.grading.channel import Channel, ChannelError, ChannelTimeout
from course.grading.referee import Judgement
from course.grading.results import Verdict
from course.grading.sandbox import THREADS, ForkServer, Isolation, Kind, Limits, Student

PACKAGE = Path(__file__).parent
# What of this package runs beside a student's code.
STUDENT_SIDE = ("arguments", "channel", "gradients", "shell", "student", "values", "warm")
MAX_MESSAGE = 2**28
SECONDS_IN_ALL = 3600.0
SLACK = 10.0  # seconds, for what is no one's fault
IMPORT = re.compile(r"^\s*(?:import|from)\s+([\w.]+)", re.M)
ENDINGS = {Kind.MEMORY: Verdict.MEMORY, Kind.CPU: Verdict.TIMEOUT}


class Ungraded(Exception):  # noqa: N818 - it says what happened
    """Report that the machine, not the student, kept a submission from being graded."""


@dataclass(frozen=True)
class Terms:
    """Say how submissions are run: `seconds` are for each cell and each question.

    `jobs` is how many are graded at once; `memory` is for each, in bytes.
    """

    isolation: Isolation = Isolation.SANDBOX
    seconds: float = 60.0
    memory: int = 4 * 2**30
    readable: tuple[Path, ...] = ()
    jobs: int = field(default_factory=count_cores)


class Grader:
    """Grade submissions to one notebook, one after another."""

    def __init__(self, master: MasterNotebook, terms: Terms) -> None:
        self._terms = terms
        limits = Limits(cpu=SECONDS_IN_ALL, memory=terms.memory)
        modules = [PACKAGE / f"{name}.py" for name in STUDENT_SIDE]
        self._preload = _imports(master.cells)
        self._server = ForkServer(
            terms.isolation,
            limits,
            preload=self._preload,
            readable=[*modules, *terms.readable],
            entry="course.grading.student:serve",
        )

    def __enter__(self) -> Self:
        """Start both kept processes; raises `CourseError` when one cannot be started."""
        self._bench, theirs = socket.socketpair()
        settings = {
            "preload": self._preload,
            "seconds": self._terms.seconds,
            "memory": self._terms.memory,
        }
        with theirs:
            self._bench_process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "course.grading.bench",
                    str(theirs.fileno()),
                    json.dumps(settings),
                ],
                env=os.environ | dict.fromkeys(THREADS, "1"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._server.close()
        self._bench.close()
        self._bench_process.wait()

    def grade(self, cells: Sequence[Cell]) -> list[Judgement]:
        """Return the judgements on the test cells of a rebuilt submission.

        A test that never ends, or ends its referee, is left out, and all others are judged again.
        Raises `Ungraded` when something else keeps the referee process from its work.
        """
        left_out: dict[str, Verdict] = {}
        while True:
            try:
                return self._hear(cells, left_out)
            except _TestLost as lost:
                left_out[lost.test] = lost.verdict

    def _hear(self, cells: Sequence[Cell], left_out: Mapping[str, Verdict]) -> list[Judgement]:
        ours, theirs = socket.socketpair()
        session = _Session(Channel(ours), ours, self._server, 2 * self._terms.seconds + SLACK)
        try:
            with theirs:
                socket.send_fds(self._bench, [b"!"], [theirs.fileno()])
            return session.attend(cells, left_out)
        finally:
            session.close()


class _TestLost(Exception):  # noqa: N818 - it says what happened
    """Report that a referee process was lost while it ran a test."""

    def __init__(self, test: str, verdict: Verdict) -> None:
        super().__init__(test)
        self.test, self.verdict = test, verdict


@dataclass
class _Session:
    """Attend to one referee process: give it what it asks for, until it has judged."""

    referee: Channel
    connection: socket.socket
    server: ForkServer
    seconds: float
    process: int | None = None
    student: Student | None = None
    test: str = ""

    def attend(self, cells: Sequence[Cell], left_out: Mapping[str, Verdict]) -> list[Judgement]:
        """Return the judgements; raises `_TestLost`, or `Ungraded` where no test is to blame."""
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
            raise _TestLost(self.test, Verdict.TIMEOUT if late else Verdict.CRASHED) from error

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
            self.student = self.server.spawn(b"")
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


def _imports(cells: Sequence[Cell]) -> list[str]:
    """Return the modules that the instructor's cells import, and what this package needs."""
    named = [
        name for cell in cells if cell.role is Role.GIVEN for name in IMPORT.findall(cell.source)
    ]
    found = ["course.grading.student", "course.grading.warm", "matplotlib.pyplot"]
    for name in dict.fromkeys(named):
        with suppress(ImportError, ValueError):
            if importlib.util.find_spec(name) is not None:
                found.append(name)
    return list(dict.fromkeys(found))


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
