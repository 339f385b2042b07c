"""The two processes that are kept warm for a notebook, from which others are forked.

Who is who. The *grader* is this process. It never reads what a student's code says; it only hands
sockets on. The *fork server* (`inside.fork_server`) starts student processes. The *referee server*
(`referee.server`) has all imported, and forks one *referee process* for each submission, so that no
test leaves anything behind for the next one. The referee process asks for student processes over a
socket of its own, which no student process has.
"""

import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from course.errors import CourseError
from course.grading.border.channel import Channel
from course.grading.engine.options import GradingOptions
from course.grading.engine.preload import Preload, find_preload
from course.grading.engine.referee_client import SECONDS_IN_ALL, JudgingRequest, RefereeClient
from course.grading.inside.limits import Limits
from course.grading.inside.program import Program
from course.grading.inside.protocol import (
    START_SECONDS,
    ServerDied,
    StepLost,
    await_ready,
    send_setup,
)
from course.grading.intake.files import Files
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Findings, Stage
from course.grading.model.referee_settings import RefereeSettings
from course.grading.sandbox.environment import import_path, one_thread
from course.grading.sandbox.fork_server_client import ForkServer

REFEREE_SERVER = "course.grading.referee.server"
STUDENT_PROCESS = "course.grading.student.process"
COURSE = Path(__file__).parents[2]
SLACK = 10.0  # seconds, for what is no one's fault


@dataclass(frozen=True)
class Preparation:
    """Say what is done once for all submissions: the cells `prefix` are run.

    Before, the modules that the instructor's cells import are imported, unless `imports` is false.
    """

    prefix: tuple[Cell, ...] = ()
    imports: bool = True


class Servers:
    """Keep a fork server and a referee server, in which the preparation is done already.

    They end with the thread that started them.
    """

    def __init__(
        self,
        master: MasterNotebook,
        options: GradingOptions,
        files: Files,
        preparation: Preparation,
    ) -> None:
        self._notebook, self._options, self._prefix = master.name, options, preparation.prefix
        preload = find_preload(
            master.cells,
            files.modules,
            readable=options.readable,
            imports=preparation.imports,
        )
        self._settings = RefereeSettings(
            preload.needed,
            preload.wanted,
            self._prefix,
            tests=tuple(cell for cell in master.cells if cell.role is Role.TEST),
            data_files=files.all,
            time_limit=options.time_limit,
            memory_limit=options.memory_limit,
        )
        self._fork_server = ForkServer(
            options.isolation,
            Limits(cpu=SECONDS_IN_ALL, memory=options.memory_limit),
            _student_program(self._prefix, preload, files),
            readable=options.readable,
            environment=options.environment,
        )

    def __enter__(self) -> Self:
        """Start both processes.

        Raises `CourseError` when one cannot be started, and `Unfit` when one cannot be forked after
        the preparation.
        """
        with ExitStack() as stack:
            try:
                # Both import for seconds, side by side: neither is awaited before both have begun.
                self._referee_server = self._start_referee_server(stack)
                self._fork_server.start(step_seconds=self._options.time_limit)
                stack.callback(self._fork_server.close)
                await_ready(self._referee_server, self._options.time_limit)
            except StepLost as lost:
                raise CourseError(self._complaint(lost)) from None
            except ServerDied as error:
                raise CourseError(f"the process that runs the tests: {error}") from None
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def judge(self, request: JudgingRequest) -> Findings:
        """Return what is found in a submission, of which the cells after those of the prefix come.

        Raises what `RefereeClient.attend` does.
        """
        began = time.monotonic()
        ours, theirs = socket.socketpair()
        # The referee keeps the limit: this is for one that cannot any more, or is kept waiting.
        patience = 2 * self._options.time_limit + SLACK
        client = RefereeClient(Channel(ours), ours, self._fork_server, patience)
        try:
            with theirs:
                socket.send_fds(self._referee_server, [b"!"], [theirs.fileno()])
            findings = client.attend(request)
        finally:
            client.close()

        # To fork takes the time that is left: nobody sees a process begin.
        apart = findings.seconds[Stage.RUN] + findings.seconds[Stage.JUDGE]
        forking = time.monotonic() - began - apart
        return replace(findings, seconds={**findings.seconds, Stage.FORK: forking})

    def _start_referee_server(self, stack: ExitStack) -> socket.socket:
        """Start the referee server, which `stack` then ends, and return its socket."""
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        # Who interrupts the grader removes it while the server is still writing.
        scratch = TemporaryDirectory(prefix="course-referee-", ignore_cleanup_errors=True)
        folder = stack.enter_context(scratch)
        arguments = [str(theirs.fileno()), str(os.getpid())]
        with theirs:
            self._referee_process = subprocess.Popen(
                # -P: what lies in the course's folder must not stand in for a library.
                [sys.executable, "-P", "-m", REFEREE_SERVER, *arguments],
                env=_referee_environment(self._options),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Ctrl-C is for the grader alone, which then ends it.
                start_new_session=True,
            )
        # Undone from the last to the first: it has ended before its folder is removed.
        stack.callback(self._referee_process.wait)
        stack.callback(self._referee_process.kill)
        send_setup(ours, pickle.dumps((self._settings, folder)), timeout=START_SECONDS)
        return ours

    def _complaint(self, lost: StepLost) -> str:
        cell = self._prefix[lost.step]
        limit = self._options.time_limit
        what = f"runs longer than {limit:.0f} s" if lost.late else "ends its process"
        remedy = "mend it, or tag it skip-when-grading"
        return f"{self._notebook}: the given cell {cell.title} {what}; {remedy}"


def _student_program(prefix: tuple[Cell, ...], preload: Preload, files: Files) -> Program:
    """Return what the fork server is told: nothing of tests, nor of files that are for them."""
    given_files = tuple((file.name, str(file.path.resolve())) for file in files.given)
    return Program(
        entry=f"{STUDENT_PROCESS}:serve",
        preload=(STUDENT_PROCESS, *preload.needed),
        try_preload=preload.wanted,
        prepare=f"{STUDENT_PROCESS}:prepare",
        steps=tuple(cell.source for cell in prefix),
        data_files=given_files,
    )


def _referee_environment(options: GradingOptions) -> Mapping[str, str]:
    """Return an environment in which this package is found wherever the grader was started."""
    roots = [import_path((*options.readable, COURSE)), os.environ.get("PYTHONPATH")]
    return {
        **os.environ,
        **options.environment,
        **one_thread(),
        "PYTHONPATH": os.pathsep.join(filter(None, roots)),
        # A file in its working folder would look as if a cell had written it.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
