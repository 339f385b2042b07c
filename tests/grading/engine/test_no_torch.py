"""The grader's process hands things on: it stays small, as it imports nothing that computes."""

import json
from pathlib import Path

import pytest

from course.build import build
from tests.command import python
from tests.handing_in import hand_in
from tests.toy import make_toy_course

pytestmark = pytest.mark.slow

# What the process has imported when it has graded, said where nothing else is printed.
GRADE = """
import atexit, json, sys
from pathlib import Path
atexit.register(lambda: Path("modules.json").write_text(json.dumps(sorted(sys.modules))))
from course.cli import run
sys.argv = ["course", "--root", ".", "grade", "toy", "--isolation", "process", "--jobs", "1"]
run()
"""
# The first computes; the others belong to the processes that the grader starts.
OTHERS = ("torch", "numpy", "matplotlib", "course.grading.referee", "course.grading.student")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Provide the names of the modules in a grader that has graded a lesson that uses torch."""
    course = make_toy_course(tmp_path_factory.mktemp("grader") / "course-root")
    master = course.masters / "toy" / "toy.ipynb"
    imports = "device = 'auto'\\nimport torch.nn.functional as F"
    master.write_text(master.read_text().replace("device = 'auto'", imports))
    build(course)
    hand_in(course, "ann", {"double": "def double(n):\n    return int(torch.tensor(2 * n))"})
    ended = python("-c", GRADE, folder=course.root)
    assert ended.code == 0, ended.err
    found: list[str] = json.loads(Path(course.root, "modules.json").read_text())
    return found


def test_the_lesson_was_graded(modules: list[str]) -> None:
    assert "course.grading.classroom" in modules


@pytest.mark.parametrize("name", OTHERS)
def test_the_grader_has_not_imported_what_others_are_for(modules: list[str], name: str) -> None:
    assert not [module for module in modules if (module + ".").startswith(name + ".")]
