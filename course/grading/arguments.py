"""Arguments on their way into the student process, and back what the student's code did to them.

This direction is trusted to untrusted: the referee pickles, the student process unpickles, so
nothing of a student's is ever unpickled by the referee. What comes back are *changes*: plain data
(`values`) by which the referee brings its own objects up to date.

Code hardly travels. A function that the test itself defines stays in the referee, and the student
process gets a callback to it, unless it uses nothing but its arguments and imported modules: then a
copy does the same. Functions of installed packages travel by name, and what a given cell defines is
there on both sides under its name. Only a class that a test defines and passes an instance of
travels with the code of its methods.
"""

import builtins
import io
import pickle
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Literal, TypeAlias

import cloudpickle  # type: ignore[import-untyped]
import numpy
import torch
from torch import Tensor, nn

# What a pickled argument stands for, to be looked up by name or number in the student process.
Token = tuple[str, str | int]
NO_PARTS = (type, ModuleType, FunctionType, BuiltinFunctionType, str, bytes, int, float, complex)


@dataclass(frozen=True)
class Randomness:
    """Stand for a global random generator, which is a part of every call."""

    library: Literal["torch", "numpy", "random"]

    def state(self) -> Any:
        """Return the state that the generator is in."""
        return self._access()[0]()

    def set_state(self, state: Any) -> None:
        """Bring the generator into a state that `state` has returned in another process."""
        self._access()[1](state)

    def seed(self, number: int) -> None:
        """Seed the generator with a number of up to 32 bits."""
        self._access()[2](number)

    def _access(self) -> tuple[Callable[..., Any], ...]:
        if self.library == "torch":
            generator = torch.default_generator
            return generator.get_state, generator.set_state, generator.manual_seed
        if self.library == "numpy":
            return numpy.random.get_state, numpy.random.set_state, numpy.random.seed
        return random.getstate, random.setstate, random.seed


GLOBAL_RANDOMNESS = (Randomness("torch"), Randomness("numpy"), Randomness("random"))


def seed_generators() -> None:
    """Seed all global random generators, so that grading twice gives the same."""
    for generator in GLOBAL_RANDOMNESS:
        generator.seed(0)


class _Pickler(cloudpickle.Pickler):
    def __init__(self, file: io.BytesIO, token: Callable[[Any], Token | None]) -> None:
        super().__init__(file, protocol=5)
        self._token = token

    def persistent_id(self, value: Any) -> Token | None:
        return self._token(value)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, find: Callable[[str, Any], Any]) -> None:
        super().__init__(file)
        self._find = find

    def persistent_load(self, token: Any) -> Any:
        return self._find(*token)


def dump(value: object, token: Callable[[Any], Token | None]) -> bytes:
    """Return `value` pickled; `token` names what the other side finds for itself.

    Raises whatever an object raises that cannot be pickled.
    """
    file = io.BytesIO()
    _Pickler(file, token).dump(value)
    return file.getvalue()


def load(data: bytes, find: Callable[[str, Any], Any]) -> Any:
    """Return what `dump` pickled; `find` is called with the two items of each token."""
    return _Unpickler(io.BytesIO(data), find).load()


def stays_here(value: object) -> bool:
    """Tell whether `value` is a function of a test's own, which must not leave the referee."""
    if not isinstance(value, FunctionType) or _is_pure(value):
        return False
    *outer, name = value.__qualname__.split(".")
    is_method = bool(outer) and outer[-1] != "<locals>"
    module = sys.modules.get(value.__module__ or "")
    importable = value.__module__ != "__main__" and getattr(module, name, None) is value
    return not is_method and not importable


def _is_pure(function: FunctionType) -> bool:
    """Tell whether a function uses nothing of the test's, so that a copy does the same.

    Such a one travels, as gradients and `torch.func` go through it more freely than through a call.
    """
    if function.__closure__ or function.__defaults__ or function.__kwdefaults__:
        return False
    used = (function.__globals__.get(name) for name in _names(function.__code__))
    return all(value is None or isinstance(value, ModuleType) for value in used)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def mutable_parts(root: object, is_opaque: Callable[[object], bool]) -> list[Any]:
    """Return all in `root` that can be changed, in an order that both processes find alike.

    What is opaque, a stand-in or what it stands for, is left out with all that it holds.
    """
    parts: list[Any] = []
    seen: dict[int, object] = {}  # keeps the objects, so that no number is used twice
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, NO_PARTS) or is_opaque(value):
            continue
        seen[id(value)] = value
        if not isinstance(value, tuple):
            parts.append(value)
        waiting += reversed(list(_children(value)))
    return parts


def leaves_of(parts: Iterable[object]) -> list[Tensor]:
    """Return the tensors among `parts` to which gradients flow back."""
    return [part for part in parts if isinstance(part, Tensor) and part.requires_grad]


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        yield from value
    elif isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, nn.Module):
        for held in (value._parameters, value._buffers, value._modules):
            yield from held.values()
    elif isinstance(value, torch.optim.Optimizer):
        for group in value.param_groups:
            yield from group["params"]
    elif not isinstance(value, (Tensor, numpy.ndarray)):
        yield from vars(value).values() if hasattr(value, "__dict__") else ()


def describe(part: Any) -> Any:
    """Return what there is of `part` that can change, as plain data and other parts."""
    for kind, (get, _) in KINDS.items():
        if isinstance(part, kind):
            return get(part)
    return vars(part).copy() if hasattr(part, "__dict__") else None


def restore(part: Any, state: Any) -> None:
    """Change `part` in place to what `describe` said of its like.

    Raises `TypeError`, `ValueError`, `RuntimeError`, `KeyError` or `AttributeError` for a state
    that does not fit.
    """
    for kind, (_, put) in KINDS.items():
        if isinstance(part, kind):
            put(part, state)
            return
    vars(part).update(state)


def _describe_tensor(part: Tensor) -> tuple[Tensor, bool, Tensor | None]:
    grad = part.grad if part.is_leaf else None
    return part.detach(), part.requires_grad, None if grad is None else grad.detach()


def _restore_tensor(part: Tensor, state: Any) -> None:
    value, requires_grad, grad = state
    if part.shape == value.shape and part.dtype == value.dtype:
        part.data.copy_(value)
    else:
        part.data = value
    if part.is_leaf:
        part.requires_grad_(requires_grad)
        part.grad = grad


def _restore_list(part: list[Any], state: Any) -> None:
    part[:] = state


def _restore_dict(part: dict[Any, Any], state: Any) -> None:
    items = dict(state)
    part.clear()
    part.update(items)


def _restore_set(part: set[Any], state: Any) -> None:
    items = set(state)
    part.clear()
    part |= items


def _restore_array(part: Any, state: Any) -> None:
    part[...] = state


def _describe_module(part: nn.Module) -> tuple[Any, ...]:
    return part.training, dict(part._parameters), dict(part._buffers), dict(part._modules)


def _restore_module(part: nn.Module, state: Any) -> None:
    training, *held = state
    part.training = bool(training)
    kinds = (nn.Parameter, Tensor, nn.Module)
    stores: tuple[Any, ...] = (part._parameters, part._buffers, part._modules)
    for kind, store, items in zip(kinds, stores, held, strict=True):
        if not all(value is None or isinstance(value, kind) for value in items.values()):
            raise TypeError("a module can hold only parameters, buffers and modules")
        _restore_dict(store, items)


def _generator_state(part: Any) -> Any:
    """Return all that a random generator's next numbers depend on."""
    if isinstance(part, (Randomness, torch.Generator)):
        return part.state() if isinstance(part, Randomness) else part.get_state()
    return part.bit_generator.state if isinstance(part, numpy.random.Generator) else part.getstate()


def _move_on(part: Any, _: Any) -> None:
    """Bring a generator that the student's code has used to another state, always the same.

    No state is ever taken from the student process: it could make the numbers that the test draws
    next all alike, and wrong answers right for them.
    """
    old = _generator_state(part)
    data = old.numpy().tobytes() if isinstance(old, Tensor) else repr(old).encode()
    number = int.from_bytes(blake2b(data, digest_size=4).digest())
    if isinstance(part, torch.Generator):
        part.manual_seed(number)
    elif isinstance(part, numpy.random.Generator):
        part.bit_generator.state = type(part.bit_generator)(number).state
    else:
        part.seed(number)


Get: TypeAlias = Callable[[Any], Any]
Put: TypeAlias = Callable[[Any, Any], None]
GENERATORS = (Randomness, torch.Generator, numpy.random.Generator, random.Random)
KINDS: dict[type, tuple[Get, Put]] = {
    **dict.fromkeys(GENERATORS, (_generator_state, _move_on)),
    Tensor: (_describe_tensor, _restore_tensor),
    numpy.ndarray: (lambda part: part.view(), _restore_array),
    list: (list, _restore_list),
    dict: (lambda part: list(part.items()), _restore_dict),
    set: (set, _restore_set),
    nn.Module: (_describe_module, _restore_module),
    torch.optim.Optimizer: (
        lambda part: part.state_dict(),
        lambda part, state: part.load_state_dict(state),
    ),
}


def same_error(names: Iterable[str], message: str, *, otherwise: type[Exception]) -> Exception:
    """Return a built-in exception for the first of `names` that is one, or else `otherwise`.

    `names` are those of the classes of an exception of the other process, the nearest first.
    """
    for name in names:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception:
            try:
                return kind(message)
            except TypeError:  # UnicodeDecodeError and the like need more than a message
                continue
    return otherwise(message)
