"""What whoever grades decides: how submissions are run, and within which limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course.cores import count_cores
from course.grading.inside.limits import Isolation, Limits


@dataclass(frozen=True)
class GradingOptions:
    """Say how submissions are run.

    `time_limit` is in seconds, for each cell and each question; `memory_limit` in bytes, for each
    submission; `jobs` is how many are graded at once. Students' processes may import and read what
    is `readable`, and find the variables `environment`. With `allow_beside`, tests that cannot be
    run apart from the answers are run beside them, where their points can be forged.
    """

    isolation: Isolation = Isolation.SANDBOX
    time_limit: float = 60.0
    memory_limit: int = Limits.memory
    readable: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    jobs: int = field(default_factory=count_cores)
    allow_beside: bool = False
