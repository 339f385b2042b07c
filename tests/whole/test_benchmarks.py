"""The benchmark compares like with like, says all that it measures, and measures each by itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import Report, total, write
from benchmarks.costs import Cost, Sweep
from benchmarks.grading import GRADER_LIMIT, ClassTimes, Grading, describe_peaks
from benchmarks.memory import peak_megabytes
from benchmarks.training import (
    EXPERIMENTS,
    Experiment,
    Measurement,
    measure_experiment,
    measure_toy,
    write_image_files,
)

EPOCHS = 4
MEGABYTES = 300
FILL = f"bytearray({MEGABYTES} * 2**20)"
WAIT = "import time; time.sleep(0.5)"  # so that somebody looks before the end
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{FILL}; {WAIT}'])"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faces")
    write_image_files(path, count=390)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_all_loops_agree_on_every_image_in_every_epoch(
    experiment: Experiment, folder: Path
) -> None:
    measured = measure_experiment(experiment, folder, 1e10, epochs=EPOCHS)
    assert measured.max_images_apart == 0


@pytest.mark.slow
@pytest.mark.parametrize("dropout", [(0.0, 0.0), (0.4, 0.2)])
def test_toy_loops_agree(dropout: tuple[float, float]) -> None:
    measured = measure_toy("toy", dropout, 1e10, steps=50)
    assert measured.loss_apart is not None
    assert measured.loss_apart < 1e-4


def test_report_has_a_record_an_experiment_and_the_ratios(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [experiment.name for experiment in EXPERIMENTS]
    measurements = [Measurement(name, 8.0, 2.0, 1.0, 0, 0.1) for name in [*names, "toy"]]
    times = ClassTimes(2, 5.0, 0.5, {"run": 100.0}, 300.0, [1.0, 2.0])
    peaks = {"grader": 133.0, "fork server": 600.0}
    grading = Grading(times, times, stock_seconds=10.0, stock_scores=[1.0, 2.0], peaks=peaks)
    costs, sweeps = [Cost("load", 1.0, "s")], [Sweep("L1", 4, 0.1, 20.0)]
    write(Report(True, measurements, costs, sweeps, grading))
    report = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert [record["experiment"] for record in report["training"]] == [*names, "toy"]
    assert report["training"][0]["plain_ratio"] == 4.0
    assert report["grading"]["ratio"] == 20.0
    assert report["grading"]["honest_scores_equal"]
    assert report["grading"]["peak_megabytes"] == peaks
    assert [sums["seed_seconds"] for sums in report["totals"]] == [88.0, 96.0]


def test_total_adds_seconds_and_keeps_the_largest_difference() -> None:
    measurements = [
        Measurement("a", 8.0, 2.0, 1.0, 0, 0.1),
        Measurement("b", 2.0, 3.0, 1.0, 2, 0.1),
    ]
    sums = total("both", measurements)
    assert (sums.engine_ratio, sums.plain_ratio, sums.max_images_apart) == (5.0, 2.0, 2)


# --- memory ---


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "is_large"),
    [
        (f"{FILL}; {WAIT}", True),  # a peak is what was, not what is
        (
            f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{FILL}; {WAIT}'])",
            False,
        ),
    ],
)
def test_the_graders_peak_is_its_own(program: str, is_large: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", program]) as grader:
        peaks = peak_megabytes(grader)
    assert list(peaks) == ["grader"]
    assert (peaks["grader"] >= MEGABYTES) == is_large


@pytest.mark.parametrize(("more", "verdict"), [(0.0, "within"), (1.0, "ABOVE")])
def test_a_grader_above_its_limit_is_called_that(more: float, verdict: str) -> None:
    line = describe_peaks({"grader": GRADER_LIMIT + more, "fork server": 600.0})
    assert f"the grader is {verdict} its limit of {GRADER_LIMIT} MB" in line
    assert "fork server 600 MB" in line


def test_memory_that_cannot_be_measured_is_said_to_be_so() -> None:
    assert "not measured" in describe_peaks({})
