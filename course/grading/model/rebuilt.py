"""A submission put right: the cells that are run, and in words what was mended."""

from dataclasses import dataclass

from course.grading.model.cells import Cell


@dataclass(frozen=True)
class Rebuilt:
    """Hold the cells to run or mark, in the master's order, and what had to be mended, in words.

    `unanswered` names the answers, written ones included, that are missing, blank or as they were.
    """

    cells: tuple[Cell, ...]
    repairs: tuple[str, ...]
    unanswered: tuple[str, ...]
