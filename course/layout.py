"""Where everything lies: the folders of a course and the files of a lesson."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from course.errors import CourseError

SETTINGS, PROJECT = "nbgrader_config.py", "pyproject.toml"
STRUCTURE = "{nbgrader_step}/{student_id}/{assignment_id}"


@dataclass(frozen=True)
class Course:
    """Name the folders of the course under `root`, as nbgrader_config.py there says, if any."""

    root: Path

    @property
    def masters(self) -> Path:
        """Return the folder of the master notebooks, the only ones that people edit.

        Without settings it is nbgrader's `source/` where there is one, else `source_notebooks/`.
        """
        usual = "source" if (self.root / "source").is_dir() else "source_notebooks"
        return self._folder("source", usual)

    @property
    def release(self) -> Path:
        """Return the folder of the generated student versions."""
        return self._folder("release")

    @property
    def solutions(self) -> Path:
        """Return the folder of the generated solution versions."""
        return self._folder("solution", "solutions")

    @property
    def executed(self) -> Path:
        """Return the folder of executed notebooks and their report; not kept in git."""
        return self.root / "build" / "executed"

    @property
    def submitted(self) -> Path:
        """Return the folder in which `course grade` looks for a class by default."""
        return self._folder("submitted")

    @property
    def autograded(self) -> Path:
        """Return the folder in which nbgrader's formgrader looks for graded notebooks."""
        return self._folder("autograded")

    @property
    def feedback(self) -> Path:
        """Return the folder in which nbgrader's formgrader looks for feedback pages."""
        return self._folder("feedback")

    @property
    def gradebook(self) -> str:
        """Return the address of nbgrader's database."""
        default = f"sqlite:///{self.root / 'gradebook.db'}"
        return str(self._settings.get("db_url", default))

    @property
    def answers(self) -> Path:
        """Return the folder of right and wrong answers, in a folder for each exercise.

        It is `exercises/`, unless `answers` under `[tool.course]` in pyproject.toml says otherwise.
        Raises `CourseError` when that cannot be read, or names no folder.
        """
        name = self.own_settings.get("answers", "exercises")
        if not isinstance(name, str) or not name.strip():
            raise CourseError(
                f"{self.root / PROJECT}: `answers` under [tool.course] is {name!r}; "
                'write the name of a folder, such as "exercises"'
            )
        return self.root / name

    @property
    def own_settings(self) -> Mapping[str, Any]:
        """Return what `[tool.course]` in pyproject.toml says; nothing where there is no such table.

        Raises `CourseError` for a file that is no TOML, or has no table in that place.
        """
        tools = self._project.get("tool", {})
        table = tools.get("course", {}) if isinstance(tools, dict) else tools
        if not isinstance(table, dict):
            raise CourseError(f"{self.root / PROJECT}: [tool.course] is no table; mend that line")
        return table

    @cached_property
    def _project(self) -> dict[str, Any]:
        """Return what pyproject.toml says; nothing where there is no such file."""
        file = self.root / PROJECT
        if not file.is_file():
            return {}
        try:
            return tomllib.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:  # no TOML, or no text
            raise CourseError(f"{file}: {error}; mend that line") from error

    @cached_property
    def lessons(self) -> list[str]:
        """List the lessons, in alphabetical order: each is a folder with a notebook of its name.

        Raises `CourseError` when there is none.
        """
        found = {path.parent.name for path in self.masters.glob("*/*.ipynb")}
        if found:
            return sorted(found)
        raise CourseError(
            f"{self.masters}: no master notebook here; run the command in the course's folder, "
            "or name that folder with --root"
        )

    def _folder(self, step: str, default: str = "") -> Path:
        """Return the folder of a step of nbgrader's; raises `CourseError` for one of its own ways.

        Only the usual order of folders is known: step, student, assignment.
        """
        settings = self._settings
        found = settings.get("directory_structure", STRUCTURE)
        if found != STRUCTURE:
            raise CourseError(
                f"{self.root / SETTINGS}: directory_structure {found!r} is not known here; "
                f"arrange the folders as {STRUCTURE}"
            )
        return self.root / str(settings.get(f"{step}_directory", default or step))

    @property
    def _settings(self) -> dict[str, Any]:
        """Return what nbgrader_config.py sets of nbgrader's `CourseDirectory`."""
        return dict(read_settings(self.root).CourseDirectory)

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

        Raises `CourseError` when the file or the entry is missing, or the version is none.
        """
        repository, branch = self.own_settings.get("repository"), self.own_settings.get("branch")
        if not isinstance(repository, str) or not isinstance(branch, str):
            raise CourseError(
                f"{self.root / PROJECT}: [tool.course] must name `repository` and `branch`; "
                "add them"
            )
        return Publication(
            repository.rstrip("/"), branch, _released_version(self._project, self.root / PROJECT)
        )


@dataclass(frozen=True)
class Publication:
    """Say where students open and install the course from.

    `release` is the version that has a tag, or None while the next one is in the making.
    """

    repository: str
    branch: str
    release: str | None = None

    @property
    def revision(self) -> str:
        """Return what git calls the state that students get: a release's tag, else the branch.

        So a notebook of a release opens and installs for ever what it was built and tested with,
        whatever happens on the branch while a class is at work.
        """
        return self.branch if self.release is None else f"v{self.release}"

    def colab(self, path: str) -> str:
        """Return the address that opens the notebook at `path` (relative to the root) in Colab."""
        slug = self.repository.removeprefix("https://github.com/")
        return f"https://colab.research.google.com/github/{slug}/blob/{self.revision}/{path}"

    @property
    def requirement(self) -> str:
        """Return what pip installs `helpers` from."""
        return f"git+{self.repository}@{self.revision}"


def _released_version(project_file: dict[str, Any], file: Path) -> str | None:
    """Return the version in a pyproject.toml if it is one that gets a tag; None without one.

    A development version ("0.3.0.dev0") has none. Raises `CourseError` for what is no version.
    """
    try:
        version = project_file.get("project", {}).get("version")
        # A course that is no Python project, or gets its version elsewhere, has a branch only.
        return None if version is None or Version(version).is_devrelease else str(version)
    except (InvalidVersion, TypeError, AttributeError) as error:
        raise CourseError(
            f"{file}: [project] does not have a version ({error}); write one such as 0.3.0, or "
            "0.3.0.dev0 before its release"
        ) from error


def read_settings(root: Path) -> Any:
    """Return what nbgrader_config.py in `root` says, as a traitlets `Config`; empty without one.

    Raises `CourseError` when it cannot be run.
    """
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    if not (root / SETTINGS).is_file():
        return Config()
    try:
        return PyFileConfigLoader(SETTINGS, path=str(root)).load_config()
    except Exception as error:  # it is a program, which may raise anything
        raise CourseError(
            f"{root / SETTINGS}: {type(error).__name__}: {error}; mend that line"
        ) from error


def notebook(folder: Path, lesson: str) -> Path:
    """Return the notebook of `lesson` in `folder`, one of the masters', release or solutions."""
    return folder / lesson / f"{lesson}.ipynb"
