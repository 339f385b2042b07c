"""What the instructor's first cells do is done once, and nobody can tell from the judgements."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from course.errors import CourseError
from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.inside.protocol import DONE, STEP, UNFIT
from course.grading.model.cells import Cell, MasterNotebook, Role
from tests.grading.cells import answer, given, question
from tests.toy import REPOSITORY_ROOT

pytestmark = pytest.mark.slow(minutes=1)

OPTIONS = GradingOptions(time_limit=20.0, memory_limit=2 * 2**30)
INSIDE = "import os\nif os.path.isdir('/student'):"  # where the student's process runs
TOKEN = "import os\ntoken = os.urandom(8).hex()"
FIRST = (
    given(TOKEN),
    given("1 / 0"),
    replace(given("token = 'skipped'"), skipped=True),
    given("import matplotlib.pyplot as plt\nplt.subplots()[1].set_title('a word')\nb = 2"),
)
DRAWS = given(
    "import random\nimport numpy as np\nimport torch\n"
    "def draw():\n    return torch.rand(1).item(), np.random.rand(), random.random()"
)


def extra(source: str) -> Cell:
    return Cell(Role.EXTRA, "", "code", source)


def begins_with(*cells: Cell) -> MasterNotebook:
    return MasterNotebook("toy", (*cells, answer("f = 1"), question("assert f")), {}, ())


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(begins_with(*FIRST), OPTIONS) as started:
        yield started


def value_of(grader: Grader, *cells: Cell, source: str = "token") -> str:
    """Return what the answer `f = <source>` after these cells is, and the test's own `source`."""
    ask = f"assert False, f'{{f}} {{{source}}}'"
    [judgement] = grader.grade([*cells, answer(f"f = {source}"), question(ask)]).judgements
    return judgement.failures[0].message


def test_they_run_once_for_all_submissions(grader: Grader) -> None:
    assert value_of(grader, *FIRST) == value_of(grader, *FIRST)


def test_after_one_that_fails_the_next_goes_on(grader: Grader) -> None:
    assert value_of(grader, *FIRST, source="b") == "2 2"


def test_their_figures_are_closed(grader: Grader) -> None:
    assert value_of(grader, *FIRST, source="plt.get_fignums()") == "[] []"


def test_a_cell_of_the_students_after_them_comes_after_them(grader: Grader) -> None:
    assert value_of(grader, *FIRST, extra("pass")) == value_of(grader, *FIRST)
    assert value_of(grader, *FIRST, extra("b += 1"), source="b") == "3 2"


def test_with_a_cell_of_the_students_among_them_nothing_has_run_before(grader: Grader) -> None:
    cells = [FIRST[0], extra("kept = token"), *FIRST[1:]]
    tokens = {value_of(grader, *cells, source="token") for _ in range(2)}
    assert len(tokens) == 2
    [judgement] = grader.grade(
        [*cells, answer("f = kept == token"), question("assert f")]
    ).judgements
    assert judgement.failures == ()


def test_another_process_of_the_students_begins_with_them_too(grader: Grader) -> None:
    cells = [
        *FIRST,
        answer("import os\nos._exit(0)"),
        question("assert f"),
        answer("g = b", "g"),
        question("assert g == 2", "test_g"),
    ]
    assert [judgement.score for judgement in grader.grade(cells).judgements] == [0, 2]


def test_what_no_fork_carries_is_made_anew_for_each() -> None:
    cell = given(
        f"{TOKEN}\nfrom threading import Event, Thread\nThread(target=Event().wait).start()"
    )
    with Grader(begins_with(cell), OPTIONS) as grader:
        assert value_of(grader, cell) != value_of(grader, cell)


def test_a_module_that_starts_a_thread_is_imported_anew_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "threaded.py"
    module.write_text(
        f"{TOKEN}\nfrom threading import Event, Thread\n"
        "Thread(target=Event().wait, daemon=True).start()"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cell = given("from threaded import token")
    with Grader(begins_with(cell), replace(OPTIONS, readable=(module,))) as grader:
        assert value_of(grader, cell) != value_of(grader, cell)


STEPS = """
import os, socket, sys
from pathlib import Path
from course.grading.inside.forkable import take_steps

def steps():
    yield
    exec(sys.argv[1], globals())

ours, theirs = socket.socketpair()
try:
    take_steps(theirs, steps(), Path.cwd())
except SystemExit:
    pass
print(ours.recv(9).decode())
os._exit(0)  # whatever threads there are
"""


@pytest.mark.parametrize(
    ("binding", "told"),
    [
        ("a = 1", STEP + DONE),
        ("from threading import Event, Thread\nThread(target=Event().wait).start()", UNFIT),
        ("import tempfile\nfile = tempfile.TemporaryFile()", UNFIT),
        ("open('note', 'w').write('here')", UNFIT),
        ("os.mkdir('tmp'); os.chdir('tmp')", UNFIT),
        ("import mmap\nboard = mmap.mmap(-1, 4096)", UNFIT),
    ],
    ids=["nothing", "thread", "open file", "written file", "folder", "shared memory"],
)
def test_whatever_no_fork_carries_is_noticed(binding: str, told: bytes, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEPS, binding],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY_ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().encode().endswith(told)


def test_unseeded_numbers_are_the_same_in_another_run() -> None:
    values = []
    for _ in range(2):
        with Grader(begins_with(DRAWS), OPTIONS) as grader:
            values.append(value_of(grader, DRAWS, source="draw()"))
    assert values[0] == values[1]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        # In one of the two servers each: what they say is told apart in `inside/test_protocol.py`.
        (f"{INSIDE} os._exit(0)", "ends its process"),
        (f"{INSIDE} pass\nelse: import time; time.sleep(90)", "runs longer than 4 s"),
    ],
)
def test_one_that_does_not_come_back_is_named(source: str, words: str) -> None:
    cells = [given("a = 1"), replace(given(source), name="load-data")]
    grader = Grader(begins_with(*cells), replace(OPTIONS, time_limit=4.0))
    with pytest.raises(CourseError, match=f"toy: the given cell load-data {words}"):
        grader.__enter__()
