"""Random seeds and the device: what makes a notebook's results repeatable, and fast."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def temporary_seed(seed: int) -> Iterator[None]:
    """Seed torch for a while; afterwards its random streams go on as if nothing had been."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def set_device(choice: str = "auto") -> torch.device:
    """Return the device to train on and say in one line which it is.

    `choice` is "auto" (the GPU if there is one), "cpu" or "cuda". Raises `ValueError` for anything
    else and `RuntimeError` when "cuda" is asked for and missing.
    """
    if choice not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device {choice!r} is unknown; choose 'auto', 'cpu' or 'cuda'")
    available = torch.cuda.is_available()
    if choice == "cuda" and not available:
        raise RuntimeError("there is no GPU here; choose device 'cpu' or 'auto'")
    if choice == "cuda" or (choice == "auto" and available):
        print(f"Training on the GPU ({torch.cuda.get_device_name()}).")
        return torch.device("cuda")
    advice = "" if choice == "cpu" else " In Colab, Runtime → Change runtime type offers a GPU."
    print(f"Training on the CPU, which is enough for this lesson.{advice}")
    return torch.device("cpu")
