"""The student process answers one request after another, in the state that the one before left."""

import pytest
import torch

from course.grading.border.breach import Gone
from course.grading.border.shell import MAX_OUTPUT
from course.grading.referee.student_link import Missing, Refused
from course.grading.student import process
from course.grading.student.process import Shortened
from tests.grading.loopback import Loopback

COUNTER = "seen = []\ndef f():\n    seen.append(1)\n    return len(seen)"


def test_a_cell_says_what_it_raised_and_the_next_goes_on(loopback: Loopback) -> None:
    with loopback.student() as link:
        error = link.run("f = 1\n1 / 0")
        assert type(error) is ZeroDivisionError
        assert link.get(["f"]).values == {"f": 1}


def test_names_that_are_missing_or_cannot_cross_are_told_apart(loopback: Loopback) -> None:
    with loopback.student("f = object()\ng = 3") as link:
        found = link.get(["f", "g", "h"])
    assert found.values == {"g": 3}
    assert {name: type(error) for name, error in found.errors.items()} == {
        "f": Refused,
        "h": Missing,
    }


def test_values_come_in_as_many_replies_as_they_need(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MAX_TOGETHER", 100)
    names = [f"f{number}" for number in range(5)]
    with loopback.student(*(f"{name} = '{name}' * 30" for name in names)) as link:
        assert link.get(names).values == {name: name * 30 for name in names}


def test_one_object_is_one_stand_in(loopback: Loopback) -> None:
    with loopback.student("def f():\n    pass\ng = [f, f]") as link:
        found = link.get(["f", "g"]).values
        assert found["g"] == [found["f"], found["f"]]


def test_a_copy_that_has_ended_leaves_nothing(loopback: Loopback) -> None:
    with loopback.student(COUNTER) as link:
        for _ in range(2):
            link.fork()
            f = link.get(["f"]).values["f"]
            assert [f(), f()] == [1, 2]
            link.end()
        assert link.get(["seen"]).values == {"seen": []}


def test_a_copy_that_ends_by_itself_is_gone_with_its_exit_code(loopback: Loopback) -> None:
    with loopback.student("import os\ndef f():\n    os._exit(3)") as link:
        link.fork()
        f = link.get(["f"]).values["f"]
        with pytest.raises(Gone, match="exit code 3"):
            f()


def test_only_what_a_call_has_changed_is_sent_back(loopback: Loopback) -> None:
    source = "def f(first, second):\n    first.append(2)"
    with loopback.student(source) as link:
        first, second = [1], [1]
        held = second
        link.get(["f"]).values["f"](first, second)
    assert (first, second) == ([1, 2], [1])
    assert held is second


def test_a_call_begins_with_the_random_numbers_of_the_test(loopback: Loopback) -> None:
    source = "import random, torch\nimport numpy as np\n"
    source += "def f():\n    return torch.rand(1).item(), np.random.rand(), random.random()"
    with loopback.student(source) as link:
        f = link.get(["f"]).values["f"]
        torch.manual_seed(3)
        first = f()
        torch.manual_seed(3)
        again = f()
    assert again[0] == first[0]
    assert again[1:] != first[1:]  # their generators have moved on


def test_what_a_call_prints_is_printed_by_the_test(
    loopback: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    with loopback.student("def f():\n    print('hello')") as link:
        link.get(["f"]).values["f"]()
    assert capsys.readouterr().out == "hello\n"


def test_a_function_of_the_test_is_called_back_in_the_middle_of_a_call(loopback: Loopback) -> None:
    seen: list[int] = []

    def note(number: int) -> int:
        seen.append(number)
        return -number

    with loopback.student("def f(g):\n    return [g(1), g(2)]") as link:
        assert link.get(["f"]).values["f"](note) == [-1, -2]
    assert seen == [1, 2]


def test_a_module_computes_with_the_parameters_that_the_test_has(loopback: Loopback) -> None:
    source = "from torch import nn\nf = nn.Linear(1, 1, bias=False)"
    with loopback.student(source) as link:
        net = link.get(["f"]).values["f"]
        with torch.no_grad():
            net.weight.fill_(5.0)
        assert net(torch.ones(1, 1)).item() == 5


def test_the_gradient_of_a_value_is_asked_for_where_it_was_computed(loopback: Loopback) -> None:
    with loopback.student("def f(x):\n    return (x**2).sum()") as link:
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        link.get(["f"]).values["f"](x).backward()
        assert x.grad is not None
        assert x.grad.tolist() == [2, 4]


@pytest.mark.parametrize("text", ["", "x" * MAX_OUTPUT, "x" * (MAX_OUTPUT + 1)])
def test_output_is_kept_up_to_a_limit(text: str) -> None:
    output = Shortened()
    assert output.write(text) == len(text)
    assert output.write("more") == 4
    assert output.getvalue() == (text + "more")[:MAX_OUTPUT]
