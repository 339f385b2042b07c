"""Make the sample class that `make grade` grades: `python -m tests.sample_answers`.

Each submission is the student version with answers filled in as a student of that kind would, so
that the class follows the lesson. Nobody real is meant.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course.layout import Course, notebook

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "sample_class"
LESSON = "norm_penalties"
STUB = "pass  # write your answer here, in place of this line"

RIGHT = {
    "l1_reg": "return sum(p.abs().sum() for p in model.parameters())",
    "l1_update": "return w - lr * grad - lr * lam * w.sign()",
    "l2_reg": "total = 0\nfor p in model.parameters():\n    total += (p**2).sum()\nreturn total",
    "l2_update": "return w - lr * (grad + 2 * lam * w)",
    "best_lambda": 'best_lambda = {"l1": 0.005, "l2": 0.05}',
}
TYPICAL_MISTAKES = {
    "l1_reg": "return sum(p.abs().sum() for n, p in model.named_parameters() if 'bias' not in n)",
    "l1_update": "return w - lr * grad + lr * lam * w.sign()",
    "l2_reg": "return sum(p.norm() for p in model.parameters())",
    "l2_update": "return w - lr * (grad + lam * w)",
    "best_lambda": 'best_lambda = {"l1": 0.1, "l2": 0.5}',
}
NOISY = "import warnings\nwarnings.warn('parameters are being summed')\n" + RIGHT["l1_reg"]


@dataclass(frozen=True)
class Sample:
    """A submission: answers by `grade_id`, and what happened to the notebook afterwards."""

    answers: dict[str, str]
    mangle: Callable[[Any], None] = lambda nb: None


def like_colab(nb: Any) -> None:
    """Drop ids and add metadata and outputs, as a save in Colab does."""
    nb.nbformat_minor = 0
    nb.metadata["colab"] = {"provenance": [], "name": "Copy of norm_penalties.ipynb"}
    for position, cell in enumerate(nb.cells):
        del cell["id"]
        cell.metadata["id"] = f"aB{position:010d}"
        cell.metadata["colab"] = {"base_uri": "https://localhost:8080/"}
        if cell.cell_type == "code":
            cell.execution_count = position
            cell.metadata["outputId"] = f"5f0c{position:08d}"


CLASS = {
    "perfect": Sample(RIGHT),
    "empty": Sample({}),
    "partly-right": Sample({name: RIGHT[name] for name in ("l1_reg", "l1_update", "l2_reg")}),
    "typical-mistakes": Sample(TYPICAL_MISTAKES),
    "noisy": Sample(RIGHT | {"l1_reg": NOISY}),
    "saved-in-colab": Sample(RIGHT, mangle=like_colab),
}


def fill(release: Any, sample: Sample) -> Any:
    """Return a copy of the student version with the sample's answers in place of the stubs."""
    nb = copy.deepcopy(release)
    for cell in nb.cells:
        answer = sample.answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if answer is not None:
            cell.source = re.sub(
                rf"^( *){re.escape(STUB)}",
                lambda stub, text=answer: "\n".join(stub[1] + line for line in text.split("\n")),
                cell.source,
                flags=re.MULTILINE,
            )
    sample.mangle(nb)
    return nb


def write_class(folder: Path) -> None:
    """Write the submissions as `<student>/<lesson>/<lesson>.ipynb` under `folder`."""
    release = nbformat.read(notebook(Course(ROOT).release, LESSON), nbformat.NO_CONVERT)
    for student, sample in CLASS.items():
        target = notebook(folder / student, LESSON)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(nbformat.writes(fill(release, sample)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_class(FOLDER)
