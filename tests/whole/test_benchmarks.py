"""The benchmark compares like with like: the original's loop and ours give the same accuracies."""

import json

import pytest

from benchmarks.__main__ import Report, total, write
from benchmarks.costs import Cost, Sweep
from benchmarks.grading import ClassTimes, Grading
from benchmarks.training import (
    EXPERIMENTS,
    Measurement,
    measure_experiment,
    measure_toy,
    write_image_files,
)

EPOCHS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("faces")
    write_image_files(path, count=390)
    return path


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_all_loops_agree_on_every_image_in_every_epoch(experiment, folder):
    measured = measure_experiment(experiment, folder, 1e10, epochs=EPOCHS)
    assert measured.max_images_apart == 0


@pytest.mark.parametrize("dropout", [(0.0, 0.0), (0.4, 0.2)])
def test_toy_loops_agree(dropout):
    measured = measure_toy("toy", dropout, 1e10, steps=50)
    assert measured.loss_apart < 1e-4


def test_report_has_a_record_an_experiment_and_the_ratios(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [experiment.name for experiment in EXPERIMENTS]
    measurements = [Measurement(name, 8.0, 2.0, 1.0, 0, 0.1) for name in [*names, "toy"]]
    times = ClassTimes(2, 5.0, 0.5, {"run": 100.0}, 300.0, [1.0, 2.0])
    grading = Grading(times, times, stock_seconds=10.0, stock_scores=[1.0, 2.0])
    costs, sweeps = [Cost("load", 1.0, "s")], [Sweep("L1", 4, 0.1, 20.0)]
    write(Report(True, measurements, costs, sweeps, grading))
    report = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert [record["experiment"] for record in report["training"]] == [*names, "toy"]
    assert report["training"][0]["plain_ratio"] == 4.0
    assert report["grading"]["ratio"] == 20.0
    assert report["grading"]["honest_scores_equal"]
    assert [sums["seed_seconds"] for sums in report["totals"]] == [88.0, 96.0]


def test_total_adds_seconds_and_keeps_the_largest_difference():
    measurements = [
        Measurement("a", 8.0, 2.0, 1.0, 0, 0.1),
        Measurement("b", 2.0, 3.0, 1.0, 2, 0.1),
    ]
    sums = total("both", measurements)
    assert (sums.engine_ratio, sums.plain_ratio, sums.max_images_apart) == (5.0, 2.0, 2)
