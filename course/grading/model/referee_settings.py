"""What the grader tells a referee server once, for all submissions to a notebook."""

from dataclasses import dataclass

from course.grading.inside.data_files import DataFile
from course.grading.model.cells import Cell


@dataclass(frozen=True)
class RefereeSettings:
    """Hold what the grader decides once for all submissions.

    The modules `preload` have to be there, those of `try_preload` need not. All submissions begin
    with the cells of the `prefix`, and have the same `tests`. Limits are in seconds and bytes.
    """

    preload: tuple[str, ...]
    try_preload: tuple[str, ...]
    prefix: tuple[Cell, ...]
    tests: tuple[Cell, ...]
    data_files: tuple[DataFile, ...]
    time_limit: float
    memory_limit: int
