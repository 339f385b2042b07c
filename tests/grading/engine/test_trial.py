"""Tests run in one process and answers in another, as if they were in the same notebook."""

from collections.abc import Callable, Iterator

import pytest

from course.grading.border.shell import MAX_FIGURES, MAX_OUTPUT
from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Stage
from course.grading.model.judgement import Judgement
from course.grading.model.rehearsal import Rules
from course.grading.model.results import Verdict
from tests.grading.cells import answer, given, question

GIVEN = """
import random
import numpy as np
import torch
from torch import nn

def shared(x):
    return x + 1
"""
SECONDS = 5.0
Hear = Callable[..., Judgement]


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    assignment = MasterNotebook("toy", (given(GIVEN),), {}, ())
    options = GradingOptions(time_limit=SECONDS, memory_limit=2 * 2**30)
    with Grader(assignment, options) as grader:
        yield grader


@pytest.fixture(scope="module")
def hear(grader: Grader) -> Hear:
    """Provide a function that returns the judgement of one test cell on one answer."""

    def hear(source: str, tests: str) -> Judgement:
        [judgement] = grader.grade([given(GIVEN), answer(source), question(tests)]).judgements
        return judgement

    return hear


HONEST = {
    "number": ("def f(x):\n    return x * x", "assert f(3) == 9\nassert type(f(3)) is int"),
    "value": ("f = {'a': [1, 2.5]}", "assert f == {'a': [1, 2.5]}\nassert f['a'][0] == 1"),
    "tensor": (
        "def f(x):\n    return x.double()",
        "y = f(torch.ones(2))\nassert y.dtype == torch.float64 and y.shape == (2,)",
    ),
    "array": ("f = lambda x: x.sum()", "assert f(np.arange(4)) == 6"),
    "gradient": (
        "def f(m):\n    return sum(p.abs().sum() for p in m.parameters())",
        "m = nn.Linear(2, 2)\n(3 * f(m)).backward()\n"
        "assert torch.equal(m.weight.grad, 3 * m.weight.sign())",
    ),
    "gradient of an input that is computed": (
        "def f(x):\n    return (x**2).sum()",
        "w = torch.ones(3, requires_grad=True)\nf(2 * w).backward()\n"
        "assert torch.equal(w.grad, torch.full((3,), 8.0))",
    ),
    "changed list": ("def f(x):\n    x.append(len(x))", "x = [5]\nf(x)\nassert x == [5, 1]"),
    "changed tensor": ("def f(x):\n    x += 1", "x = torch.zeros(2)\nf(x)\nassert x.sum() == 2"),
    "arguments that share memory": (
        "def f(x, y):\n    x += 1\n    return y",
        "x = torch.zeros(2, 3)\nassert f(x, x.T[1:]).sum() == 4 and x.sum() == 6",
    ),
    "resized argument": (
        "def f(x):\n    x.resize_(3).zero_()",
        "x = torch.ones(2)\nf(x)\nassert x.tolist() == [0, 0, 0]",
    ),
    "tensors of many kinds": (
        "def f(*xs):\n    return [x.to_dense().resolve_conj() for x in xs]",
        "xs = [torch.empty(0), torch.tensor(True), torch.ones(2, dtype=torch.bfloat16),\n"
        "      torch.ones(1).expand(5), torch.eye(2).to_sparse(), torch.tensor([1j]).conj()]\n"
        "for x, y in zip(xs, f(*xs)):\n"
        "    assert y.dtype == x.dtype and torch.equal(y, x.to_dense().resolve_conj())",
    ),
    "returned argument": ("def f(x):\n    return x", "x = torch.ones(1)\nassert f(x) is x"),
    "training": (
        "def f(m, o):\n    m.train()\n    m(torch.ones(1, 2)).sum().backward()\n    o.step()",
        "m = nn.Linear(2, 1).eval()\nbefore = m.weight.clone()\n"
        "f(m, torch.optim.SGD(m.parameters(), lr=1.0))\n"
        "assert m.training and torch.allclose(m.weight, before - 1)\n"
        "assert torch.equal(m.weight.grad, torch.ones(1, 2))",
    ),
    "callback": (
        "def f(g, xs):\n    return [g(x) for x in xs]",
        "seen = []\ndef g(x):\n    seen.append(x)\n    return -x\n"
        "assert f(g, [1, 2]) == [-1, -2]\nassert seen == [1, 2]",
    ),
    "gradient through a callback": (
        "def f(g, x):\n    x = x.clone().requires_grad_()\n"
        "    return torch.autograd.grad(g(x), x)[0]",
        "a = torch.tensor([2.0, 3.0])\n"
        "assert torch.equal(f(lambda x: (a * x * x).sum(), a), 2 * a * a)",
    ),
    "error of a callback": (
        "def f(g):\n    try:\n        g()\n"
        "    except ValueError as error:\n        return str(error)",
        "def g():\n    raise ValueError('no')\nassert f(g) == 'no'",
    ),
    "raised error": (
        "def f(x):\n    raise ValueError('too small')",
        "try:\n    f(1)\nexcept ValueError as error:\n    found = str(error)\n"
        "assert found == 'too small'",
    ),
    "returned function": (
        "def f(k):\n    return lambda x: k * x",
        "g = f(3)\nassert g(4) == 12",
    ),
    "generator function": (
        "def f(n):\n    yield from range(n)",
        "assert list(f(3)) == [0, 1, 2]",
    ),
    "class": (
        "class f:\n    def __init__(self, x):\n        self.x = x\n"
        "    def twice(self):\n        return 2 * self.x",
        "o = f(4)\nassert isinstance(o, f)\nassert o.x == 4 and o.twice() == 8",
    ),
    "truth of an object": (
        "class f:\n    pass",
        "assert f()",
    ),
    "operators between objects": (
        "class f:\n    def __init__(self, x):\n        self.x = x\n"
        "    def __add__(self, other):\n        return f(self.x + other.x)\n"
        "    def __lt__(self, other):\n        return self.x < other.x\n"
        "    def __eq__(self, other):\n        return self.x == other.x\n"
        "    def __repr__(self):\n        return f'f({self.x})'",
        "assert (f(1) + f(2)).x == 3\nassert f(1) == f(1) and f(1) != f(2)\n"
        "assert [o.x for o in sorted([f(2), f(1)])] == [1, 2]\nassert repr(f(1)) == 'f(1)'",
    ),
    "attributes of an object": (
        "class f:\n    def __init__(self):\n        self._x = 1\n"
        "    def more(self):\n        return self._x + 1",
        "o = f()\no._x = 5\nassert o._x == 5 and o.more() == 6\nassert not hasattr(o, 'missing')",
    ),
    "figures": (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nf = plt.plot([1, 2]) and 3",
        "assert f == 3",
    ),
    "module class": (
        "class f(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.layer = nn.Linear(2, 1)\n"
        "    def forward(self, x):\n        return self.layer(x)",
        "net = f()\nassert isinstance(net, nn.Module)\n"
        "assert sum(p.numel() for p in net.parameters()) == 3\n"
        "o = torch.optim.SGD(net.parameters(), lr=0.1)\nx = torch.ones(1, 2)\n"
        "before = net(x)\nbefore.sum().backward()\no.step()\n"
        "assert torch.allclose(net(x), before - 0.3, atol=1e-6)",
    ),
    "own function as an argument": (
        "def f(x, g=None):\n    return x if g is None else g(x) + 1",
        "assert f(1, f) == 2",
    ),
    "given function as an argument": ("def f(g):\n    return g(1)", "assert f(shared) == 2"),
    "keyword arguments": ("def f(x, *, y=2):\n    return x - y", "assert f(y=1, x=5) == 4"),
    "printing": (
        "def f():\n    print('hello')",
        "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n    f()\n"
        "assert text.getvalue() == 'hello\\n'",
    ),
    "seed": (
        "def f(n):\n    return torch.randn(n)",
        "torch.manual_seed(3)\nx = f(3)\ntorch.manual_seed(3)\n"
        "assert torch.equal(x, torch.randn(3))",
    ),
    "generator": (
        "def f(g):\n    return torch.rand(3, generator=g)",
        "g = torch.Generator().manual_seed(1)\nassert not torch.equal(f(g), f(g))",
    ),
    "signature": (
        "def f(x, rate=0.5):\n    'Help.'",
        "import inspect\nassert list(inspect.signature(f).parameters) == ['x', 'rate']\n"
        "assert f.__doc__ == 'Help.' and f.__name__ == 'f'",
    ),
    "magic in the test": ("f = 3", "%%time\nassert f == 3"),
    "await in the test": ("f = 3", "import asyncio\nawait asyncio.sleep(0)\nassert f == 3"),
    "magics": ("%time y = 3\nf = lambda: y", "assert f() == 3"),
}


@pytest.mark.parametrize("case", HONEST)
def test_honest_work_gets_what_it_gets_in_one_process(hear: Hear, case: str) -> None:
    judgement = hear(*HONEST[case])
    assert judgement.failures == ()
    assert judgement.score == 2


WRONG = {
    "always equal": (
        "class E(int):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "def f(x):\n    return E(0)",
        "assert f(3) == 9, 'not nine'",
        Verdict.FAILED,
        "not nine",
    ),
    "detached": (
        "def f(x):\n    return x.detach() * 2",
        "x = torch.ones(1, requires_grad=True)\nassert f(x).requires_grad, 'no gradient'",
        Verdict.FAILED,
        "no gradient",
    ),
    "no value": (
        "f = object()",
        "assert f == 3",
        Verdict.REFUSED,
        "object",
    ),
    "captured": ("f = 4", "%%capture\nassert f == 3, 'no'", Verdict.FAILED, "no"),
    "shown": (
        "f = 4",
        "get_ipython().run_cell('assert f == 3')",
        Verdict.ERROR,
        "AssertionError",
    ),
    "method that is missing": (
        "class f:\n    pass",
        "assert len(f()) == 0",
        Verdict.ERROR,
        "TypeError",
    ),
    "operator with a value": (
        "class f:\n    def __eq__(self, other):\n        return True\n"
        "    __sub__ = __lt__ = __eq__",
        "o = f()\nassert o == 9, 'not nine'",
        Verdict.FAILED,
        "not nine",
    ),
    "missing": ("g = 3", "assert f == 3", Verdict.ERROR, "NameError"),
    "raises": ("def f():\n    return 1 / 0", "assert f() == 1", Verdict.ERROR, "ZeroDivision"),
    "exits": ("import os\nf = lambda: os._exit(0)", "f()", Verdict.CRASHED, "ended its process"),
    "hangs": ("def f():\n    while True: pass", "f()", Verdict.TIMEOUT, "within 5 seconds"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(hear: Hear, case: str) -> None:
    source, tests, verdict, message = WRONG[case]
    judgement = hear(source, tests)
    assert judgement.verdict is verdict
    assert message in judgement.failures[0].message
    assert judgement.score == 0


def test_every_test_is_run_though_one_fails(hear: Hear) -> None:
    tests = "assert f == 1, 'one'\nassert f == 2, 'two'\nassert f == 3, 'three'"
    judgement = hear("f = 2", tests)
    assert [failure.message for failure in judgement.failures] == ["one", "three"]
    outcomes = [test.outcome.value for test in judgement.tests]
    assert outcomes == ["failed", "held", "failed"]


def test_no_number_is_no_credit(hear: Hear) -> None:
    assert hear("f = float('nan')", "f").score == 0


def test_a_number_at_the_end_is_the_credit(hear: Hear) -> None:
    assert hear("f = 1", "0.5 * f").score == 0.5


def test_hidden_tests_are_found_below_blank_lines(hear: Hear) -> None:
    tests = "\n\n### BEGIN HIDDEN TESTS\nassert f == 9, 'nine'\n### END HIDDEN TESTS"
    [failure] = hear("f = 3", tests).failures
    assert failure.hidden


def test_weights_give_each_test_its_share(hear: Hear) -> None:
    tests = "assert f == 3  # weight: 3\nassert f == 4  # weight: 1"
    assert hear("f = 3", tests).score == 1.5


def test_hidden_failures_are_marked(hear: Hear) -> None:
    tests = "assert f\n### BEGIN HIDDEN TESTS\nassert f == 9, 'nine'\n### END HIDDEN TESTS"
    [failure] = hear("f = 3", tests).failures
    assert failure.hidden


@pytest.mark.parametrize(
    "disturbance",
    ["import os; os._exit(1)", "while True: pass", "import os; os.kill(os.getpid(), 9)"],
)
def test_a_disturbed_question_costs_itself_alone(grader: Grader, disturbance: str) -> None:
    cells = [
        given(GIVEN),
        answer("def f():\n    return 1"),
        question("assert f() == 1"),
        answer(f"def g():\n    {disturbance}", "g"),
        question("assert g() == 1", "test_g"),
        answer("def h():\n    return f()", "h"),
        question("assert h() == 1", "test_h"),
    ]
    assert [judgement.score for judgement in grader.grade(cells).judgements] == [2, 0, 2]


def test_a_cell_that_never_ends_is_the_cause_that_is_named(grader: Grader) -> None:
    cells = [
        answer("f = 1"),
        answer("while True:\n    pass\ng = 1", "g"),
        question("assert f == 1"),
        question("assert g == 1", "test_g"),
    ]
    good, bad = grader.grade(cells).judgements
    assert good.verdict is Verdict.PASSED
    assert bad.verdict is Verdict.TIMEOUT
    assert "did not end in time" in bad.failures[0].message


@pytest.mark.parametrize(
    ("value", "use"), [("range(10**18)", "sum(f)"), ("[0] * 10", "f * 10**11"), ("1", "exit()")]
)
def test_a_test_that_its_answer_leads_astray_costs_itself_alone(
    grader: Grader, value: str, use: str
) -> None:
    cells = [
        answer(f"f = {value}"),
        question(f"assert {use}"),
        answer("g = 1", "g"),
        question("assert g == 1", "test_g"),
    ]
    assert [judgement.score for judgement in grader.grade(cells).judgements] == [0, 2]


def test_values_that_are_large_together_reach_the_test(grader: Grader) -> None:
    names = ("f", "g", "h")
    answers = [answer(f"{name} = torch.ones(3_000_000)", name) for name in names]
    tests = question("assert f.sum() == (g * h).sum()")
    [judgement] = grader.grade([given(GIVEN), *answers, tests]).judgements
    assert judgement.failures == ()


def test_every_stage_has_its_time(grader: Grader) -> None:
    nap = "import time\ntime.sleep(0.1)"
    cells = [given(GIVEN), answer(f"{nap}\nf = 1"), question(f"{nap}\nassert f")]
    seconds = grader.grade(cells).seconds
    assert set(seconds) == set(Stage)
    assert seconds[Stage.RUN] >= 0.1 <= seconds[Stage.JUDGE]
    assert seconds[Stage.FORK] > 0


def test_a_question_leaves_nothing_for_the_next(grader: Grader) -> None:
    cells = [
        given(GIVEN),
        answer("state = []\ndef f():\n    state.append(1)\n    return len(state)"),
        question("assert f() == 1\nassert f() == 2"),
        question("assert f() == 1", "test_again"),
    ]
    assert [judgement.score for judgement in grader.grade(cells).judgements] == [2, 2]


def test_a_submission_leaves_nothing_for_the_next(grader: Grader) -> None:
    vandal = [given(GIVEN), answer("torch.ones = f = None"), question("torch.zeros = None")]
    grader.grade(vandal)
    honest = [
        given(GIVEN),
        answer("f = torch.ones(1)"),
        question("assert f == 1 + torch.zeros(1)"),
    ]
    [judgement] = grader.grade(honest).judgements
    assert judgement.verdict is Verdict.PASSED


def marked(source: str, role: Role = Role.EXTRA) -> Cell:
    return Cell(role, "plot", "code", source)


def test_what_a_person_marks_comes_with_what_it_prints_and_draws(grader: Grader) -> None:
    draws = "import matplotlib.pyplot as plt\nprint('a line')\nplt.plot([1, 2])\n1 / 0"
    cells = [given(GIVEN), marked(draws, Role.WRITTEN), marked("print('later')"), answer("f = 1")]
    (first, shown), (second, later) = grader.grade(cells).outputs
    assert [first, second] == cells[1:3]
    assert shown.text == "a line\n"
    assert shown.error == "ZeroDivisionError: division by zero"
    assert "1 / 0" in shown.traceback
    assert [figure[:4] for figure in shown.figures] == [b"\x89PNG"]
    assert (later.text, later.error, later.figures) == ("later\n", "", ())


def test_a_cell_that_a_person_marks_says_how_it_ended_its_process(grader: Grader) -> None:
    cells = [given(GIVEN), marked("import os; os._exit(1)"), marked("print('later')")]
    (_, shown), (_, later) = grader.grade(cells).outputs
    assert shown.error == "the cell: it ended its process"
    assert later.text == "later\n"


def test_what_is_shown_has_a_limit(grader: Grader) -> None:
    flood = "import sys, matplotlib.pyplot as plt\nprint('x' * 10**6)\n"
    flood += "for _ in range(20):\n    plt.figure()"
    [(_, shown)] = grader.grade([given(GIVEN), marked(flood)]).outputs
    assert (len(shown.text), len(shown.figures)) == (MAX_OUTPUT, MAX_FIGURES)


# --- tests beside the answer, where the instructor has asked for that ---


def hear_beside(grader: Grader, source: str, tests: str) -> tuple[Judgement, Judgement]:
    """Judge an answer with its tests beside it, and then another question apart."""
    cells = [
        *(given(GIVEN), answer(source), question(tests)),
        *(answer("g = 2", "g"), question("assert g == 2", "test_g")),
    ]
    first, second = grader.grade(cells, {}, Rules(run_beside=("test_f",))).judgements
    return first, second


def test_a_test_beside_its_answer_sees_the_answer_itself(grader: Grader) -> None:
    source = "class Base:\n    pass\nclass f(Base):\n    rate = 2"
    first, second = hear_beside(grader, source, "assert issubclass(f, Base) and f.rate == 2")
    assert (first.score, first.ran_beside) == (2, True)
    assert (second.score, second.ran_beside) == (2, False)


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("import os\ndef f():\n    os._exit(0)", Verdict.CRASHED),
        ("def f():\n    raise SystemExit", Verdict.CRASHED),
        ("def f():\n    while True: pass", Verdict.TIMEOUT),
        ("import marshal\nf = len\nmarshal.loads = lambda code: 'no code'", Verdict.CRASHED),
    ],
)
def test_what_goes_wrong_beside_an_answer_costs_its_question_alone(
    grader: Grader, source: str, verdict: Verdict
) -> None:
    first, second = hear_beside(grader, source, "f()")
    assert (first.score, first.verdict) == (0, verdict)
    assert second.score == 2


def test_hidden_tests_of_an_earlier_question_are_within_reach_too(grader: Grader) -> None:
    secret = "### BEGIN HIDDEN TESTS\nassert f(7) == 49\n### END HIDDEN TESTS"
    cells = [
        *(given(GIVEN), answer("def f(x):\n    return 49"), question(secret)),
        *(answer("g = 'assert f(7) == 49'", "g"), question("assert not g, g", "test_g")),
    ]
    first, second = grader.grade(cells, {}, Rules(run_beside=("test_g",))).judgements
    assert first.score == 2
    assert [(failure.hidden, failure.told) for failure in second.failures] == [
        (True, "A hidden test does not hold.")
    ]


def test_beside_hidden_tests_an_answer_cannot_say_anything(grader: Grader) -> None:
    tests = "assert f(1) == 1, f'{f(1)} is wrong'\n### BEGIN HIDDEN TESTS\nassert f(7) == 49\n"
    first, _ = hear_beside(grader, "def f(x):\n    return 'the tests are ...'", tests)
    assert {failure.told for failure in first.failures if failure.hidden} == {
        "… is wrong",
        "A hidden test does not hold.",
    }
    assert all(failure.hidden for failure in first.failures)
