"""Arguments on their way into the student process, and back what the student's code did to them.

This direction is trusted to untrusted: the referee pickles, the student process unpickles, so
nothing of a student's is ever unpickled by the referee. What comes back are *changes*: plain data
(`plain_data`) by which the referee brings its own objects up to date.

Code hardly travels. A function that the test itself defines stays in the referee, and the student
process gets a callback to it, unless it uses nothing but its arguments and imported modules: then a
copy does the same. Functions of installed packages travel by name, and what a given cell defines is
there on both sides under its name. Only a class that a test defines and passes an instance of
travels with the code of its methods.
"""

import io
import pickle
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar

import cloudpickle  # type: ignore[import-untyped]
import numpy
import torch
from torch import Tensor, nn

# What a pickled argument stands for: a kind, and a name or number to be looked up in the student
# process; with the number of a graph comes the value of its tensor.
Token = tuple[str, Any]
AnyLabel = TypeVar("AnyLabel")
# What no token can stand for, and there may be much of.
PLAIN = {bool, int, float, complex, str, bytes, tuple, type(None)}
NO_PARTS = (
    *(type, ModuleType, FunctionType, BuiltinFunctionType, MethodType),
    *(str, bytes, int, float, complex),
)


@dataclass(frozen=True)
class Randomness:
    """Stand for a global random generator, which is a part of every call."""

    library: Literal["torch", "numpy", "random"]

    def state(self) -> bytes:
        """Return the state that the generator is in."""
        if self.library == "torch":
            return _torch_state(torch.default_generator)
        get = numpy.random.get_state if self.library == "numpy" else random.getstate
        return pickle.dumps(get())

    def set_state(self, state: bytes) -> None:
        """Bring the generator into a state that `state` has returned in the referee."""
        # To unpickle is safe: states go to the student process, and none ever comes from there.
        if self.library == "torch":
            torch.default_generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))
        elif self.library == "numpy":
            numpy.random.set_state(pickle.loads(state))
        else:
            random.setstate(pickle.loads(state))

    def seed(self, number: int) -> None:
        """Seed the generator with a number of up to 32 bits."""
        if self.library == "torch":
            torch.default_generator.manual_seed(number)
        elif self.library == "numpy":
            numpy.random.seed(number)
        else:
            random.seed(number)


GLOBAL_RANDOMNESS = (Randomness("torch"), Randomness("numpy"), Randomness("random"))


def seed_generators() -> None:
    """Seed all global random generators, so that grading twice gives the same."""
    for generator in GLOBAL_RANDOMNESS:
        generator.seed(0)


class Labels(Generic[AnyLabel]):
    """Map objects, not what they are equal to, to labels; what has one is kept."""

    def __init__(self) -> None:
        # An object that is kept shares its id with no other.
        self._entries: dict[int, tuple[object, AnyLabel]] = {}

    def add(self, value: object, label: AnyLabel) -> None:
        """Give a label to an object."""
        self._entries[id(value)] = value, label

    def find(self, value: object) -> AnyLabel | None:
        """Return the label of an object, None when it has none."""
        entry = self._entries.get(id(value))
        return entry[1] if entry else None

    def copy(self) -> Self:
        """Return another one with the same labels."""
        other = type(self)()
        other._entries = dict(self._entries)
        return other


class _Pickler(cloudpickle.Pickler):
    def __init__(self, file: io.BytesIO, token: Callable[[Any], Token | None]) -> None:
        super().__init__(file, protocol=5)
        self._token = token

    def persistent_id(self, value: Any) -> Token | None:
        return None if type(value) in PLAIN else self._token(value)

    def reducer_override(self, value: Any) -> Any:
        # Torch's own way puts a file format around the bytes, which takes many times as long.
        if type(value) in (Tensor, nn.Parameter) and _is_ordinary(value):
            place = value.storage_offset(), value.size(), value.stride()
            storage, dtype = value.untyped_storage(), value.dtype
            return _make_tensor, (type(value), storage, dtype, place, value.requires_grad)

        # A storage is pickled once, so that tensors which share memory still do over there.
        if type(value) is torch.UntypedStorage and value.device.type == "cpu":
            # A copy, as what `numpy` has seen cannot be resized any more.
            copied = _bytes_of(value).clone()
            return _make_storage, (copied.numpy().tobytes(),)
        return super().reducer_override(value)


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
        _bytes_of(storage).copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
    return storage


def _bytes_of(storage: torch.UntypedStorage) -> Tensor:
    return torch.empty(0, dtype=torch.uint8).set_(storage)


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
    # A method travels with the class that a test defines and passes an instance of.
    if outer and outer[-1] != "<locals>":
        return False
    # What the student process can import travels by its name. `__main__` is another one there.
    module = sys.modules.get(value.__module__ or "")
    importable = value.__module__ != "__main__" and getattr(module, name, None) is value
    return not importable


def _is_pure(function: FunctionType) -> bool:
    """Tell whether a function uses nothing of the test's, so that a copy does the same.

    Such a one travels, as gradients and `torch.func` go through it more freely than through a call.
    """
    if function.__closure__ or function.__defaults__ or function.__kwdefaults__:
        return False
    # Among the names are those of attributes and built-ins, which are no globals: None here.
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
        # Reversed, as the last of a stack comes first: parts are numbered in the order they are in.
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
        # Only what `describe` tells of a module, not all its attributes.
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


# These, too, change a part where it is: the test may hold it by other names.
def _restore_list(part: list[Any], state: Any) -> None:
    part[:] = state


def _restore_dict(part: dict[Any, Any], state: Any) -> None:
    items = dict(state)
    part.clear()  # so that it takes over the order, too
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
        # torch trusts these stores: it would stumble over anything else much later, in a test.
        if not all(value is None or isinstance(value, kind) for value in items.values()):
            raise TypeError("a module can hold only parameters, buffers and modules")
        _restore_dict(store, items)


def _torch_state(generator: torch.Generator) -> bytes:
    state: bytes = generator.get_state().numpy().tobytes()
    return state


def _generator_state(part: Any) -> bytes:
    """Return all that a random generator's next numbers depend on."""
    if isinstance(part, Randomness):
        return part.state()
    if isinstance(part, torch.Generator):
        return _torch_state(part)
    is_numpy = isinstance(part, numpy.random.Generator)
    return pickle.dumps(part.bit_generator.state if is_numpy else part.getstate())


def _digest(part: Any) -> bytes:
    # It is enough to tell whether a generator was used: `_move_on` needs no more.
    return blake2b(_generator_state(part), digest_size=16).digest()


def _move_on(part: Any, _: Any) -> None:
    """Bring a generator that the student's code has used to another state, always the same.

    No state is ever taken from the student process: it could make the numbers that the test draws
    next all alike, and wrong answers right for them.
    """
    # 32 bits, as many as a seed of numpy's has.
    number = int.from_bytes(blake2b(_generator_state(part), digest_size=4).digest())
    if isinstance(part, torch.Generator):
        part.manual_seed(number)
    elif isinstance(part, numpy.random.Generator):
        part.bit_generator.state = type(part.bit_generator)(number).state
    else:
        part.seed(number)


Get: TypeAlias = Callable[[Any], Any]
Put: TypeAlias = Callable[[Any, Any], None]
GENERATORS = (Randomness, torch.Generator, numpy.random.Generator, random.Random)
# How each kind of part is described and restored; an object of any other has its attributes.
KINDS: dict[type, tuple[Get, Put]] = {
    **dict.fromkeys(GENERATORS, (_digest, _move_on)),
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
