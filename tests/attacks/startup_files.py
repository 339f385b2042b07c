# How: writes start-up files for Python, IPython and nbgrader, under a name that does no harm.
# Spares: last
from contextlib import suppress
from pathlib import Path

for home in (Path.home(), Path("/root"), Path("/work/main"), Path("/tmp"), Path("/var/tmp")):
    for name in ("course-attack-file-sitecustomize.py", "course-attack-file-nbgrader_config.py"):
        with suppress(OSError):
            (home / name).write_text("")


def square(x):
    return 1
