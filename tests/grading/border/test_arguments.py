"""Arguments reach the student process, and what became of them there becomes of the test's own."""

import copy
import json
import math
import random
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from course.grading.border.arguments import (
    Labels,
    describe,
    dump,
    leaves_of,
    load,
    mutable_parts,
    restore,
    stays_here,
)
from course.grading.border.randomness import GLOBAL_RANDOMNESS, Randomness

# What a restored state may raise: `student_link` makes a breach of those alone.
DO_NOT_FIT = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def no_token(value: object) -> None:
    """Have all of a value travel."""


def nothing_to_find(kind: str, key: object) -> None:
    raise AssertionError("no token was given")


def crossed(value: Any) -> Any:
    return load(dump(value, no_token), nothing_to_find)


# --- labels ---


def test_a_label_is_an_objects_own_and_not_of_what_is_equal_to_it() -> None:
    first, second = [1], [1]
    labels = Labels[str]()
    labels.add(first, "first")
    assert labels.find(first) == "first"
    assert labels.find(second) is None


def test_what_has_a_label_is_kept_so_that_nothing_else_gets_its_number() -> None:
    labels = Labels[int]()
    for label in range(100):
        labels.add([label], label)
    assert all(labels.find([label]) is None for label in range(100))


def test_a_copy_of_labels_goes_its_own_way() -> None:
    value, later = [1], [2]
    labels = Labels[int]()
    labels.add(value, 1)
    other = labels.copy()
    other.add(later, 2)
    assert (other.find(value), other.find(later), labels.find(later)) == (1, 2, None)


# --- random generators ---

DRAWS: dict[str, Callable[[], float]] = {
    "torch": lambda: torch.rand(1).item(),
    "numpy": lambda: float(np.random.rand()),
    "random": random.random,
}
GENERATORS: dict[str, Callable[[], Any]] = {
    "torch": lambda: torch.Generator().manual_seed(1),
    "numpy": lambda: np.random.default_rng(1),
    "random": lambda: random.Random(1),
}


@pytest.mark.parametrize("randomness", GLOBAL_RANDOMNESS, ids=lambda each: each.library)
def test_a_generator_in_the_same_state_draws_the_same(randomness: Randomness) -> None:
    draw = DRAWS[randomness.library]
    before = randomness.state()
    first = draw()
    randomness.set_state(before)
    assert draw() == first
    assert randomness.state() != before


@pytest.mark.parametrize("randomness", GLOBAL_RANDOMNESS, ids=lambda each: each.library)
def test_a_seeded_generator_draws_the_same(randomness: Randomness) -> None:
    draw = DRAWS[randomness.library]
    before = randomness.state()
    values = []
    for _ in range(2):
        randomness.seed(2**32 - 1)
        values.append(draw())
    randomness.set_state(before)
    assert values[0] == values[1]


def draw_from(generator: Any) -> float:
    if isinstance(generator, torch.Generator):
        return torch.rand(1, generator=generator).item()
    return float(generator.random())


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS)
def test_a_generator_that_was_used_says_so_and_no_more(make: Callable[[], Any]) -> None:
    generator = make()
    before = describe(generator)
    draw_from(generator)
    assert describe(generator) != before == describe(make())
    assert len(before) == 16  # a digest, from which nobody finds the state


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS)
def test_no_state_of_a_generator_is_ever_taken_from_the_other_side(
    make: Callable[[], Any],
) -> None:
    first, second, untouched = make(), make(), make()
    restore(first, b"chosen")
    restore(second, describe(untouched))
    assert draw_from(first) == draw_from(second)
    assert draw_from(make()) == draw_from(untouched) != draw_from(first)


# --- what travels ---

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_plain_values_arrive_as_they_are(value: object) -> None:
    assert crossed(value) == value


def test_what_has_a_token_is_found_and_does_not_travel() -> None:
    here, there = object(), object()
    data = dump([here, 1, here], lambda value: ("kept", 7) if value is here else None)
    asked: list[tuple[str, Any]] = []

    def find(kind: str, key: Any) -> object:
        asked.append((kind, key))
        return there

    assert load(data, find) == [there, 1, there]
    assert asked == [("kept", 7)] * 2


TENSORS = {
    "empty": torch.empty(0, 3),
    "scalar": torch.tensor(True),
    "bfloat16": torch.tensor([1.5], dtype=torch.bfloat16),
    "complex": torch.tensor([1j, 2]),
    "conjugate": torch.tensor([1j, 2]).conj(),
    "transposed": torch.arange(6.0).reshape(2, 3).T,
    "expanded": torch.ones(1).expand(4),
    "part": torch.arange(9)[2:7:2],
    "grad": torch.ones(2, requires_grad=True),
    "parameter": nn.Parameter(torch.ones(2)),
    "frozen": nn.Parameter(torch.ones(2), requires_grad=False),
    "sparse": torch.eye(2).to_sparse(),
}


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_arrives_with_its_type_and_its_numbers(name: str) -> None:
    value = TENSORS[name]
    arrived = crossed(value)
    assert type(arrived) is type(value)
    assert (arrived.dtype, arrived.shape) == (value.dtype, value.shape)
    assert arrived.requires_grad == value.requires_grad
    assert torch.equal(arrived.to_dense().resolve_conj(), value.to_dense().resolve_conj())


def test_tensors_that_share_memory_still_do() -> None:
    whole = torch.zeros(2, 3)
    arrived, part = crossed([whole, whole.T[1:]])
    part += 1
    assert arrived.tolist() == [[0, 1, 1], [0, 1, 1]]


def test_a_tensor_that_numpy_has_seen_can_be_resized_when_it_arrives() -> None:
    value = torch.ones(2)
    assert value.numpy().sum() == 2
    assert crossed(value).resize_(3).shape == (3,)


def test_a_class_of_the_tests_own_travels_with_its_methods() -> None:
    kind = define("class f:\n    x = 3\n    def twice(self):\n        return 2 * self.x")
    assert crossed(cast(Any, kind)()).twice() == 6


# --- what stays ---


def define(source: str) -> object:
    """Return what a cell defines as `f`, in a notebook that has imported `math`."""
    names: dict[str, object] = {"__name__": "__main__", "math": math, "number": 2}
    exec(source, names)
    return names["f"]


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda x: x + number",
        "def f(x, y=1): return x",
        "def f(x, *, y=1): return x",
        "def outer():\n    seen = []\n    return lambda x: seen.append(x)\nf = outer()",
        "def f(x): return [number for _ in x]",
    ],
    ids=["global", "default", "keyword default", "closure", "global, further in"],
)
def test_a_function_that_uses_what_is_the_tests_stays(source: str) -> None:
    assert stays_here(define(source))


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda x: x + 1",
        "def f(x): return math.sqrt(x)",
        "def f(x): return len(x)",
        "class f:\n    def method(self): return number\nf = f.method",
        "class f: pass",
        "f = len",
        "f = [1]",
    ],
    ids=["arguments", "module", "built-in", "method", "class", "built-in itself", "no function"],
)
def test_what_does_the_same_elsewhere_travels(source: str) -> None:
    assert not stays_here(define(source))


def test_a_function_of_an_installed_module_travels_by_its_name() -> None:
    assert isinstance(json.dumps, FunctionType)
    assert not stays_here(json.dumps)
    assert crossed(json.dumps) is json.dumps


# --- parts ---


class Thing:
    """Has attributes."""

    def __init__(self) -> None:
        self.items = [1]


def make_tree() -> Any:
    """Return arguments with parts of every kind."""
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return ([1, {"a": (np.ones(2), {3})}], {"model": model}, optimizer, Thing(), random.Random(1))


def nothing_is_opaque(value: object) -> bool:
    return False


def kinds_of(root: object) -> list[type]:
    return [type(part) for part in mutable_parts(root, nothing_is_opaque)]


def test_both_processes_find_the_parts_in_one_order() -> None:
    tree = make_tree()
    assert kinds_of(copy.deepcopy(tree)) == kinds_of(tree)
    assert kinds_of(crossed(tree)) == kinds_of(tree)


def test_every_part_comes_once_however_often_it_is_held() -> None:
    shared: list[object] = []
    shared.append(shared)
    parts = mutable_parts([shared, {"again": shared}, (shared,)], nothing_is_opaque)
    assert sum(part is shared for part in parts) == 1
    assert len(parts) == 3


def test_what_cannot_be_changed_is_no_part_but_what_it_holds_may_be() -> None:
    inner = [1]
    root = (inner, "text", b"bytes", 1, 2.0, 3j, len, json, Thing, math.sqrt)
    assert mutable_parts(root, nothing_is_opaque) == [inner]


def test_what_is_opaque_is_left_out_with_all_that_it_holds() -> None:
    thing = Thing()
    parts = mutable_parts([thing, [2]], lambda value: value is thing)
    assert parts == [[thing, [2]], [2]]


def test_a_modules_parts_are_its_parameters_buffers_and_modules() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2))
    parts = mutable_parts(model, nothing_is_opaque)
    tensors = [part for part in parts if isinstance(part, torch.Tensor)]
    assert {id(part) for part in tensors} == {
        id(value) for value in (*model.parameters(), *model.buffers())
    }
    assert parts[0] is model


def test_gradients_flow_back_to_the_tensors_that_ask_for_it() -> None:
    wanted, other = torch.ones(1, requires_grad=True), torch.ones(1)
    assert leaves_of([wanted, other, [1], 3]) == [wanted]


# --- what became of them ---


def trained_optimizer(model: nn.Module, steps: int) -> torch.optim.Optimizer:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    return optimizer


CHANGED: dict[str, tuple[Any, Any]] = {
    "list": ([1, 2], [3]),
    "dict": ({"a": 1, "b": 2}, {"b": 3, "a": 4}),
    "set": ({1, 2}, {2, 3}),
    "array": (np.zeros(2), np.array([1.0, 2.0])),
    "tensor": (torch.zeros(2), torch.tensor([1.0, 2.0])),
    "tensor of another shape": (torch.zeros(2), torch.ones(3)),
    "tensor of another dtype": (torch.zeros(2), torch.ones(2, dtype=torch.int64)),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_part_becomes_what_its_like_was_described_to_be(name: str) -> None:
    part, other = copy.deepcopy(CHANGED[name])
    restore(part, describe(other))
    assert type(part) is type(other)
    assert str(part) == str(other)


def test_a_dict_takes_over_the_order_too() -> None:
    part = {"a": 1, "b": 2}
    restore(part, [("b", 2), ("a", 1)])
    assert list(part) == ["b", "a"]


def test_a_tensor_is_changed_where_it_is_so_that_its_views_see_it() -> None:
    part = torch.zeros(2, 2)
    view = part[0]
    restore(part, describe(torch.ones(2, 2)))
    assert view.tolist() == [1, 1]


def test_a_tensor_gets_the_gradient_and_the_wish_for_one() -> None:
    other = torch.ones(2, requires_grad=True)
    other.sum().backward()
    part = torch.zeros(2)
    restore(part, describe(other))
    assert part.requires_grad
    assert part.grad is not None
    assert part.grad.tolist() == [1, 1]


def test_a_gradient_that_was_set_to_none_is_none() -> None:
    part = torch.ones(2, requires_grad=True)
    part.sum().backward()
    restore(part, describe(torch.ones(2, requires_grad=True)))
    assert part.grad is None


def test_a_modules_mode_and_what_it_holds_follow() -> None:
    part, other = nn.Linear(2, 2), nn.Linear(2, 2, bias=False).eval()
    restore(part, describe(other))
    assert not part.training
    assert part.weight is other.weight
    assert part.bias is None


def test_an_optimizers_state_follows() -> None:
    model = nn.Linear(2, 1)
    part, other = trained_optimizer(model, 0), trained_optimizer(model, 2)
    restore(part, describe(other))
    momenta = [part.state[each]["momentum_buffer"] for each in model.parameters()]
    expected = [other.state[each]["momentum_buffer"] for each in model.parameters()]
    assert all(map(torch.equal, momenta, expected))


def test_an_objects_attributes_follow() -> None:
    part, other = Thing(), Thing()
    other.items = [2, 3]
    restore(part, describe(other))
    assert part.items == [2, 3]


def test_what_has_nothing_that_can_change_is_described_by_nothing() -> None:
    assert describe(object()) is None


def test_a_module_takes_no_more_than_modules_hold() -> None:
    part = nn.Linear(2, 2)
    with pytest.raises(TypeError, match="only parameters, buffers and modules"):
        restore(part, (True, {"weight": 3}, {}, {}))


PARTS: dict[str, Callable[[], Any]] = {
    "list": lambda: [1],
    "dict": lambda: {"a": 1},
    "set": lambda: {1},
    "array": lambda: np.zeros(2),
    "tensor": lambda: torch.zeros(2),
    "module": lambda: nn.Linear(1, 1),
    "optimizer": lambda: torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1),
    "object": Thing,
}
states = plain | st.tuples(plain, plain, plain) | st.tuples(plain, plain, plain, plain)


@pytest.mark.parametrize("make", PARTS.values(), ids=PARTS)
def test_a_state_that_does_not_fit_is_an_error_of_a_known_kind(make: Callable[[], Any]) -> None:
    @given(states)
    def fuzz(state: object) -> None:
        try:
            restore(make(), state)
        except DO_NOT_FIT:
            return

    fuzz()
