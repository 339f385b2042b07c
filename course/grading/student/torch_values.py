"""Write values of torch's as plain data, where torch is imported (`border.tensors`).

This runs beside the student's code, as `encoding` does, and is trusted with nothing.
"""

import warnings
from types import MappingProxyType

import torch
from torch import nn

from course.grading.border.plain_data import TENSOR_DTYPES, Tree, Uncarried
from course.grading.student.encoding import ARRAY_WRITERS, Encoder, Writers, array_size
from course.grading.student.writers import ATOM_WRITERS, WRITERS


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _write_size(value: torch.Size) -> Tree:
    return ["size", *map(int, tuple.__iter__(value))]


def _write_device(value: torch.device) -> Tree:
    return ["device", value.type, value.index]


def _write_tensor(encoder: Encoder, value: torch.Tensor, tag: str = "tensor") -> Tree:
    try:
        # A subclass may have its own word in all that is done to it, and its own `requires_grad`.
        with torch._C.DisableTorchFunctionSubclass(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of some dtypes
            needs_grad = bool(torch._C.TensorBase.__dict__["requires_grad"].__get__(value))
            plain = torch.Tensor.detach(value)
            if type(plain) is not torch.Tensor:
                plain = torch.Tensor.as_subclass(plain, torch.Tensor)
            encoder.spend(_tensor_size(plain))
            raw = _tensor_bytes(plain)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise Uncarried(f"returns a tensor that cannot be read: {str(error)[:200]}") from None

    # The hook gets the tensor itself: what was detached from its graph has no gradient.
    number = encoder.hooks.grad(value) if needs_grad else None
    return [tag, _dtype_name(plain.dtype), list(plain.shape), raw, needs_grad, number]


def _tensor_size(plain: torch.Tensor) -> int:
    """Return how many bytes the elements take, once it is sure that they are there."""
    if plain.layout is not torch.strided or plain.is_nested:
        raise Uncarried("returns a sparse or nested tensor; return a dense one, with .to_dense()")
    if plain.is_meta or _dtype_name(plain.dtype) not in TENSOR_DTYPES:
        raise Uncarried(f"returns a tensor of {plain.dtype} on {plain.device}; return numbers")
    return array_size(plain.shape, plain.dtype.itemsize)


def _tensor_bytes(plain: torch.Tensor) -> bytes:
    flat = plain.resolve_conj().resolve_neg().cpu().contiguous().reshape(-1).view(torch.uint8)
    # A bool may have been made of another byte than 0 and 1, and would equal neither of them.
    # Others are copied, as what `numpy` has seen cannot be resized any more.
    copied = flat.ne(0) if plain.dtype is torch.bool else flat.clone()
    return copied.numpy().tobytes()


def _write_parameter(encoder: Encoder, value: nn.Parameter) -> Tree:
    return _write_tensor(encoder, value, "parameter")


ALL_WRITERS = Writers(
    atoms=MappingProxyType(
        {**ATOM_WRITERS, torch.dtype: lambda value: ["dtype", _dtype_name(value)]}
    ),
    others=MappingProxyType({**WRITERS, torch.Size: _write_size, torch.device: _write_device}),
    arrays=MappingProxyType(
        {**ARRAY_WRITERS, torch.Tensor: _write_tensor, nn.Parameter: _write_parameter}
    ),
)
