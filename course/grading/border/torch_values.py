"""Values of torch's as arguments and with gradients: all here that needs torch (`tensors`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from course.grading.border.randomness import digest, next_seed

GLOBAL_GENERATOR = torch.default_generator
Ask = Callable[[Tensor], Sequence[Tensor]]

# Arguments on their way: how they are pickled.


def reduce_value(value: Any) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """Return what makes a tensor or a storage anew, None for what is pickled in torch's own way."""
    # That puts a file format around the bytes, which takes many times as long.
    if type(value) in (Tensor, nn.Parameter) and _is_ordinary(value):
        place = value.storage_offset(), value.size(), value.stride()
        storage, dtype = value.untyped_storage(), value.dtype
        return _make_tensor, (type(value), storage, dtype, place, value.requires_grad)

    # A storage is pickled once, so that tensors which share memory still do over there.
    if type(value) is torch.UntypedStorage and value.device.type == "cpu":
        # A copy, as what `numpy` has seen cannot be resized any more.
        copied = _bytes_of(value).clone()
        return _make_storage, (copied.numpy().tobytes(),)
    return None


def _is_ordinary(value: Tensor) -> bool:
    """Tell whether a tensor is no more than a view of bytes in memory."""
    if value.layout is not torch.strided or value.device.type != "cpu" or vars(value):
        return False
    # The numbers of these are others than their bytes say by themselves.
    return not (value.is_quantized or value.is_conj() or value.is_neg())


def _make_tensor(
    kind: type[Tensor],
    storage: torch.UntypedStorage,
    dtype: torch.dtype,
    place: tuple[int, torch.Size, tuple[int, ...]],
    requires_grad: bool,
) -> Tensor:
    value = torch.empty(0, dtype=dtype).set_(storage, *place)
    if kind is nn.Parameter:
        return nn.Parameter(value, requires_grad)
    return value.requires_grad_(requires_grad)


def _make_storage(data: bytes) -> torch.UntypedStorage:
    storage = torch.UntypedStorage(len(data))
    if data:
        _bytes_of(storage).copy_(_from_bytes(data))
    return storage


def _bytes_of(storage: torch.UntypedStorage) -> Tensor:
    return torch.empty(0, dtype=torch.uint8).set_(storage)


def _from_bytes(data: bytes) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


# What a call can change of them.


def children(value: Any) -> Iterable[Any] | None:
    """Return what a value of torch's holds, None for any other value."""
    if isinstance(value, nn.Module):
        # Only what `describe` tells of a module, not all its attributes.
        held = (value._parameters, value._buffers, value._modules)
        return chain.from_iterable(store.values() for store in held)
    if isinstance(value, torch.optim.Optimizer):
        return chain.from_iterable(group["params"] for group in value.param_groups)
    return () if isinstance(value, Tensor) else None


def _describe_tensor(part: Tensor) -> tuple[Tensor, bool, Tensor | None]:
    # torch warns who asks a tensor in the middle of a graph for its gradient.
    grad = part.grad if part.is_leaf else None
    return part.detach(), part.requires_grad, None if grad is None else grad.detach()


def _restore_tensor(part: Tensor, state: Any) -> None:
    value, requires_grad, grad = state
    # Where it is, if that can be, so that its views see the change, too.
    if part.shape == value.shape and part.dtype == value.dtype:
        part.data.copy_(value)
    else:
        part.data = value
    if part.is_leaf:
        part.requires_grad_(requires_grad)
        part.grad = grad


def _describe_module(part: nn.Module) -> tuple[Any, ...]:
    return part.training, dict(part._parameters), dict(part._buffers), dict(part._modules)


def _restore_module(part: nn.Module, state: Any) -> None:
    training, *held = state
    part.training = bool(training)
    kinds = (nn.Parameter, Tensor, nn.Module)
    stores: tuple[Any, ...] = (part._parameters, part._buffers, part._modules)
    for kind, store, items in zip(kinds, stores, held, strict=True):
        # torch trusts these stores: it would stumble over anything else much later, in a test.
        if not all(value is None or isinstance(value, kind) for value in items.values()):
            raise TypeError("a module can hold only parameters, buffers and modules")
        new = dict(items)
        store.clear()  # where it is, and so that it takes over the order, too
        store.update(new)


def generator_state(generator: torch.Generator) -> bytes:
    """Return all that a generator's next numbers depend on."""
    state: bytes = generator.get_state().numpy().tobytes()
    return state


def set_generator_state(generator: torch.Generator, state: bytes) -> None:
    """Bring a generator into a state that `generator_state` has returned."""
    generator.set_state(_from_bytes(state))


def _digest_generator(part: torch.Generator) -> bytes:
    return digest(generator_state(part))


def _move_on(part: torch.Generator, _: Any) -> None:
    part.manual_seed(next_seed(generator_state(part)))


# As the table of `arguments`, which it completes.
KINDS: Mapping[type, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = MappingProxyType(
    {
        torch.Generator: (_digest_generator, _move_on),
        Tensor: (_describe_tensor, _restore_tensor),
        nn.Module: (_describe_module, _restore_module),
        torch.optim.Optimizer: (
            lambda part: part.state_dict(),
            lambda part, state: part.load_state_dict(state),
        ),
    }
)

# Gradients: see `gradients`.


def vector_jacobian(output: Tensor, leaves: Sequence[Tensor], grad: Tensor) -> list[Tensor]:
    """Return the product of `grad` with the Jacobian of `output`, for each of its leaves."""
    # The graph is kept, as the other side may ask again.
    products = torch.autograd.grad(output, leaves, grad, retain_graph=True, allow_unused=True)
    # A leaf that the output does not depend on has None, which does not cross as a tensor.
    return [
        torch.zeros_like(leaf) if product is None else product
        for product, leaf in zip(products, leaves, strict=True)
    ]


class Elsewhere(torch.autograd.Function):
    """Give a value that has come from elsewhere, whose gradients `ask` returns."""

    @staticmethod
    def forward(ctx: Any, ask: Ask, value: Tensor, *leaves: Tensor) -> Tensor:
        """Return the value."""
        ctx.ask, ctx.shapes = ask, [leaf.shape for leaf in leaves]
        return value.clone()  # the value may be in use elsewhere: it must not change with this

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Ask for the gradients of the leaves; raises `RuntimeError` for those of other shapes."""
        products = list(ctx.ask(grad))
        # The answer may be anybody's. autograd itself would sum some wrong shapes into right ones.
        if [product.shape for product in products] != ctx.shapes:
            raise RuntimeError("the other process gave gradients of other shapes")
        return None, None, *products
