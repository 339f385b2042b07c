"""What a student's process may use, and the walls that it builds around itself before it runs.

Everything here happens in a process that was forked for one student, before any of that student's
code: what is given up can never be had again, neither by this process nor by those it starts.

The order matters. Namespaces come first, since only their maker may mount inside them; then the
capabilities go that made it possible; then comes the filter of system calls, which also forbids to
make namespaces, in which there would be capabilities anew; the limits come last. What Python's
library lacks is called through `ctypes`, with constants only.
"""

import ctypes
import errno
import math
import os
import random
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile

# Who the student is inside the sandbox, and the one folder, with all below it, that can be written.
UID = 1000
HOME = Path("/student")
TEMPORARY = HOME / "tmp"

NEW_NS, NEW_CGROUP, NEW_UTS, NEW_IPC = 0x20000, 0x02000000, 0x04000000, 0x08000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_PRIVATE, MS_REC = 1, 2, 4, 0x1000, 1 << 18, 0x4000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_READ, PR_CAPBSET_DROP = 1, 4, 23, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
CAPABILITY_VERSION_3 = 0x20080522

# Memory that no process maps escapes the watchdog: there is none but files of limited size.
UNMAPPED_MEMORY = ("memfd_create", "memfd_secret", "shmget", "mq_open")
FORBIDDEN = (
    # They reach into other processes.
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd"),
    # In new namespaces there would be capabilities anew, and with those, mounts.
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    # No lesson needs any of these, and attacks on the kernel begin with them.
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "bpf"),
    *("perf_event_open", "keyctl", "add_key", "request_key", "syslog", "acct", "quotactl"),
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot"),
    *("swapon", "swapoff", "open_by_handle_at", "name_to_handle_at", "fanotify_init", "vhangup"),
    *("sethostname", "setdomainname", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime"),
    *("move_pages", "lookup_dcookie"),
    *UNMAPPED_MEMORY,
)
AF_INET6 = 10
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
INSTRUCTION_SIZE = 8
ALL_NEW = NEW_USER | NEW_NS | NEW_PID | NEW_NET | NEW_IPC | NEW_UTS | NEW_CGROUP
# As a PyDLL, it keeps Python's lock during a call, so that a process can be cloned in one.
LIBC = ctypes.PyDLL(None, use_errno=True)


class Isolation(StrEnum):
    """Say what stands between a student's code and the machine."""

    SANDBOX = "sandbox"
    PROCESS = "process"


@dataclass(frozen=True)
class Limits:
    """Hold what one student may use: seconds, bytes, and numbers of processes and open files.

    `cpu` counts for each process by itself, `memory` for all of them together, where threads and
    processes are counted alike. `scratch` is the room for files, which comes on top of `memory`.
    """

    cpu: float = 60
    memory: int = 4 * 2**30
    processes: int = 64
    open_files: int = 256
    file_size: int = 256 * 2**20
    scratch: int = 256 * 2**20


def address_space() -> int:
    """Return how many bytes of addresses this process has in use, 0 where nothing tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except FileNotFoundError:
        return 0
    return pages * resource.getpagesize()


def limit_addresses(used: int, memory: int, *, room: int) -> None:
    """Let this process have so many bytes of `memory` beyond the addresses it has in use already.

    It may raise the limit by so much `room`, for libraries, which take addresses and no memory.
    Where nothing tells how many are `used`, there is no limit.
    """
    if used:
        # It counts addresses, not memory, and imports have taken many of those.
        _limit(resource.RLIMIT_AS, used + memory, used + memory + room)


def set_limits(limits: Limits, used: int, *, is_alone: bool, room: int = 0) -> None:
    """Limit this process and all that it starts; `used` and `room` as in `limit_addresses`.

    The number of processes counts for a user: it is limited only for one who `is_alone`.
    """
    seconds = math.ceil(limits.cpu)
    # The second after the first warning, SIGXCPU, which a program may ignore, brings SIGKILL.
    _limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.file_size)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    limit_addresses(used, limits.memory, room=room)
    if is_alone:
        _limit(resource.RLIMIT_NPROC, limits.processes + 1)  # the supervisor counts too


def _limit(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or keep the one in force where that is tighter."""
    most = resource.getrlimit(kind)[1]
    wanted = (soft, soft if hard is None else hard)
    if most != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], most), min(wanted[1], most))
    resource.setrlimit(kind, wanted)


def fork_alike() -> int:
    """Fork like `os.fork`, after which Python would seed the child's `random` anew, by chance."""
    state = random.getstate()
    child = os.fork()
    random.setstate(state)
    return child


def fork_into_namespaces() -> int:
    """Fork like `os.fork`, but into new namespaces of every kind, as the first process in there.

    `unshare` would need a second fork, which is what costs most. The C library does not hear of
    this one: its record of the thread's number is stale in the child until that forks in its turn.
    So the child may be the supervisor, which has one thread, but not the student.
    """
    import pyseccomp  # type: ignore[import-untyped]  # only Linux has it

    number = pyseccomp.resolve_syscall(pyseccomp.system_arch(), "clone")
    zero = ctypes.c_ulong(0)
    child = int(LIBC.syscall(number, ctypes.c_ulong(ALL_NEW | signal.SIGCHLD), *[zero] * 4))
    _check(child, "clone")
    return child


def set_up_namespaces(user: tuple[int, int], masked: Sequence[str], scratch: int) -> None:
    """Be an ordinary user, once `user` outside, where nobody else is and nothing else is written.

    `masked` are folders that get an empty folder of the `scratch` in their place.
    """
    # The kernel takes a map of groups from an ordinary user only after this.
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{UID} {user[0]} 1")
    _write("/proc/self/gid_map", f"{UID} {user[1]} 1")
    # When the machine runs out of memory, students go first.
    _write("/proc/self/oom_score_adj", "1000")

    # From here on no mount shows in another view, or comes from one.
    _mount("", "/", "", MS_REC | MS_PRIVATE)
    # Inodes have a limit of their own, as `size` counts what is in files, but no empty ones.
    room = f"size={scratch},nr_inodes=16384,mode=700"
    _mount("tmpfs", str(HOME), "tmpfs", MS_NOSUID | MS_NODEV, room)
    os.mkdir(TEMPORARY)
    for number, folder in enumerate(masked):
        replacement = str(TEMPORARY) if folder == "/tmp" else f"{HOME}/.masked-{number}"
        os.makedirs(replacement, exist_ok=True)
        _mount(replacement, folder, "", MS_BIND)
    # There is no way to mount a new /proc here, and the old one shows all other students.
    flags = MS_RDONLY | MS_NOSUID | MS_NODEV
    _mount("tmpfs", "/proc", "tmpfs", flags, "size=4k,nr_inodes=1,mode=555")
    os.chdir(HOME)


def drop_privileges() -> None:
    """Give up every capability for good, this process's and those that a program could bring."""
    # To drop these takes a capability, so they go before the process's own. How many there are
    # depends on the kernel, which refuses to read the first that it does not know.
    capability = 0
    while _prctl(PR_CAPBSET_READ, capability, check=False) >= 0:
        _prctl(PR_CAPBSET_DROP, capability)
        capability += 1
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    forbid_new_privileges()
    # Effective, permitted and inheritable ones: three sets of 64 bits in this version, all empty.
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(LIBC.capset(header, nothing), "capset")


def forbid_new_privileges() -> None:
    """Make set-user-id programs run with the rights of their caller."""
    if sys.platform == "linux":
        _prctl(PR_SET_NO_NEW_PRIVS, 1)


def hide_memory() -> None:
    """Let no process of the same user look into this one."""
    _prctl(PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int) -> None:
    """Have this process killed when its parent, or the thread that forked it, ends.

    It ends at once when the parent is no longer process `parent`, which has ended before this call.
    Only Linux can do the former.
    """
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # Asked afterwards: a parent that had ended before sends no signal any more.
    if os.getppid() != parent:
        os._exit(1)


def compile_filter() -> bytes:
    """Return the program that forbids what is `FORBIDDEN`, and other calls by their arguments."""
    import pyseccomp  # only Linux has it

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    deny = pyseccomp.ERRNO(errno.EPERM)
    for name in FORBIDDEN:
        rules.add_rule(deny, name)
    # Its flags are in memory, where a filter cannot look; the C library then falls back to `clone`.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    # As for `unshare`: `clone` may make threads and processes, but no namespaces.
    for flag in (NEW_NS, NEW_CGROUP, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET):
        rules.add_rule(deny, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    # The limits of another process, such as the supervisor, are none of the student's business.
    rules.add_rule(deny, "prlimit64", pyseccomp.Arg(0, pyseccomp.NE, 0))
    # Not every family has namespaces (AF_VSOCK reaches the host); local and IP sockets do.
    rules.add_rule(deny, "socket", pyseccomp.Arg(0, pyseccomp.GT, AF_INET6))
    with TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def filter_system_calls(program: bytes) -> None:
    """Put a compiled filter in force, for good and for all processes that this one starts."""

    class Header(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_char_p))

    header = Header(len(program) // INSTRUCTION_SIZE, program)
    zero = ctypes.c_ulong(0)
    mode = ctypes.c_ulong(SECCOMP_MODE_FILTER)
    _check(LIBC.prctl(PR_SET_SECCOMP, mode, ctypes.byref(header), zero, zero), "seccomp")


def _write(path: str, text: str) -> None:
    """Write with one call, as the files in /proc ask for."""
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    call = LIBC.mount
    result = call(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()
    )
    _check(result, f"mount {target}")


def _prctl(option: int, argument: int, *, check: bool = True) -> int:
    zero = ctypes.c_ulong(0)
    result = int(LIBC.prctl(option, ctypes.c_ulong(argument), zero, zero, zero))
    if check:
        _check(result, f"prctl {option}")
    return result


def _check(result: int, what: str) -> None:
    """Raise `OSError` when a call of the C library failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
