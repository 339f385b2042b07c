"""Notebooks are run by real kernels; few and tiny ones, as a start costs a second."""

import json
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from course.errors import CourseError
from course.execute import (
    KINDS,
    Event,
    Finished,
    Kind,
    NotebookRun,
    Progressed,
    Retried,
    RunOptions,
    Started,
    execute_copies,
    executed_notebook,
    run_notebooks,
)
from course.layout import Course
from course.notebooks import read
from tests.toy import toy_notebook, write_versions

pytestmark = pytest.mark.slow

FLAKY_LAUNCHER = """
import os, sys
marker = os.environ["FLAKY_MARKER"]
if not os.path.exists(marker):
    open(marker, "w").close()
    sys.exit("no port left")
os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *sys.argv[1:]])
"""
# Each of two notebooks waits for the other, which only ends well when they run side by side.
MEET = """
import pathlib, time
pathlib.Path(meeting, {me!r}).touch()
deadline = time.monotonic() + 60
while not pathlib.Path(meeting, {other!r}).exists():
    assert time.monotonic() < deadline, "the other notebook does not run"
    time.sleep(0.02)
"""
SHOW_SURROUNDINGS = """
import os
print(device, os.environ.get("NBGRADER_EXECUTION"), os.environ["OMP_NUM_THREADS"], os.listdir())
"""


@dataclass(frozen=True)
class Recorded:
    """Hold what one call of `run_notebooks` gave."""

    course: Course
    runs: list[NotebookRun]
    events: list[Event]

    def printed(self, lesson: str, kind: Kind) -> dict[str, str]:
        """Return the printed text of each code cell of an executed notebook, by cell id."""
        cells = read(executed_notebook(self.course, lesson, kind)).cells
        return {
            cell.id: "".join(o.get("text", "") for o in cell.get("outputs", [])) for cell in cells
        }

    @staticmethod
    def place(lesson: str, kind: str) -> Path:
        return Path(f"{lesson}.ipynb") if kind == "solution" else Path(kind, f"{lesson}.ipynb")


def run_recorded(course: Course, options: RunOptions) -> Recorded:
    events: list[Event] = []
    runs = run_notebooks(course, options, events.append)
    return Recorded(course, runs, events)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Run a good and a bad lesson, two notebooks at a time."""
    course = Course(tmp_path_factory.mktemp("course"))
    look = {"look": SHOW_SURROUNDINGS}
    good = {"meet": MEET.format(me="good", other="bad"), "slow": "time.sleep(0.3)", **look}
    bad = {"meet": MEET.format(me="bad", other="good"), "broken": "1 / 0", "after": "print(1)"}
    write_versions(course, "good", good, look)
    write_versions(course, "bad", bad, {})
    for kind in KINDS:
        old = executed_notebook(course, "good", kind)
        old.parent.mkdir(parents=True, exist_ok=True)
        old.write_text("left from an earlier run", encoding="utf-8")
    meeting = tmp_path_factory.mktemp("meeting")
    options = RunOptions(device="cpu", jobs=2, parameters={"meeting": str(meeting)})
    return run_recorded(course, options)


@pytest.fixture
def toy(tmp_path: Path) -> Course:
    """Provide a course with one lesson that does nothing."""
    course = Course(tmp_path / "course")
    write_versions(course, "toy", {"work": "1"}, {})
    return course


@pytest.fixture
def flaky_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
    """Return a function that installs a kernel which dies at its start until its marker exists."""

    def install(marker: Path) -> str:
        launcher = tmp_path / "launcher.py"
        launcher.write_text(FLAKY_LAUNCHER, encoding="utf-8")
        spec = {
            "argv": [sys.executable, str(launcher), "-f", "{connection_file}"],
            "display_name": "Flaky",
            "language": "python",
        }
        folder = tmp_path / "jupyter" / "kernels" / "flaky"
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
        monkeypatch.setenv("FLAKY_MARKER", str(marker))
        return "flaky"

    return install


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def test_runs_come_by_lesson_and_solution_first(recorded: Recorded) -> None:
    names = [(run.lesson, run.kind) for run in recorded.runs]
    assert names == [
        ("bad", "solution"),
        ("bad", "release"),
        ("good", "solution"),
        ("good", "release"),
    ]


def test_only_the_notebook_with_the_broken_cell_fails(recorded: Recorded) -> None:
    assert [run.passed for run in recorded.runs] == [False, True, True, True]


def test_failure_names_notebook_and_cell_with_a_plain_traceback(recorded: Recorded) -> None:
    failure = recorded.runs[0].failure
    assert failure is not None
    assert (failure.notebook, failure.cell_id) == ("solutions/bad/bad.ipynb", "broken")
    assert "ZeroDivisionError: division by zero" in failure.traceback
    assert "\x1b" not in failure.traceback


def test_failed_notebook_is_kept_as_far_as_it_came(recorded: Recorded) -> None:
    cells = {cell.id: cell for cell in read(recorded.course.executed / "bad.ipynb").cells}
    assert cells["broken"].outputs[0].ename == "ZeroDivisionError"
    assert cells["after"].outputs == []
    assert [cell.cell_id for cell in recorded.runs[0].cells] == ["parameters", "meet", "broken"]


def test_solution_is_validated_with_the_chosen_device_in_an_empty_folder(
    recorded: Recorded,
) -> None:
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    assert recorded.printed("good", "solution")["look"] == f"cpu validate {threads} []\n"


def test_release_does_not_see_that_it_is_executed(recorded: Recorded) -> None:
    assert recorded.printed("good", "release")["look"].startswith("cpu None ")


def test_cells_are_timed(recorded: Recorded) -> None:
    run = recorded.runs[2]
    seconds = {cell.cell_id: cell.seconds for cell in run.cells}
    assert list(seconds) == ["parameters", "meet", "slow", "look"]
    assert 0.3 <= seconds["slow"] <= sum(seconds.values()) <= run.seconds


def test_old_output_is_replaced_and_nothing_else_is_left(recorded: Recorded) -> None:
    files = sorted(path.name for path in recorded.course.executed.rglob("*") if path.is_file())
    assert files == ["bad.ipynb", "bad.ipynb", "good.ipynb", "good.ipynb"]
    assert len(recorded.printed("good", "release")) == 3  # with the injected parameters


def test_every_notebook_starts_progresses_and_finishes_in_that_order(recorded: Recorded) -> None:
    for run in recorded.runs:
        events = [
            e for e in recorded.events if (e.task.lesson, e.task.kind) == (run.lesson, run.kind)
        ]
        assert isinstance(events[0], Started)
        assert events[-1] == Finished(events[0].task, run)
        done = [event.cells for event in events if isinstance(event, Progressed)]
        assert done == sorted(set(done))
        assert done[-1] < events[0].task.cells


def test_kernel_that_dies_at_its_start_is_started_again(
    toy: Course, tmp_path: Path, flaky_kernel: Callable[[Path], str]
) -> None:
    kernel = flaky_kernel(tmp_path / "marker")
    recorded = run_recorded(toy, RunOptions(device="cpu", jobs=1, kernel=kernel))
    assert [(run.passed, run.attempts) for run in recorded.runs] == [(True, 2), (True, 1)]
    retries = [event for event in recorded.events if isinstance(event, Retried)]
    assert [(event.task.kind, event.attempt) for event in retries] == [("solution", 1)]


def test_kernel_that_never_starts_fails_with_its_last_words(
    toy: Course, tmp_path: Path, flaky_kernel: Callable[[Path], str]
) -> None:
    kernel = flaky_kernel(tmp_path / "no-such-folder" / "marker")
    recorded = run_recorded(toy, RunOptions(device="cpu", jobs=2, kernel=kernel))
    for run in recorded.runs:
        assert run.attempts == 3
        assert run.failure is not None
        assert run.failure.cell_id is None
        assert "FileNotFoundError" in run.failure.traceback


def test_death_in_a_cell_and_a_hanging_cell_fail_that_cell_at_once(tmp_path: Path) -> None:
    course = Course(tmp_path)
    write_versions(course, "dead", {"die": "import os; os._exit(3)"}, {"hang": "while True: pass"})
    recorded = run_recorded(course, RunOptions(device="cpu", timeout=2))
    dead, hung = (run.failure for run in recorded.runs)
    assert dead is not None
    assert (dead.cell_id, dead.traceback.splitlines()[0]) == ("die", "Kernel died")
    assert hung is not None
    assert hung.cell_id == "hang"
    assert "timed out" in hung.traceback
    assert [run.attempts for run in recorded.runs] == [1, 1]


def test_death_of_the_process_around_a_kernel_costs_that_notebook_alone(tmp_path: Path) -> None:
    course = Course(tmp_path)
    write_versions(course, "toy", {"kill": "import os; os.kill(os.getppid(), 9)"}, {"work": "1"})
    solution, release = run_recorded(course, RunOptions(device="cpu")).runs
    assert solution.failure is not None
    assert solution.seconds > 0
    assert solution.failure.cell_id == "kill"
    assert "exit code -9" in solution.failure.traceback
    assert release.passed


def test_interruption_stops_what_runs_and_keeps_the_earlier_output(tmp_path: Path) -> None:
    course = Course(tmp_path)
    write_versions(course, "toy", {"hang": "while True: pass"}, {"hang": "while True: pass"})
    old = executed_notebook(course, "toy", "solution")
    old.parent.mkdir(parents=True)
    old.write_text("left from an earlier run", encoding="utf-8")

    def interrupt(event: Event) -> None:
        if isinstance(event, Progressed):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_notebooks(course, RunOptions(device="cpu"), interrupt)
    assert list(course.executed.rglob("*.*")) == [old]
    assert old.read_text(encoding="utf-8") == "left from an earlier run"


def test_cuda_is_refused_where_there_is_none(toy: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(CourseError, match=r"cuda.* no such GPU"):
        run_notebooks(toy, RunOptions(device="cuda"))


def test_copies_come_back_in_order_with_outputs_and_the_reason_of_a_failure() -> None:
    good = toy_notebook([new_code_cell("import os; print(os.environ['FACT'])", id="look")])
    bad = toy_notebook(
        [new_code_cell("1", id="one"), new_code_cell("raise ValueError('a\\nb')", id="broken")]
    )
    before = str(good)
    environments = [dict(os.environ) | {"FACT": fact} for fact in ("first", "second", "third")]
    copies = execute_copies(zip([good, bad, good], environments, strict=True))
    printed = [[output.text for output in copy.nb.cells[0].outputs] for copy in copies[::2]]
    assert printed == [["first\n"], ["third\n"]]
    assert [copy.failure is None for copy in copies] == [True, False, True]
    failure = copies[1].failure
    assert failure is not None
    assert (failure.cell_id, failure.reason) == ("broken", "ValueError: a")
    assert str(good) == before
