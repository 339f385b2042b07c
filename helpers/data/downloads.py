"""Downloads that survive bad mirrors: verified, resumed, tried again and elsewhere."""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from helpers.exercises import being_graded, in_notebook

if TYPE_CHECKING:
    from requests import Response

_CHUNK = 1 << 16  # bytes
_CONNECT_TIMEOUT, _READ_TIMEOUT = 5, 20  # seconds
_LOCK_TIMEOUT = 600  # seconds; another process may be downloading the same file
_ATTEMPTS = 3  # at each mirror


@dataclass(frozen=True)
class Archive:
    """Name a file on the internet, where to get it and how to know it."""

    name: str
    urls: tuple[str, ...]  # mirrors, the best first
    blob_id: str  # see `blob_id`
    max_bytes: int
    pause: float = 1.0  # seconds before the second attempt at a mirror, four times that after it


class _TemporaryError(OSError):
    """A failure that may be over in a moment."""


def blob_id(path: Path) -> str:
    """Return the id by which git knows the content of a file: 40 hexadecimal digits."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: digest).hexdigest()


def fetch(archive: Archive, folder: Path) -> Path:
    """Return the path of a verified copy in `folder`, which is downloaded unless it is there.

    What one attempt has received is kept in a `.part` file, from which the next attempt, mirror or
    process goes on. Raises `ConnectionError` with the reason of each mirror when all have failed.
    """
    path = folder / archive.name
    part = folder / f"{archive.name}.part"
    with FileLock(folder / f"{archive.name}.lock", timeout=_LOCK_TIMEOUT):
        if path.is_file() and blob_id(path) == archive.blob_id:
            return path
        failures = []
        for url in archive.urls:
            try:
                _download(url, archive, part)
            except OSError as error:
                failures.append(f"{url}: {error}")
            else:
                os.replace(part, path)
                return path
    raise ConnectionError(f"{archive.name} came from no mirror ({'; '.join(failures)})")


def _download(url: str, archive: Archive, part: Path) -> None:
    """Complete and verify `part` from one mirror; try again after what may be over in a moment."""
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

    retrying = Retrying(
        retry=retry_if_exception_type(_TemporaryError),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(multiplier=archive.pause, exp_base=4),
        reraise=True,  # the error of the last attempt, not one of tenacity's own
    )
    retrying(_attempt, url, archive, part)


def _attempt(url: str, archive: Archive, part: Path) -> None:
    """Receive the rest of `part` and verify it; remove it if it is wrong."""
    resumed = _receive(url, archive, part)
    if blob_id(part) == archive.blob_id:
        return
    part.unlink()
    if resumed:  # the fault may be in what came earlier, from elsewhere
        raise _TemporaryError("what was received in pieces is not the expected file")
    raise OSError("what it sends is not the expected file")


def _receive(url: str, archive: Archive, part: Path) -> bool:
    """Append what is missing to `part`; return whether something was there before."""
    from requests import RequestException

    start = part.stat().st_size if part.exists() else 0
    with _request(url, start) as response:
        resumed = start > 0 and _answers_range(response, start)
        if not resumed:
            start = 0  # the mirror sends the whole file, whatever it was asked for
        try:
            received = _save(response, part, start, archive)
        except RequestException as error:
            raise _TemporaryError("the connection dropped") from error
        # A connection that ends early is no error to `requests`.
        promised = response.headers.get("Content-Length", "0")
        if promised.isdecimal() and received < int(promised):
            raise _TemporaryError("the connection dropped")
    return resumed


def _request(url: str, start: int) -> "Response":
    """Ask for a file from byte `start` on; raise `OSError` with a short reason if refused."""
    import requests

    # Without compression, so that the bytes that come are those of the file, and can be counted.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    timeout = (_CONNECT_TIMEOUT, _READ_TIMEOUT)
    try:
        response = requests.get(url, headers=headers, stream=True, timeout=timeout)
    except requests.Timeout as error:
        raise OSError("no answer in time") from error
    except requests.RequestException as error:
        raise OSError("no connection") from error
    if response.ok:
        return response
    response.close()
    if response.status_code == 416:  # `start` is not inside the file
        return _request(url, 0)
    temporary = response.status_code >= 500 or response.status_code == 429
    kind = _TemporaryError if temporary else OSError
    raise kind(f"HTTP status {response.status_code}")


def _answers_range(response: "Response", start: int) -> bool:
    content = response.headers.get("Content-Range", "")
    return response.status_code == 206 and content.startswith(f"bytes {start}-")


def _save(response: "Response", part: Path, start: int, archive: Archive) -> int:
    """Write the body of a response to `part` from `start` on; return how many bytes it had."""
    from tqdm.auto import tqdm

    length = response.headers.get("Content-Length")
    bar = tqdm(
        desc=archive.name,
        total=int(length) + start if length else None,
        initial=start,
        unit="B",
        unit_scale=True,
        leave=False,
        disable=not somebody_watches(),
    )
    received = 0
    with bar, part.open("r+b" if start else "wb") as file:
        file.seek(start)
        for chunk in response.iter_content(_CHUNK):
            received += len(chunk)
            if start + received > archive.max_bytes:
                file.truncate(0)
                raise OSError("it sends more than the expected file")
            file.write(chunk)
            bar.update(len(chunk))
    return received


def somebody_watches() -> bool:
    """Tell whether there is a notebook or a terminal in which a progress bar can move.

    There is none while a notebook is being graded, where a word on stderr can cost points.
    """
    return not being_graded() and (in_notebook() or sys.stderr.isatty())
