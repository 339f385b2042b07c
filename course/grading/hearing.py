"""What a hearing of one submission brings: judgements, and how long each stage of it took."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from course.grading.assignment import Cell
from course.grading.judgement import Judgement
from course.grading.shown import Shown


class Stage(StrEnum):
    """Name what takes time: to start processes, to run cells, to run tests."""

    FORK = "fork"
    RUN = "run"
    JUDGE = "judge"


@dataclass(frozen=True)
class Hearing:
    """Hold the judgements on all questions and the seconds of each stage.

    `faults` says of given cells how they fail, and `shown` in order what stands below cells that a
    person marks.
    """

    judgements: tuple[Judgement, ...]
    seconds: Mapping[Stage, float]
    faults: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[tuple[Cell, Shown], ...] = ()


class Stopwatch:
    """Add up the seconds of each stage; while one runs inside another, only the inner one does."""

    def __init__(self) -> None:
        self._seconds = dict.fromkeys(Stage, 0.0)
        self._running: list[Stage] = []
        self._since = 0.0

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """Count the time that the block takes for `stage`."""
        self._switch()
        self._running.append(stage)
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    def seconds(self) -> dict[Stage, float]:
        """Return the seconds of every stage so far."""
        return dict(self._seconds)

    def _switch(self) -> None:
        now = time.monotonic()
        if self._running:
            self._seconds[self._running[-1]] += now - self._since
        self._since = now
