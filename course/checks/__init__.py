"""What must be true of a course before it is published: `course check` runs it all."""

from course.checks.architecture import check_architecture, check_named_tests
from course.checks.cleanliness import check_cleanliness
from course.checks.conventions import check_conventions
from course.checks.freshness import check_freshness
from course.checks.leaks import check_leaks
from course.checks.links import check_links
from course.checks.markers import check_markers
from course.checks.masters import read_masters
from course.checks.problems import Problem
from course.checks.solutions import check_solutions
from course.layout import Course

__all__ = ["Problem", "find_marker_problems", "run_checks"]


def find_marker_problems(course: Course) -> list[Problem]:
    """Return what could make a build publish what it should withhold: misspelled or odd markers."""
    masters, _ = read_masters(course)
    problems: list[Problem] = []
    for master in masters:
        for cell in master.cells:
            problems += check_markers(master, cell)
    return problems


def run_checks(course: Course, *, quick: bool = False) -> list[Problem]:
    """Return every problem of `course`: from the checks that take milliseconds to those of minutes.

    The `quick` ones only read: they neither build what the masters make nor execute a master. One
    that cannot be read is reported and left out of the later checks. Raises `CourseError` when
    there is no master at all.
    """
    masters, unreadable = read_masters(course)
    problems = [
        *unreadable,
        *check_cleanliness(course, masters),
        *check_conventions(masters),
        *check_links(course, masters),
        *check_architecture(course),
        *check_named_tests(course),
        *check_leaks(course, masters),
    ]
    if not quick:
        problems += check_freshness(course)
        problems += check_solutions(course, masters)
    return list(dict.fromkeys(problems))  # two checks may stumble over the same damaged file
