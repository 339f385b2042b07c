"""Student versions run from top to bottom without an error in an environment like Colab's.

`course run` executes them, and the solutions, in the course's own environment.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from course.cores import count_cores, thread_limits
from course.execute import RunFailure, execute_copies
from course.notebooks import is_test
from helpers.media import VIDEOS
from tests.this_course import COURSE, answers, exercises, submission
from tests.toy import toy_notebook

pytestmark = pytest.mark.slow(minutes=3)

COLAB = COURSE.root / "build" / "colab"
COLAB_VERSIONS = COURSE.root / "tests" / "colab-constraints.txt"
SHORT = {"seeds": 1, "defence_seeds": 1, "epochs": 3, "steps": 300, "device": "cpu"}
LESSON = "norm_penalties"
HALF_DONE = {
    "l1_reg": answers(LESSON, "right")["l1_reg"],
    "l1_update": (COURSE.answers / "l1_update" / "wrong_pushes_away.py").read_text("utf-8"),
    "l2_reg": "def l2_reg(model):\n    return (model.parameters() ** 2).sum()",
}
TYPE_ERROR = (
    "stopped: TypeError: unsupported operand type(s) for ** or pow(): 'generator' and 'int'\n"
    "line 2: return (model.parameters() ** 2).sum()"
)
AGAIN = "-again"  # ends the ids of cells that are run a second time, with answers
# One kernel for all: it is started in the virtual environment that the notebook's own names.
KERNEL = ["sh", "-c", 'exec "$VIRTUAL_ENV/bin/python" -m ipykernel_launcher -f "$0"']
LOOK_AROUND = """
import IPython, ipykernel, ipywidgets, google.colab.output, helpers.exercises
for module in (IPython, ipykernel, ipywidgets):
    print(f"{module.__name__.lower()}=={module.__version__}")
print(helpers.exercises.__file__)
"""


@dataclass(frozen=True)
class Run:
    """Hold an executed notebook, what stopped it, and the virtual environment it ran in."""

    nb: Any
    failure: RunFailure | None
    prefix: Path

    def shown(self, cell_id: str) -> str:
        """Return what a cell shows, figures left out, as plain text."""
        outputs = next(cell.outputs for cell in self.nb.cells if cell.id == cell_id)
        texts = (output.get("text") or output.data["text/plain"] for output in outputs)
        return "\n".join(text.strip() for text in texts if not text.startswith("<Figure"))

    def alternatives(self, cell: Any) -> list[str]:
        """Return the alternative texts of the figures that `cell` shows."""
        return [
            output.metadata.get("image/png", {}).get("alt", "")
            for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})
        ]


def answered(lesson: str, filled: dict[str, str]) -> Any:
    """Return the student version with answers filled in, small as papermill would make it."""
    return parameterize_notebook(load_notebook_node(submission(lesson, filled)), SHORT)


def untouched_then_complete(lesson: str) -> Any:
    """Return a notebook that is run as it is, and then once more with right answers filled in.

    So do students, who write their answers into a kernel in which all has run before.
    """
    nb, complete = answered(lesson, {}), answered(lesson, answers(lesson, "right"))
    for cell in complete.cells:
        cell.id += AGAIN
    nb.cells += complete.cells
    return nb


def halves(done: Run) -> tuple[Run, Run]:
    """Return what became of the untouched cells, and of the complete ones."""
    first, second = deepcopy(done.nb), deepcopy(done.nb)
    first.cells = [cell for cell in first.cells if not cell.id.endswith(AGAIN)]
    second.cells = [cell for cell in second.cells if cell.id.endswith(AGAIN)]
    for cell in second.cells:
        cell.id = cell.id.removesuffix(AGAIN)
    return replace(done, nb=first), replace(done, nb=second)


def setup_alone() -> Any:
    """Return a notebook that installs the helpers and says what it then finds."""
    cells = [cell for cell in answered(LESSON, {}).cells if cell.id == "setup"]
    return toy_notebook([*cells, new_code_cell(LOOK_AROUND, id="look")])


def at_home(cache: Path) -> dict[str, str]:
    """Return the environment of this project's own kernel, outside of any grading."""
    own = {key: value for key, value in os.environ.items() if key != "NBGRADER_EXECUTION"}
    surroundings = {"VIRTUAL_ENV": sys.prefix, "COURSE_CACHE": str(cache)}
    return own | thread_limits(count_cores()) | surroundings


def in_colab(cache: Path, folder: Path, source: Path) -> dict[str, str]:
    """Return the environment of a kernel like Colab's, which must install helpers from `source`.

    It runs in a virtual environment of its own in `folder`, empty but for a view of `COLAB`, so
    that `COLAB` stays clean. pip is offline: what Colab has must do for everything but helpers.
    """
    prefix = folder / "environment"
    subprocess.run([COLAB / "bin/python", "-m", "venv", "--without-pip", prefix], check=True)
    [packages] = COLAB.glob("lib/python*/site-packages")
    [own_packages] = prefix.glob("lib/python*/site-packages")
    (own_packages / "colab.pth").write_text(f"{packages}\n", encoding="utf-8")
    (folder / "google" / "colab").mkdir(parents=True)
    (folder / "google" / "colab" / "output.py").touch()
    return at_home(cache) | {
        "VIRTUAL_ENV": str(prefix),
        "PYTHONPATH": str(folder),
        "COURSE_SOURCE": str(source),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this as "not isolated"
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Provide a scratch folder in which Jupyter finds `KERNEL`."""
    if not (COLAB / ".installed").exists():
        pytest.fail("build/colab is not there; run `make build/colab/.installed`")
    folder = tmp_path_factory.mktemp("student-version")
    spec = {"argv": [*KERNEL, "{connection_file}"], "display_name": "Any", "language": "python"}
    (folder / "jupyter" / "kernels" / "python3").mkdir(parents=True)
    file = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    file.write_text(json.dumps(spec), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        yield folder


@pytest.fixture(scope="module")
def checkout(folder: Path) -> Path:
    """Provide a copy of what the package is built from, as building leaves files behind."""
    copy = folder / "checkout"
    for package in ("helpers", "course"):
        shutil.copytree(COURSE.root / package, copy / package)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(COURSE.root / file, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(folder: Path, checkout: Path) -> Path:
    offline = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    command = [sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", str(folder)]
    subprocess.run([*command, str(checkout)], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


Copy = tuple[Any, dict[str, str]]  # a notebook, and the environment of its kernel


def copies_to_run(folder: Path, checkout: Path, wheel: Path) -> Iterator[tuple[str, Copy]]:
    """Yield what is to be run, by name: each lesson, and two special cases."""
    cache = folder / "cache"
    for lesson in COURSE.lessons:
        yield lesson, (untouched_then_complete(lesson), in_colab(cache, folder / lesson, wheel))
    yield HALF, (answered(LESSON, HALF_DONE), at_home(cache))
    yield CHECKOUT, (setup_alone(), in_colab(cache, folder / "source", checkout))


@pytest.fixture(scope="module")
def runs(folder: Path, checkout: Path, wheel: Path) -> dict[str, Run]:
    """Run all notebooks, one a processor core at a time."""
    wanted = dict(copies_to_run(folder, checkout, wheel))
    copies = zip(wanted.items(), execute_copies(wanted.values()), strict=True)
    done = {
        name: Run(copy.nb, copy.failure, Path(environment["VIRTUAL_ENV"]))
        for (name, (_, environment)), copy in copies
    }
    for lesson in COURSE.lessons:
        done[f"{lesson} untouched"], done[f"{lesson} complete"] = halves(done.pop(lesson))
    return done


UNTOUCHED = [f"{lesson} untouched" for lesson in COURSE.lessons]
COMPLETE = [f"{lesson} complete" for lesson in COURSE.lessons]
HALF, CHECKOUT = "half done", "from a checkout"
IN_COLAB = [*UNTOUCHED, *COMPLETE, CHECKOUT]
NOTEBOOKS = [*UNTOUCHED, *COMPLETE, HALF]


def code_cells(done: Run) -> list[Any]:
    return [cell for cell in done.nb.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("case", [*NOTEBOOKS, CHECKOUT])
def test_no_cell_raises(runs: dict[str, Run], case: str) -> None:
    assert runs[case].failure is None


@pytest.mark.parametrize("case", NOTEBOOKS)
def test_every_figure_is_told_in_words(runs: dict[str, Run], case: str) -> None:
    done = runs[case]
    assert all(text for cell in done.nb.cells for text in done.alternatives(cell))


@pytest.mark.parametrize("case", UNTOUCHED)
def test_test_of_an_unfinished_answer_says_so(runs: dict[str, Run], case: str) -> None:
    tests = [cell.id for cell in runs[case].nb.cells if is_test(cell)]
    assert tests
    for cell_id in tests:
        card = runs[case].shown(cell_id)
        assert re.fullmatch(r"[…✘] .*not finished yet: .*", card), cell_id


@pytest.mark.parametrize("case", UNTOUCHED)
def test_cell_names_in_one_line_the_answers_that_it_waits_for(
    runs: dict[str, Run], case: str
) -> None:
    waiting = {
        cell.id: needs[1].split(", ")
        for cell in code_cells(runs[case])
        if (needs := re.search(r"^with needs\((.*)\):", cell.source, re.M))
    }
    assert waiting
    for cell_id, awaited in waiting.items():
        names = " and ".join(answer.partition("=")[0] for answer in awaited)
        expected = f"… This cell waits for your answer to {names}."
        assert runs[case].shown(cell_id).splitlines()[-1] == expected


def test_each_answer_of_a_half_done_notebook_gets_its_own_verdict(runs: dict[str, Run]) -> None:
    shown = runs[HALF].shown
    assert shown("test-l1-reg") == "✔ l1_reg: all tests here passed"
    assert shown("test-l1-update") == (
        "✘ l1_update: the penalty should pull -0.5 towards zero, not away: mind the signs"
    )
    assert shown("test-l2-reg") == f"! l2_reg {TYPE_ERROR}"
    assert shown("test-l2-update").startswith("… l2_update is not finished yet")
    assert "not finished yet" in shown("test-best-lambda")


@pytest.mark.parametrize("cell_id", ["try-l2-reg", "train-l2", "explorer", "digits"])
def test_cell_that_builds_on_a_broken_answer_quotes_its_line(
    runs: dict[str, Run], cell_id: str
) -> None:
    assert runs[HALF].shown(cell_id) == f"! This cell {TYPE_ERROR}"


@pytest.mark.parametrize(
    ("cell_id", "missing"),
    [
        ("try-l2-update", "l2_update"),
        ("try-best-lambda", "best_lambda"),
        ("comparison", "best_lambda"),
    ],
)
def test_cell_of_a_half_done_notebook_waits_for_no_finished_answer(
    runs: dict[str, Run], cell_id: str, missing: str
) -> None:
    assert runs[HALF].shown(cell_id) == f"… This cell waits for your answer to {missing}."


@pytest.mark.parametrize("lesson", COURSE.lessons)
def test_right_answers_pass(runs: dict[str, Run], lesson: str) -> None:
    done, names = runs[f"{lesson} complete"], exercises(lesson)
    cards = [done.shown(f"test-{name.replace('_', '-')}") for name in names]
    assert cards == [f"✔ {name}: all tests here passed" for name in names]


@pytest.mark.parametrize("case", COMPLETE)
def test_no_cell_of_a_complete_notebook_stops_or_waits(runs: dict[str, Run], case: str) -> None:
    done = runs[case]
    guarded = [cell.id for cell in code_cells(done) if "with needs(" in cell.source]
    assert guarded
    for cell_id in guarded:
        assert not re.search(r"^[…!✘] ", done.shown(cell_id), re.M), cell_id


@pytest.mark.parametrize("case", COMPLETE)
def test_each_cell_that_draws_shows_one_figure(runs: dict[str, Run], case: str) -> None:
    cells = code_cells(runs[case])
    # Where a cell defines functions, `show` may stand in one that other cells call.
    plain = [cell for cell in cells if not re.search("^ *def ", cell.source, re.M)]
    drawing = {c.id for c in plain if re.search(r"^ *(show|explore)\(", c.source, re.M)}
    figures = [cell.id for cell in cells for _ in runs[case].alternatives(cell)]
    assert len(figures) == len(set(figures))
    assert drawing <= set(figures)


@pytest.mark.parametrize("lesson", [name for name in COURSE.lessons if name in VIDEOS])
def test_video_has_a_named_tab_for_each_platform(runs: dict[str, Run], lesson: str) -> None:
    [widgets] = runs[f"{lesson} complete"].nb.metadata.widgets.values()
    tabs = [w.state for w in widgets.state.values() if w.model_name == "TabModel"]
    titles = [tab["titles"] if "titles" in tab else [*tab["_titles"].values()] for tab in tabs]
    assert [*map(list, titles)] == [["YouTube", "Bilibili"]] * 2  # the cell was run twice


@pytest.mark.parametrize("case", IN_COLAB)
def test_helpers_are_installed_by_the_notebook_itself(runs: dict[str, Run], case: str) -> None:
    assert list(runs[case].prefix.glob("lib/python*/site-packages/helpers/exercises.py"))
    assert not list(COLAB.glob("lib/python*/site-packages/helpers"))


def test_kernel_has_the_versions_of_colab_and_the_installed_helpers(runs: dict[str, Run]) -> None:
    done = runs[CHECKOUT]
    *versions, place = done.shown("look").splitlines()
    assert set(versions) <= set(pinned(COLAB_VERSIONS))
    assert Path(place).is_relative_to(done.prefix)


def test_other_versions_are_the_same_in_both_environments() -> None:
    _, others = COLAB_VERSIONS.read_text(encoding="utf-8").split("\n\n")
    elsewhere = dict(pin.split("==") for pin in pinned(COURSE.root / "constraints.txt"))
    for line in others.splitlines()[1:]:
        name, version = line.split("==")
        assert elsewhere.get(name, version) == version, f"{name} in {COLAB_VERSIONS}"


def pinned(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
