"""Read one value of each type from its fields: what `decoding` is made of.

This is a part of the border, in the referee: the fields are an enemy's. What is not exactly what
`writers` or `encoding` would write for the value that comes out becomes `Malformed`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from types import EllipsisType, MappingProxyType
from typing import Any

import numpy as np

from course.grading.border.plain_data import (
    MAX_BITS,
    NUMPY_DTYPE,
    Malformed,
    int_bytes,
    is_decimal,
    is_shape,
    is_short,
)

MAX_NUMBER = 2**53
# Equal hashes make a dict slow, and those of numbers and tuples can be chosen.
MAX_SAME_HASH = 32


@contextmanager
def own_errors() -> Iterator[None]:
    """Turn what a constructor raises into `Malformed`; no hook may run inside."""
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        ImportError,  # of torch, where there is none that could have made the value
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
        Warning,  # where warnings are errors
    ) as error:
        # Not its message, which may be the student's text.
        raise Malformed(f"fields that do not fit: {type(error).__name__}") from None


def require(condition: bool, message: str) -> None:
    """Raise `Malformed` unless the condition holds."""
    if not condition:
        raise Malformed(message)


def exactly(value: Any, kind: type) -> Any:
    """Return `value`; raises `Malformed` unless its type is `kind`, and no subclass."""
    require(type(value) is kind, f"another type than {kind.__name__}")
    return value


def is_number(value: object) -> bool:
    """Tell whether `value` may count what was given out."""
    return type(value) is int and 0 <= value <= MAX_NUMBER


def _read_int(raw: Any) -> int:
    require(len(exactly(raw, bytes)) <= MAX_BITS // 8 + 1, "an int that is too long")
    value = int.from_bytes(raw, "big", signed=True)
    # A short int has no tag, and a long one no byte more than it needs.
    needs_tag = value.bit_length() <= MAX_BITS and not is_short(value)
    require(needs_tag and int_bytes(value) == raw, "a wrong int")
    return value


def _whole(node: Any) -> int:
    """Return the int of a field that is one."""
    if type(node) is int:
        return node
    tag, raw = exactly(node, list)
    require(tag == "int", "no int")
    return _read_int(raw)


def _read_text(raw: Any) -> str:
    text: str = exactly(raw, bytes).decode("utf-8", "surrogatepass")
    try:
        text.encode()  # stops at the first surrogate; writing the text again would take long
    except UnicodeEncodeError:
        return text
    raise Malformed("a text that needs no tag")


def _text(node: Any) -> str:
    """Return the str of a field that is one."""
    if type(node) is str:
        return node
    tag, raw = exactly(node, list)
    require(tag == "text", "no text")
    return _read_text(raw)


def _read_complex(real: Any, imag: Any) -> complex:
    return complex(exactly(real, float), exactly(imag, float))


def _read_dict(parts: list[Any]) -> dict[Any, Any]:
    require(len(parts) % 2 == 0, "a key without a value")
    keys = _distinct(parts[::2], dict.fromkeys)
    return dict(zip(keys, parts[1::2], strict=True))


def _read_set(parts: list[Any]) -> set[Any]:
    return set(_distinct(parts, set))


def _read_frozenset(parts: list[Any]) -> frozenset[Any]:
    return frozenset(_distinct(parts, frozenset))


def _distinct(keys: list[Any], collect: Callable[[list[Any]], Any]) -> Any:
    """Return `keys` collected; raises `Malformed` for equal ones, or hashes chosen to be slow."""
    # Sorted, equal ones are neighbours: too many are where one equals that so many places later.
    hashes = sorted(map(hash, keys))
    later = hashes[MAX_SAME_HASH:]
    is_slow = any(first == last for first, last in zip(hashes, later, strict=False))
    require(not is_slow, "too many equal hashes")  # before any two keys are compared
    collected = collect(keys)
    require(len(collected) == len(keys), "equal keys")
    return collected


def _read_slice(parts: list[Any]) -> slice:
    start, stop, step = parts
    return slice(start, stop, step)


def read_shape(shape: Any, raw: Any, itemsize: int) -> tuple[int, ...]:
    """Return `shape`, once `raw` has as many bytes as it needs."""
    sizes = tuple(exactly(shape, list))
    require(all(type(size) is int and size >= 0 for size in sizes), "a wrong shape")
    require(is_shape(sizes), "an absurd shape")
    # So that nothing is allocated that was not paid for with bytes.
    require(math.prod(sizes) * itemsize == len(exactly(raw, bytes)), "wrong number of bytes")
    return sizes


def require_bools(raw: bytes) -> None:
    """Raise `Malformed` unless all bytes are bools."""
    # Another byte than 0 and 1 would be a bool that equals neither True nor False.
    require(not raw.strip(b"\0\1"), "a bool that is none")


def _read_array(name: Any, shape: Any, raw: Any) -> np.ndarray[Any, np.dtype[Any]]:
    require(NUMPY_DTYPE.fullmatch(exactly(name, str)) is not None, "no dtype of numpy's")
    dtype = np.dtype(name)
    require(dtype.str == name, "a dtype by another name")
    sizes = read_shape(shape, raw, dtype.itemsize)
    array = np.ndarray(sizes, dtype, buffer=raw).copy()
    if dtype.kind == "b":
        require_bools(raw)
    if dtype.kind == "U" and array.size:
        # numpy takes any four bytes for one, and fails only when the text is used.
        points = np.frombuffer(raw, f"{name[0]}u4")
        require(int(points.max()) <= 0x10FFFF, "a character that is none")
    return array


def _read_scalar(name: Any, raw: Any) -> Any:
    array = _read_array(name, [], raw)
    # Texts have tags of their own, `npstr` and `npbytes`, and each value has one form.
    require(array.dtype.kind not in "US", "a text as a number")
    return array[()]


def _read_range(start: Any, stop: Any, step: Any) -> range:
    return range(_whole(start), _whole(stop), _whole(step))


def _read_fraction(numerator: Any, denominator: Any) -> Fraction:
    above, below = _whole(numerator), _whole(denominator)
    value = Fraction(above, below)
    is_reduced = (value.numerator, value.denominator) == (above, below)
    require(is_reduced, "a fraction not reduced")
    return value


def _read_decimal(text: Any) -> Decimal:
    require(is_decimal(exactly(text, str)), "no decimal")
    value = Decimal(text)
    require(str(value) == text, "a decimal by another name")
    return value


def _read_datetime(text: Any, fold: Any) -> datetime:
    value = datetime.fromisoformat(exactly(text, str))
    require(value.tzinfo is None and value.isoformat() == text, "no datetime")
    return value.replace(fold=exactly(fold, int))


def _read_date(text: Any) -> date:
    value = date.fromisoformat(exactly(text, str))
    require(value.isoformat() == text, "no date")
    return value


def _read_timedelta(*parts: Any) -> timedelta:
    days, seconds, microseconds = (exactly(part, int) for part in parts)
    value = timedelta(days, seconds, microseconds)
    found = (value.days, value.seconds, value.microseconds)
    require(found == parts, "a timedelta out of range")
    return value


def _read_path(node: Any, kind: type[PurePath] = Path) -> PurePath:
    text = _text(node)
    require(str(kind(text)) == text, "a path by another name")
    return kind(text)


def _read_nothing() -> EllipsisType:
    return ...


def _of_torch(tag: str) -> Callable[..., Any]:
    """Return the reader of a type of torch's, which is imported when the first value arrives."""

    def read(*fields: Any) -> Any:
        from course.grading.referee import torch_values

        return torch_values.READERS[tag](*fields)

    return read


# Of the fields alone: no hook is asked.
READERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "int": _read_int,
        "text": _read_text,
        "complex": _read_complex,
        "ellipsis": _read_nothing,
        **{tag: _of_torch(tag) for tag in ("dtype", "device", "size")},
        "array": _read_array,
        "npscalar": _read_scalar,
        "npstr": lambda node: np.str_(_text(node)),
        "npbytes": lambda raw: np.bytes_(exactly(raw, bytes)),
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
