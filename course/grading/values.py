"""Write values as plain data, and read plain data of an enemy back into values.

The trust boundary runs through this module. `encode` and `pack` run in the student process: they
try to be right for any honest value, but code beside them can change or bypass them. `unpack` and
`decode` run in the referee and are the border: their bytes may have been written by anybody. They
accept what the encoder can produce, in the one form in which it produces it, and raise `Malformed`
for everything else. Nothing is pickled or looked up by a name from the bytes except in the tables
below, and what comes out has only exact built-in, numpy and torch types, so that no code of the
student's runs in the referee, not even an `__eq__`.

Data are trees of None, bool, int of 64 bits, float, str and bytes, which stand for themselves, and
of lists `[tag, *fields]`, which stand for everything else. Memory and time are bounded by the bytes
that arrived. What a value does when used is not bounded: `range(10**18)` is small.
"""

import math
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from types import EllipsisType, MappingProxyType, NoneType
from typing import Any, NoReturn, TypeAlias

import msgpack  # type: ignore[import-untyped]
import numpy as np
import torch
from torch import nn

Tree: TypeAlias = "bool | int | float | str | bytes | list[Tree] | None"
Label: TypeAlias = tuple[int | str, ...]

MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_BYTES = 2**28
MAX_BITS = 4096
MAX_DIMENSIONS = 32
# An empty array costs no bytes whatever its shape, but its sum over an axis might.
MAX_EMPTY = 2**24
MAX_NUMBER = 2**53
MAX_LABEL = 8
MAX_LABEL_TEXT = 200
MAX_DIGITS = 400
MAX_EXPONENT = 10_000
# Equal hashes make a dict slow, and those of numbers and tuples can be chosen.
MAX_SAME_HASH = 32

KIND = re.compile(r"[a-z][a-z_]{0,39}")
DECIMAL = re.compile(r"-?(\d+(\.\d+)?(E[+-]\d{1,6})?|Infinity|NaN)", re.ASCII)
NUMPY_DTYPE = re.compile(
    r"\|b1|\|[iu]1|[<>][iu][248]|[<>]f[248]|[<>]c(8|16)"
    r"|[<>]U[1-9]\d{0,7}|\|S[1-9]\d{0,7}"
    r"|[<>][mM]8(\[([1-9]\d{0,3})?(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?",
    re.ASCII,
)
DEVICE = re.compile(r"[a-z]{2,16}", re.ASCII)

# Those with elements that are whole bytes and mean something by themselves.
_ELEMENTS = (
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 "
    "float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu "
    "complex32 complex64 complex128"
)
# By name; this torch may lack the newest.
TENSOR_DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {name: getattr(torch, name) for name in _ELEMENTS.split() if hasattr(torch, name)}
)
ALL_DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {str(each)[6:]: each for each in vars(torch).values() if type(each) is torch.dtype}
)
# longdouble is left out: its padding is garbage, and not all its bit patterns are numbers.
NUMPY_SCALARS = frozenset(np.dtype(code).type for code in "?bBhHiIlLqQefdFDmM")
# What may be a key or an element of a set; of tuples, those of such values only.
KEY_TAGS = frozenset(
    (
        "int",
        "text",
        "complex",
        "tuple",
        "frozenset",
        "range",
        "ellipsis",
        "npscalar",
        "npstr",
        "npbytes",
        "dtype",
        "device",
        "size",
        "fraction",
        "decimal",
        "datetime",
        "date",
        "timedelta",
        "path",
        "purepath",
    )
)

# Keys stand among the fields of these tags, and how often.
KEYS_EVERY: Mapping[str, int] = MappingProxyType({"set": 1, "frozenset": 1, "dict": 2})


class Uncarried(Exception):  # noqa: N818 - named for what happened
    """Say in the student's words why a value cannot be handed over."""


class Malformed(Exception):  # noqa: N818
    """Say that bytes or a tree are not what the encoder produces; no student's text is in it."""


def _nothing(value: object) -> None:
    return None


def _refuse_reference(label: Label) -> NoReturn:
    raise Malformed("a reference where none is expected")


def _refuse_handle(kind: str, number: int, info: object) -> NoReturn:
    raise Malformed("a handle where none is expected")


def _refuse_gradient(tensor: torch.Tensor, number: int) -> NoReturn:
    raise Malformed("a gradient where none is expected")


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
    grad: Callable[[torch.Tensor], int | None] = _nothing


@dataclass(frozen=True)
class DecodeHooks:
    """Turn back what hooks wrote; without hooks such things are malformed.

    Labels and numbers are checked for type and size before, but not for being one that was given
    out: a hook raises `Malformed`, or `LookupError` that becomes it.

    - `reference(label)`: ints are from 0 to `MAX_NUMBER`.
    - `handle(kind, number, info)`: `kind` is letters and underscores.
    - `tensor(tensor, number)` is asked when there is a number. The tensor does not require grad
      itself, unless it is a parameter.
    """

    reference: Callable[[Label], object] = _refuse_reference
    handle: Callable[[str, int, object], object] = _refuse_handle
    tensor: Callable[[torch.Tensor, int], object] = _refuse_gradient


# ---------------------------------------------------------------- bytes


def pack(tree: Tree, *, limit: int = MAX_BYTES) -> bytes:
    """Return `tree` as bytes; raises `Uncarried` beyond `limit` bytes or `MAX_NODES` nodes."""
    packed: bytes = msgpack.packb(tree)
    if len(packed) > limit:
        raise Uncarried(f"returns {len(packed):,} bytes; return at most {limit:,}")
    try:
        _weigh(packed)
    except Malformed as error:
        raise Uncarried(f"returns too much: {error}") from None
    return packed


def unpack(data: bytes, *, limit: int = MAX_BYTES) -> Tree:
    """Return the tree that `pack` made into `data`; raises `Malformed` for any other bytes."""
    if len(data) > limit:
        raise Malformed(f"{len(data):,} bytes, {limit:,} allowed")
    _weigh(data)
    try:
        tree: Tree = msgpack.unpackb(data)
    except (ValueError, msgpack.exceptions.UnpackException):
        raise Malformed("not msgpack") from None
    if msgpack.packb(tree) != data:
        raise Malformed("a number or length in a longer form than needed")
    return tree


def _forms() -> Iterable[tuple[int, int, bool] | None]:
    """Return for each first byte: bytes of a length, else length; and whether it is a list's.

    Forms that trees do not need have None: float32, maps, extensions.
    """
    sized = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4}
    fixed = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
    fixed |= {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
    for byte in range(256):
        if byte < 0x80 or byte >= 0xE0:
            yield 0, 0, False
        elif 0x90 <= byte < 0xC0:
            yield 0, byte - (0x90 if byte < 0xA0 else 0xA0), byte < 0xA0
        elif byte in sized:
            yield sized[byte], 0, byte >= 0xDC
        else:
            yield (0, fixed[byte], False) if byte in fixed else None


FORMS = tuple(_forms())


def _weigh(data: bytes) -> None:
    """Raise `Malformed` unless `data` is one item, not too deep, of not too many nodes.

    msgpack allocates what a list's length announces, on every level: so look at the lengths first.
    """
    position, nodes, missing = 0, 0, [1]
    while missing:
        if not missing[-1]:
            missing.pop()
            continue
        missing[-1] -= 1
        if position >= len(data) or not (form := FORMS[data[position]]):
            raise Malformed("not msgpack of the plain kind")
        extra, length, is_list = form
        if extra:
            length = int.from_bytes(data[position + 1 : position + 1 + extra], "big")
        position += 1 + extra
        nodes += length if is_list else 0
        if is_list:
            missing.append(length)
        else:
            position += length
        # A tensor at the greatest depth is a list with a list inside.
        if nodes > MAX_NODES or len(missing) > MAX_DEPTH + 3:
            raise Malformed(f"more than {MAX_NODES:,} items, or nested too deeply")
    if position != len(data):
        raise Malformed("bytes missing or left over")


# ---------------------------------------------------------------- values to trees


def encode(value: object, hooks: EncodeHooks | None = None, *, limit: int = MAX_BYTES) -> Tree:
    """Return `value` as a tree; raises `Uncarried` for what is not plain or over `limit` bytes.

    An instance of a subclass is written as its plain base, without asking the subclass.
    """
    return _Encoder(hooks or EncodeHooks(), limit).tree(value, 1)


@dataclass
class _Encoder:
    """Hold the state of one `encode`: what was spent, and the containers that are being written."""

    hooks: EncodeHooks
    budget: int
    values: int = 0
    ancestors: set[int] = field(default_factory=set)

    def tree(self, value: Any, depth: int) -> Tree:
        """Return the tree of `value`, which stands `depth` levels deep."""
        self.values += 1
        if self.values > MAX_NODES or depth > MAX_DEPTH:
            raise Uncarried("returns a value that is nested too deeply or has too many items")
        for base in _bases(value):
            if base in ATOM_WRITERS:
                return ATOM_WRITERS[base](value)
            if base in WRITERS or base in CONTAINER_WRITERS:
                return self._refer(value) or self._write(value, base, depth)
        return self._refer(value) or self._keep(value, depth)

    def spend(self, size: int) -> None:
        """Count `size` bytes of an array before they are copied."""
        self.budget -= size
        if self.budget < 0:
            raise Uncarried("returns arrays that are too large to be handed over")

    def _write(self, value: Any, base: type, depth: int) -> Tree:
        if writer := WRITERS.get(base):
            return writer(self, value)
        if id(value) in self.ancestors:
            raise Uncarried(f"returns {_a(base.__name__)} that contains itself")
        self.ancestors.add(id(value))
        tag, items = CONTAINER_WRITERS[base]
        every = KEYS_EVERY.get(tag)
        children = [
            self._key(item, depth + 1)
            if every and index % every == 0
            else self.tree(item, depth + 1)
            for index, item in enumerate(items(value))
        ]
        self.ancestors.discard(id(value))
        return [tag, *children]

    def _key(self, value: Any, depth: int) -> Tree:
        """Return the tree of a key, which is written out even if it is an argument."""
        hooks, self.hooks = self.hooks, EncodeHooks()
        node = self.tree(value, depth)
        self.hooks = hooks
        if not _is_key(node):
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


def _is_key(node: Tree) -> bool:
    """Tell whether a tree that is otherwise right stands for a plain hashable value."""
    if type(node) is not list:
        return True
    if node[0] == "tuple":
        return all(map(_is_key, node[1:]))
    # Dates of numpy compare with warnings.
    return node[0] in KEY_TAGS and not (node[0] == "npscalar" and str(node[1])[1] in "mM")


def _write_int(value: int) -> Tree:
    plain = int.__int__(value)
    if -(2**63) <= plain < 2**64:
        return plain
    if plain.bit_length() > MAX_BITS:
        raise Uncarried(f"returns an int of more than {MAX_BITS:,} bits")
    return ["int", _int_bytes(plain)]


def _int_bytes(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def _write_str(value: str) -> Tree:
    plain = str.__str__(value)
    try:
        plain.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 does not have
        return ["text", plain.encode("utf-8", "surrogatepass")]
    return plain


def _write_bytes(value: bytes) -> bytes:
    return bytes.__getitem__(value, slice(None))


def _write_complex(value: complex) -> Tree:
    return ["complex", *(part.__get__(value) for part in (complex.real, complex.imag))]


def _pairs(items: Iterable[tuple[Any, Any]]) -> list[Any]:
    return [part for pair in items for part in pair]


def _slice_parts(value: slice) -> list[Any]:
    return [value.start, value.stop, value.step]


def _write_tensor(encoder: _Encoder, value: torch.Tensor, tag: str = "tensor") -> Tree:
    try:
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
    number = encoder.hooks.grad(value) if needs_grad else None
    return [tag, str(plain.dtype)[6:], list(plain.shape), raw, needs_grad, number]


def _tensor_size(plain: torch.Tensor) -> int:
    """Return how many bytes the elements take, once it is sure that they are there."""
    if plain.layout is not torch.strided or plain.is_nested:
        raise Uncarried("returns a sparse or nested tensor; return a dense one, with .to_dense()")
    if plain.is_meta or str(plain.dtype)[6:] not in TENSOR_DTYPES:
        raise Uncarried(f"returns a tensor of {plain.dtype} on {plain.device}; return numbers")
    return _array_size(plain.shape, plain.dtype.itemsize)


def _array_size(shape: Sequence[int], itemsize: int) -> int:
    if not _is_shape(shape):
        raise Uncarried("returns an array with too many dimensions, or empty and too long")
    return math.prod(shape) * itemsize


def _is_shape(shape: Sequence[int]) -> bool:
    return len(shape) <= MAX_DIMENSIONS and (
        0 not in shape or math.prod(size for size in shape if size) <= MAX_EMPTY
    )


def _tensor_bytes(plain: torch.Tensor) -> bytes:
    flat = plain.resolve_conj().resolve_neg().cpu().contiguous().reshape(-1).view(torch.uint8)
    # A bool may have been made of another byte than 0 and 1. What `numpy` has seen keeps its size.
    return (flat.ne(0) if plain.dtype is torch.bool else flat.clone()).numpy().tobytes()


def _write_parameter(encoder: _Encoder, value: nn.Parameter) -> Tree:
    return _write_tensor(encoder, value, "parameter")


def _write_array(encoder: _Encoder, value: Any) -> Tree:
    plain = np.ndarray.view(value, np.ndarray)
    name = _numpy_dtype(plain.dtype)
    encoder.spend(_array_size(plain.shape, plain.dtype.itemsize))
    if plain.dtype.kind == "b":
        plain = plain.view(np.uint8) != 0
    return ["array", name, list(plain.shape), plain.tobytes()]


def _write_scalar(encoder: _Encoder, value: np.generic) -> Tree:
    dtype: np.dtype[Any] = np.generic.dtype.__get__(value)
    return ["npscalar", _numpy_dtype(dtype), np.generic.tobytes(value)]


def _numpy_dtype(dtype: np.dtype[Any]) -> str:
    name = dtype.str
    if dtype.names or dtype.subdtype or not NUMPY_DTYPE.fullmatch(name):
        raise Uncarried(f"returns an array of {str(dtype)[:60]}; return numbers or texts")
    return name


def _write_size(encoder: _Encoder, value: torch.Size) -> Tree:
    return ["size", *map(int, tuple.__iter__(value))]


def _write_range(encoder: _Encoder, value: range) -> Tree:
    return ["range", *map(_write_int, (value.start, value.stop, value.step))]


def _write_fraction(encoder: _Encoder, value: Fraction) -> Tree:
    parts = [part.__get__(value) for part in (Fraction.numerator, Fraction.denominator)]
    return ["fraction", *map(_write_int, parts)]


def _write_decimal(encoder: _Encoder, value: Decimal) -> Tree:
    text = Decimal.__str__(value)
    if not _is_decimal(text):
        raise Uncarried("returns a Decimal with too many digits; return a float")
    return ["decimal", text]


def _is_decimal(text: str) -> bool:
    return (
        len(text) <= MAX_DIGITS
        and DECIMAL.fullmatch(text) is not None
        and abs(Decimal(text).adjusted()) <= MAX_EXPONENT
    )


def _write_datetime(encoder: _Encoder, value: datetime) -> Tree:
    if datetime.tzinfo.__get__(value) is not None:
        raise Uncarried("returns a datetime with a time zone; return one without")
    return ["datetime", datetime.isoformat(value), datetime.fold.__get__(value)]


def _write_timedelta(encoder: _Encoder, value: timedelta) -> Tree:
    parts = (timedelta.days, timedelta.seconds, timedelta.microseconds)
    return ["timedelta", *(part.__get__(value) for part in parts)]


def _write_device(encoder: _Encoder, value: torch.device) -> Tree:
    return ["device", value.type, value.index]


# What hooks are not asked about: such values have no identity that matters.
ATOM_WRITERS: Mapping[type, Callable[[Any], Tree]] = MappingProxyType(
    {
        NoneType: lambda value: None,
        bool: lambda value: bool(value),
        float: float.__float__,
        int: _write_int,
        str: _write_str,
        bytes: _write_bytes,
        complex: _write_complex,
        EllipsisType: lambda value: ["ellipsis"],
        torch.dtype: lambda value: ["dtype", str(value)[6:]],
        np.str_: lambda value: ["npstr", _write_str(value)],
        np.bytes_: lambda value: ["npbytes", _write_bytes(value)],
    }
)
WRITERS: Mapping[type, Callable[[_Encoder, Any], Tree]] = MappingProxyType(
    {
        torch.Tensor: _write_tensor,
        nn.Parameter: _write_parameter,
        np.ndarray: _write_array,
        torch.Size: _write_size,
        torch.device: _write_device,
        range: _write_range,
        Fraction: _write_fraction,
        Decimal: _write_decimal,
        datetime: _write_datetime,
        date: lambda encoder, value: ["date", date.isoformat(value)],
        timedelta: _write_timedelta,
        Path: lambda encoder, value: ["path", _write_str(PurePath.__str__(value))],
        PurePath: lambda encoder, value: ["purepath", _write_str(PurePath.__str__(value))],
    }
    | dict.fromkeys(NUMPY_SCALARS, _write_scalar)
)
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


# ---------------------------------------------------------------- trees to values


def decode(tree: Tree, hooks: DecodeHooks | None = None) -> object:
    """Return the value that `tree` stands for; raises `Malformed` and what hooks raise."""
    return _Decoder(hooks or DecodeHooks()).value(tree, 1)


@dataclass(frozen=True)
class _Decoder:
    """Hold the hooks of one `decode`."""

    hooks: DecodeHooks

    def value(self, node: Tree, depth: int) -> Any:
        """Return the value of `node`, which stands `depth` levels deep."""
        _require(depth <= MAX_DEPTH, "nested too deeply")
        if type(node) in PLAIN:
            return node
        if type(node) is not list or not node or type(node[0]) is not str:
            raise Malformed("neither a plain value nor a tag with fields")
        tag, fields = node[0], node[1:]
        if tag in READERS:
            with _own_errors():
                return READERS[tag](*fields)
        if tag in BUILDERS:
            return self._build(tag, fields, depth)
        if tag in SPECIAL:
            return SPECIAL[tag](self, fields, depth)
        raise Malformed("unknown tag")

    def _build(self, tag: str, fields: list[Tree], depth: int) -> object:
        children = [self.value(each, depth + 1) for each in fields]
        if every := KEYS_EVERY.get(tag):
            _require(all(map(_is_key, fields[::every])), "a key that is not plain")
        with _own_errors():
            return BUILDERS[tag](children)

    def tensor(self, fields: list[Tree], depth: int, parameter: bool = False) -> object:
        """Return a tensor or a parameter; one with a number is for the hook to finish."""
        with _own_errors():
            name, shape, raw, needs_grad, number = fields
            plain = _read_tensor(name, shape, raw)
            _require(type(needs_grad) is bool, "a flag that is none")
            real = plain.dtype.is_floating_point or plain.dtype.is_complex
            _require(real or not needs_grad, "a gradient of whole numbers")
            _require(
                number is None or (needs_grad is True and _is_number(number)), "a wrong number"
            )
            if parameter:
                plain = nn.Parameter(plain, requires_grad=bool(needs_grad))
            elif number is None:
                plain.requires_grad_(bool(needs_grad))
        return plain if number is None else self._ask(self.hooks.tensor, plain, number)

    def parameter(self, fields: list[Tree], depth: int) -> object:
        """Return a parameter, as `tensor` does."""
        return self.tensor(fields, depth, parameter=True)

    def reference(self, fields: list[Tree], depth: int) -> object:
        """Return what the hook has under a label."""
        _require(_is_label(fields), "a label that is none")
        return self._ask(self.hooks.reference, tuple(fields))

    def handle(self, fields: list[Tree], depth: int) -> object:
        """Return what the hook makes of a kind, a number and a value of information."""
        _require(len(fields) == 3, "a handle with other than three fields")
        kind, number, info = fields
        _require(type(kind) is str and KIND.fullmatch(kind) is not None, "no kind of handle")
        _require(_is_number(number), "a wrong number of a handle")
        return self._ask(self.hooks.handle, kind, number, self.value(info, depth + 1))

    def _ask(self, hook: Callable[..., object], *given: object) -> object:
        try:
            return hook(*given)
        except LookupError:
            raise Malformed("a number or label that was never given out") from None


@contextmanager
def _own_errors() -> Iterator[None]:
    """Turn what a constructor raises into `Malformed`; no hook may run inside."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
        Warning,  # where warnings are errors
    ) as error:
        # Not its message, which may be the student's text.
        raise Malformed(f"fields that do not fit: {type(error).__name__}") from None


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise Malformed(message)


def _exactly(value: Any, kind: type) -> Any:
    _require(type(value) is kind, f"another type than {kind.__name__}")
    return value


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_NUMBER


def _is_label(parts: list[Tree]) -> bool:
    return 1 <= len(parts) <= MAX_LABEL and all(
        _is_number(part) or (type(part) is str and len(part) <= MAX_LABEL_TEXT) for part in parts
    )


def _read_int(raw: Any) -> int:
    _require(len(_exactly(raw, bytes)) <= MAX_BITS // 8 + 1, "an int that is too long")
    value = int.from_bytes(raw, "big", signed=True)
    _require(value.bit_length() <= MAX_BITS and _write_int(value) == ["int", raw], "a wrong int")
    return value


def _whole(node: Any) -> int:
    """Return the int of a field that is one."""
    if type(node) is int:
        return node
    tag, raw = _exactly(node, list)
    _require(tag == "int", "no int")
    return _read_int(raw)


def _read_text(raw: Any) -> str:
    text: str = _exactly(raw, bytes).decode("utf-8", "surrogatepass")
    try:
        text.encode()  # stops at the first surrogate; writing the text again would take long
    except UnicodeEncodeError:
        return text
    raise Malformed("a text that needs no tag")


def _text(node: Any) -> str:
    """Return the str of a field that is one."""
    if type(node) is str:
        return node
    tag, raw = _exactly(node, list)
    _require(tag == "text", "no text")
    return _read_text(raw)


def _read_complex(real: Any, imag: Any) -> complex:
    return complex(_exactly(real, float), _exactly(imag, float))


def _read_dict(parts: list[Any]) -> dict[Any, Any]:
    _require(len(parts) % 2 == 0, "a key without a value")
    keys = _distinct(parts[::2], dict.fromkeys)
    return dict(zip(keys, parts[1::2], strict=True))


def _read_set(parts: list[Any]) -> set[Any]:
    return set(_distinct(parts, set))


def _read_frozenset(parts: list[Any]) -> frozenset[Any]:
    return frozenset(_distinct(parts, frozenset))


def _distinct(keys: list[Any], collect: Callable[[list[Any]], Any]) -> Any:
    """Return `keys` collected; raises `Malformed` for equal ones, or hashes chosen to be slow."""
    hashes = sorted(map(hash, keys))
    later = hashes[MAX_SAME_HASH:]
    slow = any(first == last for first, last in zip(hashes, later, strict=False))
    _require(not slow, "too many equal hashes")
    collected = collect(keys)
    _require(len(collected) == len(keys), "equal keys")
    return collected


def _read_slice(parts: list[Any]) -> slice:
    start, stop, step = parts
    return slice(start, stop, step)


def _read_shape(shape: Any, raw: Any, itemsize: int) -> tuple[int, ...]:
    """Return `shape`, once `raw` has as many bytes as it needs."""
    sizes = tuple(_exactly(shape, list))
    _require(all(type(size) is int and size >= 0 for size in sizes), "a wrong shape")
    _require(_is_shape(sizes), "an absurd shape")
    _require(math.prod(sizes) * itemsize == len(_exactly(raw, bytes)), "wrong number of bytes")
    return sizes


def _read_tensor(name: Any, shape: Any, raw: Any) -> torch.Tensor:
    dtype = TENSOR_DTYPES[_exactly(name, str)]
    sizes = _read_shape(shape, raw, dtype.itemsize)
    if dtype is torch.bool:
        _require_bools(raw)
    with warnings.catch_warnings():
        # torch warns of some dtypes, and of bytes that cannot be written to, which are only read.
        warnings.simplefilter("ignore")
        tensor = torch.empty(sizes, dtype=dtype, device="cpu", requires_grad=False)
        if raw:
            flat = torch.frombuffer(raw, dtype=torch.uint8)
            tensor.reshape(-1).view(torch.uint8).copy_(flat)
    return tensor


def _require_bools(raw: bytes) -> None:
    # Another byte than 0 and 1 would be a bool that equals neither True nor False.
    _require(not raw.strip(b"\0\1"), "a bool that is none")


def _read_array(name: Any, shape: Any, raw: Any) -> np.ndarray[Any, np.dtype[Any]]:
    _require(NUMPY_DTYPE.fullmatch(_exactly(name, str)) is not None, "no dtype of numpy's")
    dtype = np.dtype(name)
    _require(dtype.str == name, "a dtype by another name")
    sizes = _read_shape(shape, raw, dtype.itemsize)
    array = np.ndarray(sizes, dtype, buffer=raw).copy()
    if dtype.kind == "b":
        _require_bools(raw)
    if dtype.kind == "U" and array.size:
        points = np.frombuffer(raw, f"{name[0]}u4")
        _require(int(points.max()) <= 0x10FFFF, "a character that is none")
    return array


def _read_scalar(name: Any, raw: Any) -> Any:
    array = _read_array(name, [], raw)
    _require(array.dtype.kind not in "US", "a text as a number")
    return array[()]


def _read_size(*sizes: Any) -> torch.Size:
    fits = all(type(size) is int and -(2**63) <= size < 2**63 for size in sizes)
    _require(fits, "a size of other than ints")
    return torch.Size(sizes)


def _read_device(kind: Any, index: Any) -> torch.device:
    _require(DEVICE.fullmatch(_exactly(kind, str)) is not None, "no device")
    if index is None:
        return torch.device(kind)
    _require(_is_number(index) and index < 128, "no index of a device")
    return torch.device(kind, index)


def _read_range(start: Any, stop: Any, step: Any) -> range:
    return range(_whole(start), _whole(stop), _whole(step))


def _read_fraction(numerator: Any, denominator: Any) -> Fraction:
    above, below = _whole(numerator), _whole(denominator)
    value = Fraction(above, below)
    _require((value.numerator, value.denominator) == (above, below), "a fraction not reduced")
    return value


def _read_decimal(text: Any) -> Decimal:
    _require(_is_decimal(_exactly(text, str)), "no decimal")
    value = Decimal(text)
    _require(str(value) == text, "a decimal by another name")
    return value


def _read_datetime(text: Any, fold: Any) -> datetime:
    value = datetime.fromisoformat(_exactly(text, str))
    _require(value.tzinfo is None and value.isoformat() == text, "no datetime")
    return value.replace(fold=_exactly(fold, int))


def _read_date(text: Any) -> date:
    value = date.fromisoformat(_exactly(text, str))
    _require(value.isoformat() == text, "no date")
    return value


def _read_timedelta(*parts: Any) -> timedelta:
    days, seconds, microseconds = (_exactly(part, int) for part in parts)
    value = timedelta(days, seconds, microseconds)
    found = (value.days, value.seconds, value.microseconds)
    _require(found == parts, "a timedelta out of range")
    return value


def _read_path(node: Any, kind: type[PurePath] = Path) -> PurePath:
    text = _text(node)
    _require(str(kind(text)) == text, "a path by another name")
    return kind(text)


def _read_nothing() -> EllipsisType:
    return ...


PLAIN = frozenset({NoneType, bool, int, float, str, bytes})
# Of the fields alone: no hook is asked.
READERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "int": _read_int,
        "text": _read_text,
        "complex": _read_complex,
        "ellipsis": _read_nothing,
        "dtype": lambda name: ALL_DTYPES[_exactly(name, str)],
        "device": _read_device,
        "size": _read_size,
        "array": _read_array,
        "npscalar": _read_scalar,
        "npstr": lambda node: np.str_(_text(node)),
        "npbytes": lambda raw: np.bytes_(_exactly(raw, bytes)),
        "range": _read_range,
        "fraction": _read_fraction,
        "decimal": _read_decimal,
        "datetime": _read_datetime,
        "date": _read_date,
        "timedelta": _read_timedelta,
        "path": _read_path,
        "purepath": lambda node: _read_path(node, PurePath),
    }
)
# Of the values of the fields.
BUILDERS: Mapping[str, Callable[[list[Any]], Any]] = MappingProxyType(
    {
        "list": list,
        "tuple": tuple,
        "set": _read_set,
        "frozenset": _read_frozenset,
        "dict": _read_dict,
        "slice": _read_slice,
    }
)
# Of the fields and what the hooks say.
SPECIAL: Mapping[str, Callable[[_Decoder, list[Tree], int], object]] = MappingProxyType(
    {
        "tensor": _Decoder.tensor,
        "parameter": _Decoder.parameter,
        "reference": _Decoder.reference,
        "handle": _Decoder.handle,
    }
)
