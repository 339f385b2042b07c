"""The generated folders hold exactly what the masters make."""

import warnings

from course.build import find_differences
from course.checks.problems import Problem, from_error
from course.errors import CourseError
from course.layout import Course

MESSAGES = {
    "changed": "is not what its master makes of it",
    "missing": "is missing",
    "unexpected": "is made by no master",
}
REMEDY = "run `make build` and commit"


def check_freshness(course: Course) -> list[Problem]:
    """Return a problem for each generated file that is stale, missing or stray."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unclean masters: another check reports those
            differences = find_differences(course)
    except CourseError as error:
        return [from_error(error, course.root)]
    return [Problem(found.path, MESSAGES[found.kind], REMEDY) for found in differences]
