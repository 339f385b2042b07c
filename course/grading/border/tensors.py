"""Tell tensors and modules from other values without importing torch.

To import torch takes seconds, which a notebook that never uses it shall not pay. What is not
imported can have no values. So all in this folder, in `student` and in `referee` that needs torch
is in a module `torch_values`, which others import only where torch is already, or where a value of
torch's arrives; and what others ask of any value, they ask the functions here.
"""

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from torch import Tensor, nn


def torch_is_imported() -> bool:
    """Tell whether this process has torch: if not, no value in it can be one of torch's."""
    return bool(_class_of("torch", "Tensor"))


def is_tensor(value: object) -> "TypeGuard[Tensor]":
    """Tell whether `value` is a tensor."""
    return isinstance(value, _class_of("torch", "Tensor"))


def is_module(value: object) -> "TypeGuard[nn.Module]":
    """Tell whether `value` is a module of torch's."""
    return isinstance(value, _class_of("torch.nn", "Module"))


def is_module_class(value: object) -> "TypeGuard[type[nn.Module]]":
    """Tell whether `value` is a class of such modules."""
    return isinstance(value, type) and issubclass(value, _class_of("torch.nn", "Module"))


def _class_of(module: str, name: str) -> Any:
    """Return a class, or where its module is not imported no classes, of which nothing is one."""
    return getattr(sys.modules.get(module), name, ())
