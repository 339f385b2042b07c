"""What a course provides for its students' code, besides what is installed: a setting of its own.

In `[tool.course]` of the course's pyproject.toml, `readable` names packages and modules, in the
course's folder or installed, that students' code may import while it is graded. `cache` names a
folder of the user's cache that it may read, too, and finds by the variable `COURSE_CACHE`.
"""

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path

import platformdirs

from course.errors import CourseError
from course.grading.engine.options import GradingOptions
from course.layout import PROJECT, Course

CACHE = "COURSE_CACHE"
COURSE = Path(__file__).parent


def provide(course: Course, options: GradingOptions) -> GradingOptions:
    """Return `options` with what the settings of `course` let students' code read and import.

    Raises `CourseError` for a name of nothing that can be imported.
    """
    names = _names(course)
    readable = tuple(_find(course, name) for name in names)
    if any(path.parent == course.root for path in readable):
        _refuse_clashes(course)
    cache = _find_cache(course)
    if cache is None:
        return replace(options, readable=readable)
    # Students' processes may only read it, so whoever grades makes it.
    cache.mkdir(parents=True, exist_ok=True)
    return replace(options, readable=(*readable, cache.resolve()), environment={CACHE: str(cache)})


def _names(course: Course) -> list[str]:
    names = course.own_settings.get("readable", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CourseError(
            f"{course.root / PROJECT}: `readable` in [tool.course] is no list of names; write it "
            'like ["helpers"]'
        )
    return names


def _find_cache(course: Course) -> Path | None:
    """Return the folder that the setting `cache` names, or `COURSE_CACHE` in its place."""
    name = course.own_settings.get("cache")
    if name is None:
        return None
    chosen = os.environ.get(CACHE)
    default = platformdirs.user_cache_path(str(name), appauthor=False)
    return Path(chosen).expanduser() if chosen else default


def _find(course: Course, name: str) -> Path:
    """Return the package or module `name`: in the course's folder, or else installed."""
    package, module = course.root / name, course.root / f"{name}.py"
    if (package / "__init__.py").is_file():
        return package
    if module.is_file():
        return module
    # For a dotted name `find_spec` would import, and so run, the package around it.
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or spec.origin is None or not spec.has_location:
        raise CourseError(
            f"{course.root / PROJECT}: `readable` names {name!r}, which is neither in that "
            "folder nor installed; correct the name or install it"
        )
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _refuse_clashes(course: Course) -> None:
    """Raise `CourseError` for what would be imported in place of Python's own modules, or of ours.

    What is readable in the course's folder is imported from there, and so is all that is beside it.
    """
    for path in sorted(course.root.iterdir()):
        is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
        is_ours = path.stem == "course" and path.resolve() != COURSE
        if is_module and (is_ours or path.stem in sys.stdlib_module_names):
            raise CourseError(
                f"{path}: would be imported in place of another module {path.stem!r} while the "
                "course is graded; rename it, or move what `readable` names out of this folder"
            )
