"""Each check finds what it is for, names the file, and is silent about a clean course."""

import json
import shutil
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from course.build import build
from course.checks import Problem, run_checks
from course.checks.cleanliness import check_cleanliness
from course.checks.conventions import check_conventions
from course.checks.expectations import agree
from course.checks.freshness import check_freshness
from course.checks.leaks import check_leaks
from course.checks.links import check_links
from course.checks.masters import read_masters
from course.checks.solutions import check_solutions
from course.layout import Course, notebook
from tests.toy import (
    DOUBLE,
    EXPECTED,
    TEST_DOUBLE,
    THINK,
    answer_cell,
    check_cell,
    make_toy_course,
    toy_cells,
    toy_notebook,
    write_notebook,
)

MASTER = Path("source_notebooks/toy/toy.ipynb")
RELEASE, SOLUTION = Path("release/toy/toy.ipynb"), Path("solutions/toy/toy.ipynb")
NORM = '''def double(model):
    """Return the norm of a model's weights, twice."""
    ### BEGIN SOLUTION
    total = 0.0
    for weights in model.parameters():
        total = total + weights.abs().sum() * 2
    return total
    ### END SOLUTION'''
RENAMED_NORM = """def size(network):
    result = 0.0
    # Somebody's comment.
    for w in network.parameters():
        result = result + w.abs().sum() * 2
    return result
"""
FLAKY_LAUNCHER = """
import os, sys
if not os.path.exists({marker!r}):
    open({marker!r}, "w").close()
    sys.exit("no port left")
os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *sys.argv[1:]])
"""


@pytest.fixture
def built_course(toy_course: Course) -> Course:
    build(toy_course)
    return toy_course


def write_master(course: Course, nb: NotebookNode, lesson: str = "toy") -> None:
    """Write `nb` as it is, where nbformat would mend some of its faults."""
    path = notebook(course.masters, lesson)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(nb), encoding="utf-8")


def change_cell(course: Course, cell_id: str, source: str) -> None:
    nb = toy_notebook(toy_cells())
    next(cell for cell in nb.cells if cell.id == cell_id).source = source
    write_master(course, nb)


def look_at_masters(course: Course) -> list[Problem]:
    """Run the checks that need neither a build nor a kernel."""
    masters, unreadable = read_masters(course)
    return [*unreadable, *check_cleanliness(course, masters), *check_conventions(masters)]


def leaks(course: Course) -> list[Problem]:
    return check_leaks(course, read_masters(course)[0])


def dead_links(course: Course) -> list[Problem]:
    return check_links(course, read_masters(course)[0])


def add_to_notebook(path: Path, cell: NotebookNode) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"].append(cell)
    path.write_text(json.dumps(content), encoding="utf-8")


# --- everything together ---------------------------------------------------------------------


@pytest.mark.slow
def test_clean_course_has_no_problems(built_course: Course) -> None:
    assert run_checks(built_course) == []


@pytest.mark.slow
def test_checks_go_on_after_a_damaged_master(built_course: Course) -> None:
    damaged = notebook(built_course.masters, "broken")
    damaged.parent.mkdir()
    damaged.write_text("{}")
    change_cell(built_course, "title", "# Toy\n\n[gone](gone.md)")
    (built_course.root / "README.md").write_text("[gone](gone.md)")
    problems = run_checks(Course(built_course.root))
    assert {str(problem.file) for problem in problems} >= {
        "source_notebooks/broken/broken.ipynb",
        "source_notebooks/toy/toy.ipynb",
        "README.md",
    }


def test_quick_checks_read_but_build_and_execute_nothing(
    toy_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    (toy_course.root / "README.md").write_text("[gone](gone.md)")
    for name in ("check_freshness", "check_solutions"):
        monkeypatch.setattr(f"course.checks.{name}", pytest.fail)
    (problem,) = run_checks(toy_course, quick=True)
    assert problem.file == Path("README.md")


def test_problem_is_one_line_with_file_and_remedy() -> None:
    problem = Problem(MASTER, "is wrong", "mend it")
    assert str(problem) == "source_notebooks/toy/toy.ipynb: is wrong; mend it"


# --- masters ---------------------------------------------------------------------------------


def keep_outputs(nb: Any) -> None:
    nb.cells[1].outputs = [new_output("stream", text="3")]


def keep_count(nb: Any) -> None:
    nb.cells[1].execution_count = 1


def repeat_id(nb: Any) -> None:
    nb.cells[1].id = "title"


def drop_id(nb: Any) -> None:
    del nb.cells[1]["id"]


def take_random_id(nb: Any) -> None:
    nb.cells[1].id = "e1d2c3b4"


def take_uuid(nb: Any) -> None:
    nb.cells[1].id = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def shout_id(nb: Any) -> None:
    nb.cells[1].id = "Parameters"


def age(nb: Any) -> None:
    nb.nbformat_minor = 4


def keep_language_info(nb: Any) -> None:
    nb.metadata.language_info = {"name": "python"}


def pair_with_script(nb: Any) -> None:
    nb.metadata.jupytext = {"formats": "ipynb,py:percent"}


def pair_cell(nb: Any) -> None:
    nb.cells[1].metadata.jupytext = {"a": 1}


def drop_gpu(nb: Any) -> None:
    del nb.metadata["accelerator"]


def change_kernel(nb: Any) -> None:
    nb.metadata.kernelspec.name = "my-env"


def age_schema(nb: Any) -> None:
    nb.cells[2].metadata.nbgrader.schema_version = 2


def add_private_key(nb: Any) -> None:
    nb.cells[2].metadata.nbgrader.mine = 1


def drop_points(nb: Any) -> None:
    del nb.cells[3].metadata.nbgrader["points"]


def repeat_grade_id(nb: Any) -> None:
    nb.cells.append(answer_cell("double", DOUBLE))
    nb.cells[-1].id = "double-again"


def rename_answer(nb: Any) -> None:
    nb.cells[2].metadata.nbgrader.grade_id = "twice"
    nb.cells[3].metadata.nbgrader.grade_id = "test_twice"


def rename_answer_cell(nb: Any) -> None:
    nb.cells[2].id = "exercise-1"


def drop_test(nb: Any) -> None:
    del nb.cells[3]


def put_test_first(nb: Any) -> None:
    nb.cells[2], nb.cells[3] = nb.cells[3], nb.cells[2]


def add_lone_test(nb: Any) -> None:
    nb.cells.append(check_cell("triple", TEST_DOUBLE))


def rename_discussion(nb: Any) -> None:
    nb.cells[-1].metadata.nbgrader.grade_id = "even"
    nb.cells[-1].id = "even"


def drop_parameters(nb: Any) -> None:
    nb.cells[1].metadata = {}


def repeat_parameters(nb: Any) -> None:
    nb.cells.append(deepcopy(nb.cells[1]))
    nb.cells[-1].id = "more-parameters"


def break_syntax(nb: Any) -> None:
    nb.cells[1].source = "epochs = = 3"


def drop_cell(cell_id: str) -> Callable[[Any], None]:
    def drop(nb: Any) -> None:
        nb.cells = [cell for cell in nb.cells if cell.id != cell_id]

    return drop


def unfold_hint(nb: Any) -> None:
    next(cell for cell in nb.cells if cell.id == "hint-double").source = "Add it to itself."


def unfence_expected(nb: Any) -> None:
    next(cell for cell in nb.cells if cell.id == "expected-double").source = "It prints 42."


def promise_without_code(nb: Any) -> None:
    nb.cells.append(new_markdown_cell(EXPECTED, id="expected-more"))


def try_without_promise(nb: Any) -> None:
    nb.cells.append(new_code_cell("print(1)", id="try-more"))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (keep_outputs, "cell `parameters` has outputs"),
        (keep_count, "cell `parameters` has an execution count"),
        (repeat_id, "several cells with the id `title`"),
        (drop_id, "'id' is a required property"),
        (take_random_id, "cell `e1d2c3b4` has an id that nobody chose"),
        (take_uuid, "has an id that nobody chose"),
        (shout_id, "cell `Parameters` has an id that nobody chose"),
        (age, "nbformat 4.4, not 4.5"),
        (keep_language_info, "has `language_info` in the notebook's metadata"),
        (pair_with_script, "has `jupytext` in the notebook's metadata"),
        (pair_cell, "cell `parameters` has `jupytext`"),
        (drop_gpu, "does not ask Colab for a GPU"),
        (change_kernel, "another kernelspec than python3"),
        (age_schema, "nbgrader refuses its metadata"),
        (add_private_key, "nbgrader refuses its metadata"),
        (drop_points, "nbgrader refuses its metadata"),
        (repeat_grade_id, "Duplicate grade id: double"),
        (rename_answer, "does not define `twice`"),
        (rename_answer_cell, "cell `exercise-1` has the grade_id `double`"),
        (drop_test, "cell `double` has 0 test cells, not 1"),
        (put_test_first, "cell `test-double` tests no answer cell above it"),
        (add_lone_test, "cell `test-triple` tests no answer cell above it"),
        (rename_discussion, "cell `even` is a discussion but not called one"),
        (drop_parameters, "has 0 cells tagged `parameters`, not 1"),
        (repeat_parameters, "has 2 cells tagged `parameters`, not 1"),
        (break_syntax, "cell `parameters` is not Python (line 1"),
        (drop_cell("hint-double"), "has no markdown cell `hint-double`"),
        (unfold_hint, "has no markdown cell `hint-double` that folds"),
        (drop_cell("try-double"), "has no code cell `try-double`"),
        (drop_cell("expected-double"), "has no markdown cell `expected-double`"),
        (unfence_expected, "cell `expected-double` does not hold one fenced block"),
        (promise_without_code, "has no code cell `try-more`"),
        (try_without_promise, "has no markdown cell `expected-more`"),
    ],
)
def test_fault_of_a_master_is_found(
    toy_course: Course, spoil: Callable[[Any], None], complaint: str
) -> None:
    nb = toy_notebook(toy_cells())
    spoil(nb)
    write_master(toy_course, nb)
    problems = look_at_masters(toy_course)
    assert {problem.file for problem in problems} == {MASTER}
    assert any(complaint in problem.message for problem in problems), problems


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', "\x00", "{"])
def test_file_that_is_no_notebook_is_found(toy_course: Course, text: str) -> None:
    notebook(toy_course.masters, "toy").write_text(text)
    (problem,) = look_at_masters(toy_course)
    assert problem.file == MASTER
    assert "not a valid notebook" in problem.message


@pytest.mark.parametrize("name", ["toy/toy.py", "toy/other.ipynb", "toy/img/a.png", "notes.txt"])
def test_other_file_among_the_masters_is_found(toy_course: Course, name: str) -> None:
    stray = toy_course.masters / name
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("{}")
    (problem,) = look_at_masters(toy_course)
    assert problem.file == Path("source_notebooks", name)
    assert problem.message == "is not a master notebook"


def test_checkpoints_among_the_masters_are_no_problem(toy_course: Course) -> None:
    folder = toy_course.masters / "toy" / ".ipynb_checkpoints"
    folder.mkdir()
    (folder / "toy-checkpoint.ipynb").write_text("{}")
    assert look_at_masters(toy_course) == []


def test_magics_and_answers_that_are_values_or_classes_are_no_problem(toy_course: Course) -> None:
    nb = toy_notebook(toy_cells())
    nb.cells[1].source = "%matplotlib inline\n!pip list\nepochs = 3"
    nb.cells[2].source = "### BEGIN SOLUTION\ndouble: float = 2.0\n### END SOLUTION"
    write_master(toy_course, nb)
    assert look_at_masters(toy_course) == []
    nb.cells[2].source = "class double:\n    ### BEGIN SOLUTION\n    x = 2\n    ### END SOLUTION"
    write_master(toy_course, nb)
    assert look_at_masters(toy_course) == []


@pytest.mark.parametrize(
    ("cell", "source", "complaint"),
    [
        ("double", DOUBLE.replace("### BEGIN", "# BEGIN"), "the marker `# BEGIN SOLUTION`"),
        ("double", DOUBLE.replace("BEGIN SOLUTION", "Begin solution"), "`### Begin solution`"),
        ("double", DOUBLE.replace("END SOLUTION", "END SOLUTON"), "`### END SOLUTON`"),
        ("double", DOUBLE.replace("END SOLUTION", "END-SOLUTION"), "`### END-SOLUTION`"),
        ("double", DOUBLE.replace("    ### BEGIN SOLUTION\n", ""), "without its beginning"),
        ("double", DOUBLE.replace("    ### END SOLUTION", ""), "has no `### END SOLUTION`"),
        ("double", DOUBLE + "\n### END SOLUTION", "`### END SOLUTION` without its beginning"),
        ("double", DOUBLE + "\n" + DOUBLE[:-20], "has no `### END SOLUTION`"),
        ("double", DOUBLE.replace("    return", "    ### BEGIN SOLUTION\n    return"), "inside"),
        ("double", DOUBLE.replace("END SOLUTION", "END HIDDEN TESTS"), "without its beginning"),
        ("double", "def double(x):\n    return 2 * x", "withholds nothing from students"),
        ("test-double", "assert double(2) == 4", "withholds nothing from students"),
        ("think-even", "Twice anything is even.", "withholds nothing from students"),
        ("parameters", "### BEGIN SOLUTION\n3\n### END SOLUTION", "must not have"),
        ("title", "### BEGIN MARK SCHEME\n3\n### END MARK SCHEME", "must not have"),
        ("test-double", f"{TEST_DOUBLE}\n{DOUBLE}", "must not have `### BEGIN SOLUTION`"),
        ("double", f"{TEST_DOUBLE}\n{DOUBLE}", "must not have `### BEGIN HIDDEN TESTS`"),
    ],
)
def test_forgotten_marker_is_found(
    toy_course: Course, cell: str, source: str, complaint: str
) -> None:
    change_cell(toy_course, cell, source)
    problems = look_at_masters(toy_course)
    assert {problem.file for problem in problems} == {MASTER}
    assert any(complaint in problem.message for problem in problems), problems
    assert all(f"cell `{cell}`" in problem.message for problem in problems)


def test_prose_and_comments_that_only_sound_like_markers_are_no_problem(toy_course: Course) -> None:
    change_cell(
        toy_course, "title", "## Beginnings\n\nIn the end, solutions begin solution by one."
    )
    assert look_at_masters(toy_course) == []
    change_cell(toy_course, "parameters", "# begin with few\nepochs = 3  # the end")
    assert look_at_masters(toy_course) == []


# --- freshness -------------------------------------------------------------------------------


def test_stale_stray_and_missing_generated_files_are_found(built_course: Course) -> None:
    release = built_course.root / RELEASE
    release.write_text(release.read_text().replace("Toy", "Tory"))
    (release.parent / "toy.py").write_text("stray")
    (built_course.root / SOLUTION).unlink()
    problems = check_freshness(built_course)
    assert [(problem.file, problem.message) for problem in problems] == [
        (RELEASE, "is not what its master makes of it"),
        (RELEASE.with_name("toy.py"), "is made by no master"),
        (SOLUTION, "is missing"),
    ]
    assert {problem.remedy for problem in problems} == {"run `make build` and commit"}


def test_master_that_cannot_be_built_is_named(toy_course: Course) -> None:
    change_cell(toy_course, "double", DOUBLE.replace("    ### END SOLUTION", ""))
    (problem,) = check_freshness(toy_course)
    assert problem.file == MASTER
    assert "no end solution statement found" in problem.message
    assert problem.remedy == "mend that cell"


# --- leaks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "owner"),
    [
        (new_markdown_cell("Use `return number+number`.", id="a"), "double"),
        (new_markdown_cell("Twice   anything is even.", id="a"), "think-even"),
        (new_markdown_cell("x", id="a", metadata={"x": ["return number + number"]}), "double"),
        (new_code_cell("assert double(-3) == -6", id="a"), None),
        (
            new_code_cell(
                id="a", outputs=[new_output("stream", text="5     return number + number\n")]
            ),
            "double",
        ),
        (
            new_markdown_cell(
                "x", id="a", attachments={"x": {"text/plain": TEST_DOUBLE.splitlines()[2]}}
            ),
            "test-double",
        ),
    ],
)
def test_secret_in_a_student_version_is_found(
    built_course: Course, cell: NotebookNode, owner: str | None
) -> None:
    add_to_notebook(built_course.root / RELEASE, cell)
    found = leaks(built_course)
    assert [problem.file for problem in found] == ([RELEASE] if owner else [])
    assert all(f"cell `{owner}` of {MASTER}" in problem.message for problem in found)


def test_marker_in_a_student_version_is_found(built_course: Course) -> None:
    add_to_notebook(built_course.root / RELEASE, new_code_cell("### BEGIN SOLUTION", id="a"))
    (problem,) = leaks(built_course)
    assert (problem.file, problem.message) == (RELEASE, "still has markers of a master")


@pytest.mark.parametrize("secret", [TEST_DOUBLE.splitlines()[2], THINK.splitlines()[3]])
def test_hidden_test_or_marking_guide_in_a_solution_is_found(
    built_course: Course, secret: str
) -> None:
    add_to_notebook(built_course.root / SOLUTION, new_markdown_cell(secret, id="a"))
    (problem,) = leaks(built_course)
    assert problem.file == SOLUTION
    assert "withholds" in problem.message


def test_master_copied_over_what_it_makes_is_found(built_course: Course) -> None:
    for generated in (RELEASE, SOLUTION):
        shutil.copy(built_course.root / MASTER, built_course.root / generated)
    assert {problem.file for problem in leaks(built_course)} == {RELEASE, SOLUTION}


@pytest.mark.parametrize("folder", ["", "deeper"])
def test_solution_in_helpers_is_found(toy_course: Course, folder: str) -> None:
    module = toy_course.root / "helpers" / folder / "maths.py"
    module.parent.mkdir(parents=True)
    module.write_text("def twice(number):\n\treturn  number+number\n")
    (problem,) = leaks(toy_course)
    assert problem.file == Path("helpers", folder, "maths.py")


def test_solution_with_other_names_in_helpers_is_found(toy_course: Course) -> None:
    change_cell(toy_course, "double", NORM)
    module = toy_course.root / "helpers" / "norms.py"
    module.parent.mkdir()
    module.write_text(RENAMED_NORM)
    (problem,) = leaks(toy_course)
    assert problem.file == Path("helpers/norms.py")
    assert "`size` is the solution in cell `double`" in problem.message
    module.write_text(RENAMED_NORM.replace("* 2", "* 3"))
    assert leaks(toy_course) == []


def test_lines_shown_in_the_master_or_written_by_anybody_are_no_secrets(
    toy_course: Course,
) -> None:
    idioms = (
        "    for images, labels in loader:\n        optimizer.zero_grad()\n        # sum it up\n"
    )
    solution = DOUBLE.replace("    return", f"{idioms}    shown = 2 * number + 7\n    return")
    nb = toy_notebook(toy_cells())
    nb.cells[1].source = "number = 3\nshown = 2 * number + 7"
    nb.cells[2].source = solution
    write_master(toy_course, nb)
    module = toy_course.root / "helpers" / "training.py"
    module.parent.mkdir()
    module.write_text(f"def run(number, loader, optimizer):\n{idioms}    shown = 2 * number + 7\n")
    assert leaks(toy_course) == []


# --- links -----------------------------------------------------------------------------------

LIVE_LINKS = """# A Title: with `code`, *and* more

[self](../../pyproject.toml) [part](../../pyproject.toml#part) [other](https://example.org/gone)
[top](#a-title-with-code-and-more) [jupyter](#A-Title:-with-code,-and-more) [mark](#mark)
<a name="mark"></a> [mail](mailto:a@example.org) ![image](../../pyproject.toml)
[repo](https://github.com/YOUR_ORGANISATION/toy/blob/main/pyproject.toml#L1)
[colab](https://colab.research.google.com/github/YOUR_ORGANISATION/toy/blob/main/pyproject.toml)
`[code](gone.md)` [Open in Colab]({{ colab }})

    [more code](gone.md)
"""


def test_live_links_are_no_problem(toy_course: Course) -> None:
    change_cell(toy_course, "title", LIVE_LINKS)
    assert dead_links(toy_course) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("[a](gone.md)", "gone.md"),
        ("[a](gone.md#part)", "gone.md#part"),
        ("[a][1]\n\n[1]: gone.md", "gone.md"),
        ("![a](gone.png)", "gone.png"),
        ('<img src="gone.png">', "gone.png"),
        ('see <a href="gone.md">a</a>', "gone.md"),
        ("[a](#nowhere)", "#nowhere"),
        ("[a](../../../../../../../../..)", "../../../../../../../../.."),
        ("[a]({{ collab }})", "{{collab}}"),
        (
            "[a](https://github.com/YOUR_ORGANISATION/toy/tree/main/gone)",
            "https://github.com/YOUR_ORGANISATION/toy/tree/main/gone",
        ),
        (
            "[a](https://colab.research.google.com/github/YOUR_ORGANISATION/toy/blob/main/a.ipynb)",
            "https://colab.research.google.com/github/YOUR_ORGANISATION/toy/blob/main/a.ipynb",
        ),
    ],
)
def test_dead_link_in_a_master_is_found(toy_course: Course, text: str, target: str) -> None:
    change_cell(toy_course, "title", f"# Toy\n\n{text}")
    (problem,) = dead_links(toy_course)
    assert (problem.file, problem.message) == (MASTER, f"has a dead link to `{target}`")


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "docs/a.md", "docs/b/c.md", ".github/ISSUE_TEMPLATE/a.md"]
)
def test_dead_link_in_a_page_is_found(toy_course: Course, name: str) -> None:
    page = toy_course.root / name
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("[a](gone.md) [this](" + page.name + ")")
    (problem,) = dead_links(toy_course)
    assert (problem.file, problem.message) == (Path(name), "has a dead link to `gone.md`")


def test_links_to_the_tag_of_a_release_are_the_repositorys_own(toy_course: Course) -> None:
    file = toy_course.root / "pyproject.toml"
    file.write_text('[project]\nversion = "1.0"\n' + file.read_text())
    start = "https://github.com/YOUR_ORGANISATION/toy/blob"
    live, gone = f"{start}/v1.0/pyproject.toml", f"{start}/v1.0/gone.md"
    (toy_course.root / "README.md").write_text(f"[a]({live}) [b]({gone}) [c]({start}/main/gone.md)")
    found = [problem.message for problem in dead_links(toy_course)]
    assert found == [f"has a dead link to `{target}`" for target in (gone, f"{start}/main/gone.md")]


# --- solutions -------------------------------------------------------------------------------


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
