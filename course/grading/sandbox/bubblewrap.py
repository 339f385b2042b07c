"""The command line of bubblewrap, which is the outer wall around a fork server."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from course.errors import CourseError
from course.grading.inside.limits import HOME, TEMPORARY, UID
from course.grading.sandbox.environment import find_masked

INSTEAD = "or run without a sandbox: --isolation process"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
# Of /etc no more than programs need to start, to draw texts and to know the time zone.
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime")
DEVICES = ("null", "zero", "full", "random", "urandom")
NOBODY = "65534"


def find_bubblewrap() -> str:
    """Return the path of bubblewrap; raises `CourseError` when it is not installed."""
    bwrap = shutil.which("bwrap")
    if not bwrap:
        raise CourseError(f"bubblewrap is missing; `apt install bubblewrap`, {INSTEAD}")
    return bwrap


def make_command(visible: Sequence[Path], environment: Mapping[str, str]) -> list[str]:
    """Return the command that runs another one, to be added, inside the outer sandbox."""
    kinds = ("pid", "net", "ipc", "uts", "cgroup-try")
    command = [find_bubblewrap(), *(f"--unshare-{kind}" for kind in kinds)]
    command += ["--hostname", "student"]
    # In a session of its own, it cannot type into the terminal of whoever grades.
    command += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    for name, value in environment.items():
        command += ["--setenv", name, value]

    # bubblewrap mounts in the order of its options, so that what comes later lies on top.
    command += [*_system(), "--proc", "/proc", "--dir", "/dev", "--dir", "/dev/shm"]
    for device in DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    # A folder that students share must not be one that they can write.
    temporary = [folder for folder in find_masked(visible) if folder == "/tmp"]
    for folder in (str(HOME), str(TEMPORARY), *temporary):
        command += ["--perms", "0777", "--tmpfs", folder]
    for path in visible:
        # Left to itself, bubblewrap makes folders that are closed to other users.
        for parent in reversed(path.parents):
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", str(path), str(path)]
    # At the end, as nothing could be mounted below after it.
    command += ["--remount-ro", "/", "--chdir", str(HOME)]
    return [*command, *_become_nobody()]


def _system() -> list[str]:
    """Return bubblewrap's options for the system's programs, libraries and fonts."""
    options = []
    for folder in SYSTEM:
        # On most systems /bin and /lib are links into /usr, and stay such.
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
    # What `setpriv` needs to become somebody else, and to give up these as well.
    keep = []
    for name in ("SETUID", "SETGID", "SETPCAP"):
        keep += ["--cap-add", f"CAP_{name}"]
    user = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    return [*keep, "--", "setpriv", *user, "--inh-caps=-all", "--bounding-set=-all", "--"]
