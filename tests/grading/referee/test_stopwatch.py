"""How long each stage of a trial takes."""

import pytest

from course.grading.model.findings import Stage
from course.grading.referee import stopwatch
from course.grading.referee.stopwatch import Stopwatch


def test_a_stage_inside_another_counts_for_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 2.0, 5.0, 9.0, 20.0, 21.0])
    monkeypatch.setattr(stopwatch, "monotonic", lambda: next(times))
    watch = Stopwatch()
    with watch.stage(Stage.RUN), watch.stage(Stage.FORK):
        pass
    with watch.stage(Stage.RUN):
        pass
    assert watch.seconds() == {
        Stage.REBUILD: 0.0,
        Stage.FORK: 3.0,
        Stage.RUN: 1.0 + 4.0 + 1.0,
        Stage.JUDGE: 0.0,
    }
