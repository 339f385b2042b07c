"""Run students' code where it can harm nobody: the trusted side of the fork server.

The trust boundary. This module runs with the rights of whoever grades, next to masters and
gradebook. Of a student's process it reads three things, and believes none but the kernel's word:

- the channel, `StudentHandle.socket`, whose bytes are the student's own: callers must take any of
  them for an attack, and never unpickle them;
- the supervisor's report, from a process of the course's own code that the student cannot reach;
- the process table, for the memory in use.

What holds a student in, from the outside inwards (`Isolation.SANDBOX`):

1. bubblewrap around the fork server: own user (or, when root grades, the user nobody), process,
   mount, network, IPC, UTS and control-group namespaces; no capabilities; an empty environment; a
   read-only view of the system's libraries, this Python installation and what `readable` names: see
   `course.grading.sandbox.bubblewrap` and `course.grading.sandbox.environment`.
2. A second set of namespaces for each student, with an empty scratch folder and without /proc: see
   `course.grading.inside.limits`.
3. Limits (rlimits) of each process, of their number and of their files; a filter of system calls.
4. A watchdog here, which kills a student whose processes use too much memory together. It looks
   every tenth of a second: whoever is faster than that meets each process's own limit only, and
   what no process maps (full pipes and sockets, page tables) is not counted.

What is left: all students of a server have its layout of addresses and its random numbers' state;
timing and load of the machine can be felt; a hole in the kernel behind the system calls that remain
is a hole in the sandbox. CPU time is counted for each process: the caller sets a time by the clock.

Whatever ends this process ends all of it: bubblewrap dies with the thread that started it, the
server and each supervisor when their sockets close.
"""

import importlib.util
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import MappingProxyType
from typing import IO, Self

from course.errors import CourseError
from course.grading.inside.limits import HOME, Isolation, Limits
from course.grading.inside.program import Program, SandboxSettings
from course.grading.inside.protocol import (
    ASK,
    HELLO,
    RECORD,
    SPAWN_SECONDS,
    START_SECONDS,
    ServerDied,
    StepLost,
    Unfit,
    ask_for_sender,
    await_ready,
    is_readable,
    receive_byte,
    send_setup,
)
from course.grading.sandbox.bubblewrap import INSTEAD, find_bubblewrap, make_command
from course.grading.sandbox.environment import find_masked, find_visible, make_environment
from course.grading.sandbox.process_table import find_process_id, memory_exceeds

LOST = (
    "Without a sandbox, submitted code runs with your rights: it can read and change your files, "
    "use the network, see and kill your processes, and leave processes behind. Only the time and "
    "memory of each process are limited (macOS: only the time). Grade only what you would run."
)

KILL_SECONDS = 10
NO_ENVIRONMENT = MappingProxyType[str, str]({})
WATCH_SECONDS = 0.1


class Kind(StrEnum):
    """Say what ended a student's process."""

    EXITED = "exited"
    KILLED = "killed"
    MEMORY = "memory"
    CPU = "cpu"


@dataclass(frozen=True)
class Ending:
    """Say how a student's process ended: `code` is there when it exited, `signal` when not."""

    kind: Kind
    code: int | None = None
    signal: int | None = None


class StudentHandle:
    """Hold the trusted side's ends of one student's process; leaving the context kills it."""

    def __init__(self, channel: socket.socket, report: socket.socket, *, pid: int, cpu: float):
        self.socket = channel
        self.pid = pid  # of the supervisor, as seen from here; 0 where the system does not tell
        self._report = report
        self._cpu = cpu
        self._record = b""
        self._ending: Ending | None = None
        self._over_memory = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.kill()
        finally:
            self.socket.close()

    def ended(self, *, within: float = 0.0) -> Ending | None:
        """Return how the student's process ended, or None if it still runs after these seconds."""
        return self._wait(within)

    def has_hung_up(self) -> bool:
        """Say whether nobody has the other end of the channel any more: the process is ending."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def kill(self, *, over_memory: bool = False) -> Ending:
        """Kill all that the student started, and return when it is gone.

        Raises `ServerDied` when that does not happen in time; closing the server then does it.
        """
        with self._lock:
            if self._ending is None:
                self._over_memory = over_memory
                # The supervisor takes this for a hang-up, but can still send its record.
                with suppress(OSError):  # it has ended meanwhile
                    self._report.shutdown(socket.SHUT_WR)
        ending = self._wait(KILL_SECONDS)
        if ending is None:
            raise ServerDied("a student's processes do not end; close the fork server")
        return ending

    def _wait(self, timeout: float) -> Ending | None:
        """Read the report to its end, which comes with that of the supervisor."""
        deadline = time.monotonic() + timeout
        with self._lock:
            while self._ending is None:
                left = max(0.0, deadline - time.monotonic())
                if not is_readable(self._report, left):
                    return None
                part = _receive(self._report)
                if part:
                    self._record += part
                    continue
                # Not before its end: the supervisor is process 1 of its namespace, so that with it
                # all in there are gone.
                self._report.close()
                self._ending = self._interpret()
            return self._ending

    def _interpret(self) -> Ending:
        """Return what the record says; a supervisor that was killed left none."""
        if len(self._record) != RECORD.size:
            return Ending(Kind.MEMORY if self._over_memory else Kind.KILLED, signal=signal.SIGKILL)
        status, seconds = RECORD.unpack(self._record)
        if os.WIFEXITED(status):
            return Ending(Kind.EXITED, code=os.WEXITSTATUS(status))

        number = os.WTERMSIG(status)
        if self._over_memory:
            return Ending(Kind.MEMORY, signal=number)
        # Who ignores SIGXCPU is killed a second later, by a signal that says nothing of time.
        is_out_of_time = number == signal.SIGXCPU or seconds >= self._cpu
        return Ending(Kind.CPU if is_out_of_time else Kind.KILLED, signal=number)


class ForkServer:
    """Start students' processes from one that has imported what `program` needs already.

    Each calls the program's entry with its channel and its setup, then ends. `readable` are the
    files and folders that it may read, besides Python and the system's libraries; packages and
    modules among them can be imported. They also find the variables `environment`. The server ends
    with the thread that started it.
    """

    def __init__(
        self,
        isolation: Isolation,
        limits: Limits,
        program: Program,
        *,
        readable: Sequence[Path] = (),
        environment: Mapping[str, str] = NO_ENVIRONMENT,
    ):
        self._readable = tuple(path.resolve() for path in readable)
        self._environment = environment
        files = (Path(path) for _, path in program.data_files)
        self._visible = find_visible([*self._readable, *files])
        masked = () if isolation is Isolation.PROCESS else find_masked(self._visible)
        self._settings = SandboxSettings(isolation, limits, masked, program)
        self._students: set[StudentHandle] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, *, step_seconds: float = START_SECONDS) -> None:
        """Start the server and wait until it has imported all and taken its program's steps.

        Raises `CourseError` when it cannot be started or one of its imports fails, and `Unfit` or
        `StepLost` when the steps go wrong.
        """
        if self._settings.isolation is Isolation.SANDBOX:
            find_bubblewrap()
        self._errors: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._control, theirs = socket.socketpair()
        ask_for_sender(self._control)
        # Closed on this side as soon as the server has it, so that its death is a hang-up.
        with theirs:
            self._process = self._launch(theirs.fileno())

        self._watcher: threading.Thread | None = None
        pid = self._await_ready(step_seconds)
        if pid:  # else there is no process table to look into
            self._watcher = threading.Thread(target=self._watch, args=(pid,), daemon=True)
            self._watcher.start()

    def spawn(self, setup: bytes) -> StudentHandle:
        """Start a student's process, whose entry gets `setup`.

        Raises `ServerDied` when the server is gone or can start none.
        """
        channel, their_channel = socket.socketpair()
        report, their_report = socket.socketpair()
        ask_for_sender(report)
        with their_channel, their_report:
            files = (their_channel.fileno(), their_report.fileno())
            try:
                with self._lock:
                    socket.send_fds(self._control, [ASK], files)
            except OSError:  # the server is gone: there will be no hello
                report.close()

        hello, pid = receive_byte(report, SPAWN_SECONDS)
        if hello != HELLO:
            channel.close()
            report.close()
            raise ServerDied(f"the fork server started no process: {self._last_words()}")

        student = StudentHandle(channel, report, pid=pid, cpu=self._settings.limits.cpu)
        self._running()  # forgets those that have ended: where nobody watches, they would add up
        with self._lock:
            self._students.add(student)
        send_setup(channel, setup, timeout=SPAWN_SECONDS)
        return student

    def close(self) -> None:
        """End the server and every student's process."""
        self._stop.set()
        if self._watcher:
            self._watcher.join()
        # A closed report has its supervisor kill all of the student's.
        for student in self._students:
            with student._lock:
                if student._ending is None:
                    student._report.close()
                    student._ending = Ending(Kind.KILLED, signal=signal.SIGKILL)

        self._control.close()  # at which the server ends by itself
        try:
            self._process.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

        self._complaint = self._last_words()
        self._errors.close()
        self._stack.close()

    def _await_ready(self, step_seconds: float) -> int:
        """Return the server's process when it is ready; end it when it will not be."""
        try:
            settings = json.dumps(asdict(self._settings)).encode()
            send_setup(self._control, settings, timeout=START_SECONDS)
            return await_ready(self._control, step_seconds)
        except ServerDied:
            self.close()
            raise CourseError(f"the fork server did not start: {self._complaint}") from None
        except StepLost:
            self._process.kill()  # it may hang in that step, and would not see a closed socket
            self.close()
            raise
        except Unfit:
            self.close()
            raise Unfit(self._complaint) from None

    def _launch(self, control: int) -> subprocess.Popen[bytes]:
        module = ["-P", "-s", "-m", "course.grading.inside.fork_server"]
        command = [sys.executable, *module, str(control), str(os.getpid())]
        environment: Mapping[str, str]
        if self._settings.isolation is Isolation.SANDBOX:
            inside = make_environment(self._readable, self._environment, home=HOME)
            command = [*make_command(self._visible, inside), *command]
            # bubblewrap sets the variables; it needs none, nor a folder, for itself.
            home, environment = Path("/"), {}
        else:
            scratch = TemporaryDirectory(prefix="course-student-", ignore_cleanup_errors=True)
            home = Path(self._stack.enter_context(scratch))
            environment = make_environment(self._readable, self._environment, home=home)
        return subprocess.Popen(
            command,
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            pass_fds=[control],
            start_new_session=True,  # Ctrl-C is for this process, which then closes the server
        )

    def _last_words(self) -> str:
        """Return the last line that the server printed: of a traceback, the error."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        printed = [line.strip() for line in lines if line.strip()]
        return printed[-1] if printed else "it said nothing"

    def _running(self) -> tuple[StudentHandle, ...]:
        """Return the students that still run, and forget the others."""
        with self._lock:
            self._students = {student for student in self._students if not student.ended()}
            return tuple(self._students)

    def _watch(self, pid: int) -> None:
        """Kill every student whose processes use too much memory together."""
        # The server's own view of the process table is short, and has all students in it.
        is_sandbox = self._settings.isolation is Isolation.SANDBOX
        table = Path(f"/proc/{pid}/root/proc") if is_sandbox else Path("/proc")
        limit = self._settings.limits.memory
        while not self._stop.wait(WATCH_SECONDS):
            for student in self._running():
                number = find_process_id(student.pid, level=1 if is_sandbox else 0)
                if number and memory_exceeds(table, number, limit):
                    self._end_greedy(student)

    def _end_greedy(self, student: StudentHandle) -> None:
        try:
            student.kill(over_memory=True)
        except ServerDied:  # it does not end, and goes on using memory: so all must end
            self._process.kill()


def check_sandbox() -> None:
    """Try all that a sandbox needs, by running a process in one.

    Raises `CourseError`, which names the remedy, when there cannot be one on this machine.
    """
    if sys.platform != "linux":
        raise CourseError(f"a sandbox needs Linux and bubblewrap; grade there, {INSTEAD}")
    if not importlib.util.find_spec("pyseccomp"):
        raise CourseError(f"pyseccomp is missing; `pip install pyseccomp`, {INSTEAD}")
    program = Program("course.grading.inside.fork_server:probe")
    find_bubblewrap()
    server = ForkServer(Isolation.SANDBOX, Limits(), program)
    try:
        with server, server.spawn(b"?") as student:
            student.socket.settimeout(SPAWN_SECONDS)
            answer = student.socket.recv(1)
    except (CourseError, ServerDied, OSError) as error:
        raise CourseError(
            f"no sandbox can be had here ({error}); `apt install bubblewrap libseccomp2` and allow "
            f"user namespaces (on Ubuntu, .ci/allow_bubblewrap does), {INSTEAD}"
        ) from error
    if answer != b"?":
        raise CourseError(f"no process lives in a sandbox here; mend that, {INSTEAD}")


def _receive(end: socket.socket) -> bytes:
    """Return what has arrived, nothing when the other side is gone."""
    try:
        return end.recv(64)
    except ConnectionError:
        return b""
