"""Seeds make every random stream repeat; the device is chosen and named."""

import random

import numpy as np
import pytest
import torch

from helpers.seeding import seed_worker, set_device, set_seed


def draw():
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_same_seed_repeats_python_numpy_and_torch():
    set_seed(5)
    first = draw()
    set_seed(5)
    assert draw() == first


def test_another_seed_changes_all_three():
    set_seed(5)
    first = draw()
    set_seed(6)
    assert all(a != b for a, b in zip(first, draw(), strict=True))


def test_worker_derives_its_seeds_from_torch():
    torch.manual_seed(8)
    seed_worker(0)
    first = random.random(), float(np.random.rand())
    seed_worker(1)
    assert (random.random(), float(np.random.rand())) == first


def test_cpu_is_named(capsys):
    assert set_device("cpu") == torch.device("cpu")
    assert capsys.readouterr().out.count("\n") == 1


def test_advice_about_the_gpu_is_given_once(capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    set_device("auto")
    assert capsys.readouterr().out.count("Change runtime type") == 1


def test_missing_gpu_is_an_error_when_insisted_on(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="no GPU here"):
        set_device("cuda")


def test_unknown_device_lists_the_choices():
    with pytest.raises(ValueError, match="'auto', 'cpu' or 'cuda'"):
        set_device("tpu")
