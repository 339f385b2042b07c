"""The course's videos, each as tabs for YouTube and Bilibili above plain links."""

from dataclasses import dataclass

from helpers.exercises import in_notebook


@dataclass(frozen=True)
class Video:
    """A video's title and its ids on the two platforms."""

    title: str
    youtube: str
    bilibili: str

    @property
    def addresses(self) -> dict[str, str]:
        """Return where a person watches it, by platform."""
        return {
            "YouTube": f"https://www.youtube.com/watch?v={self.youtube}",
            "Bilibili": f"https://www.bilibili.com/video/{self.bilibili}",
        }

    @property
    def players(self) -> dict[str, str]:
        """Return the pages that other pages embed, by platform."""
        return {
            "YouTube": f"https://www.youtube-nocookie.com/embed/{self.youtube}?rel=0",
            "Bilibili": f"https://player.bilibili.com/player.html?bvid={self.bilibili}&autoplay=0",
        }

    def __repr__(self) -> str:
        """Return title and links as plain text, which is what is left without a browser."""
        links = "; ".join(f"{name}: {address}" for name, address in self.addresses.items())
        return f"Video: {self.title}. {links}"

    def _repr_html_(self) -> str:
        links = " · ".join(
            f'<a href="{address}" target="_blank" rel="noopener">{name}</a>'
            for name, address in self.addresses.items()
        )
        return f"<p>Video: <b>{self.title}</b> {links}</p>"


VIDEOS = {
    "norm_penalties": Video("L1 and L2 regularization", "oQNdloKdysM", "BV19h41167H7"),
    "dropout": Video("Dropout", "UZfUzawej3A", "BV1gU4y1G7V2"),
    "data_augmentation": Video("Data augmentation", "nm44FhjL3xc", "BV1Xw411d7Pz"),
    "learning_rate": Video("Stochastic gradient descent", "rjzlFvJhNqE", "BV1nM4y1K7wP"),
    "hyperparameter_tuning": Video("Hyper-parameter tuning", "HgkiKRYc-3A", "BV1E44y127Sn"),
    "adversarial_attacks": Video("Adversarial attacks", "LzPPoiKi5jE", "BV19o4y1X74u"),
}


def show_video(video: Video) -> None:
    """Display the links of `video`, and below them a player in a tab for each platform."""
    import ipywidgets as widgets
    from IPython.display import display

    display(video)
    if in_notebook():
        frame = '<iframe src="{}" title="{}" width="730" height="410" allowfullscreen></iframe>'
        pages = video.players.values()
        tabs = widgets.Tab([widgets.HTML(frame.format(page, video.title)) for page in pages])
        for position, platform in enumerate(video.players):
            tabs.set_title(position, platform)
        display(tabs)
