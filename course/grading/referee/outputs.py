"""What stands below a cell of a student's, as its process says: read without trust."""

from collections.abc import Sequence

from course.grading.border.breach import exactly
from course.grading.border.shell import MAX_FIGURE_BYTES, MAX_FIGURES, MAX_OUTPUT
from course.grading.model.cell_output import CellOutput

PNG = b"\x89PNG\r\n\x1a\n"


def read_output(text: str, error: BaseException | None, figures: Sequence[object]) -> CellOutput:
    """Return what was sent, cut to a readable size; raises `Breach` for figures that are none.

    The traceback is the error's note, as `raised` has it.
    """
    message = "" if error is None else f"{type(error).__name__}: {error}"
    traceback = "\n".join(getattr(error, "__notes__", ()))
    sent = [exactly(figure, bytes) for figure in figures[:MAX_FIGURES]]
    pictures = [each for each in sent if each.startswith(PNG) and len(each) <= MAX_FIGURE_BYTES]
    return CellOutput(
        text[:MAX_OUTPUT], message[:MAX_OUTPUT], traceback[:MAX_OUTPUT], tuple(pictures)
    )
