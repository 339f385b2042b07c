"""What stands below a cell that was run, for whoever marks it: texts and pictures, never markup."""

from collections.abc import Sequence
from dataclasses import dataclass

from course.grading.breach import exactly
from course.grading.shell import MAX_FIGURE_BYTES, MAX_FIGURES, MAX_OUTPUT

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Shown:
    """Hold what a cell has printed, the error that it ended with, if so, and its figures as PNG.

    All of it comes from a student process: the texts have to be escaped before they are shown.
    """

    text: str = ""
    error: str = ""
    traceback: str = ""
    figures: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, text: str, error: BaseException | None, figures: Sequence[object]) -> "Shown":
        """Return what was sent, cut to a readable size; raises `Breach` for figures that are none.

        The traceback is the error's note, as `raised` has it.
        """
        found = [exactly(figure, bytes) for figure in figures[:MAX_FIGURES]]
        return cls(
            text[:MAX_OUTPUT],
            "" if error is None else f"{type(error).__name__}: {error}"[:MAX_OUTPUT],
            "\n".join(getattr(error, "__notes__", ()))[:MAX_OUTPUT],
            tuple(each for each in found if each.startswith(PNG) and len(each) <= MAX_FIGURE_BYTES),
        )

    @property
    def size(self) -> int:
        """Return how many characters and bytes it has."""
        texts = len(self.text) + len(self.error) + len(self.traceback)
        return texts + sum(map(len, self.figures))
