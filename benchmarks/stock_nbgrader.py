"""Stock nbgrader as people run it: beside it, the course's own grader is measured and tested."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_nbgrader(folder: Path, *arguments: str) -> None:
    """Run a command of stock nbgrader in the course in `folder`.

    Raises `CalledProcessError` when it fails.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )
