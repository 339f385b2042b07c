"""The cells of a notebook as its instructor wrote them: what each is for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile


class Role(StrEnum):
    """Say what a cell is for."""

    GIVEN = "given"  # the instructor's code
    ANSWER = "answer"  # code of the student, which tests grade
    TEST = "test"
    WRITTEN = "written"  # marked by a person
    TEXT = "text"
    EXTRA = "extra"  # code that the student added


@dataclass(frozen=True)
class Cell:
    """Hold one cell; `name` is its `grade_id`, or else its id, or else empty.

    `defines` are the top-level names that the master's solution of an answer defines, and `imports`
    what it imports. A `skipped` cell need not be run for grading.
    """

    role: Role
    name: str
    kind: str
    source: str
    defines: tuple[str, ...] = ()
    imports: str = field(default="", kw_only=True)
    points: float = 0.0
    skipped: bool = False
    id: str = ""

    @property
    def title(self) -> str:
        """Return what to call the cell in a message."""
        return self.name or repr(self.source.strip().partition("\n")[0])


@dataclass(frozen=True)
class MasterNotebook:
    """Hold the cells of a master notebook.

    `released` has, cell by cell, what students got in their place.
    `stubs` are the answers and written answers that students found, by name. Without a released
    notebook it is empty, and `released` is the master without solutions, as far as can be told.
    """

    name: str
    cells: tuple[Cell, ...]
    stubs: Mapping[str, str]
    released: tuple[str, ...]


def runnable(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells that are run for grading."""
    return tuple(cell for cell in cells if cell.kind == "code" and not cell.skipped)


def leading_given(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the instructor's cells that are run before anything else."""
    return tuple(takewhile(lambda cell: cell.role is Role.GIVEN, runnable(cells)))


def answers_before_tests(cells: Iterable[Cell]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each test cell's name with those of the answer cells that it, or its like, follows."""
    answers: tuple[str, ...] = ()
    was_test = False
    for cell in cells:
        if cell.role is Role.ANSWER:
            # Answers in a row share the tests after them; the next row begins behind a test.
            answers = (cell.name,) if was_test else (*answers, cell.name)
            was_test = False
        elif cell.role is Role.TEST:
            yield cell.name, answers
            was_test = True
