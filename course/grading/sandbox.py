"""Run students' code where it can harm nobody: the trusted side of the fork server.

The trust boundary. This module runs with the rights of whoever grades, next to masters and
gradebook. Of a student's process it reads three things, and believes none but the kernel's word:

- the channel, `Student.socket`, whose bytes are the student's own: callers must take any of them
  for an attack, and never unpickle them;
- the supervisor's report, from a process of the course's own code that the student cannot reach;
- the process table, for the memory in use.

What holds a student in, from the outside inwards (`Isolation.SANDBOX`):

1. bubblewrap around the fork server: own user (or, when root grades, the user nobody), process,
   mount, network, IPC, UTS and control-group namespaces; no capabilities; an empty environment; a
   read-only view of the system's libraries, this Python installation and what `readable` names.
2. A second set of namespaces for each student, with an empty scratch folder and without /proc: see
   `course.grading.limits`.
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

import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import TracebackType
from typing import IO, Self

from course.errors import CourseError
from course.grading import fork_server
from course.grading.fork_server import Program
from course.grading.limits import HOME, TEMPORARY, UID, Isolation, Limits

__all__ = [
    "LOST",
    "START_SECONDS",
    "THREADS",
    "Ending",
    "ForkServer",
    "Isolation",
    "Kind",
    "Limits",
    "Program",
    "ServerDied",
    "StepLost",
    "Student",
    "Unfit",
    "await_ready",
    "check_sandbox",
    "send_setup",
]

LOST = (
    "Without a sandbox, submitted code runs with your rights: it can read and change your files, "
    "use the network, see and kill your processes, and leave processes behind. Only the time and "
    "memory of each process are limited (macOS: only the time). Grade only what you would run."
)
INSTEAD = "or run without a sandbox: --isolation process"
COURSE = Path(__file__).parents[2]
# All that the inside needs of this package.
INSIDE = tuple(
    COURSE / "course" / name
    for name in (
        "__init__.py",
        "grading/__init__.py",
        "grading/files.py",
        "grading/fork_server.py",
        "grading/limits.py",
    )
)
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime")
DEVICES = ("null", "zero", "full", "random", "urandom")
HIDDEN = ("/tmp", "/dev/shm")
NOBODY = "65534"
PATH = "/usr/local/bin:/usr/bin:/bin"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

START_SECONDS = 180
SPAWN_SECONDS = 30
KILL_SECONDS = 10
WATCH_SECONDS = 0.1
# Process, user and group of a sender, as the kernel knows them here.
SENDER = struct.Struct("3i")


class ServerDied(Exception):  # noqa: N818 - it says what happened
    """Report that the fork server is gone, or cannot start a process: start another one."""


class Unfit(Exception):  # noqa: N818
    """Report that a program's steps left behind what no fork carries: start it without them."""


class StepLost(Exception):  # noqa: N818
    """Report that a step of a program did not end in time (`late`), or ended its process."""

    def __init__(self, step: int, *, late: bool) -> None:
        super().__init__(step)
        self.step, self.late = step, late


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


class Student:
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
                with suppress(OSError):  # it has ended meanwhile
                    self._report.shutdown(socket.SHUT_WR)
        ending = self._wait(KILL_SECONDS)
        if ending is None:
            raise ServerDied("a student's processes do not end; close the fork server")
        return ending

    def _wait(self, seconds: float) -> Ending | None:
        """Read the report to its end, which comes with that of the supervisor."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while self._ending is None:
                left = max(0.0, deadline - time.monotonic())
                if not _readable(self._report, left):
                    return None
                if part := _receive(self._report):
                    self._record += part
                    continue
                self._report.close()
                self._ending = self._interpret()
            return self._ending

    def _interpret(self) -> Ending:
        """Return what the record says; a supervisor that was killed left none."""
        if len(self._record) != fork_server.RECORD.size:
            return Ending(Kind.MEMORY if self._over_memory else Kind.KILLED, signal=signal.SIGKILL)
        status, seconds = fork_server.RECORD.unpack(self._record)
        if os.WIFEXITED(status):
            return Ending(Kind.EXITED, code=os.WEXITSTATUS(status))
        number = os.WTERMSIG(status)
        out_of_time = number == signal.SIGXCPU or seconds >= self._cpu
        kind = Kind.MEMORY if self._over_memory else Kind.CPU if out_of_time else Kind.KILLED
        return Ending(kind, signal=number)


class ForkServer:
    """Start students' processes from one that has imported what `program` needs already.

    Each calls the program's entry with its channel and its setup, then ends. `readable` are the
    files and folders that it may read, besides Python and the system's libraries; packages and
    modules among them can be imported. The server ends with the thread that started it.
    """

    def __init__(
        self, isolation: Isolation, limits: Limits, program: Program, *, readable: Sequence[Path]
    ):
        self._readable = tuple(path.resolve() for path in readable)
        hidden = () if isolation is Isolation.PROCESS else _hidden(_visible(self._readable))
        self._settings = fork_server.Settings(isolation, limits, hidden, program)
        self._students: set[Student] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def start(self, *, step_seconds: float = START_SECONDS) -> None:
        """Start the server and wait until it has imported all and taken its program's steps.

        Raises `CourseError` when it cannot be started or one of its imports fails, and `Unfit` or
        `StepLost` when the steps go wrong.
        """
        if self._settings.isolation is Isolation.SANDBOX:
            _find_bubblewrap()
        self._errors: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._control, theirs = socket.socketpair()
        _ask_for_sender(self._control)
        with theirs:
            self._process = self._launch(theirs.fileno())
        self._watcher: threading.Thread | None = None
        if pid := self._await_ready(step_seconds):
            self._watcher = threading.Thread(target=self._watch, args=(pid,), daemon=True)
            self._watcher.start()

    def spawn(self, setup: bytes) -> Student:
        """Start a student's process, whose entry gets `setup`.

        Raises `ServerDied` when the server is gone or can start none.
        """
        channel, their_channel = socket.socketpair()
        report, their_report = socket.socketpair()
        _ask_for_sender(report)
        with their_channel, their_report:
            files = (their_channel.fileno(), their_report.fileno())
            try:
                with self._lock:
                    socket.send_fds(self._control, [fork_server.ASK], files)
            except OSError:
                report.close()
        hello, pid = _hear(report, SPAWN_SECONDS)
        if hello != fork_server.HELLO:
            channel.close()
            report.close()
            raise ServerDied(f"the fork server started no process: {self._last_words()}")
        student = Student(channel, report, pid=pid, cpu=self._settings.limits.cpu)
        self._running()
        with self._lock:
            self._students.add(student)
        send_setup(channel, setup, seconds=SPAWN_SECONDS)
        return student

    def close(self) -> None:
        """End the server and every student's process."""
        self._stop.set()
        if self._watcher:
            self._watcher.join()
        for student in self._students:
            with student._lock:
                if student._ending is None:
                    student._report.close()
                    student._ending = Ending(Kind.KILLED, signal=signal.SIGKILL)
        self._control.close()
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
            send_setup(self._control, settings, seconds=START_SECONDS)
            return await_ready(self._control, step_seconds)
        except ServerDied:
            self.close()
            raise CourseError(f"the fork server did not start: {self._complaint}") from None
        except (StepLost, Unfit):
            self._process.kill()
            self.close()
            raise

    def _launch(self, control: int) -> subprocess.Popen[bytes]:
        module = ["-P", "-s", "-m", "course.grading.fork_server"]
        command = [sys.executable, *module, str(control), str(os.getpid())]
        home, environment = Path("/"), _environment(self._readable, home=HOME)
        if self._settings.isolation is Isolation.SANDBOX:
            command = [*_bubblewrap(_visible(self._readable), environment), *command]
            environment = {}
        else:
            home = Path(self._stack.enter_context(TemporaryDirectory(prefix="course-student-")))
            environment = _environment(self._readable, home=home)
        return subprocess.Popen(
            command,
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            pass_fds=[control],
            start_new_session=True,
        )

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def _running(self) -> tuple[Student, ...]:
        """Return the students that still run, and forget the others."""
        with self._lock:
            self._students = {student for student in self._students if not student.ended()}
            return tuple(self._students)

    def _watch(self, pid: int) -> None:
        """Kill every student whose processes use too much memory together."""
        # The server's own view of the process table is short, and has all students in it.
        inside = self._settings.isolation is Isolation.SANDBOX
        table = Path(f"/proc/{pid}/root/proc") if inside else Path("/proc")
        limit = self._settings.limits.memory
        while not self._stop.wait(WATCH_SECONDS):
            for student in self._running():
                number = _process_id(student.pid, level=1 if inside else 0)
                if number and _memory_exceeds(table, number, limit):
                    try:
                        student.kill(over_memory=True)
                    except ServerDied:
                        self._process.kill()


def send_setup(end: socket.socket, setup: bytes, *, seconds: float) -> None:
    """Send what a process reads first; one that has ended already says so when it is awaited."""
    end.settimeout(seconds)
    with suppress(OSError):
        end.sendall(fork_server.SIZE.pack(len(setup)) + setup)
    end.settimeout(None)


def await_ready(end: socket.socket, step_seconds: float) -> int:
    """Wait until a server at the other end can fork, and return its process, 0 where unknown.

    Raises `ServerDied` when it ends or says nothing, `StepLost` when that happens in one of its
    steps, for each of which it has `step_seconds`, and `Unfit` when it cannot fork after them.
    """
    heard, pid = _hear(end, START_SECONDS)
    steps = 0
    while heard == fork_server.STEP:
        steps += 1
        heard, _ = _hear(end, step_seconds)
    if heard == fork_server.UNFIT:
        raise Unfit
    if heard == fork_server.READY:
        return pid
    if steps:
        raise StepLost(steps - 1, late=not _readable(end, 0))
    raise ServerDied("it did not start")


def check_sandbox() -> None:
    """Try all that a sandbox needs, by running a process in one.

    Raises `CourseError`, which names the remedy, when there cannot be one on this machine.
    """
    if sys.platform != "linux":
        raise CourseError(f"a sandbox needs Linux and bubblewrap; grade there, {INSTEAD}")
    program = Program("course.grading.fork_server:probe")
    _find_bubblewrap()
    server = ForkServer(Isolation.SANDBOX, Limits(), program, readable=())
    try:
        with server, server.spawn(b"?") as student:
            student.socket.settimeout(SPAWN_SECONDS)
            answer = student.socket.recv(1)
    except (CourseError, ServerDied, OSError) as error:
        raise CourseError(
            f"no sandbox can be had here ({error}); allow user namespaces and "
            f"`apt install bubblewrap libseccomp2`, {INSTEAD}"
        ) from error
    if answer != b"?":
        raise CourseError(f"no process lives in a sandbox here; mend that, {INSTEAD}")


def _find_bubblewrap() -> str:
    """Return the path of bubblewrap; raises `CourseError` when it is not installed."""
    bwrap = shutil.which("bwrap")
    if not bwrap:
        raise CourseError(f"bubblewrap is missing; `apt install bubblewrap`, {INSTEAD}")
    return bwrap


def _visible(readable: Sequence[Path]) -> tuple[Path, ...]:
    """Return what can be seen inside besides the system, folders before what is in them."""
    python = {Path(sys.prefix), Path(sys.base_prefix)}
    return tuple(sorted({*python, *INSIDE, *readable}))


def _hidden(visible: Sequence[Path]) -> tuple[str, ...]:
    """Return the shared folders that can give way to a student's own: nothing needed is in them."""
    return tuple(
        folder for folder in HIDDEN if not any(path.is_relative_to(folder) for path in visible)
    )


def _environment(readable: Sequence[Path], *, home: Path) -> Mapping[str, str]:
    """Return all the environment that students see."""
    temporary = TEMPORARY if home == HOME else home
    roots = dict.fromkeys(str(root) for path in (*INSIDE, *readable) for root in _import_root(path))
    environment = {
        "PATH": PATH,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "PYTHONPATH": os.pathsep.join(roots),
        "PYTHONDONTWRITEBYTECODE": "1",
        **dict.fromkeys(THREADS, "1"),
    }
    cache = os.environ.get("COURSE_CACHE")
    if cache and Path(cache).resolve() in readable:
        environment["COURSE_CACHE"] = cache
    return environment


def _import_root(path: Path) -> Iterator[Path]:
    """Yield the folder from which a module or package is imported; a folder of data has none."""
    if path.suffix == ".py" or (path / "__init__.py").exists():
        folder = path.parent
        while (folder / "__init__.py").exists():
            folder = folder.parent
        yield folder


def _bubblewrap(visible: Sequence[Path], environment: Mapping[str, str]) -> list[str]:
    """Return the command that runs another one, to be added, inside the outer sandbox."""
    kinds = ("pid", "net", "ipc", "uts", "cgroup-try")
    command = [
        _find_bubblewrap(),
        *(f"--unshare-{kind}" for kind in kinds),
        "--hostname",
        "student",
    ]
    command += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    command += [*_system(), "--proc", "/proc", "--dir", "/dev", "--dir", "/dev/shm"]
    for device in DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    # A folder that students share must not be one that they can write.
    temporary = [folder for folder in _hidden(visible) if folder == "/tmp"]
    for folder in (str(HOME), str(TEMPORARY), *temporary):
        command += ["--perms", "0777", "--tmpfs", folder]
    for path in visible:
        # Left to itself, bubblewrap makes folders that are closed to other users.
        for parent in reversed(path.parents):
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", str(path), str(path)]
    command += ["--remount-ro", "/", "--chdir", str(HOME)]
    return [*command, *_become_nobody()]


def _system() -> list[str]:
    """Return bubblewrap's options for the system's programs, libraries and fonts."""
    options = []
    for folder in SYSTEM:
        if Path(folder).is_symlink():
            options += ["--symlink", os.readlink(folder), folder]
        elif Path(folder).is_dir():
            options += ["--ro-bind", folder, folder]
    options += ["--perms", "0755", "--dir", "/etc"]
    for name in SETTINGS:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return options


def _become_nobody() -> list[str]:
    """Return bubblewrap's last options: a user without rights, whoever grades.

    Root's own number in a user namespace would still be root's to the kernel, for which there is no
    limit on processes and which may read whatever root's files are in view: so be nobody instead.
    """
    if os.geteuid():
        return ["--unshare-user", "--uid", str(UID), "--gid", str(UID), "--"]
    keep = [
        option
        for name in ("SETUID", "SETGID", "SETPCAP")
        for option in ("--cap-add", f"CAP_{name}")
    ]
    user = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    return [*keep, "--", "setpriv", *user, "--inh-caps=-all", "--bounding-set=-all", "--"]


def _ask_for_sender(end: socket.socket) -> None:
    """Have the kernel name the sender of what arrives here, where it can do that."""
    if sys.platform == "linux":
        end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def _hear(end: socket.socket, seconds: float) -> tuple[bytes, int]:
    """Return the first byte from `end` and its sender's process; nothing when none comes."""
    if end.fileno() < 0 or not _readable(end, seconds):
        return b"", 0
    try:
        first, ancillary, _, _ = end.recvmsg(1, socket.CMSG_SPACE(SENDER.size))
    except OSError:
        return b"", 0
    for _, kind, content in ancillary:
        if sys.platform == "linux" and kind == socket.SCM_CREDENTIALS:
            return first, int(SENDER.unpack(content)[0])
    return first, 0


def _receive(end: socket.socket) -> bytes:
    """Return what has arrived, nothing when the other side is gone."""
    try:
        return end.recv(64)
    except ConnectionError:
        return b""


def _readable(end: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _process_id(pid: int, *, level: int) -> int:
    """Return the number that process `pid` has `level` process namespaces further in, 0 if gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").split("\n")
    except OSError:
        return 0
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return int(numbers[level]) if len(numbers) > level else 0


def _memory_exceeds(table: Path, root: int, limit: int) -> bool:
    """Say whether process `root` and all below it use more than `limit` bytes."""
    family = _family(table, root)
    # Quick, but counts what processes share once for each: more than there is.
    if sum(_resident(table / str(pid)) for pid in family) <= limit:
        return False
    return sum(_share(table / str(pid)) for pid in family) > limit


def _family(table: Path, root: int) -> set[int]:
    """Return `root` and its descendants: who loses a parent becomes a child of the supervisor."""
    children: dict[int, list[int]] = {}
    for entry in _entries(table):
        try:
            # A program may choose its name, which ends at the last bracket.
            parent = (
                (table / entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
            )
        except OSError:
            continue
        children.setdefault(int(parent), []).append(int(entry))
    family, new = {root}, [root]
    while new:
        new = [child for pid in new for child in children.get(pid, []) if child not in family]
        family.update(new)
    return family


def _entries(table: Path) -> list[str]:
    try:
        return [name for name in os.listdir(table) if name.isdigit()]
    except OSError:
        return []


def _resident(process: Path) -> int:
    """Return the bytes of memory that a process sees, shared or not."""
    try:
        pages = int((process / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _share(process: Path) -> int:
    """Return the bytes of memory that a process uses, with its share of what it shares."""
    try:
        lines = (process / "smaps_rollup").read_text().split("\n")
    except OSError:
        return _resident(process)
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
