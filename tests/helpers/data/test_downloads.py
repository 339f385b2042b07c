"""Downloads from mirrors on this machine that stall, lie and break off."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from helpers.data.downloads import Archive, blob_id, fetch

CONTENT = bytes(range(256)) * 2000
HALF = 1 << 18  # bytes: a whole number of chunks, so that all of them are kept


class Mirror(ThreadingHTTPServer):
    """Serve `CONTENT`, request by request as `answers` say; the last one goes on for ever."""

    def __init__(self, *answers: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.answers = list(answers)
        self.ranges: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}/file.bin"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hangs up, as one does that has seen enough."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def next_answer(self) -> str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Answer(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        getattr(self, self.server.next_answer())(start)

    def whole(self, start: int) -> None:
        self._send(CONTENT, start)

    def whole_in_any_case(self, start: int) -> None:
        self._send(CONTENT, 0)

    def half(self, start: int) -> None:
        self._send(CONTENT, start, until=HALF)

    def corrupt(self, start: int) -> None:
        self._send(CONTENT[:-1] + b"!", start)

    def too_much(self, start: int) -> None:
        self._send(CONTENT * 9, start)

    def busy(self, start: int) -> None:
        self.send_error(503)

    def missing(self, start: int) -> None:
        self.send_error(404)

    def _send(self, content: bytes, start: int, until: int | None = None) -> None:
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[start:until])

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


Serve = Callable[..., Mirror]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    mirrors: list[Mirror] = []

    def start(*answers: str) -> Mirror:
        mirrors.append(Mirror(*answers))
        Thread(target=partial(mirrors[-1].serve_forever, 0.01), daemon=True).start()
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.shutdown()
        mirror.server_close()


@pytest.fixture
def expected_id(tmp_path: Path) -> str:
    original = tmp_path / "original"
    original.write_bytes(CONTENT)
    return blob_id(original)


@pytest.fixture
def archive(expected_id: str) -> Callable[..., Archive]:
    def describe(*mirrors: Mirror | str) -> Archive:
        urls = tuple(mirror if isinstance(mirror, str) else mirror.url for mirror in mirrors)
        return Archive("file.bin", urls, expected_id, 2 * len(CONTENT), pause=0.0)

    return describe


Describe = Callable[..., Archive]


@pytest.mark.slow
def test_blob_id_is_the_one_that_git_computes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    git = subprocess.run(["git", "hash-object", file], capture_output=True, text=True, check=True)
    assert blob_id(file) == git.stdout.strip()


def test_a_good_mirror_is_asked_once(serve: Serve, archive: Describe, tmp_path: Path) -> None:
    mirror = serve("whole")
    assert fetch(archive(mirror), tmp_path).read_bytes() == CONTENT
    assert mirror.ranges == [None]


def test_a_verified_copy_is_not_downloaded_again(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    mirror = serve("whole")
    first = fetch(archive(mirror), tmp_path)
    assert fetch(archive(mirror), tmp_path) == first
    assert len(mirror.ranges) == 1


def test_a_damaged_copy_is_replaced(serve: Serve, archive: Describe, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(b"damaged")
    assert fetch(archive(serve("whole")), tmp_path).read_bytes() == CONTENT


def test_a_dropped_connection_is_resumed_where_it_broke_off(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    mirror = serve("half", "whole")
    assert fetch(archive(mirror), tmp_path).read_bytes() == CONTENT
    assert mirror.ranges == [None, f"bytes={HALF}-"]
    assert not (tmp_path / "file.bin.part").exists()


def test_another_process_goes_on_with_what_is_there(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:1000])
    mirror = serve("whole")
    assert fetch(archive(mirror), tmp_path).read_bytes() == CONTENT
    assert mirror.ranges == ["bytes=1000-"]


def test_another_mirror_goes_on_with_what_is_there(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    first, second = serve("half", "missing"), serve("whole")
    assert fetch(archive(first, second), tmp_path).read_bytes() == CONTENT
    assert second.ranges == [f"bytes={HALF}-"]


def test_a_mirror_that_ignores_ranges_is_read_from_the_start(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    mirror = serve("half", "whole_in_any_case")
    assert fetch(archive(mirror), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("leftover", [b"x" * 1000, CONTENT, CONTENT + b"x"])
def test_a_useless_leftover_does_not_stand_in_the_way(
    serve: Serve, archive: Describe, tmp_path: Path, leftover: bytes
) -> None:
    (tmp_path / "file.bin.part").write_bytes(leftover)
    assert fetch(archive(serve("whole")), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("answer", ["corrupt", "too_much"])
def test_wrong_bytes_are_refused_and_the_next_mirror_asked(
    serve: Serve, archive: Describe, tmp_path: Path, answer: str
) -> None:
    bad, good = serve(answer), serve("whole")
    assert fetch(archive(bad, good), tmp_path).read_bytes() == CONTENT
    assert len(bad.ranges) == 1
    assert good.ranges == [None]


def test_a_busy_mirror_is_asked_again(serve: Serve, archive: Describe, tmp_path: Path) -> None:
    mirror = serve("busy", "busy", "whole")
    assert fetch(archive(mirror), tmp_path).read_bytes() == CONTENT


def test_the_pause_grows_from_one_attempt_to_the_next(
    serve: Serve, archive: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    usual = Archive("file.bin", (serve("busy").url,), "0" * 40, 10)
    with pytest.raises(ConnectionError, match="503"):
        fetch(usual, tmp_path)
    assert slept == [1.0, 4.0]


def test_a_missing_file_is_not_asked_for_again(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    mirror = serve("missing")
    with pytest.raises(ConnectionError, match="404"):
        fetch(archive(mirror), tmp_path)
    assert len(mirror.ranges) == 1


def test_the_error_names_every_mirror_and_its_reason(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    closed = serve("whole")
    closed.shutdown()
    closed.server_close()
    busy, corrupt, broken = serve("busy"), serve("corrupt"), serve("half", "busy")
    with pytest.raises(ConnectionError) as caught:
        fetch(archive(closed, busy, corrupt, broken), tmp_path)
    message = str(caught.value)
    assert f"{closed.url}: no connection" in message
    assert f"{busy.url}: HTTP status 503" in message
    assert f"{corrupt.url}: what it sends is not the expected file" in message
    assert f"{broken.url}: HTTP status 503" in message
    assert "\n" not in message


def test_nothing_is_kept_of_an_endless_download(
    serve: Serve, archive: Describe, tmp_path: Path
) -> None:
    with pytest.raises(ConnectionError, match="more than"):
        fetch(archive(serve("too_much")), tmp_path)
    assert (tmp_path / "file.bin.part").stat().st_size == 0


def test_no_bar_is_drawn_where_nobody_watches(
    serve: Serve, archive: Describe, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fetch(archive(serve("whole")), tmp_path)
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_drawn_for_somebody_who_watches(
    serve: Serve,
    archive: Describe,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("helpers.data.downloads.somebody_watches", lambda: True)
    fetch(archive(serve("whole")), tmp_path)
    assert "file.bin" in capfd.readouterr().err
