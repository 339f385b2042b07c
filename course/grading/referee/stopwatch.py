"""How long each stage of a trial takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from course.grading.model.findings import Stage


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
        now = monotonic()
        if self._running:
            self._seconds[self._running[-1]] += now - self._since
        self._since = now
