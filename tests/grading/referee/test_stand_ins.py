"""A stand-in asks the student process, and gives away no more than a test would in one process."""

import copy
import inspect
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import nn

from course.grading.border.breach import Breach
from course.grading.referee.stand_ins import MAKERS
from course.grading.referee.torch_values import MAX_LEVELS, MAX_NAMES, ModuleStandIn


@dataclass
class Asked:
    """Hold what a student process was asked, and the answers that it is going to give."""

    answers: list[Any] = field(default_factory=list)
    calls: list[tuple[int, str, tuple[Any, Any]]] = field(default_factory=list)

    def call(self, stand_in: Any, number: int, method: str, inputs: tuple[Any, Any]) -> Any:
        self.calls.append((number, method, inputs))
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def asked() -> Asked:
    return Asked()


PARAMETERS = [["x", 1, False, None], ["rate", 3, True, 0.5]]


def function(asked: Asked, parameters: Any = PARAMETERS) -> Any:
    return MAKERS["function"](asked, 7, ["f", "Help.", parameters, False, []])


def an_object(asked: Asked, *specials: str, number: int = 3) -> Any:
    return MAKERS["object"](asked, number, ["Thing", list(specials)])


def a_class(asked: Asked, *specials: str, is_module: bool = False) -> Any:
    return MAKERS["class"](asked, 5, ["Kind", "Help.", None, is_module, list(specials)])


# --- functions ---


def test_a_function_has_the_name_the_help_and_the_parameters_of_the_students(asked: Asked) -> None:
    f = function(asked)
    assert (f.__name__, f.__doc__) == ("f", "Help.")
    assert str(inspect.signature(f)) == "(x, *, rate=0.5)"
    assert asked.calls == []


def test_a_function_whose_signature_nobody_knows_has_none(asked: Asked) -> None:
    with pytest.raises(ValueError, match="no signature"):
        inspect.signature(function(asked, None))


def test_a_call_asks_with_the_arguments_and_gives_what_comes_back(asked: Asked) -> None:
    asked.answers = [9]
    assert function(asked)(3, rate=1) == 9
    assert asked.calls == [(7, "", ((3,), {"rate": 1}))]


def test_a_function_in_a_class_of_the_tests_is_its_method(asked: Asked) -> None:
    class Base:
        method = function(asked)

    base = Base()
    base.method(1)
    assert asked.calls == [(7, "", ((base, 1), {}))]


def test_a_copy_of_a_function_is_the_function(asked: Asked) -> None:
    f = function(asked)
    assert copy.copy(f) is f
    assert copy.deepcopy(f) is f


def test_a_function_is_none_to_who_would_look_at_its_code(asked: Asked) -> None:
    assert not inspect.isfunction(function(asked))


# --- objects ---


def test_an_attribute_and_its_change_are_asked_for(asked: Asked) -> None:
    asked.answers = [4]
    thing = an_object(asked)
    assert thing.x == 4
    thing.x = 5
    assert asked.calls == [
        (3, "__getattribute__", (("x",), {})),
        (3, "__setattr__", (("x", 5), {})),
    ]


def test_special_attributes_are_nobodys_to_ask_for(asked: Asked) -> None:
    thing = an_object(asked)
    with pytest.raises(AttributeError):
        thing.__array__  # noqa: B018 - as numpy looks for it
    assert asked.calls == []


def test_an_object_has_those_special_methods_that_its_class_has(asked: Asked) -> None:
    asked.answers = [2]
    assert len(an_object(asked, "__len__")) == 2
    with pytest.raises(TypeError, match="len"):
        len(an_object(asked))
    assert asked.calls == [(3, "__len__", ((), {}))]


def test_a_special_method_that_nothing_is_known_of_is_left_out(asked: Asked) -> None:
    thing = an_object(asked, "__class__", "__reduce__", "__contains__")
    assert type(thing).__name__ == "Thing"
    assert not hasattr(type(thing), "__contains__")


@pytest.mark.parametrize("other", [9, "nine", [9], torch.ones(1), None])
def test_an_operator_never_hears_what_the_test_expects(asked: Asked, other: object) -> None:
    thing = an_object(asked, "__eq__")
    assert (thing == other) is False
    assert asked.calls == []


def test_an_operator_between_two_objects_is_asked_for(asked: Asked) -> None:
    asked.answers = [True]
    first, second = an_object(asked, "__eq__"), an_object(asked, number=4)
    assert first == second
    assert asked.calls == [(3, "__eq__", ((second,), {}))]


def test_what_has_an_equality_of_its_own_still_fits_into_a_set(asked: Asked) -> None:
    thing = an_object(asked, "__eq__")
    assert thing in {thing}
    assert asked.calls == []


def test_special_methods_that_are_no_texts_are_a_breach(asked: Asked) -> None:
    with pytest.raises(Breach):
        MAKERS["object"](asked, 0, ["Thing", [3]])


# --- iterators ---


def test_an_iterator_is_asked_for_one_value_after_another_until_it_ends(asked: Asked) -> None:
    asked.answers = [1, 2, StopIteration()]
    assert list(MAKERS["iterator"](asked, 8, None)) == [1, 2]
    assert asked.calls == [(8, "__next__", ((), {}))] * 3


# --- modules ---


def module(asked: Asked, *names: str) -> Any:
    parameters = [[name, torch.full((1,), float(i)), True] for i, name in enumerate(names)]
    return MAKERS["module"](asked, 6, ["Net", False, parameters, [["seen", torch.zeros(1)]]])


def test_a_module_has_the_parameters_and_buffers_under_their_names(asked: Asked) -> None:
    net = module(asked, "weight", "layer.bias", "layer.inner.weight")
    found = {name: value.item() for name, value in net.named_parameters()}
    assert found == {"weight": 0, "layer.bias": 1, "layer.inner.weight": 2}
    assert [name for name, _ in net.named_buffers()] == ["seen"]
    assert not net.training
    assert asked.calls == []


def test_a_modules_output_is_asked_for(asked: Asked) -> None:
    asked.answers = ["output"]
    assert module(asked)(1, scale=2) == "output"
    assert asked.calls == [(6, "", ((1,), {"scale": 2}))]


def test_a_modules_mode_is_set_on_both_sides(asked: Asked) -> None:
    net = module(asked, "layer.weight")
    assert net.train() is net
    assert net.training
    assert net.layer.training
    assert asked.calls == [(6, "train", ((True,), {}))]


def test_a_modules_other_attributes_are_asked_for(asked: Asked) -> None:
    asked.answers = [16]
    net = module(asked)
    assert net.width == 16
    with pytest.raises(AttributeError):
        net._hidden  # noqa: B018 - is looked for
    assert asked.calls == [(6, "__getattribute__", (("width",), {}))]


def test_more_levels_of_modules_than_anybody_writes_are_refused(asked: Asked) -> None:
    module(asked, "a." * MAX_LEVELS + "w")
    with pytest.raises(ValueError, match="more modules"):
        module(asked, "a." * (MAX_LEVELS + 1) + "w")
    with pytest.raises(ValueError, match="more modules"):
        module(asked, "w" * (MAX_NAMES + 1))


# --- classes ---


def test_a_class_makes_its_objects_over_there(asked: Asked) -> None:
    kind = a_class(asked)
    asked.answers = [an_object(asked)]
    made = kind(1, x=2)
    assert isinstance(made, kind)
    assert asked.calls == [(5, "", ((1,), {"x": 2}))]


def test_a_class_of_modules_makes_modules(asked: Asked) -> None:
    kind = a_class(asked, is_module=True)
    asked.answers = [module(asked, "weight")]
    made = kind()
    assert isinstance(made, kind)
    assert isinstance(made, nn.Module)
    assert isinstance(made, ModuleStandIn)
    assert [name for name, _ in made.named_parameters()] == ["weight"]


def test_a_class_that_makes_a_plain_value_gives_that(asked: Asked) -> None:
    asked.answers = [3]
    assert a_class(asked)() == 3


def test_only_an_object_of_a_class_that_the_test_makes_is_told_what_is_looked_for(
    asked: Asked,
) -> None:
    kind = a_class(asked, "__contains__")
    asked.answers = [an_object(asked, "__contains__"), True]
    assert 5 in kind()
    assert asked.calls[-1] == (3, "__contains__", ((5,), {}))
    with pytest.raises(TypeError):
        5 in an_object(asked, "__contains__")  # noqa: B015 - a list should be there
