"""No submission gets points by an attack, harms another one, or leaves anything behind.

Each file in `tests/attacks` is what an attacker writes in the answer cell of `square`. Its first
line says how the attack works. Further lines may say where else the attacker writes:

- `# Cell: extra`: in a cell of its own before the answer, which is then a wrong one.
- `# With: forge`: after the code of `forging.py`, which finds the channel to the referee.
- `# Spares: last`: the other question of the same student gets its points.
- `# Verdict: <word>`: the verdict on `square`.

The attacker's `total` is `lie`, where the attack defines it, and wrong.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.inside.limits import Isolation
from course.grading.intake.assignment import read_master
from course.grading.intake.rebuild import rebuild
from course.grading.model.cells import MasterNotebook
from course.grading.model.judgement import Judgement
from tests.toy import answer_cell, check_cell, toy_notebook, write_notebook

pytestmark = pytest.mark.slow(minutes=1)

FOLDER = Path(__file__).parents[1] / "attacks"
FORGING = FOLDER / "forging.py"
ATTACKS = sorted(path for path in FOLDER.glob("*.py") if path != FORGING)
MARKER = "course-attack"
OPTIONS = GradingOptions(isolation=Isolation.SANDBOX, time_limit=3, memory_limit=600 * 2**20)

GIVEN = "import numpy as np\nimport torch"
SQUARE = "def square(x):\n    return x * x"
TOTAL = "total = 5050"
LAST = "def last(items):\n    return items[-1]"
WRONG = "def square(x):\n    return 1"
LIE = "try:\n    total = lie\nexcept NameError:\n    total = 1"
TEST_SQUARE = """\
assert square(3) == 9, "square(3) should be 9"
x = torch.tensor([1.0, -2.0, 0.5])
assert torch.allclose(square(x), x**2), "the squares are wrong"
assert np.allclose(square(np.arange(4)), [0, 1, 4, 9]), "the squares are wrong"
x.requires_grad_()
square(x).sum().backward()
assert torch.allclose(x.grad, 2 * x), "the gradient is wrong"
### BEGIN HIDDEN TESTS
for number in (7, -11, 2.5):
    assert abs(square(number) - number**2) < 1e-6, "hidden squares are wrong"
for found, number in zip(map(square, range(4)), range(4)):
    assert found == number**2, "a square in a row is wrong"
kept = torch.arange(5.0)
assert square(kept).tolist() == [0, 1, 4, 9, 16], "hidden squares are wrong"
### END HIDDEN TESTS"""
TEST_TOTAL = """\
assert total != 5049, "one is missing"
assert isinstance(total, int), "total should be an int"
### BEGIN HIDDEN TESTS
assert total == sum(range(101)), "total is wrong"
### END HIDDEN TESTS"""
TEST_LAST = 'assert last([1, 2, 3]) == 3, "last is wrong"'


def notebook_of(cells: dict[str, str], *, extra: str = "") -> NotebookNode:
    """Return a notebook with these answers."""
    tests = {"square": TEST_SQUARE, "total": TEST_TOTAL, "last": TEST_LAST}
    made = [new_code_cell(GIVEN, id="imports")]
    if extra:
        made.append(new_code_cell(extra))
    for name, test in tests.items():
        made += [answer_cell(name, cells[name]), check_cell(name, test, points=1)]
    return toy_notebook(made)


HONEST = notebook_of({"square": SQUARE, "total": TOTAL, "last": LAST})


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> MasterNotebook:
    path = tmp_path_factory.mktemp("master") / "toy.ipynb"
    return read_master(write_notebook(nbformat.from_dict(HONEST), path), None)


@pytest.fixture(scope="module")
def grader(assignment: MasterNotebook) -> Iterator[Grader]:
    with Grader(assignment, OPTIONS) as started:
        yield started


def grade(
    grader: Grader, assignment: MasterNotebook, notebook: NotebookNode
) -> dict[str, Judgement]:
    """Return the judgements by the name of the question."""
    judgements = grader.grade(rebuild(assignment, notebook).cells).judgements
    return {judgement.test.removeprefix("test_"): judgement for judgement in judgements}


def instructions(source: str) -> dict[str, str]:
    """Return what the comment lines at the top of an attack say."""
    return dict(re.findall(r"^# (How|Cell|With|Spares|Verdict): (.+)$", source, re.M))


def attacker(path: Path) -> NotebookNode:
    source = path.read_text()
    told = instructions(source)
    if "With" in told:
        source = FORGING.read_text() + source
    extra = source if told.get("Cell") == "extra" else ""
    return notebook_of(
        {"square": WRONG if extra else source, "total": LIE, "last": LAST}, extra=extra
    )


def descendants() -> set[int]:
    """Return all processes that this one has started, and those that they have."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(entry.name)] = int(fields[1])
    found, size = {os.getpid()}, 0
    while size < len(found):
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def marked() -> list[str]:
    """Return the processes and files of this machine that an attack has put its mark on."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if f"{MARKER}-process".encode() in text:
            found.append(str(entry))
    folders = (
        Path.cwd(),
        FOLDER,
        Path(gettempdir()),
        Path.home(),
        Path("/var/tmp"),
        Path("/dev/shm"),
    )
    return found + [str(path) for folder in folders for path in folder.glob(f"*{MARKER}-file*")]


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_attack_gets_nothing_and_harms_nobody(
    path: Path, grader: Grader, assignment: MasterNotebook
) -> None:
    told = instructions(path.read_text())
    before = descendants()
    found = grade(grader, assignment, attacker(path))
    print({name: (j.verdict.value, j.failures[:1]) for name, j in found.items()})
    assert [found[name].score for name in ("square", "total")] == [0, 0]
    if "Verdict" in told:
        assert found["square"].verdict == told["Verdict"]
    if "Spares" in told:
        assert found[told["Spares"]].score == 1
    neighbour = grade(grader, assignment, HONEST)
    assert {name: each.score for name, each in neighbour.items()} == dict.fromkeys(neighbour, 1)
    deadline = time.monotonic() + 10
    while left := descendants() - before:  # what is killed takes a moment to end
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
    assert not marked()


def test_every_attack_says_how_it_works() -> None:
    for path in ATTACKS:
        assert path.read_text().startswith("# How: "), path.name
    assert len(ATTACKS) >= 40
