"""The format of plain data, in which values cross from the student process to the referee.

Each side loads this module for itself. `encoding` and `writers` write plain data beside the
student's code, which can change them and their copy of this. `decoding` and `readers` are the
border, in the referee, and hold every byte that arrives against a copy that no student's code sees.

Data are trees of None, bool, int of 64 bits, float, str and bytes, which stand for themselves, and
of lists `[tag, *fields]`, which stand for everything else. Packed, they are msgpack of the shortest
form. Memory and time are bounded by the bytes that arrived. What a value does when used is not
bounded: `range(10**18)` is small.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

Tree: TypeAlias = "bool | int | float | str | bytes | list[Tree] | None"
Label: TypeAlias = tuple[int | str, ...]

MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_BYTES = 2**28
MAX_BITS = 4096
MAX_DIMENSIONS = 32
# An empty array costs no bytes whatever its shape, but its sum over an axis might.
MAX_EMPTY = 2**24
MAX_DIGITS = 400
MAX_EXPONENT = 10_000

# The special methods of a student's objects that a test can use: those that are told nothing of
# what the test expects, and those that are called only with another of the student's objects.
ALONE = tuple(
    f"__{name}__"
    for name in (
        *("bool", "len", "iter", "next", "enter", "exit", "getitem", "setitem", "delitem"),
        *("neg", "pos", "abs", "int", "float", "repr", "str"),
    )
)
BETWEEN = tuple(
    f"__{name}__"
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "mul", "truediv", "and", "or")
)
CONTAINS = "__contains__"

DECIMAL = re.compile(r"-?(\d+(\.\d+)?(E[+-]\d{1,6})?|Infinity|NaN)", re.ASCII)
NUMPY_DTYPE = re.compile(
    r"\|b1|\|[iu]1|[<>][iu][248]|[<>]f[248]|[<>]c(8|16)"
    r"|[<>]U[1-9]\d{0,7}|\|S[1-9]\d{0,7}"
    r"|[<>][mM]8(\[([1-9]\d{0,3})?(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?",
    re.ASCII,
)

# Of tensors, those with elements that are whole bytes and mean something by themselves.
_ELEMENTS = (
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 "
    "float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu "
    "complex32 complex64 complex128"
)
# Names, as torch need not be there; an older one lacks the newest of them.
TENSOR_DTYPES = frozenset(_ELEMENTS.split())
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


def is_key(node: Tree) -> bool:
    """Tell whether a tree that is otherwise right stands for a plain hashable value."""
    if type(node) is not list:
        return True
    if node[0] == "tuple":
        return all(map(is_key, node[1:]))
    # Dates and spans of time of numpy compare with warnings.
    if node[0] == "npscalar" and str(node[1])[1] in "mM":
        return False
    return node[0] in KEY_TAGS


def is_short(value: int) -> bool:
    """Tell whether an int stands for itself."""
    return -(2**63) <= value < 2**64


def int_bytes(value: int) -> bytes:
    """Return the one field of an int that does not."""
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def is_shape(shape: Sequence[int]) -> bool:
    """Tell whether arrays may have such sizes."""
    if len(shape) > MAX_DIMENSIONS:
        return False
    # The bytes that arrive bound all others.
    is_empty = 0 in shape
    return not is_empty or math.prod(size for size in shape if size) <= MAX_EMPTY


def is_decimal(text: str) -> bool:
    """Tell whether `text` is that of a Decimal, and of none that takes long to use."""
    # In this order, so that nothing long is matched, and nothing else is made a Decimal.
    return (
        len(text) <= MAX_DIGITS
        and DECIMAL.fullmatch(text) is not None
        and abs(Decimal(text).adjusted()) <= MAX_EXPONENT
    )


def _forms() -> Iterable[tuple[int, int, bool] | None]:
    """Return for each first byte: bytes of a length, else length; and whether it is a list's.

    Forms that trees do not need have None: float32, maps, extensions.
    """
    # Bytes, texts and lists whose length follows, in so many bytes.
    sized = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4}
    # None, False, True, floats and ints, whose value follows, in so many bytes.
    fixed = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
    fixed |= {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}

    for byte in range(256):
        if byte < 0x80 or byte >= 0xE0:  # a small int, which is the byte itself
            yield 0, 0, False
        elif 0x90 <= byte < 0xA0:  # a short list, whose length is in the byte
            yield 0, byte - 0x90, True
        elif 0xA0 <= byte < 0xC0:  # a short text, likewise
            yield 0, byte - 0xA0, False
        elif byte in sized:
            yield sized[byte], 0, byte >= 0xDC
        elif byte in fixed:
            yield 0, fixed[byte], False
        else:
            yield None


FORMS = tuple(_forms())


def weigh(data: bytes) -> None:
    """Raise `Malformed` unless `data` is one item, not too deep, of not too many nodes.

    msgpack allocates what a list's length announces, on every level: so look at the lengths first.
    """
    position, nodes = 0, 0
    missing = [1]  # how many items are still to come, on each level
    while missing:
        if not missing[-1]:
            missing.pop()
            continue
        missing[-1] -= 1

        form = FORMS[data[position]] if position < len(data) else None
        if form is None:
            raise Malformed("not msgpack of the plain kind")
        extra, length, is_list = form
        if extra:
            length = int.from_bytes(data[position + 1 : position + 1 + extra], "big")
        position += 1 + extra

        if is_list:
            nodes += length  # counted as announced, before any of them has come
            missing.append(length)
        else:
            position += length
        # A tensor at the greatest depth is a list with a list inside.
        if nodes > MAX_NODES or len(missing) > MAX_DEPTH + 3:
            raise Malformed(f"more than {MAX_NODES:,} items, or nested too deeply")
    if position != len(data):
        raise Malformed("bytes missing or left over")
