"""One submission before the referee: each question by itself, and what is noted beside the points.

The student processes are real, but there is no wall: the same through it is `engine/test_trial.py`.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import count

import pytest

from course.grading.border.shell import MAX_FIGURES, MAX_OUTPUT
from course.grading.model.cells import Cell, Role
from course.grading.model.findings import Stage
from course.grading.model.judgement import Judgement
from course.grading.model.results import Verdict
from course.grading.referee import stopwatch, trial
from tests.grading.cases import GIVEN
from tests.grading.cells import answer, given, question
from tests.grading.loopback import Loopback

TWO = (answer("g = 2", "g"), question("assert g == 2", "test_g"))
END = "import os; os._exit(1)"


def marked(source: str, role: Role = Role.EXTRA) -> Cell:
    """Return a cell that a person marks."""
    return Cell(role, "plot", "code", source)


def scores(judgements: Collection[Judgement]) -> list[float]:
    return [judgement.score for judgement in judgements]


# --- what a question brings ---


def test_every_test_is_run_though_one_fails(loopback: Loopback) -> None:
    tests = "assert f == 1, 'one'\nassert f == 2, 'two'\nassert f == 3, 'three'"
    judgement = loopback.judge("f = 2", tests)
    assert [failure.message for failure in judgement.failures] == ["one", "three"]
    outcomes = [test.outcome.value for test in judgement.tests]
    assert outcomes == ["failed", "held", "failed"]


def test_no_number_is_no_credit(loopback: Loopback) -> None:
    assert loopback.judge("f = float('nan')", "f").score == 0


def test_a_number_at_the_end_is_the_credit(loopback: Loopback) -> None:
    assert loopback.judge("f = 1", "0.5 * f").score == 0.5


COUNTED = """points = 0
for number in (1, 2, 3):
    try:
        assert f(number) == number, f"{number} should stay what it is"
        points += 1
    except AssertionError:
        pass
points"""


@pytest.mark.parametrize("run_beside", [(), ("test_f",)])
def test_a_cell_that_catches_its_asserts_gives_points_for_each(
    loopback: Loopback, run_beside: tuple[str, ...]
) -> None:
    cells = [answer("def f(x):\n    return min(x, 1)"), question(COUNTED)]
    [judgement] = loopback.run(cells, run_beside=run_beside).judgements
    assert (judgement.score, judgement.failures) == (1, ())
    assert [test.outcome.value for test in judgement.tests] == ["failed"]


def test_an_assert_that_is_meant_to_fail_is_no_test(loopback: Loopback) -> None:
    tests = "try:\n    assert f == 2\nexcept AssertionError:\n    f = 2\nassert f == 2"
    judgement = loopback.judge("f = 1", tests)
    assert judgement.score == judgement.points
    assert [test.line for test in judgement.tests] == [5]


def test_what_a_cell_raises_again_is_told_as_the_assert_is(loopback: Loopback) -> None:
    tests = "try:\n    assert f == 2, 'two'\nexcept AssertionError:\n    raise"
    [failure] = loopback.judge("f = 1", tests).failures
    assert (failure.verdict, failure.line, failure.message) == (Verdict.FAILED, 2, "two")


def test_an_error_of_the_answer_is_one_though_it_is_called_as_that_of_an_assert(
    loopback: Loopback,
) -> None:
    judgement = loopback.judge("def f():\n    raise AssertionError('mine')", "assert f() == 1")
    assert judgement.verdict is Verdict.ERROR


def test_hidden_tests_are_found_below_blank_lines(loopback: Loopback) -> None:
    tests = "\n\n### BEGIN HIDDEN TESTS\nassert f == 9, 'nine'\n### END HIDDEN TESTS"
    [failure] = loopback.judge("f = 3", tests).failures
    assert failure.hidden


def test_hidden_failures_are_marked(loopback: Loopback) -> None:
    tests = "assert f\n### BEGIN HIDDEN TESTS\nassert f == 9, 'nine'\n### END HIDDEN TESTS"
    [failure] = loopback.judge("f = 3", tests).failures
    assert failure.hidden


def test_weights_give_each_test_its_share(loopback: Loopback) -> None:
    tests = "assert f == 3  # weight: 3\nassert f == 4  # weight: 1"
    assert loopback.judge("f = 3", tests).score == 1.5


def test_a_test_cell_that_is_no_code_is_an_error_of_its_own(loopback: Loopback) -> None:
    [failure] = loopback.judge("f = 1", "assert (").failures
    assert failure.verdict is Verdict.ERROR
    assert failure.message.startswith("the test cell: ")


def test_values_that_are_large_together_reach_the_test(loopback: Loopback) -> None:
    names = ("f", "g", "h")
    answers = [answer(f"{name} = torch.ones(3_000_000)", name) for name in names]
    tests = question("assert f.sum() == (g * h).sum()")
    [judgement] = loopback.run([given(GIVEN), *answers, tests]).judgements
    assert judgement.failures == ()


# --- each question by itself ---


def test_a_question_leaves_nothing_for_the_next(loopback: Loopback) -> None:
    cells = [
        answer("state = []\ndef f():\n    state.append(1)\n    return len(state)"),
        question("assert f() == 1\nassert f() == 2"),
        question("assert f() == 1", "test_again"),
    ]
    assert scores(loopback.run(cells).judgements) == [2, 2]


def test_gradients_through_a_function_of_a_test_leave_nothing_for_the_next(
    loopback: Loopback,
) -> None:
    slope = "import torch\ndef f(g, x):\n    return torch.autograd.grad(g(x), x)[0]"
    first = "import torch\nk = 3.0\nx = torch.tensor(2.0, requires_grad=True)\n"
    first += "assert f(lambda v: k * v * v, x) == 12"
    # The argument of the next answer is a tensor in the middle of a graph.
    second = "w = torch.tensor(2.0, requires_grad=True)\ng(w * 5).backward()\nassert w.grad == 15"
    cells = [answer(slope), question(first), answer("def g(z):\n    return 3 * z", "g")]
    found = loopback.run([*cells, question(second, "test_g")])
    assert [judgement.failures for judgement in found.judgements] == [(), ()]


def test_what_a_test_defines_is_there_for_the_next(loopback: Loopback) -> None:
    cells = [answer("f = 1"), question("one = f"), question("assert one == 1", "test_again")]
    assert scores(loopback.run(cells).judgements) == [2, 2]


@pytest.mark.parametrize("disturbance", [END, "import os; os.kill(os.getpid(), 9)"])
def test_a_disturbed_question_costs_itself_alone(loopback: Loopback, disturbance: str) -> None:
    cells = [
        answer("def f():\n    return 1"),
        question("assert f() == 1"),
        answer(f"def g():\n    {disturbance}", "g"),
        question("assert g() == 1", "test_g"),
        answer("def h():\n    return f()", "h"),
        question("assert h() == 1", "test_h"),
    ]
    assert scores(loopback.run(cells).judgements) == [2, 0, 2]


def test_a_cell_that_ends_its_process_is_the_cause_that_is_named(loopback: Loopback) -> None:
    cells = [answer("f = 1"), answer(f"{END}\ng = 1", "g"), question("assert f"), TWO[1]]
    good, bad = loopback.run(cells).judgements
    assert good.verdict is Verdict.PASSED
    assert bad.verdict is Verdict.CRASHED
    assert bad.failures[0].message == "the cell with this answer: it ended its process"


def test_what_a_test_was_left_out_for_is_its_verdict(loopback: Loopback) -> None:
    cells = [answer("f = 1"), question("assert f"), *TWO]
    first, second = loopback.run(cells, left_out={"test_f": Verdict.TIMEOUT}).judgements
    assert (first.verdict, first.score) == (Verdict.TIMEOUT, 0)
    assert second.score == 2


def test_what_the_machine_knows_of_an_end_is_the_verdict(loopback: Loopback) -> None:
    cells = [answer(f"def f():\n    {END}"), question("f()"), *TWO]
    known = replace(loopback.processes, lost=ending_in(Verdict.MEMORY, loopback))
    first, second = loopback.run(cells, processes=known).judgements
    assert first.verdict is Verdict.MEMORY
    assert second.score == 2


def ending_in(verdict: Verdict, loopback: Loopback) -> Callable[[bool], Verdict | None]:
    """Return what ends a student process, and says that of it."""

    def lost(was_killed: bool) -> Verdict | None:
        loopback.processes.lost(was_killed)
        return verdict

    return lost


def test_it_is_said_which_test_is_run_and_when_none_is(loopback: Loopback) -> None:
    told: list[str] = []
    telling = replace(loopback.processes, judging=told.append)
    loopback.run([answer("f = 1"), question("assert f"), *TWO], processes=telling)
    assert told == ["test_f", "", "test_g", ""]


# --- what is noted beside the points ---


def test_the_time_counts_for_the_stage_that_it_is_spent_in(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count()
    monkeypatch.setattr(stopwatch, "monotonic", lambda: float(next(ticks)))
    without = loopback.run([answer("f = 1"), answer("g = 1", "g")]).seconds
    assert without[Stage.JUDGE] == 0
    assert min(without[Stage.FORK], without[Stage.RUN]) > 0
    assert loopback.run([answer("f = 1"), question("assert f")]).seconds[Stage.JUDGE] > 0


def test_a_given_cell_that_fails_is_told_of_and_the_next_goes_on(loopback: Loopback) -> None:
    fails = replace(given("1 / 0"), name="load-data")
    found = loopback.run([fails, answer("f = 1"), question("assert f")])
    assert found.faults == {"load-data": "ZeroDivisionError: division by zero"}
    assert scores(found.judgements) == [2]


def test_what_a_person_marks_comes_with_what_it_prints_and_how_it_ends(loopback: Loopback) -> None:
    cells = [marked("print('a line')\n1 / 0", Role.WRITTEN), marked("print('later')")]
    (first, shown), (second, later) = loopback.run(cells).outputs
    assert [first, second] == cells
    assert (shown.text, shown.error) == ("a line\n", "ZeroDivisionError: division by zero")
    assert "1 / 0" in shown.traceback
    assert (later.text, later.error, later.figures) == ("later\n", "", ())


def test_a_cell_that_a_person_marks_says_how_it_ended_its_process(loopback: Loopback) -> None:
    (_, shown), (_, later) = loopback.run([marked(END), marked("print('later')")]).outputs
    assert shown.error == "the cell: it ended its process"
    assert later.text == "later\n"


def test_what_is_shown_has_a_limit(loopback: Loopback) -> None:
    flood = "import sys, matplotlib.pyplot as plt\nprint('x' * 10**6)\n"
    flood += "for _ in range(20):\n    plt.figure()"
    [(_, shown)] = loopback.run([marked(flood)]).outputs
    assert (len(shown.text), len(shown.figures)) == (MAX_OUTPUT, MAX_FIGURES)


def test_what_all_cells_show_together_has_a_limit(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "MAX_SHOWN", 10)
    cells = [marked("print('12345')"), marked("print('67890')"), marked("print('x')")]
    texts = [shown.text for _, shown in loopback.run(cells).outputs]
    assert texts == ["12345\n", "", "x\n"]


# --- tests beside the answer, where the instructor has asked for that ---


def judge_beside(loopback: Loopback, source: str, tests: str) -> tuple[Judgement, Judgement]:
    """Judge an answer with its tests beside it, and then another question apart."""
    cells = [answer(source), question(tests), *TWO]
    first, second = loopback.run(cells, run_beside=("test_f",)).judgements
    return first, second


def test_a_test_beside_its_answer_sees_the_answer_itself(loopback: Loopback) -> None:
    source = "class Base:\n    pass\nclass f(Base):\n    rate = 2"
    first, second = judge_beside(loopback, source, "assert issubclass(f, Base) and f.rate == 2")
    assert (first.score, first.ran_beside) == (2, True)
    assert (second.score, second.ran_beside) == (2, False)


def test_a_test_beside_an_answer_has_what_the_tests_before_define(loopback: Loopback) -> None:
    cells = [answer("f = 1"), question("one = 1"), question("assert f is one", "test_again")]
    found = loopback.run(cells, run_beside=("test_f", "test_again"))
    assert scores(found.judgements) == [2, 2]


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef f():\n    os._exit(0)",
        "def f():\n    raise SystemExit",
        "import marshal\nf = len\nmarshal.loads = lambda code: 'no code'",
    ],
)
def test_what_goes_wrong_beside_an_answer_costs_its_question_alone(
    loopback: Loopback, source: str
) -> None:
    first, second = judge_beside(loopback, source, "f()")
    assert (first.score, first.verdict) == (0, Verdict.CRASHED)
    assert second.score == 2


def test_hidden_tests_of_an_earlier_question_are_within_reach_too(loopback: Loopback) -> None:
    secret = "### BEGIN HIDDEN TESTS\nassert f(7) == 49\n### END HIDDEN TESTS"
    cells = [
        *(answer("def f(x):\n    return 49"), question(secret)),
        *(answer("g = 'assert f(7) == 49'", "g"), question("assert not g, g", "test_g")),
    ]
    first, second = loopback.run(cells, run_beside=("test_g",)).judgements
    assert first.score == 2
    assert [(failure.hidden, failure.told) for failure in second.failures] == [
        (True, "A hidden test does not hold.")
    ]


def test_beside_hidden_tests_an_answer_cannot_say_anything(loopback: Loopback) -> None:
    tests = "assert f(1) == 1, f'{f(1)} is wrong'\n### BEGIN HIDDEN TESTS\nassert f(7) == 49\n"
    first, _ = judge_beside(loopback, "def f(x):\n    return 'the tests are ...'", tests)
    assert {failure.told for failure in first.failures if failure.hidden} == {
        "… is wrong",
        "A hidden test does not hold.",
    }
    assert all(failure.hidden for failure in first.failures)
