"""Write values as plain data, and these as bytes: the student's side of the border.

This runs beside the student's code, which can change or bypass it. It tries to be right for any
honest value, and that is all that is asked of it: whoever reads what comes out (`decoding`) takes
it for an attack. The form that data have is told in `plain_data`.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import msgpack  # type: ignore[import-untyped]
import numpy as np

from course.grading.border.plain_data import (
    KEYS_EVERY,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    Label,
    Malformed,
    Tree,
    Uncarried,
    is_key,
    is_shape,
    weigh,
)
from course.grading.border.tensors import torch_is_imported
from course.grading.student.writers import ATOM_WRITERS, WRITERS, numpy_dtype

if TYPE_CHECKING:
    from torch import Tensor

ArrayWriter: TypeAlias = "Callable[[Encoder, Any], Tree]"


@dataclass(frozen=True)
class Writers:
    """Hold how values without parts are written, by their types.

    Atoms are what hooks are not asked about. Others may be arguments of the call. Those of arrays
    count their bytes before they copy them.
    """

    atoms: Mapping[type, Callable[[Any], Tree]]
    others: Mapping[type, Callable[[Any], Tree]]
    arrays: Mapping[type, ArrayWriter]


def _find_writers() -> Writers:
    """Return the writers of all types that there can be values of."""
    if not torch_is_imported():
        return Writers(ATOM_WRITERS, WRITERS, ARRAY_WRITERS)
    from course.grading.student import torch_values

    return torch_values.ALL_WRITERS


def _nothing(value: object) -> None:
    return None


@dataclass(frozen=True)
class EncodeHooks:
    """Say what the encoder shall not write out; each hook returns None for an ordinary value.

    - `reference(value)` is asked for all but None, bool, int, float, complex, str and bytes: a
      short tuple of ints and strs names an argument of the call.
    - `handle(value)` is asked for what has no plain form: (kind, number, info), where `info` is any
      value that can be carried.
    - `grad(tensor)` is asked for tensors that require grad: a number.
    """

    reference: Callable[[Any], Label | None] = _nothing
    handle: Callable[[Any], tuple[str, int, object] | None] = _nothing
    grad: "Callable[[Tensor], int | None]" = _nothing


def pack(tree: Tree, *, limit: int = MAX_BYTES) -> bytes:
    """Return `tree` as bytes; raises `Uncarried` beyond `limit` bytes or `MAX_NODES` nodes."""
    packed: bytes = msgpack.packb(tree)
    if len(packed) > limit:
        raise Uncarried(f"returns {len(packed):,} bytes; return at most {limit:,}")
    try:
        weigh(packed)
    except Malformed as error:
        raise Uncarried(f"returns too much: {error}") from None
    return packed


def encode(value: object, hooks: EncodeHooks | None = None, *, limit: int = MAX_BYTES) -> Tree:
    """Return `value` as a tree; raises `Uncarried` for what is not plain or over `limit` bytes.

    An instance of a subclass is written as its plain base, without asking the subclass.
    """
    return Encoder(hooks or EncodeHooks(), limit).tree(value, 1)


@dataclass
class Encoder:
    """Hold the state of one `encode`: what was spent, and the containers that are being written."""

    hooks: EncodeHooks
    budget: int
    values: int = 0
    ancestors: set[int] = field(default_factory=set)
    writers: Writers = field(default_factory=_find_writers)

    def tree(self, value: Any, depth: int) -> Tree:
        """Return the tree of `value`, which stands `depth` levels deep."""
        self.values += 1
        if self.values > MAX_NODES or depth > MAX_DEPTH:
            raise Uncarried("returns a value that is nested too deeply or has too many items")
        known = self.writers
        for base in _bases(value):
            if base in known.atoms:
                return known.atoms[base](value)
            # One that is an argument of the call comes back as that argument, not as a copy.
            if base in known.others or base in known.arrays or base in CONTAINER_WRITERS:
                return self._refer(value) or self._write(value, base, depth)
        return self._refer(value) or self._keep(value, depth)

    def spend(self, size: int) -> None:
        """Count `size` bytes of an array before they are copied."""
        self.budget -= size
        if self.budget < 0:
            raise Uncarried("returns arrays that are too large to be handed over")

    def _write(self, value: Any, base: type, depth: int) -> Tree:
        if writer := self.writers.others.get(base):
            return writer(value)
        if array_writer := self.writers.arrays.get(base):
            return array_writer(self, value)

        if id(value) in self.ancestors:
            raise Uncarried(f"returns {_a(base.__name__)} that contains itself")
        self.ancestors.add(id(value))
        tag, items = CONTAINER_WRITERS[base]
        children = self._children(items(value), KEYS_EVERY.get(tag, 0), depth + 1)
        self.ancestors.discard(id(value))  # next to itself, a value may well stand again
        return [tag, *children]

    def _children(self, items: Iterable[Any], keys_every: int, depth: int) -> list[Tree]:
        """Return the trees of `items`, of which every so many is a key, or none with 0."""
        if not keys_every:
            return [self.tree(item, depth) for item in items]
        children: list[Tree] = []
        for index, item in enumerate(items):
            write = self._key if index % keys_every == 0 else self.tree
            children.append(write(item, depth))
        return children

    def _key(self, value: Any, depth: int) -> Tree:
        """Return the tree of a key, which is written out even if it is an argument."""
        hooks, self.hooks = self.hooks, EncodeHooks()
        node = self.tree(value, depth)
        self.hooks = hooks
        if not is_key(node):
            raise Uncarried("returns a dict or set with a key or element that is no plain value")
        return node

    def _refer(self, value: Any) -> list[Tree] | None:
        label = self.hooks.reference(value)
        return None if label is None else ["reference", *label]

    def _keep(self, value: Any, depth: int) -> Tree:
        kept = self.hooks.handle(value)
        if kept is None:
            raise Uncarried(_no_plain_form(value, "returns" if depth == 1 else "returns or holds"))
        kind, number, info = kept
        return ["handle", kind, number, self.tree(info, depth + 1)]


def _bases(value: object) -> tuple[type, ...]:
    # Not value.__class__, nor type(value).__mro__: a class or its metaclass may have its own.
    bases: tuple[type, ...] = type.__dict__["__mro__"].__get__(type(value))
    return bases


def _no_plain_form(value: object, verb: str) -> str:
    name = str(type.__dict__["__name__"].__get__(type(value)))[:60]
    return f"{verb} {_a(name)}; return a list, tensor or number"


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def _pairs(items: Iterable[tuple[Any, Any]]) -> list[Any]:
    return list(chain.from_iterable(items))


def _slice_parts(value: slice) -> list[Any]:
    return [value.start, value.stop, value.step]


def array_size(shape: Sequence[int], itemsize: int) -> int:
    """Return the bytes of an array; raises `Uncarried` for sizes that none may have."""
    if not is_shape(shape):
        raise Uncarried("returns an array with too many dimensions, or empty and too long")
    return math.prod(shape) * itemsize


def _write_array(encoder: Encoder, value: Any) -> Tree:
    plain = np.ndarray.view(value, np.ndarray)  # by the base: a subclass may have its own
    name = numpy_dtype(plain.dtype)
    encoder.spend(array_size(plain.shape, plain.dtype.itemsize))
    if plain.dtype.kind == "b":  # as with tensors, of other bytes than 0 and 1
        plain = plain.view(np.uint8) != 0
    return ["array", name, list(plain.shape), plain.tobytes()]


ARRAY_WRITERS: Mapping[type, ArrayWriter] = MappingProxyType({np.ndarray: _write_array})
# By the method of the base: a subclass may show other items than it has.
CONTAINER_WRITERS: Mapping[type, tuple[str, Callable[[Any], Iterable[Any]]]] = MappingProxyType(
    {
        list: ("list", list.__iter__),
        tuple: ("tuple", tuple.__iter__),
        set: ("set", set.__iter__),
        frozenset: ("frozenset", frozenset.__iter__),
        OrderedDict: ("dict", lambda value: _pairs(OrderedDict.items(value))),
        dict: ("dict", lambda value: _pairs(dict.items(value))),
        slice: ("slice", _slice_parts),
    }
)
