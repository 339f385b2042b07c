"""The students of the sample class: what they answer, and what their notebooks go through."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["right", "wrong"]
Answers = dict[str, str]  # sources, by the names of their exercises
NOISE = """

quiet_{name} = {name}


def {name}(*arguments, **options):
    import warnings

    warnings.warn("a harmless word on stderr")
    return quiet_{name}(*arguments, **options)
"""


@dataclass(frozen=True)
class Student:
    """Say which answers somebody hands in, and what happened to the notebook afterwards.

    They are right or wrong ones, some of which somebody may `change` or leave out.
    """

    kind: Kind = "right"
    change: Callable[[Answers], Answers] = lambda answers: answers
    mangle: Callable[[Any], None] = lambda nb: None


def nothing(answers: Answers) -> Answers:
    """Return no answers."""
    return {}


def half(answers: Answers) -> Answers:
    """Return the first half of the answers."""
    return dict(list(answers.items())[: len(answers) // 2])


def noisy(answers: Answers) -> Answers:
    """Return the answers, of which the first function now also warns whenever it is called."""
    functions = [name for name, source in answers.items() if f"def {name}(" in source]
    return answers | {name: answers[name] + NOISE.format(name=name) for name in functions[:1]}


def like_colab(nb: Any) -> None:
    """Drop ids and add metadata and outputs, as a save in Colab does."""
    # Colab writes the format of before cells had ids, and keeps its own in the metadata.
    nb.nbformat_minor = 0
    nb.metadata["colab"] = {"provenance": [], "name": "Copy of a lesson.ipynb"}
    for position, cell in enumerate(nb.cells):
        cell.pop("id", None)
        cell.metadata["id"] = f"aB{position:010d}"
        cell.metadata["colab"] = {"base_uri": "https://localhost:8080/"}
        if cell.cell_type == "code":
            cell.execution_count = position
            cell.metadata["outputId"] = f"5f0c{position:08d}"


CLASS = {
    "perfect": Student(),
    "empty": Student(change=nothing),
    "partly-right": Student(change=half),
    "typical-mistakes": Student("wrong"),
    "noisy": Student(change=noisy),
    "saved-in-colab": Student(mangle=like_colab),
}
