"""Run the `course` command: as a user does, or in this process, which is much quicker."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from course import cli

REPOSITORY_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """Return the one line that the command wrote to stderr; fails if there are more."""
        (line,) = self.err.splitlines()
        return line


def course_command(*arguments: str, folder: Path, **environment: str) -> Ended:
    """Run the command as a user does, in a process of its own."""
    return python("-m", "course", *arguments, folder=folder, **environment)


def python(*arguments: str, folder: Path, **environment: str) -> Ended:
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY_ROOT)} | environment,
        capture_output=True,
        encoding="utf-8",
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


class Shell:
    """Run commands in this process, in the working folder."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        """Return how the command ended; anything but a plain exit is raised."""
        self.monkeypatch.setattr(sys, "argv", ["course", *arguments])
        with pytest.raises(SystemExit) as raised:
            cli.run()
        code, (out, err) = raised.value.code, self.capsys.readouterr()
        # What Python does with a text that is passed to sys.exit.
        if isinstance(code, str):
            return Ended(1, out, f"{err}{code}\n")
        assert isinstance(code, int)
        return Ended(code, out, err)
