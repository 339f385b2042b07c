"""The benchmark compares like with like: the original's loop and ours give the same accuracies."""

import json

import pytest

from benchmarks.__main__ import total, write_report
from benchmarks.costs import Cost
from benchmarks.training import (
    EXPERIMENTS,
    Measurement,
    matrix_rate,
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
    assert min(measured.seed_seconds, measured.plain_seconds, measured.engine_seconds) > 0


@pytest.mark.parametrize("dropout", [(0.0, 0.0), (0.4, 0.2)])
def test_toy_loops_agree(dropout):
    assert measure_toy("toy", dropout, 1e10, steps=50).max_images_apart == 0


def test_matrix_rate_is_that_of_a_processor():
    assert 1e8 < matrix_rate() < 1e14


def test_report_has_a_record_an_experiment_and_the_ratios(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    measurements = [
        Measurement("a", 8.0, 2.0, 1.0, 0, 0.1),
        Measurement("b", 2.0, 1.0, 1.0, 2, 0.1),
    ]
    write_report(measurements, [Cost("load", 1.0, "s")], quick=True)
    report = json.loads((tmp_path / "build" / "bench.json").read_text())
    first, _ = report["training"]
    assert (first["experiment"], first["plain_ratio"], first["engine_ratio"]) == ("a", 4.0, 8.0)
    assert report["total"]["engine_ratio"] == 5.0
    assert total(measurements).max_images_apart == 2
