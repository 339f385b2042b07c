"""Values of torch's in the referee: read from their fields, and what stands for modules.

This is imported only where torch is, or where a value of torch's arrives (`border.tensors`). It is
a part of the border, as `readers` and `stand_ins` are: fields and facts are an enemy's.
"""

import re
import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from course.grading.border.breach import exactly
from course.grading.border.plain_data import TENSOR_DTYPES
from course.grading.referee import readers
from course.grading.referee.readers import is_number, read_shape, require, require_bools
from course.grading.referee.stand_ins import Caller, InstanceStandIn

DEVICE = re.compile(r"[a-z]{2,16}", re.ASCII)
ALL_DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {
        str(dtype).removeprefix("torch."): dtype
        for dtype in vars(torch).values()
        if type(dtype) is torch.dtype
    }
)
# Those of tensors; this torch may lack the newest.
ELEMENTS: Mapping[str, torch.dtype] = MappingProxyType(
    {name: ALL_DTYPES[name] for name in sorted(TENSOR_DTYPES) if name in ALL_DTYPES}
)
# Of a module's parameters and buffers: characters in all, and dots in each.
MAX_NAMES, MAX_LEVELS = 200_000, 40


def read_tensor(name: Any, shape: Any, raw: Any) -> torch.Tensor:
    """Return a tensor without a gradient; call it under `own_errors`."""
    dtype = ELEMENTS[readers.exactly(name, str)]
    sizes = read_shape(shape, raw, dtype.itemsize)
    if dtype is torch.bool:
        require_bools(raw)
    with warnings.catch_warnings():
        # torch warns of some dtypes, and of bytes that cannot be written to, which are only read.
        warnings.simplefilter("ignore")
        tensor = torch.empty(sizes, dtype=dtype, device="cpu", requires_grad=False)
        if raw:
            flat = torch.frombuffer(raw, dtype=torch.uint8)
            tensor.reshape(-1).view(torch.uint8).copy_(flat)
    return tensor


def make_parameter(tensor: torch.Tensor, requires_grad: bool) -> nn.Parameter:
    """Return a parameter of a tensor; call it under `own_errors`."""
    return nn.Parameter(tensor, requires_grad=requires_grad)


def _read_size(*sizes: Any) -> torch.Size:
    fits = all(type(size) is int and -(2**63) <= size < 2**63 for size in sizes)
    require(fits, "a size of other than ints")
    return torch.Size(sizes)


def _read_device(kind: Any, index: Any) -> torch.device:
    require(DEVICE.fullmatch(readers.exactly(kind, str)) is not None, "no device")
    if index is None:
        return torch.device(kind)
    require(is_number(index) and index < 128, "no index of a device")
    return torch.device(kind, index)


def _read_dtype(name: Any) -> torch.dtype:
    return ALL_DTYPES[readers.exactly(name, str)]


READERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"dtype": _read_dtype, "device": _read_device, "size": _read_size}
)


def _check_names(names: list[Any]) -> None:
    """Raise `ValueError` for names that make more modules than the bytes of a reply pay for."""
    # A module is made for every dot: a million of them are a megabyte of names, and no more.
    length = sum(len(exactly(name, str)) for name in names)
    levels = max((name.count(".") for name in names), default=0)
    if length > MAX_NAMES or levels > MAX_LEVELS:
        raise ValueError("more modules inside of each other than anybody writes")


class ModuleStandIn(InstanceStandIn, nn.Module):
    """Stand for a module of the student's, with parameters and buffers of its own that follow."""

    def __init__(self, student: Caller, number: int, facts: Any) -> None:
        super().__init__()
        _, training, parameters, buffers = facts
        _check_names([entry[0] for entry in (*parameters, *buffers)])
        for name, tensor, requires_grad in parameters:
            owner, last = self._owner(name)
            owner.register_parameter(last, nn.Parameter(tensor, requires_grad=requires_grad))
        for name, tensor in buffers:
            owner, last = self._owner(name)
            owner.register_buffer(last, tensor)
        self.train(bool(training))
        object.__setattr__(self, "_link", student)
        object.__setattr__(self, "_number", number)

    def _owner(self, name: str) -> tuple[nn.Module, str]:
        owner: nn.Module = self
        *path, last = name.split(".")
        for step in path:
            if step not in owner._modules:
                owner.add_module(step, nn.Module())
            owner = owner._modules[step]  # type: ignore[assignment]
        return owner, last

    def train(self, mode: bool = True) -> "ModuleStandIn":
        """Set the mode here and over there."""
        super().train(mode)
        if "_link" in vars(self):  # not while it is being made, when nothing has changed
            self._link.call(None, self._number, "train", ((mode,), {}))
        return self

    def forward(self, *given: Any, **named: Any) -> Any:
        """Compute the module's output over there, from the parameters that it has here."""
        return self._link.call(self, self._number, "", (given, named))

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("_") or "_link" not in vars(self):
                raise
        return self._link.call(None, self._number, "__getattribute__", ((name,), {}))
