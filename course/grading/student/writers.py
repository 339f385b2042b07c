"""Write one value of each type that has no parts as plain data: what `encoding` is made of.

This runs beside the student's code, as `encoding` does, and is trusted with nothing.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from types import EllipsisType, MappingProxyType, NoneType
from typing import Any

import numpy as np

from course.grading.border.plain_data import (
    MAX_BITS,
    NUMPY_DTYPE,
    Tree,
    Uncarried,
    int_bytes,
    is_decimal,
    is_short,
)

# All values are read by the methods of their plain base, `int.__int__(value)` and not `int(value)`:
# a subclass may have its own. That of an honest student may, too, and is not wrong for it.

# longdouble is left out: its padding is garbage, and not all its bit patterns are numbers.
NUMPY_SCALARS = frozenset(np.dtype(code).type for code in "?bBhHiIlLqQefdFDmM")


def _write_int(value: int) -> Tree:
    plain = int.__int__(value)
    if is_short(plain):
        return plain
    if plain.bit_length() > MAX_BITS:
        raise Uncarried(f"returns an int of more than {MAX_BITS:,} bits")
    return ["int", int_bytes(plain)]


def _write_str(value: str) -> Tree:
    plain = str.__str__(value)
    try:
        plain.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 does not have
        return ["text", plain.encode("utf-8", "surrogatepass")]
    return plain


def _write_bytes(value: bytes) -> bytes:
    return bytes.__getitem__(value, slice(None))  # of a subclass, a plain copy


def _write_complex(value: complex) -> Tree:
    return ["complex", *(part.__get__(value) for part in (complex.real, complex.imag))]


def _write_scalar(value: np.generic) -> Tree:
    dtype: np.dtype[Any] = np.generic.dtype.__get__(value)
    return ["npscalar", numpy_dtype(dtype), np.generic.tobytes(value)]


def numpy_dtype(dtype: np.dtype[Any]) -> str:
    """Return the name of a dtype; raises `Uncarried` for one whose elements are no values."""
    name = dtype.str
    if dtype.names or dtype.subdtype or not NUMPY_DTYPE.fullmatch(name):
        raise Uncarried(f"returns an array of {str(dtype)[:60]}; return numbers or texts")
    return name


def _write_range(value: range) -> Tree:
    return ["range", *map(_write_int, (value.start, value.stop, value.step))]


def _write_fraction(value: Fraction) -> Tree:
    parts = [part.__get__(value) for part in (Fraction.numerator, Fraction.denominator)]
    return ["fraction", *map(_write_int, parts)]


def _write_decimal(value: Decimal) -> Tree:
    text = Decimal.__str__(value)
    if not is_decimal(text):
        raise Uncarried("returns a Decimal with too many digits; return a float")
    return ["decimal", text]


def _write_datetime(value: datetime) -> Tree:
    if datetime.tzinfo.__get__(value) is not None:
        raise Uncarried("returns a datetime with a time zone; return one without")
    return ["datetime", datetime.isoformat(value), datetime.fold.__get__(value)]


def _write_timedelta(value: timedelta) -> Tree:
    parts = (timedelta.days, timedelta.seconds, timedelta.microseconds)
    return ["timedelta", *(part.__get__(value) for part in parts)]


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
        np.str_: lambda value: ["npstr", _write_str(value)],
        np.bytes_: lambda value: ["npbytes", _write_bytes(value)],
    }
)
# What may be an argument of the call, and is then not written out.
WRITERS: Mapping[type, Callable[[Any], Tree]] = MappingProxyType(
    {
        range: _write_range,
        Fraction: _write_fraction,
        Decimal: _write_decimal,
        datetime: _write_datetime,
        date: lambda value: ["date", date.isoformat(value)],
        timedelta: _write_timedelta,
        Path: lambda value: ["path", _write_str(PurePath.__str__(value))],
        PurePath: lambda value: ["purepath", _write_str(PurePath.__str__(value))],
        **dict.fromkeys(NUMPY_SCALARS, _write_scalar),
    }
)
