"""What is asked of any value never imports torch, nor do the modules of both processes."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from course.grading.border.randomness import NO_STATE, Randomness
from course.grading.border.tensors import is_module, is_module_class, is_tensor
from tests.command import python

VALUES = (torch.ones(1), nn.Parameter(torch.ones(1)), nn.Identity(), nn.Linear, np.ones(1), int, 1)
KINDS: list[tuple[Callable[[object], bool], list[bool]]] = [
    (is_tensor, [True, True, False, False, False, False, False]),
    (is_module, [False, False, True, False, False, False, False]),
    (is_module_class, [False, False, False, True, False, False, False]),
]


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it look as if torch were not imported."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(("is_kind", "expected"), KINDS)
def test_values_of_torchs_are_told_from_others(
    is_kind: Callable[[object], bool], expected: list[bool]
) -> None:
    assert list(map(is_kind, VALUES)) == expected


@pytest.mark.parametrize("is_kind", [is_kind for is_kind, _ in KINDS])
@pytest.mark.usefixtures("no_torch")
def test_where_torch_is_not_imported_nothing_is_torchs(is_kind: Callable[[object], bool]) -> None:
    assert not any(map(is_kind, (np.ones(1), int, 1)))
    assert "torch" not in sys.modules


@pytest.mark.usefixtures("no_torch")
def test_its_generator_has_no_state_then() -> None:
    generator = Randomness("torch")
    generator.seed(3)
    generator.set_state(generator.state())
    assert generator.state() == NO_STATE
    assert "torch" not in sys.modules


def test_neither_process_imports_torch_by_itself(tmp_path: Path) -> None:
    modules = "course.grading.student.process, course.grading.referee.server"
    warm = "course.grading.border.warm, matplotlib.pyplot"
    code = f"import sys, {modules}, {warm}\nprint('torch' in sys.modules)"
    ended = python("-c", code, folder=tmp_path, IPYTHONDIR=str(tmp_path))
    assert (ended.code, ended.out) == (0, "False\n")
