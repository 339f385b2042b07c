"""Whichever process is killed while a submission is judged, the judgements are what they would be.

The test cell of the first question says that it is running, and goes on when it is told to: in
between, one process or another is killed.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, writes

from course.grading.engine.assignment_grader import AssignmentGrader
from course.grading.engine.options import GradingOptions
from course.grading.engine.servers import Servers
from course.grading.inside.limits import Isolation
from course.grading.intake.assignment import Assignment, read_master
from course.grading.intake.collection import HandedIn
from course.grading.model.judgement import Judgement
from course.grading.model.rehearsal import Rules
from course.grading.sandbox.process_table import find_family
from tests.grading.processes import is_gone, until
from tests.toy import answer_cell, check_cell, toy_notebook, write_notebook

pytestmark = pytest.mark.slow

OPTIONS = GradingOptions(time_limit=20.0, memory_limit=2 * 2**30)
ROOT = Path(__file__).parents[3]
PROC = Path("/proc")
GATE = """
import time
from pathlib import Path
folder = Path({folder!r})
(folder / "here").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
"""
GRADE = """
import sys
from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.inside.limits import Isolation
from course.grading.model.cells import MasterNotebook
from tests.grading.cells import answer, given, question
master = MasterNotebook("toy", (given("a = 1"),), {}, ())
with Grader(master, GradingOptions(Isolation(sys.argv[1]))) as g:
    g.grade([given("a = 1"), answer("f = 1"), question(sys.argv[2])])
"""


@dataclass(frozen=True)
class Lesson:
    """Hold a lesson of two questions, whose first waits for a file in `folder`, and its grader.

    The processes that are kept end with the thread that started them: they live in one of `pool`.
    """

    folder: Path
    assignment: Assignment
    grader: AssignmentGrader
    pool: ThreadPoolExecutor

    def judge(self, meanwhile: Callable[[Servers], None]) -> list[Judgement]:
        """Return the judgements on the master's own answers, but for the time that they took."""
        for name in ("here", "go"):
            (self.folder / name).unlink(missing_ok=True)
        cells = [
            answer_cell(cell.name, cell.source) for cell in self.assignment.notebooks[0].cells[1::2]
        ]
        handed_in = HandedIn({"toy": writes(toy_notebook(cells)).encode()}, {})
        graded = self.pool.submit(self.grader.grade, handed_in, {"toy": Rules()})
        until((self.folder / "here").exists, 60)
        [servers] = self.grader._graders["toy"]._grader._servers.values()
        meanwhile(servers)
        (self.folder / "go").touch()
        [found] = graded.result()
        return [replace(judgement, seconds=0.0) for judgement in found.findings.judgements]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    folder = tmp_path_factory.mktemp("gate")
    cells = [
        new_code_cell("a = 1"),
        answer_cell("f", "def f():\n    return 1"),
        check_cell("f", f"{GATE.format(folder=str(folder))}\nassert f() == 2, 'not two'"),
        answer_cell("g", "def g():\n    return f() + 1"),
        check_cell("g", "assert g() == 2"),
    ]
    master = read_master(write_notebook(toy_notebook(cells), folder / "toy.ipynb"), None)
    with ThreadPoolExecutor(1) as pool:
        assignment = Assignment("toy", (master,))
        grader = AssignmentGrader(assignment, OPTIONS)
        yield Lesson(folder, assignment, grader, pool)
        pool.submit(grader.__exit__).result()


@pytest.fixture(scope="module")
def undisturbed(lesson: Lesson) -> list[Judgement]:
    return lesson.judge(lambda servers: None)


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`, those before the ones that they have started."""
    families = {each: find_family(PROC, each) for each in find_family(PROC, pid) - {pid}}
    return sorted(families, key=lambda each: len(families[each]), reverse=True)


def referee_server(servers: Servers) -> int:
    return servers._referee_process.pid


def referee(servers: Servers) -> int:
    return descendants(referee_server(servers))[0]


def fork_server(servers: Servers) -> int:
    names = {pid: (PROC / str(pid) / "comm").read_text() for pid in descendants(bwrap(servers))}
    return next(pid for pid, name in names.items() if name.startswith("python"))


def bwrap(servers: Servers) -> int:
    return servers._fork_server._process.pid


def supervisor(servers: Servers) -> int:
    [student] = servers._fork_server._students
    return student.pid


def student(servers: Servers) -> int:
    return descendants(supervisor(servers))[0]


def copy_of_student(servers: Servers) -> int:
    return descendants(supervisor(servers))[1]


VICTIMS = (referee_server, referee, bwrap, fork_server, supervisor, student, copy_of_student)


@pytest.mark.parametrize("victim", VICTIMS, ids=lambda victim: victim.__name__)
def test_a_killed_process_changes_no_judgement(
    lesson: Lesson, undisturbed: list[Judgement], victim: Callable[[Servers], int]
) -> None:
    killed = lesson.judge(lambda servers: os.kill(victim(servers), signal.SIGKILL))
    assert killed == undisturbed
    assert [judgement.score for judgement in killed] == [0, 2]


@pytest.mark.parametrize("isolation", list(Isolation))
def test_a_killed_grader_leaves_no_process(isolation: Isolation, tmp_path: Path) -> None:
    # Other tests have folders of students, too: this grader makes its own elsewhere.
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    gate = GATE.format(folder=str(tmp_path))
    command = [sys.executable, "-c", GRADE, str(isolation), gate]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(scratch)}) as grader:
        until((tmp_path / "here").exists, 60)
        processes = descendants(grader.pid)
        assert len(processes) >= 5
        grader.kill()
    until(lambda: all(map(is_gone, processes)))
    assert isolation is Isolation.PROCESS or not list(scratch.glob("course-student-*"))
