"""How many threads torch computes with: `loop` and `sweeps` ask here."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

SMALL = 2_000_000  # parameters


@contextmanager
def threads_for(model: nn.Module) -> Iterator[None]:
    """Let torch use a single thread for a while if `model` is small.

    In a small network threads wait for each other longer than they compute. On two cores that
    something else uses too, two threads were measured to be up to 40 times slower than one.
    """
    before = torch.get_num_threads()
    if sum(parameter.numel() for parameter in model.parameters()) < SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
