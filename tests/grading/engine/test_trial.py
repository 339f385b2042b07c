"""Through the real wall: tests run in one process and answers in another, in a sandbox.

Here are ten cases of each kind, and what only processes of their own can do. All other cases cross
without a wall: `border/test_crossing.py`, `referee/test_trial.py`.
"""

import pytest

from course.grading.border.shell import MAX_FIGURES, MAX_OUTPUT
from course.grading.engine import servers
from course.grading.engine.grader import Grader
from course.grading.model.cells import Cell, Role
from course.grading.model.findings import Stage
from course.grading.model.judgement import Judgement
from course.grading.model.rehearsal import Rules
from course.grading.model.results import Verdict
from tests.grading.cases import (
    GIVEN,
    HONEST,
    HONEST_THROUGH_THE_WALL,
    WRONG,
    WRONG_THROUGH_THE_WALL,
)
from tests.grading.cells import answer, given, question

pytestmark = pytest.mark.slow


def judge(grader: Grader, source: str, tests: str) -> Judgement:
    """Return the judgement of one test cell on one answer."""
    [judgement] = grader.grade([given(GIVEN), answer(source), question(tests)]).judgements
    return judgement


@pytest.mark.parametrize("case", HONEST_THROUGH_THE_WALL)
def test_honest_work_gets_what_it_gets_in_one_process(grader: Grader, case: str) -> None:
    judgement = judge(grader, *HONEST[case])
    assert judgement.failures == ()
    assert judgement.score == 2


@pytest.mark.parametrize("case", WRONG_THROUGH_THE_WALL)
def test_what_is_wrong_is_named(grader: Grader, case: str) -> None:
    source, tests, verdict, message = WRONG[case]
    judgement = judge(grader, source, tests)
    assert judgement.verdict is verdict
    assert message in judgement.failures[0].message
    assert judgement.score == 0


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
        given(GIVEN),
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
    grader: Grader, value: str, use: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "SLACK", 2.0)  # of which one would have to wait for all
    cells = [
        given(GIVEN),
        answer(f"f = {value}"),
        question(f"assert {use}"),
        answer("g = 1", "g"),
        question("assert g == 1", "test_g"),
    ]
    assert [judgement.score for judgement in grader.grade(cells).judgements] == [0, 2]


def test_every_stage_is_counted(grader: Grader) -> None:
    cells = [given(GIVEN), answer("f = 1"), question("assert f")]
    seconds = grader.grade(cells).seconds
    assert set(seconds) == set(Stage)
    assert seconds[Stage.FORK] > 0  # what is left of the whole, as nobody sees a process begin


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


def test_what_is_shown_has_a_limit(grader: Grader) -> None:
    flood = "import sys, matplotlib.pyplot as plt\nprint('x' * 10**6)\n"
    flood += "for _ in range(20):\n    plt.figure()"
    [(_, shown)] = grader.grade([given(GIVEN), marked(flood)]).outputs
    assert (len(shown.text), len(shown.figures)) == (MAX_OUTPUT, MAX_FIGURES)


# --- tests beside the answer, where the instructor has asked for that ---


def judge_beside(grader: Grader, source: str, tests: str) -> tuple[Judgement, Judgement]:
    """Judge an answer with its tests beside it, and then another question apart."""
    cells = [
        *(given(GIVEN), answer(source), question(tests)),
        *(answer("g = 2", "g"), question("assert g == 2", "test_g")),
    ]
    first, second = grader.grade(cells, {}, Rules(run_beside=("test_f",))).judgements
    return first, second


def test_a_test_beside_its_answer_sees_the_answer_itself(grader: Grader) -> None:
    source = "class Base:\n    pass\nclass f(Base):\n    rate = 2"
    first, second = judge_beside(grader, source, "assert issubclass(f, Base) and f.rate == 2")
    assert (first.score, first.ran_beside) == (2, True)
    assert (second.score, second.ran_beside) == (2, False)


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("import os\ndef f():\n    os._exit(0)", Verdict.CRASHED),
        ("def f():\n    while True: pass", Verdict.TIMEOUT),
    ],
)
def test_what_goes_wrong_beside_an_answer_costs_its_question_alone(
    grader: Grader, source: str, verdict: Verdict
) -> None:
    first, second = judge_beside(grader, source, "f()")
    assert (first.score, first.verdict) == (0, verdict)
    assert second.score == 2
