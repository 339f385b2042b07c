"""Seeds make random numbers repeat; the device is chosen and named."""

import pytest
import torch

from helpers.seeding import set_device, temporary_seed


def test_the_same_seed_gives_the_same_numbers_and_another_one_others() -> None:
    drawn = []
    for seed in (5, 5, 6):
        with temporary_seed(seed):
            drawn.append(torch.rand(3).tolist())
    assert drawn[0] == drawn[1] != drawn[2]


def test_cpu_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert set_device("cpu") == torch.device("cpu")
    assert capsys.readouterr().out.count("\n") == 1


def test_advice_about_the_gpu_is_given_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    set_device("auto")
    assert capsys.readouterr().out.count("Change runtime type") == 1


def test_missing_gpu_is_an_error_when_insisted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="no GPU here"):
        set_device("cuda")


def test_unknown_device_lists_the_choices() -> None:
    with pytest.raises(ValueError, match="'auto', 'cpu' or 'cuda'"):
        set_device("tpu")
