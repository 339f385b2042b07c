"""A course of one lesson, with one thing changed: what several checks are tried on."""

import json
from pathlib import Path

from nbformat import NotebookNode

from course.layout import Course, notebook
from tests.toy import toy_cells, toy_notebook

MASTER = Path("source_notebooks/toy/toy.ipynb")
RELEASE, SOLUTION = Path("release/toy/toy.ipynb"), Path("solutions/toy/toy.ipynb")


def write_master(course: Course, nb: NotebookNode, lesson: str = "toy") -> None:
    """Write `nb` as it is, where nbformat would mend some of its faults."""
    path = notebook(course.masters, lesson)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(nb), encoding="utf-8")


def change_cell(course: Course, cell_id: str, source: str) -> None:
    nb = toy_notebook(toy_cells())
    next(cell for cell in nb.cells if cell.id == cell_id).source = source
    write_master(course, nb)


def add_to_notebook(path: Path, cell: NotebookNode) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"].append(cell)
    path.write_text(json.dumps(content), encoding="utf-8")
