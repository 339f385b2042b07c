"""`course prove` tells tests that hold from tests that can be fooled."""

import json
from pathlib import Path

import pytest

from course.errors import CourseError
from course.layout import Course
from course.proof.answers import read_answers
from course.proof.proofs import Proof, prove
from tests.test_cli import Ended, course_command

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
    "wrong_syntax": ("NameError: name 'double' is not defined", "def double(number)\n"),
}


def write_answers(course: Course, **files: str) -> None:
    folder = course.answers / "double"
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")


@pytest.fixture
def proven(toy_course: Course) -> Course:
    """Provide a course whose exercise has enough answers, all of them treated as they should be."""
    wrong = {name: f"# Message: {message}\n{source}" for name, (message, source) in WRONG.items()}
    write_answers(toy_course, **RIGHT, **wrong)
    return toy_course


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


def test_answers_that_only_hidden_tests_catch_are_named(proven: Course) -> None:
    assert proof_of(proven).only_hidden == ["wrong_square"]


@pytest.mark.parametrize(
    ("name", "source", "fault"),
    [
        (
            "wrong_right",
            "# Message: anything\ndef double(number):\n    return 2 * number\n",
            "wrong_right.py: wrong, but accepted",
        ),
        (
            "right_wrong",
            "def double(number):\n    return 3 * number\n",
            f"right_wrong.py: right, but rejected ({FOUR})",
        ),
        (
            "wrong_told_otherwise",
            "# Message: three is too much\ndef double(number):\n    return 3 * number\n",
            f"is told '{FOUR}' instead of 'three is too much'",
        ),
        (
            "wrong_deadly",
            "# Message: died\nimport os\n\n\ndef double(number):\n    os._exit(0)\n",
            None,
        ),
    ],
)
def test_what_fools_the_tests_is_a_fault(
    proven: Course, name: str, source: str, fault: str | None
) -> None:
    write_answers(proven, **{name: source})
    faults = proof_of(proven).faults
    assert len(faults) == (fault is not None)
    assert fault is None or fault in faults[0]


def test_an_answer_changes_nothing_for_the_next_one(proven: Course) -> None:
    vandal = "# Message: should be 4\nimport builtins\nbuiltins.sum = None\ndouble = abs\n"
    write_answers(proven, wrong_a_vandal=vandal)
    assert proof_of(proven).faults == []


def test_too_few_answers_are_a_fault(toy_course: Course) -> None:
    write_answers(toy_course, **RIGHT)
    [fault] = proof_of(toy_course).faults
    assert "has 3 right and 0 wrong answers; write at least 3 and 6" in fault


def test_an_endless_answer_is_stopped(proven: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    from course.checks.masters import read_masters
    from course.proof import proofs, workbench

    endless = "# Message: no end\ndef double(number):\n    while True:\n        pass\n"
    write_answers(proven, wrong_endless=endless)
    monkeypatch.setattr(workbench, "TIME_LIMIT", 1.0)
    [master], _ = read_masters(proven)
    [proof] = proofs._proofs(proven, master)  # in this process, which has the shorter limit
    assert proof.faults == []


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("answer", "def double(number): ...\n", "call it right_<how>.py or wrong_<mistake>.py"),
        ("wrong_untold", "def double(number): ...\n", "begin it with `# Message: "),
    ],
)
def test_a_file_that_is_no_answer_is_refused(
    toy_course: Course, name: str, source: str, reason: str
) -> None:
    write_answers(toy_course, **{name: source})
    with pytest.raises(CourseError, match=f"tests/exercises/double/{name}.py: {reason}"):
        read_answers(toy_course, "double")


def test_message_is_no_part_of_the_answer(proven: Course) -> None:
    sources = {answer.file.stem: answer.source for answer in read_answers(proven, "double")}
    assert sources["wrong_identity"] == WRONG["wrong_identity"][1]


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
    with pytest.raises(CourseError, match=r"cell `parameters` fails .*ZeroDivisionError"):
        prove(proven)


def test_answers_lie_in_a_folder_of_their_exercise(toy_course: Course) -> None:
    assert toy_course.answers == Path(toy_course.root, "tests", "exercises")
