"""What the `course` command shows: progress while it works, and a short table at the end."""

from course.display.building import built, checked
from course.display.console import relative, warn, working
from course.display.grading import GradingProgress, graded, graded_as_json
from course.display.proving import proven, proven_as_json
from course.display.running import RunProgress, executed
from course.display.sampling import sampled
from course.display.summary import summary

__all__ = [
    "GradingProgress",
    "RunProgress",
    "built",
    "checked",
    "executed",
    "graded",
    "graded_as_json",
    "proven",
    "proven_as_json",
    "relative",
    "sampled",
    "summary",
    "warn",
    "working",
]
