"""Sliders redraw one figure in place, in a real kernel, and leave a picture for where none runs."""

import base64
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from traitlets import TraitError

from helpers.explorers import STRENGTHS, strength_slider

EXPLORE = """
import ipywidgets as widgets
import matplotlib.pyplot as plt
from helpers.explorers import explore

drawn = []


def draw(slope, label):
    drawn.append((slope, label))
    figure, axes = plt.subplots(figsize=(2, 2))
    axes.plot([0, slope])
    axes.set_title(label)
    return figure


controls = {
    "slope": widgets.IntSlider(value=1, min=0, max=9),
    "label": widgets.Dropdown(options=["a", "b"]),
}
explore(draw, controls, alternative="A line.")
"""
REPORT = "print(drawn, plt.get_fignums())"
MOVES = ("controls['slope'].value = 5", "controls['label'].value = 'b'")
STAY = "controls['slope'].value = 5"
PNG = b"\x89PNG\r\n\x1a\n"


class Recorder(NotebookClient):  # type: ignore[misc]
    """Run a notebook and keep every message about a display."""

    def __init__(self, nb: NotebookNode) -> None:
        super().__init__(nb, kernel_name="python3", timeout=120)
        self.displays: list[Any] = []

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        if msg["msg_type"] in ("display_data", "update_display_data"):
            self.displays.append((cell_index, msg["msg_type"], msg["content"]))
        return super().process_message(msg, cell, cell_index)


@dataclass(frozen=True)
class Session:
    """What a notebook held at its end, and the messages about displays of each of its cells."""

    cells: list[NotebookNode]
    displays: list[tuple[int, str, Any]]

    def printed(self, cell: int) -> str:
        """Return what the cell wrote."""
        return "".join(output.get("text", "") for output in self.cells[cell].outputs).strip()

    def sent(self, cell: int) -> list[tuple[str, Any]]:
        """Return type and content of the cell's messages that carry a picture."""
        return [
            (kind, content)
            for index, kind, content in self.displays
            if index == cell and "image/png" in content["data"]
        ]


def only_picture(cell: NotebookNode) -> NotebookNode:
    """Return the output of the cell that holds a picture; fails if there is not exactly one."""
    (picture,) = [output for output in cell.outputs if "image/png" in output.data]
    return picture


@pytest.fixture(scope="module")
def session() -> Session:
    sources = [EXPLORE, REPORT, MOVES[0], REPORT, MOVES[1], REPORT, STAY, REPORT]
    nb = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = Recorder(nb)
    client.execute()
    return Session(nb.cells, client.displays)


@pytest.fixture(scope="module")
def static() -> NotebookNode:
    """Provide the picture as the saved notebook holds it before anything has been moved."""
    nb = new_notebook(cells=[new_code_cell(EXPLORE)])
    NotebookClient(nb, kernel_name="python3", timeout=120).execute()
    return only_picture(nb.cells[0])


@pytest.mark.slow
def test_figure_is_drawn_once_with_what_the_controls_hold(session: Session) -> None:
    assert session.printed(1) == "[(1, 'a')] []"


@pytest.mark.slow
def test_each_move_draws_once_more_with_the_new_values(session: Session) -> None:
    assert session.printed(3) == "[(1, 'a'), (5, 'a')] []"
    assert session.printed(5) == "[(1, 'a'), (5, 'a'), (5, 'b')] []"


@pytest.mark.slow
def test_a_control_that_stays_where_it_is_draws_nothing(session: Session) -> None:
    assert session.printed(7) == session.printed(5)
    assert session.sent(6) == []


@pytest.mark.slow
@pytest.mark.parametrize("cell", [2, 4])
def test_a_move_updates_the_display_that_is_there(session: Session, cell: int) -> None:
    [(first_kind, first)] = session.sent(0)
    [(kind, update)] = session.sent(cell)
    assert (first_kind, kind) == ("display_data", "update_display_data")
    assert update["transient"]["display_id"] == first["transient"]["display_id"]
    assert update["data"]["image/png"] != first["data"]["image/png"]


@pytest.mark.slow
def test_a_move_leaves_nothing_below_its_own_cell(session: Session) -> None:
    assert session.cells[2].outputs == session.cells[4].outputs == []


@pytest.mark.slow
def test_saved_notebook_shows_the_figure_as_the_controls_left_it(session: Session) -> None:
    [(_, last)] = session.sent(4)
    picture = only_picture(session.cells[0])
    assert picture.data["image/png"] == last["data"]["image/png"]


@pytest.mark.slow
def test_controls_are_above_one_single_picture(session: Session) -> None:
    controls, *_ = outputs = session.cells[0].outputs
    assert "application/vnd.jupyter.widget-view+json" in controls.data
    assert outputs.index(only_picture(session.cells[0])) == 1


@pytest.mark.slow
def test_picture_is_there_where_no_kernel_runs(static: NotebookNode) -> None:
    assert base64.b64decode(static.data["image/png"]).startswith(PNG)
    assert not any("widget" in kind for kind in static.data)


@pytest.mark.slow
@pytest.mark.parametrize("cell", [0, 2])
def test_picture_has_a_text_alternative_before_and_after_a_move(
    session: Session, cell: int
) -> None:
    [(_, content)] = session.sent(cell)
    assert content["metadata"]["image/png"]["alt"] == "A line."


# --- the slider ---


def test_slider_goes_from_no_penalty_to_ever_stronger_ones() -> None:
    assert STRENGTHS[:2] == (0.0, 1e-4)
    assert STRENGTHS[-1] == 0.1
    factors = [after / before for before, after in pairwise(STRENGTHS[1:])]
    assert factors == pytest.approx([3.2] * 6, abs=0.3)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_slider_starts_at_any_of_its_strengths(strength: float) -> None:
    slider = strength_slider("λ", value=strength)
    assert slider.value == strength
    shown, value = slider.options[slider.index]
    assert float(shown) == value == strength


def test_slider_starts_without_penalty_by_default() -> None:
    assert strength_slider("λ").value == 0


def test_slider_refuses_a_strength_that_it_does_not_have() -> None:
    with pytest.raises(TraitError):
        strength_slider("λ", value=0.5)


def test_slider_waits_until_it_is_let_go() -> None:
    assert not strength_slider("λ").continuous_update
