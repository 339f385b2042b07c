"""Turn every master into a student version and a solution version, with nbgrader's converters.

The generated folders are a pure function of the masters, `nbgrader_config.py` and `[tool.course]`:
everything is made in a scratch copy of the course, then compared with what is there.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from course.converters import ConversionError, create_gradebook, lesson_config, run_converter
from course.errors import CourseError
from course.layout import Course, notebook
from course.notebooks import read

GENERATED = ("release", "solutions")
INPUTS = ("source_notebooks", "nbgrader_config.py", "pyproject.toml")


@dataclass(frozen=True)
class Difference:
    """Name a generated file, relative to the root, that is not what its master makes of it."""

    path: Path
    kind: str  # "changed", "missing" or "unexpected"


def build(course: Course) -> list[Difference]:
    """Bring `release/` and `solutions/` up to date and return what had to be mended."""
    with generated_files(course) as scratch:
        differences = compare(scratch, course)
        for difference in differences:
            _mend(scratch.root / difference.path, course.root / difference.path)
    return differences


def find_differences(course: Course) -> list[Difference]:
    """Return what `build` would mend, and mend nothing."""
    with generated_files(course) as scratch:
        return compare(scratch, course)


@contextmanager
def generated_files(course: Course) -> Iterator[Course]:
    """Provide a scratch course with freshly generated folders, gone at the end."""
    _complain_of_damage(course)
    with TemporaryDirectory(prefix="course-build-") as folder:
        scratch = Course(Path(folder).resolve())
        copy_inputs(course, scratch)
        create_gradebook(scratch)
        for lesson in course.lessons:
            convert(scratch, lesson)
        yield scratch


def _complain_of_damage(course: Course) -> None:
    """Raise `CourseError` for a damaged file by its real name, not by that of the scratch copy."""
    if (course.root / "pyproject.toml").exists():  # `copy_inputs` says it when there is none
        _ = course.publication
    for lesson in course.lessons:
        read(notebook(course.masters, lesson))


def copy_inputs(course: Course, scratch: Course) -> None:
    """Copy what nbgrader's converters need; raises `CourseError` for a missing file."""
    for name in INPUTS:
        origin = course.root / name
        if origin.is_dir():
            shutil.copytree(origin, scratch.root / name)
        elif origin.is_file():
            shutil.copy(origin, scratch.root / name)
        else:
            raise CourseError(f"{origin}: missing; restore it, for example with `git checkout`")


def convert(course: Course, lesson: str) -> None:
    """Generate both versions of `lesson` in place; raises `CourseError` with nbgrader's reason."""
    # Importing nbgrader takes two seconds, which `course --help` should not pay.
    from nbgrader.converters import GenerateAssignment, GenerateSolution

    config = lesson_config(course, lesson)
    for converter in (GenerateAssignment, GenerateSolution):
        try:
            run_converter(converter, config)
        except ConversionError as error:
            master = notebook(Path("source_notebooks"), lesson)
            raise CourseError(f"{master}: nbgrader refuses it ({error}); mend that cell") from error


def compare(fresh: Course, course: Course) -> list[Difference]:
    """Return how the generated folders of `course` differ from those of `fresh`, in path order."""
    wanted, present = _generated_paths(fresh.root), _generated_paths(course.root)
    kinds = dict.fromkeys(wanted - present, "missing")
    kinds |= dict.fromkeys(present - wanted, "unexpected")
    for path in wanted & present:
        if (fresh.root / path).read_bytes() != (course.root / path).read_bytes():
            kinds[path] = "changed"
    return [Difference(path, kinds[path]) for path in sorted(kinds)]


def _generated_paths(root: Path) -> set[Path]:
    found = chain.from_iterable((root / name).rglob("*") for name in GENERATED)
    files = (path for path in found if path.is_file())
    # Editors leave checkpoints wherever a notebook was open: git ignores them, and so does this.
    return {file.relative_to(root) for file in files if ".ipynb_checkpoints" not in file.parts}


def _mend(fresh: Path, target: Path) -> None:
    if fresh.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(fresh, target)
    else:
        target.unlink()
