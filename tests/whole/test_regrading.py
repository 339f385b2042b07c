"""A class that is graded again: what has not changed is known, what was interrupted goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from course.build import build
from course.errors import CourseError
from course.grading.classroom import ClassReport, Selection, grade_class
from course.grading.engine import dependencies
from course.grading.engine.assignment_grader import AssignmentGrader
from course.grading.engine.options import GradingOptions
from course.grading.model.rehearsal import Rehearsal
from course.layout import Course, notebook
from tests.handing_in import hand_in, handed_in
from tests.toy import REPOSITORY_ROOT, make_toy_course
from tests.whole.test_grading import RIGHT_DOUBLE

pytestmark = [pytest.mark.slow(minutes=1), pytest.mark.usefixtures("without_wall")]

OPTIONS = GradingOptions(time_limit=20, jobs=1)
ANSWERS = {
    "ann": RIGHT_DOUBLE,
    "bob": "def double(number):\n    return 3 * number",
    "cy": "import os\nos._exit(0)",
}
SLOW = "import time\n\ndef double(number):\n    time.sleep(0.3)\n    return 2 * number"


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Provide a course whose class has been graded once."""
    course = make_toy_course(tmp_path_factory.mktemp("regrading") / "course-root")
    build(course)
    for student, source in ANSWERS.items():
        hand_in(course, student, {"double": source})
    grade(course)
    return course


@pytest.fixture
def graded(toy: Course, tmp_path: Path) -> Course:
    """Provide a copy of it, to be changed."""
    root = tmp_path / "course-root"
    shutil.copytree(toy.root, root)
    return Course(root)


def grade(course: Course, options: GradingOptions = OPTIONS, **selection: Any) -> ClassReport:
    return grade_class(
        course, "toy", Selection(**selection), options, on_progress=lambda step: None
    )


def without_seconds(path: Path) -> bytes:
    """Return what is in a file, of a result without its times."""
    if path.suffix != ".json":
        return path.read_bytes()
    result = json.loads(path.read_bytes())
    assert result.pop("seconds") is not None
    return json.dumps(result).encode()


def records(course: Course) -> dict[str, bytes]:
    """Return all that was written about the class, the gradebook aside."""
    folders = [course.root / name for name in ("results", "grades", "feedback", "autograded")]
    paths = [path for folder in folders for path in folder.rglob("[!.]*.*")]
    return {str(path.relative_to(course.root)): without_seconds(path) for path in paths}


def test_what_has_not_changed_is_known_and_left_alone(graded: Course) -> None:
    before = {path: path.stat().st_mtime_ns for path in (graded.root / "results").rglob("*.json")}
    report = grade(graded)
    assert report.known == set(ANSWERS)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_what_the_rehearsal_has_found_is_kept(
    graded: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AssignmentGrader, "rehearse", refuse)
    hand_in(graded, "bob", {"double": RIGHT_DOUBLE})
    [bob] = grade(graded, students="bob").graded
    assert bob.score == bob.max_score


def test_grading_anew_gives_the_same_bytes(graded: Course) -> None:
    before = records(graded)
    assert grade(graded, force=True).known == set()
    assert records(graded) == before


def test_only_what_was_handed_in_anew_is_graded(graded: Course) -> None:
    hand_in(graded, "bob", {"double": RIGHT_DOUBLE})
    report = grade(graded)
    assert report.known == {"ann", "cy"}
    assert [result.score for result in report.results] == [2, 2, 0]


def refuse(*_: object) -> Any:
    raise CourseError("nobody is graded")


@pytest.fixture
def to_grade(graded: Course, monkeypatch: pytest.MonkeyPatch) -> Callable[..., set[str]]:
    """Provide a function that returns who would be graded, and grades nobody."""

    def to_grade(options: GradingOptions = OPTIONS) -> set[str]:
        with monkeypatch.context() as patch:
            patch.setattr(AssignmentGrader, "start", lambda self: None)
            patch.setattr(AssignmentGrader, "rehearse", lambda self: {"toy": Rehearsal()})
            patch.setattr(AssignmentGrader, "grade", refuse)
            return {result.student for result in grade(graded, options).problems}

    return to_grade


@pytest.mark.parametrize("folder", ["feedback", "autograded"])
def test_what_somebody_deleted_is_made_again(
    graded: Course, to_grade: Callable[..., set[str]], folder: str
) -> None:
    shutil.rmtree(graded.root / folder / "ann")
    assert to_grade() == {"ann"}


def test_a_damaged_result_is_made_again(graded: Course, to_grade: Callable[..., set[str]]) -> None:
    (graded.root / "results" / "toy" / "ann.json").write_text('{"student": "ann"')
    assert to_grade() == {"ann"}


def edit(old: str, new: str) -> Callable[[Course], None]:
    """Return what replaces a text in the master, as it stands in the file."""

    def change(course: Course) -> None:
        master = notebook(course.masters, "toy")
        before = master.read_text()
        master.write_text(before.replace(old, new))
        assert master.read_text() != before

    return change


def add_file(course: Course) -> None:
    """Put a file beside the master, of which students have none."""
    (course.masters / "toy" / "data.csv").write_text("1,2")


def give_file(course: Course) -> None:
    """Put a file beside the master that students get, too."""
    add_file(course)
    build(course)
    assert (course.release / "toy" / "data.csv").exists()


CHANGES = {
    "test": edit("double(2) == 4", "double(2) == 5"),
    "points": edit('"points": 2', '"points": 3'),
    "stub": edit("Return twice the number", "Return the number twice"),
    "solution": edit("return number + number", "return 2 * number"),
    "given cell": edit("epochs = 3", "epochs = 4"),
    "tag": edit('"tags": [', '"tags": [\n     "skip-when-grading",'),
    "file for the tests": add_file,
    "file for students": give_file,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_what_is_graded_makes_all_results_old(
    graded: Course, to_grade: Callable[..., set[str]], name: str
) -> None:
    CHANGES[name](graded)
    assert to_grade() == set(ANSWERS)


def test_a_file_that_students_get_counts_otherwise_than_one_for_the_tests(
    graded: Course, to_grade: Callable[..., set[str]]
) -> None:
    give_file(graded)
    grade(graded)
    assert to_grade() == set()
    (graded.release / "toy" / "data.csv").unlink()
    assert to_grade() == set(ANSWERS)


def mend_a_typo(course: Course) -> None:
    """Change a text of the master, and build, as an instructor does in the middle of a term."""
    master = notebook(course.masters, "toy")
    master.write_text(master.read_text().replace("# Toy", "# A toy"))
    build(course)
    assert "# A toy" in notebook(course.release, "toy").read_text()


def test_a_typo_that_is_mended_makes_nothing_old(
    graded: Course, to_grade: Callable[..., set[str]]
) -> None:
    mend_a_typo(graded)
    assert to_grade() == set()


def test_a_typo_that_is_mended_empties_no_row(graded: Course) -> None:
    table = (graded.root / "grades" / "toy.csv").read_text()
    mend_a_typo(graded)
    assert grade(graded, students="b*").known == {"bob"}
    assert (graded.root / "grades" / "toy.csv").read_text() == table


def test_another_version_of_a_library_that_decides_makes_all_results_old(
    to_grade: Callable[..., set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependencies, "version", lambda name: f"another {name}")
    assert to_grade() == set(ANSWERS)


def test_a_package_that_students_may_import_counts_for_those_who_do(
    graded: Course, to_grade: Callable[..., set[str]], tmp_path: Path
) -> None:
    module = tmp_path / "extra.py"
    module.write_text("factor = 2")
    options = replace(OPTIONS, readable=(module,))
    assert to_grade(options) == set()
    source = "import extra\n\ndef double(number):\n    return extra.factor * number"
    hand_in(graded, "bob", {"double": source})
    [bob] = grade(graded, options, students="bob").graded
    assert bob.score == bob.max_score
    assert to_grade(options) == set()
    module.write_text("factor = 3")
    assert to_grade(options) == {"bob"}


@pytest.mark.parametrize(
    "change", [{"time_limit": 19}, {"memory_limit": 2**31}, {"allow_beside": True}]
)
def test_other_options_make_all_results_old(
    to_grade: Callable[..., set[str]], change: dict[str, Any]
) -> None:
    assert to_grade(replace(OPTIONS, jobs=7)) == set()
    assert to_grade(replace(OPTIONS, **change)) == set(ANSWERS)


def test_some_can_be_graded_and_the_table_keeps_the_others(graded: Course) -> None:
    table = (graded.root / "grades" / "toy.csv").read_text()
    hand_in(graded, "bob", {"double": RIGHT_DOUBLE})
    report = grade(graded, students="b*")
    assert [result.student for result in report.results] == ["bob"]
    changed = table.replace("bob,0,2,0", "bob,2,2,2")
    assert (graded.root / "grades" / "toy.csv").read_text() == changed != table


def test_the_table_has_no_points_of_another_version_of_the_master(graded: Course) -> None:
    master = notebook(graded.masters, "toy")
    master.write_text(master.read_text().replace("double(2) == 4", "double(2) == 5"))
    grade(graded, students="b*")
    table = (graded.root / "grades" / "toy.csv").read_text()
    assert table == "student,score,max_score,double\nann,,,\nbob,0,2,0\ncy,,,\n"


def test_a_pattern_that_fits_nobody_is_named(graded: Course) -> None:
    with pytest.raises(CourseError, match=r"--student zoe: no student's folder has such a name"):
        grade(graded, students="zoe")


def test_a_submission_that_can_no_longer_be_graded_has_no_points(graded: Course) -> None:
    handed_in(graded, "ann").write_text("damaged")
    [result] = grade(graded, students="ann").problems
    assert "not a notebook" in str(result.problem)
    assert "ann,,,\n" in (graded.root / "grades" / "toy.csv").read_text()
    assert '"origin": null' in (graded.root / "results" / "toy" / "ann.json").read_text()


def test_a_time_that_is_none_costs_only_its_own_submission(graded: Course) -> None:
    (handed_in(graded, "ann").parent / "timestamp.txt").write_text("2026-01-01 00:00:00 ../../x")
    report = grade(graded)
    assert [result.student for result in report.problems] == ["ann"]
    assert "timestamp.txt: no time; write it like" in str(report.problems[0].problem)
    assert len(report.graded) == 2


def test_two_cannot_grade_the_same_class_at_once(graded: Course) -> None:
    lock = FileLock(graded.root / "results" / "toy" / ".lock")
    message = "results/toy: somebody is grading this already"
    with lock, pytest.raises(CourseError, match=message):
        grade(graded)


# --- interruptions ---


def start(course: Course, *options: str) -> subprocess.Popen[str]:
    """Start the command as an instructor does."""
    command = [sys.executable, "-m", "course", "--root", str(course.root), "grade", "toy", *options]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY_ROOT)}
    return subprocess.Popen(
        command,
        cwd=REPOSITORY_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        # Who runs these tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_results(course: Course, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list((course.root / "results").rglob("*.json"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def known_after(course: Course, *options: str) -> set[str]:
    """Grade, and return who was known already."""
    out, _ = start(course, "--json", *options).communicate()
    return {row["student"] for row in json.loads(out) if row["known"]}


@pytest.fixture
def slow(tmp_path: Path) -> Course:
    """Provide a class that takes a while."""
    course = make_toy_course(tmp_path / "slow")
    build(course)
    for number in range(6):
        hand_in(course, f"student-{number}", {"double": f"{SLOW}\n# {number}"})
    return course


def interrupt(course: Course, number: signal.Signals) -> tuple[int, set[str]]:
    """Interrupt a run after some results; return its exit code and who has one."""
    running = start(course)
    wait_for_results(course, 2)
    running.send_signal(number)
    running.communicate()
    done = {path.stem for path in (course.root / "results" / "toy").glob("*.json")}
    assert 2 <= len(done) < 6
    return running.returncode, done


def test_a_run_that_was_killed_goes_on_to_the_results_of_an_undisturbed_one(slow: Course) -> None:
    _, done = interrupt(slow, signal.SIGKILL)
    assert known_after(slow, "--jobs", "1") == done
    found = records(slow)
    assert known_after(slow, "--jobs", "1", "--force") == set()
    assert records(slow) == found


def test_an_instructor_may_interrupt_and_is_told_that_nothing_is_lost(slow: Course) -> None:
    code, done = interrupt(slow, signal.SIGINT)
    assert code == 130
    assert known_after(slow, "--student", min(done)) == {min(done)}
