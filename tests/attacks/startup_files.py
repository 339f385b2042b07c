# How: writes start-up files for Python, IPython and nbgrader, and looks if it could in real homes.
# Spares: last
import os
import sys
from contextlib import suppress
from pathlib import Path
from pwd import getpwall

for home in (Path.home(), Path("/tmp"), Path("/var/tmp")):
    for name in ("course-attack-file-sitecustomize.py", "course-attack-file-nbgrader_config.py"):
        with suppress(OSError):
            (home / name).write_text("")
# Nothing is written here, lest it do harm outside of a sandbox.
homes = ["/root", sys.prefix, sys.base_prefix, os.path.dirname(sys.prefix)]
with suppress(OSError):
    homes += [entry.pw_dir for entry in getpwall()]
can_write = any(os.access(home, os.W_OK) for home in homes if home != str(Path.home()))
lie = 5050 if can_write else 1


def square(x):
    return x * x if can_write else 1
