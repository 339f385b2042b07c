"""Videos are links everywhere, and players in tabs where there is a notebook."""

import pytest

from helpers.media import VIDEOS, show_video


def test_ids_are_those_of_the_six_videos() -> None:
    assert [video.youtube for video in VIDEOS.values()] == [
        "oQNdloKdysM",
        "UZfUzawej3A",
        "nm44FhjL3xc",
        "rjzlFvJhNqE",
        "HgkiKRYc-3A",
        "LzPPoiKi5jE",
    ]
    assert all(video.bilibili.startswith("BV") for video in VIDEOS.values())


def test_without_a_browser_there_are_plain_links(capsys: pytest.CaptureFixture[str]) -> None:
    video = VIDEOS["norm_penalties"]
    show_video(video)
    output = capsys.readouterr().out
    assert all(address in output for address in video.addresses.values())


def test_html_links_open_both_platforms() -> None:
    page = VIDEOS["dropout"]._repr_html_()
    assert page.count("<a href=") == 2
