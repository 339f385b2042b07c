"""What stands below a cell that was run, for whoever marks it: texts and pictures, never markup."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CellOutput:
    """Hold what a cell has printed, the error that it ended with, if so, and its figures as PNG.

    All of it comes from a student process: the texts have to be escaped before they are shown.
    """

    text: str = ""
    error: str = ""
    traceback: str = ""
    figures: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """Return how many characters and bytes it has."""
        texts = len(self.text) + len(self.error) + len(self.traceback)
        return texts + sum(map(len, self.figures))
