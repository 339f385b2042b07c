"""What a course provides for its students' code, besides what is installed: a setting of its own.

In `[tool.course]` of the course's pyproject.toml, `readable` names packages and modules, in the
course's folder or installed, that students' code may import while it is graded. `cache` names a
folder of the user's cache that it may read, too, and finds by the variable `COURSE_CACHE`.
"""

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import platformdirs

from course.errors import CourseError
from course.grading.engine.options import GradingOptions
from course.layout import PROJECT, Course

CACHE = "COURSE_CACHE"


def provide(course: Course, options: GradingOptions) -> GradingOptions:
    """Return `options` with what the settings of `course` let students' code read and import.

    Raises `CourseError` for a name of nothing that can be imported.
    """
    readable = tuple(_find(course, name) for name in _names(course))
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
    for path in (course.root / name, course.root / f"{name}.py"):
        if path.is_file() or (path / "__init__.py").is_file():
            return path.resolve()
    # For a dotted name `find_spec` would import, and so run, the package around it.
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or spec.origin is None:
        raise CourseError(
            f"{course.root / PROJECT}: `readable` names {name!r}, which is neither in that "
            "folder nor installed; correct the name or install it"
        )
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
