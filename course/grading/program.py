"""What a fork server is told, once for all students: which program to run, and in which limits.

This is on both sides: the trusted one writes it down, the fork server reads it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from course.grading.files import DataFile, furnish
from course.grading.limits import Isolation, Limits


@dataclass(frozen=True)
class Program:
    """Say what runs: modules that are imported, and functions, named as "module:function".

    `entry` is called in each student's process with the channel and the setup. `prepare` is called
    in the server with `steps`, before the first fork, and yields before each of them. `files`, each
    a name and a path, are there in the working folder of the server and of every student.
    """

    entry: str
    preload: tuple[str, ...] = ()
    prepare: str = ""
    steps: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    def furnish(self) -> None:
        """Put the files into the working folder."""
        furnish(Path.cwd(), (DataFile(name, Path(path)) for name, path in self.files))


@dataclass(frozen=True)
class Settings:
    """Hold what the trusted side decides once for all students."""

    isolation: Isolation
    limits: Limits
    hidden: tuple[str, ...]
    program: Program

    @classmethod
    def parse(cls, text: bytes) -> "Settings":
        """Read what `json.dumps(dataclasses.asdict(settings))` wrote."""
        fields = json.loads(text)
        program = fields["program"]
        for name in ("preload", "steps"):
            program[name] = tuple(program[name])
        program["files"] = tuple((name, path) for name, path in program["files"])
        return cls(
            Isolation(fields["isolation"]),
            Limits(**fields["limits"]),
            tuple(fields["hidden"]),
            Program(**program),
        )
