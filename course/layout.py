"""Where everything lies: the folders of a course and the files of a lesson."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from course.errors import CourseError


@dataclass(frozen=True)
class Course:
    """Name the folders of the course under `root`, the folder that holds `source_notebooks/`."""

    root: Path

    @property
    def masters(self) -> Path:
        """Return the folder of the master notebooks, the only ones that people edit."""
        return self.root / "source_notebooks"

    @property
    def release(self) -> Path:
        """Return the folder of the generated student versions."""
        return self.root / "release"

    @property
    def solutions(self) -> Path:
        """Return the folder of the generated solution versions."""
        return self.root / "solutions"

    @property
    def executed(self) -> Path:
        """Return the folder of executed notebooks and their report; not kept in git."""
        return self.root / "build" / "executed"

    @property
    def submitted(self) -> Path:
        """Return the folder in which `course grade` looks for a class by default."""
        return self.root / "submitted"

    @property
    def answers(self) -> Path:
        """Return the folder of right and wrong answers, in a folder for each exercise."""
        return self.root / "tests" / "exercises"

    @cached_property
    def lessons(self) -> list[str]:
        """List the lessons, in alphabetical order: each is a folder with a notebook of its name.

        Raises `CourseError` when there is none.
        """
        if found := {path.parent.name for path in self.masters.glob("*/*.ipynb")}:
            return sorted(found)
        raise CourseError(
            f"{self.masters}: no master notebook here; run the command in the course's folder, "
            "or name that folder with --root"
        )

    def grading(self, lesson: str) -> Path:
        """Return the default folder for the grades of `lesson`; not kept in git."""
        return self.root / "build" / "grading" / lesson

    def select(self, only: list[str] | None) -> list[str]:
        """Return the lessons named in `only`, or all; raises `CourseError` for an unknown name."""
        for name in only or []:
            if name not in self.lessons:
                known = ", ".join(self.lessons)
                raise CourseError(f"no lesson is called {name!r}; the lessons are: {known}")
        return [name for name in self.lessons if not only or name in only]

    @cached_property
    def publication(self) -> "Publication":
        """Return where the course is published, as `[tool.course]` in pyproject.toml says.

        Raises `CourseError` when the file or the entry is missing.
        """
        file = self.root / "pyproject.toml"
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8"))["tool"]["course"]
            return Publication(repository=table["repository"].rstrip("/"), branch=table["branch"])
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            # TypeError, AttributeError: no text where text belongs. ValueError: no TOML.
            raise CourseError(
                f"{file}: [tool.course] must name `repository` and `branch` ({error}); add them"
            ) from error


@dataclass(frozen=True)
class Publication:
    """Say where students open and install the course from."""

    repository: str
    branch: str

    def colab(self, path: str) -> str:
        """Return the address that opens the notebook at `path` (relative to the root) in Colab."""
        slug = self.repository.removeprefix("https://github.com/")
        return f"https://colab.research.google.com/github/{slug}/blob/{self.branch}/{path}"

    @property
    def requirement(self) -> str:
        """Return what pip installs `helpers` from."""
        return f"git+{self.repository}@{self.branch}"


def notebook(folder: Path, lesson: str) -> Path:
    """Return the notebook of `lesson` in `folder`, one of the masters', release or solutions."""
    return folder / lesson / f"{lesson}.ipynb"
