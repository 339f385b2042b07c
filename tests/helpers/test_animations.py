"""An animation brings its pictures, its last one as a still, and its text along."""

import base64

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest

from helpers.animations import Player, animate, show_animation


@pytest.fixture(scope="module")
def player() -> Player:
    figure, axes = plt.subplots(figsize=(2, 1.5))
    (line,) = axes.plot([0, 1], [0, 0])
    made = animate(
        figure, lambda frame: line.set_ydata([0, frame]), frames=3, alternative='A "line" rises.'
    )
    plt.close(figure)
    return made


def test_all_pictures_are_in_the_page_and_differ(player: Player) -> None:
    assert player.html.count("frames[") >= 3
    pictures = {part[:4000] for part in player.html.split('] = "data:image/png;base64,')[1:]}
    assert len(pictures) == 3


def test_nothing_is_fetched_and_every_button_has_a_symbol(player: Player) -> None:
    assert "<link" not in player.html
    assert "http" not in player.html
    assert "fa-" not in player.html
    assert 'title="Play"' in player.html


def test_still_is_a_picture_with_a_text(player: Player) -> None:
    bundle = player.mime_bundle()
    assert base64.b64decode(bundle["image/png"], validate=True).startswith(b"\x89PNG")
    assert f'src="data:image/png;base64,{player.still}"' in player.html
    assert 'alt="A &quot;line&quot; rises."' in player.html
    assert "rises" in bundle["text/plain"]


def test_show_displays_text_and_closes_the_figure(
    player: Player, capsys: pytest.CaptureFixture[str]
) -> None:
    figure, _ = plt.subplots()
    show_animation(figure, player)
    assert "The figure in words" in capsys.readouterr().out
    assert not plt.fignum_exists(figure.number)
