"""The device that notebooks compute on."""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from course.errors import CourseError
from course.execute.forking import adopt_environment, fork_context


@dataclass(frozen=True)
class Device:
    """Name what the notebooks compute on: for torch, and for people."""

    name: str
    label: str


def choose_device(wanted: str) -> Device:
    """Return the device to run on; raises `CourseError` when it is not there."""
    if wanted == "cpu":
        return Device("cpu", "CPU")
    # In a process of its own: asking torch about a GPU claims a part of the GPU's memory.
    with ProcessPoolExecutor(
        1, mp_context=fork_context(), initializer=adopt_environment, initargs=(dict(os.environ),)
    ) as pool:
        return pool.submit(find_device, wanted).result()


def find_device(wanted: str) -> Device:
    """Ask torch for the device `wanted`; `auto` is CUDA where there is some, else the CPU."""
    import torch

    name = wanted
    if wanted == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return Device("cpu", "CPU")
    kind, _, index = name.partition(":")
    if kind != "cuda" or (index and not index.isdecimal()):
        raise CourseError(f"device {wanted}: not a device; use auto, cpu, cuda or cuda:N")
    if not torch.cuda.is_available() or int(index or 0) >= torch.cuda.device_count():
        raise CourseError(
            f"device {wanted}: torch sees no such GPU here; "
            "use the device auto or cpu, or install a torch that fits the GPU's driver"
        )
    return Device(name, f"{name} ({torch.cuda.get_device_name(name)})")
