"""Values cross the border exactly, and nothing but well-formed data crosses it."""

import enum
import math
import pickle
import random
import struct
import sys
import tracemalloc
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any

import msgpack  # type: ignore[import-untyped]
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from course.grading.border.plain_data import NUMPY_DTYPE, TENSOR_DTYPES, Malformed, Uncarried
from course.grading.referee.decoding import SPECIAL, DecodeHooks, decode, unpack
from course.grading.referee.readers import BUILDERS, MAX_SAME_HASH, READERS
from course.grading.referee.torch_values import ELEMENTS
from course.grading.student.encoding import EncodeHooks, encode, pack

ORDINARY = settings(suppress_health_check=[HealthCheck.too_slow], database=None)


def any_value(tree: Any) -> Any:
    """Return what `tree` stands for, of which the test knows more than the types say."""
    return decode(tree)


def carried(value: Any, out: EncodeHooks | None = None, back: DecodeHooks | None = None) -> Any:
    """Return `value` after it has crossed the border."""
    data = pack(encode(value, out))
    tree = unpack(data)
    assert pack(tree) == data
    return decode(tree, back)


def image(value: Any) -> Any:
    """Return something that is equal for values that cannot be told apart, NaNs included."""
    kind = type(value)
    if isinstance(value, torch.Tensor):
        raw = bytes(value.detach().contiguous().reshape(-1).view(torch.uint8).tolist())
        return kind, value.dtype, tuple(value.shape), raw, value.requires_grad
    if isinstance(value, np.ndarray):
        return kind, value.dtype.str, value.shape, value.tobytes()
    if kind in (int, str, bytes, bool) or value is None:
        return kind, value
    if isinstance(value, np.generic):
        return kind, value.dtype.str, value.tobytes()
    if kind is float:
        return kind, struct.pack("d", value)
    if kind is complex:
        return kind, struct.pack("dd", value.real, value.imag)
    if kind is dict:
        return kind, [(image(key), image(item)) for key, item in value.items()]
    if kind in (set, frozenset):
        return kind, sorted(map(repr, map(image, value)))
    if kind is slice:
        return kind, image([value.start, value.stop, value.step])
    return (kind, list(map(image, value))) if kind in (list, tuple) else (kind, repr(value))


# ---------------------------------------------------------------- round trips

DTYPES = list(ELEMENTS.values())
INTS = st.integers() | st.integers(-(2**4096) + 1, 2**4096 - 1) | st.integers(2**63 - 3, 2**64 + 3)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=5)
SHAPES = st.lists(st.integers(0, 3), max_size=4)
WHOLE = "|b1 |i1 |u1 <i2 >u4 <i8 <u8"
OTHERS = "<f2 >f4 <f8 <c8 >c16 <U3 >U1 |S4 <M8[D] >M8[25s] <m8[ns] <M8"
NUMPY_DTYPES = st.sampled_from([*WHOLE.split(), *OTHERS.split()])


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    dtype, shape = draw(st.sampled_from(DTYPES)), draw(SHAPES)
    raw = draw(st.binary(min_size=math.prod(shape) * dtype.itemsize)) + bytes(1)
    raw = raw[: math.prod(shape) * dtype.itemsize]
    if dtype is torch.bool:
        raw = bytes(byte & 1 for byte in raw)
    tensor: torch.Tensor = any_value(["tensor", str(dtype)[6:], shape, raw, False, None])
    if dtype.is_floating_point or dtype.is_complex:
        tensor.requires_grad_(draw(st.booleans()))
        return nn.Parameter(tensor.detach()) if draw(st.booleans()) else tensor
    return tensor


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    dtype, shape = np.dtype(draw(NUMPY_DTYPES)), draw(SHAPES)
    size = math.prod(shape) * dtype.itemsize
    raw = (draw(st.binary(min_size=size)) + bytes(1))[:size]
    if dtype.kind == "b":
        raw = bytes(byte & 1 for byte in raw)
    array = np.ndarray(shape, dtype, buffer=raw).copy()
    return np.full(shape, "é\U0001f600", dtype) if dtype.kind == "U" else array


SCALARS = arrays().filter(lambda array: array.size).map(lambda array: array.reshape(-1)[0])
KEYABLE = (
    st.none()
    | st.booleans()
    | INTS
    | st.floats()
    | st.complex_numbers()
    | TEXTS
    | st.binary(max_size=4)
    | st.sampled_from([..., torch.float32, torch.quint8, torch.device("cuda", 1)])
    | st.builds(range, INTS, INTS, st.integers(1, 2**70))
    | st.fractions()
    | st.decimals(allow_nan=False).filter(lambda value: abs(value.adjusted()) < 10_000)
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | TEXTS.map(Path)
    | SHAPES.map(torch.Size)
)
KEYS = st.recursive(
    KEYABLE,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner),
    max_leaves=4,
)
LEAVES = KEYS | tensors() | arrays() | SCALARS | st.sampled_from([torch.device("cpu")])
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.sets(KEYS, max_size=3)
        | st.builds(slice, inner, inner, inner)
    ),
    max_leaves=8,
)


@ORDINARY
@given(ANYTHING)
def test_values_come_back_as_they_were(value: Any) -> None:
    assert image(carried(value)) == image(value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -math.nan,
        struct.unpack("d", struct.pack("Q", 0x7FF8_0000_DEAD_BEEF))[0],
        -0.0,
        -math.inf,
        complex(-0.0, math.nan),
        "\ud800",
        "\ud83d\ude00",
        "\0",
        2**64 - 1,
        2**64,
        -(2**63) - 1,
        2**4096 - 1,
        {(1, ("a", None)): [], frozenset({2}): set()},
        {"b": 1, "a": 2, 1.5: 3},
        slice(None, 3),
        np.str_("é"),
        np.str_(""),
        np.bytes_(b"a\0"),
        np.float32("nan"),
        np.datetime64("NaT"),
        np.bool_(True),
        Decimal("-0.00"),
        Decimal("NaN"),
        PurePosixPath("/tmp"),
        Path("a/b"),
        Fraction(2**70, 3),
    ],
    ids=repr,
)
def test_odd_values_come_back_as_they_were(value: Any) -> None:
    assert image(carried(value)) == image(value)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (2, 3)])
def test_every_dtype_and_shape_of_tensors(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    raw = bytes(index % 2 for index in range(math.prod(shape) * dtype.itemsize))
    value = any_value(["tensor", str(dtype)[6:], list(shape), raw, False, None])
    assert value.dtype is dtype
    assert image(carried(value)) == image(value)


def test_strides_conjugates_and_negatives_are_resolved() -> None:
    value = torch.arange(12.0).reshape(3, 4)
    numbers = torch.complex(value, value + 1)
    for each in (value.T, value[:, ::2], value[1], value.expand(2, 3, 4), numbers.conj(),
                 numbers.conj().imag, value.to(torch.float64)[1:, 1:]):  # fmt: skip
        back = carried(each)
        assert torch.equal(back, each)
        assert back.is_contiguous()
        assert not back.is_conj()
        assert not back.is_neg()


def test_tensors_that_came_back_can_be_changed_and_grow() -> None:
    back = carried(torch.ones(3))
    back.add_(1).resize_(100)
    carried(np.ones(3))[0] = 5


def test_parameters_and_flags() -> None:
    weight = carried(nn.Parameter(torch.ones(2)))
    assert type(weight) is nn.Parameter
    assert weight.requires_grad
    frozen = carried(nn.Parameter(torch.ones(2, dtype=torch.int8), requires_grad=False))
    assert (type(frozen), frozen.requires_grad) == (nn.Parameter, False)
    assert carried(weight * 2).requires_grad
    assert not carried(weight.detach()).requires_grad


def test_bools_of_other_bytes_become_bools() -> None:
    strange = torch.tensor([0, 2, 255], dtype=torch.uint8).view(torch.bool)
    assert carried(strange).tolist() == [False, True, True]
    assert carried(np.array([0, 2], np.uint8).view(np.bool_)).tolist() == [False, True]


# ---------------------------------------------------------------- subclasses


def lie(*_: object, **__: object) -> Any:
    raise AssertionError("the subclass was asked")


SPECIAL_NAMES = "eq ne iter len getitem int index float str repr bool complex bytes array reduce_ex"
NAMES = "items keys values dtype shape tobytes detach cpu numpy requires_grad layout real imag"
LIES = {f"__{name}__": lie for name in SPECIAL_NAMES.split()} | dict.fromkeys(NAMES.split(), lie)


def hostile(base: type, value: Any) -> Any:
    body = {**LIES, "__hash__": lambda self: 1, "__class__": property(lambda self: type(None))}
    if base is torch.Tensor:
        body["__torch_function__"] = classmethod(lie)
    kind = type("Hostile", (base,), body)
    if base is torch.Tensor:
        return value.as_subclass(kind)
    return value.view(kind) if base is np.ndarray else base.__new__(kind, value)


@pytest.mark.parametrize(
    "value",
    [7, 2**70, 1.5, 1j, "text", b"bytes", (1, 2), frozenset({3}), torch.ones(2), np.arange(3)],
    ids=repr,
)
def test_subclasses_become_their_plain_base(value: Any) -> None:
    base = torch.Tensor if isinstance(value, torch.Tensor) else type(value)
    assert image(carried(hostile(base, value))) == image(value)


@pytest.mark.parametrize("value", [[1, [2]], {"a": 1}, {1, 2}], ids=repr)
def test_subclasses_of_containers_become_their_plain_base(value: Any) -> None:
    base = type(value)
    liar = hostile(base, value)
    base.__init__(liar, value)
    assert image(carried([liar])) == image([value])


def test_well_known_subclasses() -> None:
    class Colour(enum.IntEnum):
        RED = 3

    class Name(enum.StrEnum):
        ANN = "ann"

    Pair = namedtuple("Pair", "a b")
    pair = Pair(1, Colour.RED)
    ordered = OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    value = [pair, Name.ANN, Counter("aab"), defaultdict(list, {1: [2]}), ordered]
    plain = [(1, 3), "ann", {"a": 2, "b": 1}, {1: [2]}, {"b": 2, "a": 1}]
    assert image(carried(value)) == image(plain)
    assert image(carried(np.ma.masked_array([1, 2], np.array([False, True])))) == image(
        np.array([1, 2])
    )
    assert image(carried(torch.ones(2, 2).T.shape)) == image(torch.Size([2, 2]))


# ---------------------------------------------------------------- what is not carried


def cycle() -> list[Any]:
    value: list[Any] = [1]
    value.append({"again": (value,)})
    return value


def bomb() -> list[Any]:
    value: list[Any] = []
    for _ in range(39):
        value = [value, value]
    return value


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: (i for i in [1]), "returns a generator; return a list, tensor or number"),
        (lambda: [len], "holds a builtin_function_or_method"),
        (lambda: nn.Linear(1, 1), "returns a Linear"),
        (object, "returns an object"),
        (lambda: torch.ones(2, 2).to_sparse(), "sparse"),
        (lambda: torch.empty(2, device="meta"), "meta"),
        (lambda: torch.quantize_per_tensor(torch.ones(2), 1.0, 0, torch.qint8), "qint8"),
        (lambda: torch.ones(1).expand(2**40), "too large"),
        (lambda: np.broadcast_to(1.0, 2**40), "too large"),
        (lambda: np.array([None]), "object"),
        (lambda: np.zeros(2, "i4,f4"), "i4"),
        (lambda: np.longdouble(1), "longdouble"),
        (lambda: np.empty((0, 2**40)), "too long"),
        (lambda: 2**4096, "4,096 bits"),
        (lambda: datetime.now(UTC), "time zone"),
        (lambda: Decimal("1E+99999"), "digits"),
        (lambda: {torch.ones(1): 1}, "key"),
        (lambda: {np.datetime64("2020")}, "plain value"),
        (cycle, "contains itself"),
        (bomb, "too many items"),
        (lambda: nested(50), "too deeply"),
        (lambda: [0] * 300_000, "too many items"),
        (lambda: [[0]] * 90_000, "returns too much"),
    ],
)
def test_what_cannot_be_carried_is_said(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(Uncarried, match=message):
        pack(encode(make()))


def test_the_greatest_depth_is_carried() -> None:
    assert carried(nested(39)) == nested(39)
    tuples: Any = torch.ones(1)
    for _ in range(38):
        tuples = (tuples,)
    assert carried([tuples])


def test_limits_of_the_caller() -> None:
    with pytest.raises(Uncarried, match="too large"):
        encode(torch.ones(100), limit=399)
    with pytest.raises(Uncarried, match="at most 50"):
        pack(encode(bytes(100)), limit=50)
    with pytest.raises(Malformed):
        unpack(pack(bytes(100)), limit=50)


# ---------------------------------------------------------------- hooks


def test_references_and_handles() -> None:
    argument, function = [1, 2], lambda: 0
    out = EncodeHooks(
        reference=lambda value: (0, "x") if value is argument else None,
        handle=lambda value: ("callable", 5, {"name": "f"}) if value is function else None,
    )
    seen = DecodeHooks(
        reference=lambda label: ("argument", label),
        handle=lambda kind, number, info: (kind, number, info),
    )
    value = {"a": argument, "b": [function], "c": [1, 2]}
    expected = {"a": ("argument", (0, "x")), "b": [("callable", 5, {"name": "f"})], "c": [1, 2]}
    assert carried(value, out, seen) == expected
    with pytest.raises(Malformed, match="none is expected"):
        carried(value, out)


def test_keys_are_written_out_even_if_they_are_arguments() -> None:
    shape = torch.Size([1, 2])
    out = EncodeHooks(reference=lambda value: (1,) if value is shape else None)
    assert carried({shape: 1}, out) == {shape: 1}


def test_numbers_of_gradients() -> None:
    weight = nn.Parameter(torch.ones(2))
    out = EncodeHooks(grad=lambda tensor: 4 if tensor.requires_grad else 1)
    seen = []

    def finish(tensor: torch.Tensor, number: int) -> Any:
        seen.append((type(tensor), tensor.requires_grad, number))
        return tensor

    carried([weight, weight * 2, torch.ones(2)], out, DecodeHooks(tensor=finish))
    assert seen == [(nn.Parameter, True, 4), (torch.Tensor, False, 4)]


def test_hooks_that_know_no_such_thing() -> None:
    known = [1, 2]
    hooks = DecodeHooks(reference=lambda label: known[int(label[0])])
    assert decode(["reference", 1], hooks) == 2
    with pytest.raises(Malformed, match="never given out"):
        decode(["reference", 2], hooks)


def test_other_errors_of_hooks_are_not_hidden() -> None:
    def broken(label: object) -> Any:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        decode(["list", ["reference", 0]], DecodeHooks(reference=broken))


# ---------------------------------------------------------------- the enemy's bytes

EAGER = DecodeHooks(
    reference=lambda label: label,
    handle=lambda kind, number, info: info,
    tensor=lambda tensor, number: tensor,
)


def survives(data: bytes) -> bool:
    """Decode `data`; tell whether it was well-formed, in which case it is in the one right form."""
    try:
        decode(unpack(data), EAGER)
    except Malformed:
        return False
    return True


WRONG_TREES = [
    [],
    ["nonsense"],
    [[]],
    [1, 2],
    [None],
    ["list", ["list"], []],
    ["ellipsis", 1],
    ["int", b"\x05"],
    ["int", b"\0" + b"\x7f" * 8],
    ["int", b"\0\0" + b"\xff" * 8 + b"\0"],
    ["int", b"\x7f" * 600],
    ["int", 2],
    ["text", b"plain"],
    ["text", b"\xff"],
    ["text", "x"],
    ["complex", 1, 2],
    ["complex", 1.0],
    ["dict", 1],
    ["dict", 1, 2, 1, 3],
    ["dict", 1, 2, True, 3],
    ["dict", 1, 2, ["fraction", 1, 1], 3],
    ["dict", ["list"], 1],
    ["dict", ["tuple", ["list"]], 1],
    ["dict", ["tensor", "float32", [], bytes(4), False, None], 1],
    ["dict", ["reference", 0], 1],
    ["dict", ["npscalar", "<M8[D]", bytes(8)], 1],
    ["set", 1, 1.0],
    ["set", ["set"]],
    ["frozenset", ["dict"]],
    ["slice", 1, 2],
    ["range", 1, 2, 0],
    ["range", 1, 2.0, 1],
    ["tensor"],
    ["tensor", "float32", [1], bytes(4), False],
    ["tensor", "float32", [1], bytes(3), False, None],
    ["tensor", "float32", [2], bytes(4), False, None],
    ["tensor", "float32", [-1], bytes(4), False, None],
    ["tensor", "float32", [-1, -1], bytes(4), False, None],
    ["tensor", "float32", [1.0], bytes(4), False, None],
    ["tensor", "float32", [True], bytes(4), False, None],
    ["tensor", "float32", [2**62, 4], b"", False, None],
    ["tensor", "float32", [2**63, 2], b"", False, None],
    ["tensor", "float32", [0, 2**63], b"", False, None],
    ["tensor", "float32", [0, 2**40], b"", False, None],
    ["tensor", "float32", [2**60], b"", False, None],
    ["tensor", "float32", [1] * 33, bytes(4), False, None],
    ["tensor", "float32", "1", bytes(4), False, None],
    ["tensor", "float32", [1], "abcd", False, None],
    ["tensor", "qint8", [1], bytes(1), False, None],
    ["tensor", "float", [1], bytes(4), False, None],
    ["tensor", "load", [1], bytes(4), False, None],
    ["tensor", ["list"], [1], bytes(4), False, None],
    ["tensor", "bool", [1], b"\2", False, None],
    ["tensor", "int64", [1], bytes(8), True, None],
    ["tensor", "float32", [1], bytes(4), 1, None],
    ["tensor", "float32", [1], bytes(4), False, 3],
    ["tensor", "float32", [1], bytes(4), True, -1],
    ["tensor", "float32", [1], bytes(4), True, True],
    ["tensor", "float32", [1], bytes(4), True, 2**60],
    ["tensor", "int64", [1], bytes(8), True, 1],
    ["parameter", "int64", [1], bytes(8), True, None],
    ["array", "|O8", [1], bytes(8)],
    ["array", "|V4", [1], bytes(4)],
    ["array", "float32", [1], bytes(4)],
    ["array", "=f4", [1], bytes(4)],
    ["array", "<f4,<f4", [1], bytes(8)],
    ["array", "<U0", [2**50], b""],
    ["array", "<U99999999", [0], b"x"],
    ["array", "<U1", [1], b"\xff\xff\xff\xff"],
    ["array", ">U1", [1], b"\1\0\0\0"],
    ["array", "|b1", [1], b"\2"],
    ["array", "<M8[1D]", [1], bytes(8)],
    ["array", "<M8[24h]", [1], bytes(7)],
    ["array", "<f4", [2**62, 4], b""],
    ["array", "<f4", [0, 2**62, 2**62], b""],
    ["npscalar", "<U1", bytes(4)],
    ["npscalar", "<f4", bytes(8)],
    ["npstr", b"x"],
    ["npstr", ["text", b"x"]],
    ["npbytes", "x"],
    ["dtype", "Tensor"],
    ["dtype", "float"],
    ["device", "nonsense", None],
    ["device", "cuda:1", None],
    ["device", "cuda", -1],
    ["device", "cuda", 1000],
    ["size", 1.5],
    ["size", 2**64 - 1],
    ["fraction", 2, 4],
    ["fraction", 1, 0],
    ["fraction", 1, -2],
    ["decimal", "1E+999999999"],
    ["decimal", "1_0"],
    ["decimal", " 1"],
    ["decimal", "sNaN"],
    ["datetime", "2020-01-01", 0],
    ["datetime", "2020-01-01T00:00:00+00:00", 0],
    ["datetime", "2020-01-01T00:00:00", 2],
    ["datetime", "2020-01-01T00:00:00", True],
    ["date", "20200101"],
    ["timedelta", 0, 86400, 0],
    ["timedelta", 2**60, 0, 0],
    ["timedelta", 1.0, 0, 0],
    ["path", "a//b"],
    ["path", 1],
    ["reference"],
    ["reference", -1],
    ["reference", 2**60],
    ["reference", 1.0],
    ["reference", True],
    ["reference", "x" * 201],
    ["reference", *range(9)],
    ["handle", "callable", 1],
    ["handle", "Callable!", 1, None],
    ["handle", "callable\n", 1, None],
    ["handle", "callable", -1, None],
    ["handle", "callable", 1, ["nonsense"]],
]


@pytest.mark.parametrize("tree", WRONG_TREES, ids=lambda tree: repr(tree)[:50])
def test_trees_that_the_encoder_does_not_make(tree: Any) -> None:
    with pytest.raises(Malformed):
        decode(unpack(msgpack.packb(tree)), EAGER)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\xcd\0\5",  # 5 as an int of two bytes
        b"\xd9\1a",
        b"\xca\0\0\0\0",
        b"\x80",
        b"\xd4\1\0",
        b"\xa1\xff",
        b"\x01\x02",
        b"\x92\x01",
        b"\xc6\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xdd\x00\x03\x0d\x40" * 50,
        b"\x91" * 1000 + b"\0",
        b"\x91" * 10_000_000,
        pickle.dumps([1, 2]),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_bytes_that_pack_does_not_make(data: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(data)


def test_lengths_that_lie_cost_nothing() -> None:
    data = b"\xdd\x00\x03\x0d\x00" * 40 + b"\xc6\x7f\xff\xff\xff"
    tracemalloc.start()
    try:
        assert not survives(data)
        assert not survives(pack(["tensor", "float32", [2**40], b"", False, None]))
        assert not survives(pack(["array", "<f8", [2**40], b""]))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_chosen_hashes_are_refused_before_any_two_keys_are_compared() -> None:
    keys = [index * (2**61 - 1) for index in range(MAX_SAME_HASH + 1)]
    trees = [key if key < 2**64 else encode(key) for key in keys]
    with pytest.raises(Malformed, match="equal hashes"):
        decode(["set", *trees])
    assert decode(["set", *trees[1:]]) == set(keys[1:])


@ORDINARY
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    survives(data)


TAGS = sorted({*READERS, *BUILDERS, *SPECIAL})
DTYPE_NAMES = sorted({*TENSOR_DTYPES, *NUMPY_DTYPE.pattern.split("|")} | {"<f4", "|b1"})
HOSTILE_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=9)
    | st.sampled_from([*DTYPE_NAMES, "2020-01-01", "cuda", "NaN", "1E+9"])
)
HOSTILE_TREES = st.recursive(
    HOSTILE_LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.builds(lambda tag, fields: [tag, *fields], st.sampled_from(TAGS), st.lists(inner))
    ),
    max_leaves=15,
)


@settings(ORDINARY, max_examples=4 * settings().max_examples)
@given(HOSTILE_TREES)
def test_random_trees(tree: Any) -> None:
    survives(msgpack.packb(tree))


@ORDINARY
@given(ANYTHING, st.randoms(use_true_random=False))
def test_mutated_values(value: Any, chance: random.Random) -> None:
    data = bytearray(pack(encode(value)))
    for _ in range(20):
        mutated = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            where = chance.randrange(len(mutated))
            change = chance.choice([b"", bytes([chance.randrange(256)]), chance.randbytes(2)])
            mutated[where : where + chance.randint(0, 1)] = change
            if not mutated:
                break
        survives(bytes(mutated))


def test_every_truncation_is_malformed() -> None:
    chance = random.Random(0)
    value = {"a": torch.ones(2), 2: [np.arange(3), (date.min, timedelta(1))], 3: chance.random()}
    data = pack(encode(value))
    assert survives(data)
    assert not any(survives(data[:size]) for size in range(len(data)))
    assert not survives(data + b"\0")


def count_calls(action: Callable[[], object]) -> int:
    """Return how many functions `action` calls, those of C included."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def test_the_work_grows_with_the_values_and_no_faster() -> None:
    few, many = ([float(index) for index in range(count)] for count in (1_000, 4_000))
    assert count_calls(lambda: carried(many)) <= 4 * count_calls(lambda: carried(few))


def test_as_many_numbers_cross_as_may() -> None:
    value = [float(index) for index in range(199_000)]
    assert carried(value) == value
