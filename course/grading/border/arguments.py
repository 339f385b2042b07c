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
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

import cloudpickle  # type: ignore[import-untyped]
import numpy

from course.grading.border.randomness import Randomness, digest_generator, move_on
from course.grading.border.tensors import is_tensor, torch_is_imported

if TYPE_CHECKING:
    from torch import Tensor

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
        if torch_is_imported():
            from course.grading.border.torch_values import reduce_value

            reduced = reduce_value(value)
            if reduced is not None:
                return reduced
        return super().reducer_override(value)


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


def leaves_of(parts: Iterable[object]) -> "list[Tensor]":
    """Return the tensors among `parts` to which gradients flow back."""
    return [part for part in parts if is_tensor(part) and part.requires_grad]


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict):
        return value.values()
    if torch_is_imported():
        from course.grading.border import torch_values

        held = torch_values.children(value)
        if held is not None:
            return held
    is_object = hasattr(value, "__dict__") and not isinstance(value, numpy.ndarray)
    return vars(value).values() if is_object else ()


def describe(part: Any) -> Any:
    """Return what there is of `part` that can change, as plain data and other parts."""
    for kind, (get, _) in _kinds().items():
        if isinstance(part, kind):
            return get(part)
    return vars(part).copy() if hasattr(part, "__dict__") else None


def restore(part: Any, state: Any) -> None:
    """Change `part` in place to what `describe` said of its like.

    Raises `TypeError`, `ValueError`, `RuntimeError`, `KeyError` or `AttributeError` for a state
    that does not fit.
    """
    for kind, (_, put) in _kinds().items():
        if isinstance(part, kind):
            put(part, state)
            return
    vars(part).update(state)


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


Get: TypeAlias = Callable[[Any], Any]
Put: TypeAlias = Callable[[Any, Any], None]
GENERATORS = (Randomness, numpy.random.Generator, random.Random)
# How each kind of part is described and restored; an object of any other has its attributes.
KINDS: Mapping[type, tuple[Get, Put]] = {
    **dict.fromkeys(GENERATORS, (digest_generator, move_on)),
    numpy.ndarray: (lambda part: part.view(), _restore_array),
    list: (list, _restore_list),
    dict: (lambda part: list(part.items()), _restore_dict),
    set: (set, _restore_set),
}


def _kinds() -> Mapping[type, tuple[Get, Put]]:
    """Return the kinds that there can be parts of."""
    if not torch_is_imported():
        return KINDS
    from course.grading.border import torch_values

    return {**KINDS, **torch_values.KINDS}
