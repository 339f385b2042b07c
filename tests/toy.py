"""A one-exercise course, small enough to build, execute and grade in seconds."""

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.layout import Course, notebook

REPOSITORY_ROOT = Path(__file__).parents[1]
PYPROJECT = """[tool.course]
repository = "https://github.com/YOUR_ORGANISATION/toy"
branch = "main"
"""
DOUBLE = '''def double(number):
    """Return twice the number."""
    ### BEGIN SOLUTION
    return number + number
    ### END SOLUTION'''
TEST_DOUBLE = """assert double(2) == 4, "double(2) should be 4"
### BEGIN HIDDEN TESTS
assert double(-3) == -6, "double(-3) should be -6"
### END HIDDEN TESTS"""
HINT = """<details><summary>Hint</summary>

What does adding a number to itself give?

</details>"""
TRY = """print("twice 21 is", double(21))
print(f"half of it is {21 / 2:.2f}")"""
EXPECTED = """It should print

```
twice 21 is 42
half of it is 10.50
```"""
THINK = """Twice anything is even.

### BEGIN MARK SCHEME
1 point for seeing that it holds for integers only.
### END MARK SCHEME"""


def grading_metadata(grade_id: str, **flags: object) -> dict[str, object]:
    """Return nbgrader's cell metadata, schema 3."""
    base = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
    return {"nbgrader": base | {"grade_id": grade_id} | flags}


def answer_cell(name: str, source: str) -> NotebookNode:
    return new_code_cell(
        source, id=name.replace("_", "-"), metadata=grading_metadata(name, solution=True)
    )


def check_cell(name: str, source: str, points: int = 2) -> NotebookNode:
    flags = {"grade": True, "locked": True, "points": points}
    metadata = grading_metadata(f"test_{name}", **flags)
    return new_code_cell(source, id=f"test-{name.replace('_', '-')}", metadata=metadata)


def toy_cells() -> list[NotebookNode]:
    """Return the cells of a clean master with one exercise and one discussion."""
    flags = {"grade": True, "solution": True, "points": 1}
    return [
        new_markdown_cell("# Toy\n\n[Open in Colab]({{ colab }})", id="title"),
        new_code_cell(
            "device = 'auto'\nepochs = 3", id="parameters", metadata={"tags": ["parameters"]}
        ),
        answer_cell("double", DOUBLE),
        check_cell("double", TEST_DOUBLE),
        new_markdown_cell(HINT, id="hint-double"),
        new_code_cell(TRY, id="try-double"),
        new_markdown_cell(EXPECTED, id="expected-double"),
        new_markdown_cell(THINK, id="think-even", metadata=grading_metadata("think_even", **flags)),
    ]


def toy_notebook(cells: list[NotebookNode]) -> NotebookNode:
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"accelerator": "GPU", "kernelspec": kernelspec}
    return new_notebook(cells=cells, metadata=metadata)


def write_notebook(nb: NotebookNode, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return path


def make_toy_course(root: Path, lesson: str = "toy") -> Course:
    """Write a course with one lesson under `root`; nothing is generated yet."""
    root.mkdir(parents=True, exist_ok=True)
    course = Course(root)
    shutil.copy(REPOSITORY_ROOT / "nbgrader_config.py", root)
    write_notebook(toy_notebook(toy_cells()), notebook(course.masters, lesson))
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return course


def write_versions(
    course: Course, name: str, solution: dict[str, str], release: dict[str, str]
) -> None:
    """Write a lesson whose two versions have the given cells, id to source."""
    parameters = "device = 'auto'\nmeeting = ''"
    for folder, sources in (
        (course.masters, solution),
        (course.solutions, solution),
        (course.release, release),
    ):
        cells = [new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]})]
        cells += [new_code_cell(source, id=cell_id) for cell_id, source in sources.items()]
        write_notebook(toy_notebook(cells), notebook(folder, name))
