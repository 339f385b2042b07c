"""`course prove` tells tests that hold from tests that can be fooled."""

import json
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course.errors import CourseError
from course.grading.engine import assignment_grader
from course.grading.engine.grader import Grader
from course.layout import Course
from course.proof import proofs
from course.proof.proofs import Proof, prove
from tests.command import Ended, course_command
from tests.toy import answer_cell, check_cell, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_wall")]

RIGHT = {
    "right_plus": "# Adds.\ndef double(number):\n    return number + number\n",
    "right_times": "# Multiplies.\ndouble = lambda number: 2 * number\n",
    "right_loop": "def double(number):\n    return sum([number] * 2)\n",
}
FOUR = "double(2) should be 4"
WRONG = {
    "wrong_square": ("double(-3) should be -6", "def double(number):\n    return number**2\n"),
    "wrong_identity": (FOUR, "def double(number):\n    return number\n"),
    "wrong_return": (FOUR, "def double(number):\n    2 * number\n"),
    "wrong_text": (FOUR, "def double(number):\n    return f'{number}{number}'\n"),
    "wrong_name": ("NameError: name 'number_' is not", "def double(number):\n    number_\n"),
    "wrong_syntax": ("SyntaxError: expected ':'", "def double(number)\n"),
}
ASK = "def ask():\n    ### BEGIN SOLUTION\n    return int(input())\n    ### END SOLUTION"
TEST_ASK = """import builtins

builtins.input = lambda: "3"
assert ask() == 3, "ask() should be the number that is typed"
### BEGIN HIDDEN TESTS
builtins.input = lambda: "-5"
assert ask() == -5, "a number may be negative"
### END HIDDEN TESTS"""
PRICE = "def price():\n    ### BEGIN SOLUTION\n    return cents / 100\n    ### END SOLUTION"


def write_answers(course: Course, exercise: str = "double", **files: str) -> None:
    folder = course.answers / exercise
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")


@pytest.fixture
def proven(toy_course: Course) -> Course:
    """Provide a course whose exercise has enough answers, all of them treated as they should be."""
    wrong = {name: f"# Message: {message}\n{source}" for name, (message, source) in WRONG.items()}
    write_answers(toy_course, **RIGHT, **wrong)
    return toy_course


@pytest.fixture
def foreign(tmp_path: Path) -> Course:
    """Provide an ordinary course of nbgrader's: two notebooks, a file, a test that patches."""
    asking = [answer_cell("ask", ASK), check_cell("ask", TEST_ASK)]
    reading = [
        new_code_cell("cents = int(open('cents.txt').read())"),
        answer_cell("price", PRICE),
        check_cell("price", "assert price() == 1.99, 'a price is in euros'"),
    ]
    folder = tmp_path / "source" / "ps1"
    write_notebook(new_notebook(cells=asking), folder / "asking.ipynb")
    write_notebook(new_notebook(cells=reading), folder / "reading.ipynb")
    (folder / "cents.txt").write_text("199")
    return Course(tmp_path)


def run_course(course: Course, *arguments: str) -> Ended:
    return course_command(*arguments, folder=course.root)


def proof_of(course: Course) -> Proof:
    [proof] = prove(course)
    return proof


def test_good_tests_are_proven(proven: Course) -> None:
    proof = proof_of(proven)
    assert proof.faults == []
    assert (len(proof.right), proof.right_accepted) == (3, 3)
    assert (len(proof.wrong), proof.wrong_rejected) == (6, 6)
    assert proof.only_hidden == ["wrong_square"]


def test_what_fools_the_tests_is_a_fault(proven: Course) -> None:
    write_answers(
        proven,
        wrong_right="# Message: anything\ndef double(number):\n    return 2 * number\n",
        right_wrong="def double(number):\n    return 3 * number\n",
        wrong_told_otherwise="# Message: too much\ndef double(number):\n    return 3 * number\n",
    )
    rejected, accepted, told = sorted(proof_of(proven).faults)
    assert rejected.endswith(f"right_wrong.py: right, but rejected ({FOUR})")
    assert "wrong_right.py: wrong, but accepted" in accepted
    assert f"is told '{FOUR}' instead of 'too much'" in told


def test_an_answer_that_ends_its_process_is_caught(proven: Course) -> None:
    deadly = "# Message: ended its process\nimport os\n\n\ndef double(number):\n    os._exit(0)\n"
    write_answers(proven, wrong_deadly=deadly)
    assert proof_of(proven).faults == []


def test_an_answer_changes_nothing_for_the_next_one(proven: Course) -> None:
    vandal = "# Message: should be 4\nimport builtins\nbuiltins.sum = None\ndouble = abs\n"
    write_answers(proven, wrong_a_vandal=vandal)
    assert proof_of(proven).faults == []


def test_an_endless_answer_is_stopped(proven: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "# Message: no result within\ndef double(number):\n    while True:\n        pass\n"
    write_answers(proven, wrong_endless=endless)
    # Only the real one ends whatever an answer has begun.
    monkeypatch.setattr(assignment_grader, "Grader", Grader)
    monkeypatch.setattr(proofs, "TIME_LIMIT", 3.0)
    assert proof_of(proven).faults == []


def test_json_counts_what_the_table_shows(proven: Course) -> None:
    done = run_course(proven, "prove", "--json")
    counts = {"right": 3, "right_accepted": 3, "wrong": 6, "wrong_rejected": 6}
    assert json.loads(done.out) == [
        {"exercise": "double", **counts, "only_hidden": ["wrong_square"]}
    ]
    assert done.code == 0


def test_a_fooled_test_fails_the_command(proven: Course) -> None:
    write_answers(proven, right_wrong="def double(number):\n    return 3 * number\n")
    done = run_course(proven, "prove", "toy")
    assert done.code == 1
    assert "right_wrong.py: right, but rejected" in done.out
    assert "3 of 4" in done.out


def test_an_unknown_lesson_is_refused(proven: Course) -> None:
    done = run_course(proven, "prove", "nothing")
    assert done.code == 1
    assert "no lesson is called 'nothing'" in done.err


def test_a_failing_master_is_refused(proven: Course) -> None:
    path = proven.masters / "toy" / "toy.ipynb"
    path.write_text(
        path.read_text(encoding="utf-8").replace("device = 'auto'", "1 / 0"), encoding="utf-8"
    )
    with pytest.raises(CourseError, match=r"toy: the given cell parameters fails \(ZeroDivision"):
        prove(proven)


def test_a_master_that_fails_its_own_tests_is_refused(proven: Course) -> None:
    path = proven.masters / "toy" / "toy.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("== -6", "== -7"), encoding="utf-8")
    with pytest.raises(CourseError, match="toy: test_double: the assignment's own solution"):
        prove(proven)


# --- any course of nbgrader's ---


def test_an_ordinary_course_of_nbgraders_is_proven(foreign: Course, tmp_path: Path) -> None:
    write_answers(
        foreign,
        "ask",
        right_int="def ask():\n    return int(input())\n",
        wrong_text="# Message: the number that is typed\nask = lambda: input()\n",
        wrong_positive="# Message: may be negative\nask = lambda: abs(int(input()))\n",
    )
    write_answers(
        foreign,
        "price",
        right_divided="def price():\n    return cents / 100\n",
        wrong_cents="# Message: in euros\nprice = lambda: cents\n",
    )
    done = course_command("--root", str(foreign.root), "prove", "ps1", "--json", folder=Path("/"))
    ask, price = json.loads(done.out)
    assert (ask["right_accepted"], ask["wrong_rejected"]) == (1, 2)
    assert ask["only_hidden"] == ["wrong_positive"]
    assert (price["right_accepted"], price["wrong_rejected"]) == (1, 1)
    assert all("write at least 3 and 6" in line for line in done.err.splitlines())


def test_a_course_without_answers_is_told_where_they_belong(foreign: Course) -> None:
    done = course_command("--root", str(foreign.root), "prove", folder=Path("/"))
    assert done.code == 1
    assert done.line.startswith(f"error: {foreign.root / 'exercises'}: no such folder; write")
