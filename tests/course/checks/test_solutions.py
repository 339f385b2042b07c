"""Solutions that fail, or print other than what the prose promises, are found."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.checks.expectations import agree
from course.checks.masters import read_masters
from course.checks.solutions import check_solutions
from course.layout import Course, notebook
from tests.course.checks.changes import MASTER, change_cell
from tests.toy import DOUBLE, EXPECTED, make_toy_course, toy_cells, toy_notebook, write_notebook

FLAKY_LAUNCHER = """
import os, sys
if not os.path.exists({marker!r}):
    open({marker!r}, "w").close()
    sys.exit("no port left")
os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *sys.argv[1:]])
"""


@pytest.mark.slow
def test_failing_solution_and_broken_promise_are_found(tmp_path: Path) -> None:
    course = make_toy_course(tmp_path / "course")
    change_cell(course, "double", DOUBLE.replace("number + number", "number ** 2"))
    make_toy_course(course.root, lesson="wrong")
    cells = toy_cells()
    promise = next(cell for cell in cells if cell.id == "expected-double")
    promise.source = EXPECTED.replace("42", "43")
    write_notebook(toy_notebook(cells), notebook(course.masters, "wrong"))
    failing, broken = check_solutions(course, read_masters(course)[0])
    assert failing.file == MASTER
    assert failing.message == (
        "cell `test-double` fails when solved (AssertionError: double(-3) should be -6)"
    )
    assert broken.file == Path("source_notebooks/wrong/wrong.ipynb")
    assert "promises 'twice 21 is 43\\nhalf of it is 10.50'" in broken.message
    assert "prints 'twice 21 is 42\\nhalf of it is 10.50'" in broken.message


@pytest.mark.slow
def test_solution_runs_as_if_graded_with_the_helpers_of_the_course(
    toy_course: Course, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (toy_course.root / "helpers").mkdir()
    (toy_course.root / "helpers" / "__init__.py").write_text("mine = True")
    facts = "\n".join(
        [
            "import os, sys, helpers",
            "assert helpers.mine",
            "assert os.environ['NBGRADER_EXECUTION'] == 'autograde'",
            "assert os.listdir() == []",
            "os.write(2, b'noise of a library')",
        ]
    )
    change_cell(toy_course, "parameters", facts)
    assert check_solutions(toy_course, read_masters(toy_course)[0]) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_kernel_that_dies_at_its_start_gets_another_chance(
    toy_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, launcher = tmp_path / "started", tmp_path / "launcher.py"
    launcher.write_text(FLAKY_LAUNCHER.format(marker=str(marker)))
    kernel = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    command = [sys.executable, str(launcher), "-f", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": command, "display_name": "flaky", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    assert check_solutions(toy_course, read_masters(toy_course)[0]) == []
    assert marker.exists()


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("loss 0.31", "loss 0.32"),
        ("loss 0.3100\n", "loss  0.3101"),
        ("1.20e-3", "1.21e-03"),
        ("12000 images", "12007 images"),
        ("-0.00", "0.00"),
        ("0.00", "0.01"),
        ("[ 1.5,  2.5]", "[1.5, 2.5]"),
    ],
)
def test_small_differences_of_numbers_and_spacing_keep_a_promise(
    expected: str, printed: str
) -> None:
    assert agree(expected, printed)


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("loss 0.31", "loss 0.33"),
        ("loss 0.31", "cost 0.31"),
        ("3 of 5", "4 of 5"),
        ("torch.Size([64, 10])", "torch.Size([63, 10])"),
        ("best is 0.1", "best is 0.2"),
        ("1e-3", "2e-3"),
        ("[1.85, 0.0]", "[1.85, 0.05]"),
        ("a 1.00", "a 1.00 2.00"),
        ("0.50", "nan"),
        ("0.50", "-0.50"),
        ("42", ""),
    ],
)
def test_other_differences_break_a_promise(expected: str, printed: str) -> None:
    assert not agree(expected, printed)


@given(st.floats(1.0, 1e6), st.integers(2, 6), st.integers(-1, 1))
def test_one_unit_of_the_last_digit_keeps_a_promise_and_many_break_it(
    number: float, digits: int, step: int
) -> None:
    unit = 10.0**-digits
    written = f"{number:.{digits}f}"
    assert agree(written, f"{float(written) + step * unit:.{digits}f}")
    far = float(written) + 3 * max(unit, abs(number) * 1e-3)
    assert not agree(written, f"{far:.{digits + 2}f}")
