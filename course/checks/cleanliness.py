"""Master notebooks hold nothing but what an author wrote: no outputs, no traces of a tool."""

import re
from collections import Counter
from collections.abc import Iterator

from course.checks.masters import Master
from course.checks.problems import Problem
from course.layout import Course

METADATA = {"accelerator", "kernelspec"}
HAND_CHOSEN = re.compile(r"[a-z][a-z0-9-]*")
RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")  # what editors fill in


def check_cleanliness(course: Course, masters: list[Master]) -> list[Problem]:
    """Return what keeps `masters` and their folders from being clean."""
    problems = list(_stray_files(course))
    for master in masters:
        problems += _unclean_metadata(master)
        problems += _unclean_cells(master)
        problems += _unclean_ids(master)
    return problems


def _stray_files(course: Course) -> Iterator[Problem]:
    for path in sorted(course.masters.rglob("*")):
        place = path.relative_to(course.masters)
        # Editors leave checkpoints wherever a master was open; no build takes them.
        if path.is_dir() or ".ipynb_checkpoints" in place.parts:
            continue
        if place.parts != (place.stem, f"{place.stem}.ipynb"):
            remedy = "move it out: a lesson's folder is published with all that is in it"
            yield Problem(path.relative_to(course.root), "is not a master notebook", remedy)


def _unclean_metadata(master: Master) -> Iterator[Problem]:
    metadata = master.nb.metadata
    for key in sorted(metadata.keys() - METADATA):
        yield Problem(master.file, f"has `{key}` in the notebook's metadata", "remove that entry")
    if metadata.get("accelerator") != "GPU":
        remedy = 'set "accelerator": "GPU" in the notebook\'s metadata'
        yield Problem(master.file, "does not ask Colab for a GPU", remedy)
    if metadata.get("kernelspec", {}).get("name") != "python3":
        remedy = 'set the name to "python3" in the notebook\'s metadata'
        yield Problem(master.file, "has another kernelspec than python3", remedy)


def _unclean_cells(master: Master) -> Iterator[Problem]:
    remedy = "clear all outputs and save"
    for cell in master.cells:
        if cell.get("outputs"):
            yield master.problem(cell, "has outputs", remedy)
        if cell.get("execution_count") is not None:
            yield master.problem(cell, "has an execution count", remedy)
        if "jupytext" in cell.metadata:
            yield master.problem(cell, "has `jupytext` in its metadata", "remove that entry")


def _unclean_ids(master: Master) -> Iterator[Problem]:
    counts = Counter(cell.id for cell in master.cells)
    for name, count in counts.items():
        if count > 1:
            message = f"has several cells with the id `{name}`"
            yield Problem(master.file, message, "rename all but one")

    for cell in master.cells:
        if RANDOM.fullmatch(cell.id) or not HAND_CHOSEN.fullmatch(cell.id):
            remedy = "choose lower-case words, joined by dashes, that say what the cell is"
            yield master.problem(cell, "has an id that nobody chose", remedy)
