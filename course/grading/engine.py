"""The two processes that are kept warm for a lesson, from which others are forked.

Who is who. The *grader* is this process. It never reads what a student's code says; it only hands
sockets on. The *fork server* (`sandbox`) starts student processes. The *bench* (`bench`) has all
imported, and forks one *referee process* for each submission, so that no test leaves anything
behind for the next one. The referee process asks for student processes over a socket of its own,
which no student process has.
"""

import importlib.util
import os
import pickle
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from course.cores import count_cores
from course.errors import CourseError
from course.grading import bench
from course.grading.assignment import Cell, MasterNotebook, Role
from course.grading.channel import Channel
from course.grading.environment import one_thread
from course.grading.files import Files
from course.grading.hearing import Hearing, Stage
from course.grading.limits import Isolation, Limits
from course.grading.program import Program
from course.grading.protocol import (
    START_SECONDS,
    ServerDied,
    StepLost,
    await_ready,
    send_setup,
)
from course.grading.sandbox import ForkServer
from course.grading.session import SECONDS_IN_ALL, Case, Session

PACKAGE = Path(__file__).parent
# What of this package runs beside a student's code.
STUDENT_SIDE = (
    *("arguments", "breach", "channel", "encoding", "gradients", "notes"),
    *("plain_data", "raised", "shell", "student", "warm", "warm_torch", "writers"),
)
SLACK = 10.0  # seconds, for what is no one's fault
IMPORT = re.compile(r"^\s*(?:import|from)\s+([\w.]+)", re.M)


@dataclass(frozen=True)
class Terms:
    """Say how submissions are run: `seconds` are for each cell and each question.

    `jobs` is how many are graded at once; `memory` is for each, in bytes. With `beside`, tests that
    cannot be run apart from the answers are run beside them, where their points can be forged.
    """

    isolation: Isolation = Isolation.SANDBOX
    seconds: float = 60.0
    memory: int = 4 * 2**30
    readable: tuple[Path, ...] = ()
    jobs: int = field(default_factory=count_cores)
    beside: bool = False


@dataclass(frozen=True)
class Preparation:
    """Say what is done once for all submissions: the cells `prefix` are run.

    Before, the modules that the instructor's cells import are imported, unless `imports` is false.
    """

    prefix: tuple[Cell, ...] = ()
    imports: bool = True


class Engine:
    """Keep a fork server and a bench, in which the preparation is done already.

    They end with the thread that started them.
    """

    def __init__(
        self, master: MasterNotebook, terms: Terms, files: Files, preparation: Preparation
    ) -> None:
        self._lesson, self._terms, self._prefix = master.name, terms, preparation.prefix
        theirs = _importable(master.cells, files) if preparation.imports else {}
        preload = _preload(master.cells, theirs)
        self._settings = bench.Settings(
            preload,
            self._prefix,
            tests=tuple(cell for cell in master.cells if cell.role is Role.TEST),
            files=files.all,
            seconds=terms.seconds,
            memory=terms.memory,
        )
        modules = [PACKAGE / f"{name}.py" for name in STUDENT_SIDE]
        program = Program(
            entry="course.grading.student:serve",
            preload=preload,
            prepare="course.grading.student:prepare",
            steps=tuple(cell.source for cell in self._prefix),
            files=tuple((file.name, str(file.path.resolve())) for file in files.given),
        )
        self._server = ForkServer(
            terms.isolation,
            Limits(cpu=SECONDS_IN_ALL, memory=terms.memory),
            program,
            readable=[*modules, *terms.readable],
        )

    def __enter__(self) -> Self:
        """Start both processes.

        Raises `CourseError` when one cannot be started, and `Unfit` when one cannot be forked after
        the preparation.
        """
        with ExitStack() as stack:
            try:
                self._bench = self._start_bench(stack)
                self._server.start(step_seconds=self._terms.seconds)
                stack.callback(self._server.close)
                await_ready(self._bench, self._terms.seconds)
            except StepLost as lost:
                raise CourseError(self._complaint(lost)) from None
            except ServerDied as error:
                raise CourseError(f"the process that runs the tests: {error}") from None
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def hear(self, case: Case) -> Hearing:
        """Return what is found in a submission, of which the cells after those of the prefix come.

        Raises what `Session.attend` does.
        """
        began = time.monotonic()
        ours, theirs = socket.socketpair()
        session = Session(Channel(ours), ours, self._server, 2 * self._terms.seconds + SLACK)
        try:
            with theirs:
                socket.send_fds(self._bench, [b"!"], [theirs.fileno()])
            hearing = session.attend(case)
        finally:
            session.close()
        apart = hearing.seconds[Stage.RUN] + hearing.seconds[Stage.JUDGE]
        forking = time.monotonic() - began - apart
        return replace(hearing, seconds={**hearing.seconds, Stage.FORK: forking})

    def _start_bench(self, stack: ExitStack) -> socket.socket:
        """Start the bench, which `stack` then ends, and return the socket on which it listens."""
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        # Who interrupts the grader removes it while the bench is still writing.
        scratch = TemporaryDirectory(prefix="course-referee-", ignore_cleanup_errors=True)
        folder = stack.enter_context(scratch)
        parent = str(os.getpid())
        with theirs:
            self._bench_process = subprocess.Popen(
                [sys.executable, "-P", "-m", "course.grading.bench", str(theirs.fileno()), parent],
                env=_bench_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        stack.callback(self._bench_process.wait)
        stack.callback(self._bench_process.kill)
        send_setup(ours, pickle.dumps((self._settings, folder)), seconds=START_SECONDS)
        return ours

    def _complaint(self, lost: StepLost) -> str:
        cell = self._prefix[lost.step]
        what = f"runs longer than {self._terms.seconds:.0f} s" if lost.late else "ends its process"
        remedy = "mend it, or tag it skip-when-grading"
        return f"{self._lesson}: the given cell {cell.title} {what}; {remedy}"


def _bench_environment() -> dict[str, str]:
    """Return an environment in which this package is found wherever the grader was started."""
    roots = [str(PACKAGE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        **one_thread(),
        "PYTHONPATH": os.pathsep.join(roots),
        # A file in its working folder would look as if a cell had written it.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _importable(cells: Sequence[Cell], files: Files) -> dict[str, ModuleSpec]:
    """Return the modules that the instructor's cells import and that can be imported.

    A file beside the notebook is left for the cell to import.
    """
    sources = [cell.source for cell in cells if cell.role is Role.GIVEN]
    found = {}
    for name in (name for source in sources for name in IMPORT.findall(source)):
        if name.partition(".")[0] in files.modules:
            continue
        with suppress(ImportError, OSError, ValueError):
            if spec := importlib.util.find_spec(name):
                found[name] = spec
    return found


def _preload(cells: Sequence[Cell], theirs: Mapping[str, ModuleSpec]) -> tuple[str, ...]:
    """Return the modules to import: what this package needs, `theirs`, and torch if it is used."""
    sources = [cell.source for cell in cells] + [_source(spec) for spec in theirs.values()]
    torch = ("course.grading.warm_torch",) if any("torch" in text for text in sources) else ()
    ours = ("course.grading.student", "course.grading.warm", "matplotlib.pyplot")
    return (*ours, *(name for name in theirs if name not in ours), *torch)


def _source(spec: ModuleSpec) -> str:
    """Return the source of a module, if it has one."""
    is_source = spec.has_location and spec.origin is not None and spec.origin.endswith(".py")
    return Path(str(spec.origin)).read_text(errors="replace") if is_source else ""
