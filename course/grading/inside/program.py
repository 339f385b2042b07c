"""What a fork server is told, once for all students: which program to run, and in which limits.

This is on both sides: the trusted one writes it down, the fork server reads it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from course.grading.inside.data_files import DataFile, place_files
from course.grading.inside.limits import Isolation, Limits


@dataclass(frozen=True)
class Program:
    """Say what runs: modules that are imported, and functions, named as "module:function".

    The modules `preload` have to be there, those of `try_preload` need not. `entry` is
    called in each student's process with the channel and the setup. `prepare` is called in the
    server with `steps`, before the first fork, and yields before each of them. `data_files`, each a
    name and a path, are there in the working folder of the server and of every student.
    """

    entry: str
    preload: tuple[str, ...] = ()
    try_preload: tuple[str, ...] = ()
    prepare: str = ""
    steps: tuple[str, ...] = ()
    data_files: tuple[tuple[str, str], ...] = ()

    def place_files(self) -> None:
        """Put the files into the working folder."""
        place_files(Path.cwd(), (DataFile(name, Path(path)) for name, path in self.data_files))


@dataclass(frozen=True)
class SandboxSettings:
    """Hold what the trusted side decides once for all students."""

    isolation: Isolation
    limits: Limits
    masked: tuple[str, ...]
    program: Program

    @classmethod
    def parse(cls, text: bytes) -> "SandboxSettings":
        """Read what `json.dumps(dataclasses.asdict(settings))` wrote."""
        fields = json.loads(text)
        program = fields["program"]
        # JSON has lists only.
        for name in ("preload", "try_preload", "steps"):
            program[name] = tuple(program[name])
        program["data_files"] = tuple((name, path) for name, path in program["data_files"])
        return cls(
            Isolation(fields["isolation"]),
            Limits(**fields["limits"]),
            tuple(fields["masked"]),
            Program(**program),
        )
