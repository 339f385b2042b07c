"""Attacks on the sandbox; should it fail, they do no harm."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyseccomp  # type: ignore[import-untyped]
import pytest

from course.errors import CourseError
from course.grading.inside.limits import FORBIDDEN, Isolation, Limits
from course.grading.inside.program import Program
from course.grading.inside.protocol import ServerDied, Unfit
from course.grading.sandbox.environment import one_thread
from course.grading.sandbox.fork_server_client import (
    LOST,
    Ending,
    ForkServer,
    Kind,
    StudentHandle,
    check_sandbox,
)
from course.grading.sandbox.process_table import find_family, measure_resident
from tests.grading.processes import is_gone, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
MB = 2**20
LIMITS = Limits(
    cpu=1, memory=200 * MB, processes=40, open_files=64, file_size=8 * MB, scratch=16 * MB
)
# Runs the snippet that it is sent, in which `say` sends a value back.
ENTRY = '''
import json, os, signal, socket, sys, time

def run(channel, setup):
    def say(value):
        channel.sendall(json.dumps(value).encode() + b"\\n")

    def error(call, *arguments):
        """Say which error a call ends with, None when it succeeds."""
        try:
            call(*arguments)
        except OSError as problem:
            return type(problem).__name__

    exec(setup.decode(), {**globals(), "channel": channel, "say": say, "error": error})
'''


def in_folder(folder: Path, isolation: Isolation, limits: Limits) -> ForkServer:
    (folder / "sandbox_entry.py").write_text(ENTRY)
    program = Program("sandbox_entry:run", preload=("json", "sandbox_entry"))
    return ForkServer(isolation, limits, program, readable=[folder / "sandbox_entry.py"])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Provide a folder outside /tmp, in whose place the students get their own."""
    with TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ForkServer]:
    with in_folder(folder, Isolation.SANDBOX, LIMITS) as started:
        yield started


@pytest.fixture(scope="module")
def open_server(folder: Path) -> Iterator[ForkServer]:
    with in_folder(folder, Isolation.PROCESS, LIMITS) as started:
        yield started


def listen(student: StudentHandle) -> Any:
    """Return the next value that the snippet says."""
    student.socket.settimeout(20)
    line = bytearray()
    while not line.endswith(b"\n"):
        part = student.socket.recv(1)
        assert part, student.ended()
        line += part
    return json.loads(line)


def ask(server: ForkServer, code: str) -> Any:
    with server.spawn(code.encode()) as student:
        return listen(student)


def wait_for_end(student: StudentHandle, seconds: float = 20) -> Ending:
    until(lambda: student.ended() is not None, seconds)
    ending = student.ended()
    assert ending
    return ending


def await_end(members: Collection[int]) -> None:
    """Wait until these processes are gone."""
    until(lambda: all(map(is_gone, members)))


def processes_with(word: str) -> list[int]:
    """Return the processes of this machine that have `word` in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in text:
                found.append(int(entry.name))
    return found


def family(student: StudentHandle) -> set[int]:
    return find_family(Path("/proc"), student.pid)


# ---------------------------------------------------------------- what ends, and how


def test_setup_and_answer_cross_the_channel(server: ForkServer) -> None:
    assert ask(server, "say(6 * 7)") == 42


def test_large_setup_arrives(server: ForkServer) -> None:
    assert ask(server, f"say(len({'x' * 3 * MB!r}))") == 3 * MB


def test_end_of_the_entry_is_an_exit(server: ForkServer) -> None:
    with server.spawn(b"") as student:
        assert wait_for_end(student) == Ending(Kind.EXITED, code=0)


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("os._exit(3)", Ending(Kind.EXITED, code=3)),
        ("1 / 0", Ending(Kind.EXITED, code=70)),
        ("os.kill(os.getpid(), signal.SIGSEGV)", Ending(Kind.KILLED, signal=signal.SIGSEGV)),
    ],
)
def test_ending_says_what_happened(server: ForkServer, code: str, ending: Ending) -> None:
    with server.spawn(code.encode()) as student:
        assert wait_for_end(student) == ending
        assert student.kill() == ending


def test_channel_closes_when_the_student_ends(server: ForkServer) -> None:
    with server.spawn(b"say(1)") as student:
        listen(student)
        assert student.socket.recv(1) == b""


def test_running_student_has_no_ending_until_killed(server: ForkServer) -> None:
    with server.spawn(b"say(1); time.sleep(60)") as student:
        listen(student)
        assert student.ended() is None
        assert student.kill() == Ending(Kind.KILLED, signal=signal.SIGKILL)
        assert student.ended() == Ending(Kind.KILLED, signal=signal.SIGKILL)


def test_deaf_student_is_killed(server: ForkServer) -> None:
    code = (
        "for n in range(1, 32):\n  error(signal.signal, n, signal.SIG_IGN)\nsay(1)\ntime.sleep(60)"
    )
    with server.spawn(code.encode()) as student:
        listen(student)
        assert student.kill().kind is Kind.KILLED


# ---------------------------------------------------------------- what a student sees


def test_no_network(server: ForkServer) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        assert ask(server, f"say(error(socket.create_connection, ('127.0.0.1', {port}), 1))")
        listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_no_interface_is_up(server: ForkServer) -> None:
    code = """
import fcntl, struct
with socket.socket() as end:
    flags = fcntl.ioctl(end, 0x8913, b"lo".ljust(40, b"\\0"))
say([struct.unpack_from("h", flags, 16)[0] & 1, error(socket.socket, socket.AF_NETLINK)])
"""
    assert ask(server, code) == [0, "PermissionError"]


def test_abstract_sockets_of_the_machine_are_out_of_reach(server: ForkServer) -> None:
    name = f"\0course-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(name)
        listener.listen()
        code = f"say(error(socket.socket(socket.AF_UNIX).connect, {name!r}))"
        assert ask(server, code) == "ConnectionRefusedError"


@pytest.mark.parametrize(
    "path",
    [
        *(ROOT / name for name in ("pyproject.toml", "source_notebooks", "solutions", "tests")),
        *(
            ROOT / name
            for name in (".git", "course/build.py", "course/grading/sandbox/bubblewrap.py")
        ),
        *map(
            Path,
            ("/root/.bashrc", "/root/.cache", "/var/log", "/etc/passwd", "/etc/shadow", "/sys"),
        ),
        *map(Path, ("/proc/self", "/proc/1", "/proc/mounts", "/dev/pts", "/dev/ptmx", "/dev/tty")),
    ],
)
def test_files_are_not_there(server: ForkServer, path: Path) -> None:
    assert ask(server, f"say(error(os.stat, {str(path)!r}))") == "FileNotFoundError"


def test_only_what_is_needed_of_the_course_is_there(server: ForkServer) -> None:
    code = f"say([sorted(os.listdir({str(ROOT)!r})), sorted(os.listdir({str(ROOT / 'course')!r}))])"
    outer, inner = ask(server, code)
    assert set(outer) <= {".venv", "course"}
    assert inner == ["__init__.py", "grading"]


def test_environment_is_clean(server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    with in_folder(Path(server._readable[0]).parent, Isolation.SANDBOX, LIMITS) as fresh:
        environment = ask(fresh, "say(dict(os.environ))")
    allowed = {
        *("PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "LANG", "MPLBACKEND", "PYTHONPATH", "PWD"),
        *("PYTHONDONTWRITEBYTECODE", "LC_CTYPE", *one_thread()),
    }
    assert set(environment) <= allowed
    assert "hidden" not in str(environment)
    assert environment["HOME"] == "/student"


def test_only_the_channel_is_open(server: ForkServer) -> None:
    code = """
import stat
files = {}
for file in range(64):
    if not error(os.fstat, file):
        mode = os.fstat(file).st_mode
        files[file] = "socket" if stat.S_ISSOCK(mode) else oct(os.fstat(file).st_rdev)
number = channel.fileno()
say([files, number, oct(os.stat("/dev/null").st_rdev), os.get_inheritable(number)])
"""
    files, number, nowhere, inheritable = ask(server, code)
    assert files == {"0": nowhere, "1": nowhere, "2": nowhere, str(number): "socket"}
    assert not inheritable


# ---------------------------------------------------------------- what a student can change


def test_only_scratch_can_be_written(server: ForkServer) -> None:
    code = """
places = ["/", "/dev", "/usr", "/etc", "/proc", "/work", sys.prefix, sys.base_prefix]
places += [os.path.dirname(os.path.dirname(os.__file__)), os.path.dirname(__file__) or "/"]
denied = [error(open, place + "/written", "w") for place in places]
allowed = [error(open, place + "/written", "w") for place in ("/student", "/tmp", "/dev/shm")]
say([denied, allowed, error(open, __file__, "a"), error(os.remove, __file__)])
"""
    denied, allowed, *own = ask(server, code)
    assert None not in denied
    assert allowed == [None, None, None]
    assert None not in own


def test_what_is_written_vanishes(server: ForkServer) -> None:
    places = "('/student', '/student/tmp', '/tmp', '/dev/shm')"
    code = f"[open(place + '/mark', 'w').close() for place in {places}]; say(1); time.sleep(60)"
    with server.spawn(code.encode()) as student:
        listen(student)
        look = f"say([os.path.exists(place + '/mark') for place in {places}])"
        assert ask(server, look) == [False] * 4  # nor does another student see it meanwhile
    assert ask(server, look) == [False] * 4
    assert not Path("/tmp/mark").exists()
    assert not Path("/dev/shm/mark").exists()


def test_shared_folder_with_needed_files_stays_read_only(tmp_path: Path) -> None:
    assert tmp_path.is_relative_to("/tmp"), "this test is about a module below /tmp"
    with in_folder(tmp_path, Isolation.SANDBOX, LIMITS) as beside:
        denied, temporary = ask(
            beside, "import tempfile; say([error(open, '/tmp/x', 'w'), tempfile.mkdtemp()])"
        )
    assert denied == "OSError"
    assert temporary.startswith("/student/tmp/")


def test_scratch_is_bounded(server: ForkServer) -> None:
    code = """
written = 0
try:
    for number in range(10):
        with open(f"/tmp/{number}", "wb", buffering=0) as file:
            for _ in range(8):
                written += file.write(bytes(2**20))
except OSError:
    pass
say(written)
"""
    assert ask(server, code) <= LIMITS.scratch


def test_file_size_is_bounded(server: ForkServer) -> None:
    code = "file = open('/tmp/big', 'wb'); say(error(file.truncate, 100 * 2**20))"
    assert ask(server, code) == "OSError"


def test_no_memory_without_a_map(server: ForkServer) -> None:
    code = """
import ctypes
say([error(os.memfd_create, "x"), ctypes.CDLL(None).shmget(0, 4096, 0o1600)])
"""
    assert ask(server, code) == ["PermissionError", -1]


# ---------------------------------------------------------------- privileges


def test_server_never_holds_a_setup(server: ForkServer) -> None:
    secret = "-".join(["needle", str(os.getpid()), "x" * 50])
    assert ask(server, f"say(len({secret!r}))") == len(secret)
    process = Path(f"/proc/{_server_pid(server)}")
    with (process / "mem").open("rb", buffering=0) as memory:
        for line in (process / "maps").read_text().splitlines():
            if " rw-p " in line:
                start, end = (int(address, 16) for address in line.split()[0].split("-"))
                memory.seek(start)
                assert secret.encode() not in memory.read(end - start)


def test_no_capability_is_left(server: ForkServer) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
sets = (ctypes.c_uint32 * 6)()
assert libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), sets) == 0
bounding = [number for number in range(64) if libc.prctl(23, number, 0, 0, 0) == 1]
ambient = [number for number in range(64) if libc.prctl(47, 1, number, 0, 0) == 1]
say([list(sets), bounding, ambient, libc.prctl(39, 0, 0, 0, 0), libc.prctl(21, 0, 0, 0, 0)])
say([os.getuid(), os.geteuid(), os.getgid(), error(os.setuid, 0), error(os.chroot, "/tmp")])
"""
    with server.spawn(code.encode()) as student:
        assert listen(student) == [[0] * 6, [], [], 1, 2]  # no new privileges, a filter
        *ids, become_root, chroot = listen(student)
    assert ids == [1000, 1000, 1000]
    assert become_root  # there is no such user in here
    assert chroot == "PermissionError"


def test_forbidden_system_calls_fail(server: ForkServer) -> None:
    numbers = {name: pyseccomp.resolve_syscall(pyseccomp.system_arch(), name) for name in FORBIDDEN}
    code = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
allowed = []
for name, number in {numbers!r}.items():
    if number >= 0 and (libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 1):
        allowed.append(name)
say(allowed)
"""
    assert ask(server, code) == []


def test_no_namespace_brings_capabilities_back(server: ForkServer) -> None:
    names = ("clone", "clone3")
    numbers = [pyseccomp.resolve_syscall(pyseccomp.system_arch(), name) for name in names]
    code = f"""
import ctypes, subprocess
libc = ctypes.CDLL(None, use_errno=True)
flags = (0x10000000, 0x20000, 0x20000000)
clone = [libc.syscall({numbers[0]}, flag | 17, 0, 0, 0, 0) for flag in flags]
for child in clone:
    if child == 0: os._exit(0)
say([libc.unshare(0x10000000), clone, libc.syscall({numbers[1]}, 0, 0), ctypes.get_errno()])
"""
    assert ask(server, code) == [-1, [-1] * 3, -1, 38]


def test_limits_cannot_be_raised(server: ForkServer) -> None:
    code = """
import resource
kinds = ("CPU", "AS", "NPROC", "NOFILE", "FSIZE", "CORE")
def lift(name, pid=0):
    try:
        kind = getattr(resource, "RLIMIT_" + name)
        resource.prlimit(pid, kind, (2**40, 2**40))
    except (OSError, ValueError) as problem:
        return type(problem).__name__
say([[lift(kind) for kind in kinds], lift("CPU", 1)])
say([resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE)])
"""
    with server.spawn(code.encode()) as student:
        own, supervisor = listen(student)
        core, files = listen(student)
    assert None not in own
    assert supervisor == "PermissionError"
    assert core == [0, 0]
    assert files == [LIMITS.open_files, LIMITS.open_files]


# ---------------------------------------------------------------- other processes


def test_other_processes_cannot_be_signalled(server: ForkServer) -> None:
    with server.spawn(b"say(1); time.sleep(0.5); say(2); time.sleep(60)") as other:
        listen(other)
        outside = [os.getpid(), server._process.pid, other.pid, *family(other)]
        code = f"""
import threading
numbers = [*range(3, 200), *{outside!r}]
found = [n for n in numbers if n != os.getpid() and not error(os.kill, n, signal.SIGKILL)]
say([os.getpid(), os.getppid(), found, error(os.kill, -1, 0)])
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV):
    os.kill(1, number)
say(error(os.kill, -1, signal.SIGKILL))
say("alive")
time.sleep(60)
"""
        with server.spawn(code.encode()) as student:
            pid, parent, found, everybody = listen(student)
            assert (pid, parent, found) == (2, 1, [])
            # On Linux, -1 spares the caller and process 1, so that nobody is left to signal.
            assert everybody == "ProcessLookupError"
            assert listen(student) == "ProcessLookupError"
            assert listen(student) == "alive"
            assert student.kill().kind is Kind.KILLED  # the supervisor did not stop
        assert listen(other) == 2


def test_death_of_a_student_is_nobody_elses(server: ForkServer) -> None:
    with server.spawn(b"say(1); channel.recv(1); say(2)") as other:
        listen(other)
        with server.spawn(b"say(1); time.sleep(60)") as student:
            listen(student)
            os.kill(max(family(student) - {student.pid}), signal.SIGKILL)
            assert wait_for_end(student) == Ending(Kind.KILLED, signal=signal.SIGKILL)
        with server.spawn(b"say(1); time.sleep(60)") as student:
            listen(student)
            os.kill(student.pid, signal.SIGKILL)  # its supervisor
            assert wait_for_end(student) == Ending(Kind.KILLED, signal=signal.SIGKILL)
        other.socket.sendall(b"x")
        assert listen(other) == 2
    assert ask(server, "say(3)") == 3


def test_daemons_go_with_the_student(server: ForkServer) -> None:
    code = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32): error(signal.signal, number, signal.SIG_IGN)
        time.sleep(60)
    os._exit(0)
os.wait()
say(1)
time.sleep(60)
"""
    for wait in ("time.sleep(60)", "os._exit(0)"):
        with server.spawn(code.replace("time.sleep(60)", wait, -1).encode()) as student:
            listen(student)
            members = family(student)
            student.kill() if "sleep" in wait else wait_for_end(student)
            await_end(members)


def test_daemon_does_not_outlive_a_student_that_exits(server: ForkServer) -> None:
    code = "say(1)\nif os.fork() == 0:\n  os.setsid()\n  time.sleep(60)\nchannel.recv(1)"
    with server.spawn(code.encode()) as student:
        listen(student)
        until(lambda: len(family(student)) == 3)
        members = family(student)
        student.socket.sendall(b"x")
        assert wait_for_end(student).kind is Kind.EXITED
        await_end(members)


def test_number_of_processes_is_bounded(server: ForkServer) -> None:
    code = """
started = 0
for _ in range(200):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        started += 1
    except OSError:
        break
say(started)
time.sleep(60)
"""
    with server.spawn(code.encode()) as student:
        assert listen(student) == LIMITS.processes - 1  # the student's first process counts
        members = family(student)
        assert len(members) == LIMITS.processes + 1  # and the supervisor comes on top
        assert ask(server, "say(1 if os.fork() else 0)") in (0, 1)  # of each student's own
        student.kill()
        await_end(members)


def test_fork_bomb_is_killed(server: ForkServer) -> None:
    code = """
say(1)
end = time.time() + 10
while time.time() < end:
    try: os.fork()
    except OSError: pass
"""
    with server.spawn(code.encode()) as student:
        listen(student)
        time.sleep(0.3)
        members = family(student)
        student.kill()
        await_end(members)


# ---------------------------------------------------------------- memory and time


def test_memory_of_one_process_is_bounded(server: ForkServer) -> None:
    code = """
try: bytearray(300 * 2**20)
except MemoryError: say("too much")
"""
    assert ask(server, code) == "too much"


@pytest.mark.parametrize("isolation", ["server", "open_server"])
def test_memory_of_all_processes_is_bounded(isolation: str, request: pytest.FixtureRequest) -> None:
    code = """
for _ in range(3):
    if os.fork() == 0: break
hoard = bytearray(os.urandom(2**20)) * 90
time.sleep(20)
"""
    with request.getfixturevalue(isolation).spawn(code.encode()) as student:
        assert wait_for_end(student).kind is Kind.MEMORY


def test_shared_memory_counts_once(server: ForkServer) -> None:
    code = """
hoard = bytearray(os.urandom(2**20)) * 90
for _ in range(5):
    if os.fork() == 0:
        time.sleep(60)
time.sleep(1)
say("alive")
"""
    assert ask(server, code) == "alive"


def test_cpu_time_is_bounded(server: ForkServer) -> None:
    # One call into C, which no handler of Python's interrupts.
    with server.spawn(b"sum(range(10**13))") as student:
        assert wait_for_end(student).kind is Kind.CPU


def test_cpu_time_of_one_who_ignores_the_warning_is_bounded(server: ForkServer) -> None:
    code = b"signal.signal(signal.SIGXCPU, signal.SIG_IGN); sum(range(10**13))"
    with server.spawn(code) as student:
        assert wait_for_end(student) == Ending(Kind.CPU, signal=signal.SIGKILL)


# ---------------------------------------------------------------- the server


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_many_students_leave_nothing(server: ForkServer) -> None:
    inner = Path(f"/proc/{_server_pid(server)}")
    before = (open_files(), len(list((inner / "root/proc").iterdir())), _resident(inner))
    for number in range(200):
        assert ask(server, f"say({number})") == number
    time.sleep(0.5)
    after = (open_files(), len(list((inner / "root/proc").iterdir())), _resident(inner))
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    assert after[2] - before[2] < MB
    assert len(list((inner / "fd").iterdir())) == 4
    assert len(server._students) <= 1


def _server_pid(server: ForkServer) -> int:
    """Return the innermost of bubblewrap's processes: the one of Python."""
    members = find_family(Path("/proc"), server._process.pid)
    return next(pid for pid in sorted(members) if _name(pid).startswith("python"))


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text()


def _resident(process: Path) -> int:
    return measure_resident(process)


def test_death_of_the_server_is_told(folder: Path) -> None:
    with in_folder(folder, Isolation.SANDBOX, LIMITS) as mortal:
        student = mortal.spawn(b"say(1); time.sleep(60)")
        listen(student)
        members = family(student)
        os.kill(_server_pid(mortal), signal.SIGKILL)
        await_end(members)
        assert wait_for_end(student).kind is Kind.KILLED
        student.socket.close()
        with pytest.raises(ServerDied):
            mortal.spawn(b"")


@pytest.mark.parametrize("isolation", list(Isolation))
def test_closing_ends_all(folder: Path, isolation: Isolation) -> None:
    with in_folder(folder, isolation, LIMITS) as closing_server:
        student = closing_server.spawn(b"say(1); time.sleep(60)")
        listen(student)
        members = find_family(Path("/proc"), closing_server._process.pid) | family(student)
    await_end(members)
    assert student.kill().kind is Kind.KILLED
    student.socket.close()


@pytest.mark.parametrize("isolation", list(Isolation))
def test_death_of_the_trusted_side_leaves_nothing(folder: Path, isolation: Isolation) -> None:
    word = f"course-test-{os.getpid()}-{isolation}"
    code = f"""
import sys, time
from pathlib import Path
from course.grading.inside.limits import Isolation, Limits
from course.grading.inside.program import Program
from course.grading.sandbox.fork_server_client import ForkServer
program = Program("sandbox_entry:run", preload=("json", "sandbox_entry"))
readable = [Path({str(folder / "sandbox_entry.py")!r})]
server = ForkServer(Isolation({str(isolation)!r}), Limits(), program, readable=readable)
server.start()
import json
student = server.spawn(b"os.fork(); say(1); time.sleep(60)")
print(json.dumps([server._process.pid, student.pid]), flush=True)
time.sleep(60)
"""
    (folder / "sandbox_entry.py").write_text(ENTRY)
    command = [sys.executable, "-c", code, word]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as trusted:
        assert trusted.stdout
        numbers = json.loads(trusted.stdout.readline())
        table = Path("/proc")
        until(lambda: len(find_family(table, numbers[1])) == 3)
        members = {pid for number in numbers for pid in find_family(table, number)}
        trusted.kill()
    await_end(members)
    assert not processes_with(word)


def test_import_that_fails_is_told(folder: Path) -> None:
    program = Program("json:loads", preload=("no_such_module",))
    server = ForkServer(Isolation.SANDBOX, LIMITS, program, readable=[])
    with pytest.raises(CourseError, match="No module named 'no_such_module'"):
        server.start()


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CourseError, match="pyseccomp is missing; `pip install pyseccomp`"):
        check_sandbox()


def test_import_that_starts_a_thread_is_refused(folder: Path) -> None:
    module = folder / "threaded.py"
    module.write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    program = Program("json:loads", preload=("threaded",))
    server = ForkServer(Isolation.SANDBOX, LIMITS, program, readable=[module])
    with pytest.raises(Unfit, match="start threads, which no fork carries: "):
        server.start()


def test_thread_of_a_gpu_driver_is_let_be(folder: Path) -> None:
    module = folder / "driver.py"
    module.write_text(
        "import ctypes, threading, time\n"
        "named = threading.Event()\n"
        "def run():\n"
        "    ctypes.CDLL(None).prctl(15, b'cuda00001400006', 0, 0, 0)  # PR_SET_NAME\n"
        "    named.set()\n"
        "    time.sleep(60)\n"
        "threading.Thread(target=run, daemon=True).start()\n"
        "named.wait()"
    )
    program = Program("course.grading.inside.fork_server:probe", preload=("driver",))
    with (
        ForkServer(Isolation.SANDBOX, LIMITS, program, readable=[module]) as server,
        server.spawn(b"?") as student,
    ):
        assert student.socket.recv(1) == b"?"


# ---------------------------------------------------------------- without a sandbox


def test_process_isolation_limits_and_kills(open_server: ForkServer) -> None:
    assert ask(open_server, "say(1)") == 1
    with open_server.spawn(b"sum(range(10**13))") as student:
        assert wait_for_end(student).kind is Kind.CPU
    with open_server.spawn(b"say(os.fork() > 0); time.sleep(60)") as student:
        listen(student)
        members = family(student)
        assert len(members) == 3
        assert student.kill() == Ending(Kind.KILLED, signal=signal.SIGKILL)
        await_end(members)


def test_process_isolation_has_a_clean_environment_and_files(open_server: ForkServer) -> None:
    code = "say([n for n in range(64) if not error(os.fstat, n)]); say(sorted(os.environ))"
    with open_server.spawn(code.encode()) as student:
        assert len(listen(student)) == 4
        assert not {"SSH_AUTH_SOCK", "PYTEST_CURRENT_TEST"} & set(listen(student))


def test_what_is_lost_is_said() -> None:
    assert "read and change your files" in LOST


# ---------------------------------------------------------------- is there a sandbox?


def test_sandbox_can_be_had_here() -> None:
    check_sandbox()


def test_bubblewrap_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CourseError, match=r"uid map: Permission.*--isolation process") as raised:
        check_sandbox()
    assert "\n" not in str(raised.value)
