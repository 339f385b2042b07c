"""Animations that play in a notebook without ffmpeg, without network, and stand still elsewhere."""

import re
from collections.abc import Callable
from html import escape

import matplotlib.pyplot as plt
from matplotlib.animation import FuncAnimation
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from helpers.plotting.captions import Caption

# What matplotlib's player shows on its buttons are icons of a font from the internet.
ICONS = {
    "fa-minus": "−",
    "fa-fast-backward": "|◀",
    "fa-step-backward": "‹",
    "fa-play fa-flip-horizontal": "◀",
    "fa-pause": "❚❚",
    "fa-play": "▶",
    "fa-step-forward": "›",
    "fa-fast-forward": "▶|",
    "fa-plus": "+",
}


class Player:
    """A series of pictures with buttons to play it, and its last picture where no script runs."""

    def __init__(self, html: str, alternative: str) -> None:
        self.alternative = alternative
        self.still = _last_picture(html)  # PNG, base64
        source = f'src="data:image/png;base64,{self.still}" alt="{escape(alternative)}"'
        html = re.sub(r"<link[^>]*>", "", html)  # the font; nothing is fetched from anywhere
        html = re.sub(r'<i class="fa ([^"]*)"></i>', lambda found: ICONS[found[1]], html)
        self.html = html.replace("<img ", f"<img {source} ", 1)

    def __repr__(self) -> str:
        return f"An animation: {self.alternative}"

    def mime_bundle(self) -> dict[str, str]:
        """Return the player as HTML, as a still picture, and in words, by media type."""
        return {"text/html": self.html, "image/png": self.still, "text/plain": repr(self)}


def animate(
    figure: Figure,
    draw: Callable[[int], object],
    *,
    frames: int,
    alternative: str,
    interval: int = 250,
) -> Player:
    """Return a player of the pictures that `draw(0)` to `draw(frames - 1)` make of `figure`.

    `interval` is the time between two pictures in milliseconds. A picture takes about 15 kB in the
    notebook for 800 x 300 pixels, so keep `frames` below 50.
    """

    def artists(frame: int) -> list[Artist]:
        draw(frame)
        return []  # asked for by matplotlib, and of no use without blitting

    figure.tight_layout()
    animation = FuncAnimation(
        figure, artists, frames=frames, init_func=lambda: [], interval=interval, blit=False
    )
    with plt.rc_context({"savefig.dpi": 72}):
        return Player(animation.to_jshtml(default_mode="once"), alternative)


def show_animation(figure: Figure, player: Player) -> None:
    """Display `player`, with its text for those who do not see it, and close `figure`."""
    from IPython.display import display

    metadata = {"image/png": {"alt": player.alternative}}
    display(player.mime_bundle(), raw=True, metadata=metadata)
    display(Caption(player.alternative))
    plt.close(figure)  # or the inline back end would display it a second time


def _last_picture(html: str) -> str:
    """Return the last of the pictures that matplotlib wrote as frames[k] = "data:...", base64."""
    pictures = re.findall(r'frames\[\d+\] = "data:image/png;base64,([^"]*)"', html)
    return re.sub(r"[\\\s]", "", pictures[-1])  # each line of a long string ends in a backslash
