"""Hand in every lesson as a small class would: `python -m tests.sample_class FOLDER`.

Each submission is the student version with answers from `tests/exercises/` filled in, so that the
class follows the lessons. Nobody real is meant.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat

from course.checks.masters import Master, read_masters
from course.layout import Course, notebook
from course.notebooks import grading, is_answer
from course.proof.answers import read_answers

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
NOISE = """

quiet_{name} = {name}


def {name}(*arguments, **options):
    import warnings

    warnings.warn("a harmless word on stderr")
    return quiet_{name}(*arguments, **options)
"""


def masters() -> list[Master]:
    """Return all masters of this course."""
    found, _ = read_masters(COURSE)
    return found


def exercises(lesson: str) -> list[str]:
    """Return the names of the exercises of `lesson`, in their order."""
    [master] = [master for master in masters() if master.lesson == lesson]
    return [grading(cell)["grade_id"] for cell in master.cells if is_answer(cell)]


def answers(lesson: str, kind: Literal["right", "wrong"]) -> dict[str, str]:
    """Return the first right or wrong answer in `tests/exercises/` to each exercise of `lesson`."""
    return {
        name: next(
            answer.source
            for answer in read_answers(COURSE, name)
            if answer.is_right == (kind == "right")
        )
        for name in exercises(lesson)
    }


def fill(lesson: str, filled: dict[str, str]) -> Any:
    """Return the student version of `lesson` with the answers `filled` in its cells."""
    nb = nbformat.read(notebook(COURSE.release, lesson), nbformat.NO_CONVERT)
    for cell in nb.cells:
        if is_answer(cell):
            cell.source = filled.get(grading(cell)["grade_id"], cell.source)
    return nb


def like_colab(nb: Any) -> None:
    """Drop ids and add metadata and outputs, as a save in Colab does."""
    nb.nbformat_minor = 0
    nb.metadata["colab"] = {"provenance": [], "name": "Copy of a lesson.ipynb"}
    for position, cell in enumerate(nb.cells):
        del cell["id"]
        cell.metadata["id"] = f"aB{position:010d}"
        cell.metadata["colab"] = {"base_uri": "https://localhost:8080/"}
        if cell.cell_type == "code":
            cell.execution_count = position
            cell.metadata["outputId"] = f"5f0c{position:08d}"


def half(filled: dict[str, str]) -> dict[str, str]:
    """Return the first half of the answers."""
    return dict(list(filled.items())[: len(filled) // 2])


def noisy(filled: dict[str, str]) -> dict[str, str]:
    """Return the answers, the first of which now also warns whenever it is called."""
    name, source = next(iter(filled.items()))
    return filled | {name: source + NOISE.format(name=name)}


@dataclass(frozen=True)
class Student:
    """Say which answers somebody hands in, and what happened to the notebook afterwards."""

    answers: Callable[[str], dict[str, str]]
    mangle: Callable[[Any], None] = lambda nb: None


CLASS = {
    "perfect": Student(lambda lesson: answers(lesson, "right")),
    "empty": Student(lambda lesson: {}),
    "partly-right": Student(lambda lesson: half(answers(lesson, "right"))),
    "typical-mistakes": Student(lambda lesson: answers(lesson, "wrong")),
    "noisy": Student(lambda lesson: noisy(answers(lesson, "right"))),
    "saved-in-colab": Student(lambda lesson: answers(lesson, "right"), mangle=like_colab),
}


def write_class(folder: Path) -> None:
    """Write the submissions to all lessons as `<student>/<lesson>/<lesson>.ipynb`."""
    for name, student in CLASS.items():
        for lesson in COURSE.lessons:
            nb = fill(lesson, student.answers(lesson))
            student.mangle(nb)
            target = notebook(folder / name, lesson)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(nbformat.writes(nb) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_class(Path(sys.argv[1]))
