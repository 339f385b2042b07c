"""Carry frames between the referee and the student process.

The other end of the socket belongs to the student's code, which may write anything at any pace, or
nothing, and need not read. A frame is its length (8 bytes, big-endian) and then as many bytes. What
the other end announces is never believed: memory grows with the bytes that arrive, and a deadline
holds for the whole frame. Whatever goes wrong ends the channel, so that half a frame, or an answer
that comes too late, is never taken for the answer to the next question.

What is inside a frame is hostile too: see `course.grading.referee.decoding`.
"""

import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

HEADER = 8
CHUNK = 2**18
# Below this, one copy is cheaper than waking the other end twice.
JOINED = 2**16


class ChannelError(Exception):
    """Say that a frame did not come through; the channel is of no further use."""


class ChannelClosed(ChannelError):  # noqa: N818 - named for what happened
    """Say that the other end has gone, or that this one was closed."""


class ChannelTimeout(ChannelError):  # noqa: N818
    """Say that the other end did not write, or not read, a whole frame in time."""


class Oversized(ChannelError):  # noqa: N818
    """Say that the other end announced more bytes than allowed."""


class Channel:
    """Send and receive frames over a connected stream socket, which the channel then owns."""

    def __init__(self, connection: socket.socket, *, patience: float | None = 30.0) -> None:
        """Take over `connection`; `patience` in seconds is how long the peer may take to read."""
        self._socket = connection
        self._patience = patience

    def send(self, message: bytes | memoryview) -> None:
        """Send one frame; raises `ChannelTimeout` after `patience` seconds, or `ChannelClosed`."""
        payload = memoryview(message).cast("B")
        header = len(payload).to_bytes(HEADER, "big")
        parts: list[bytes | memoryview]
        parts = [header + payload] if len(payload) <= JOINED else [header, payload]

        left = _countdown(self._patience)
        with self._whole_frame():
            for part in parts:
                self._socket.settimeout(left())
                self._socket.sendall(part)  # its timeout is for all of the part, however slow

    def receive(self, timeout: float | None, limit: int) -> bytes:
        """Return the payload of the next frame, of at most `limit` bytes.

        The whole frame must arrive within `timeout` seconds (None: wait for ever). Raises
        `ChannelTimeout`, `ChannelClosed`, or `Oversized` before anything is kept of the payload.
        """
        left = _countdown(timeout)
        with self._whole_frame():
            size = int.from_bytes(self._exactly(HEADER, left), "big")
            if size > limit:
                raise Oversized(f"{size:,} bytes announced, {limit:,} allowed")
            payload = self._exactly(size, left)
        return payload

    def close(self) -> None:
        """Close the socket; closing twice does no harm."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exactly(self, size: int, left: Callable[[], float | None]) -> bytes:
        """Read `size` bytes; many tiny pieces take no more memory than one large one."""
        # A list of pieces would cost 34 bytes for every byte of a slow sender.
        arrived = io.BytesIO()
        scratch = memoryview(bytearray(min(size, CHUNK)))
        missing = size
        while missing:
            self._socket.settimeout(left())
            count = self._socket.recv_into(scratch[: min(missing, CHUNK)])
            if not count:
                raise ChannelClosed("the other end closed the channel")
            arrived.write(scratch[:count])
            missing -= count
        return arrived.getvalue()

    @contextmanager
    def _whole_frame(self) -> Iterator[None]:
        """Close the channel unless the block ends well, and say why in our own exceptions."""
        whole = False
        try:
            yield
            whole = True
        except TimeoutError:
            raise ChannelTimeout("no whole frame came through in time") from None
        except OSError as error:
            raise ChannelClosed(f"the channel is closed: {error.strerror or error}") from None
        finally:
            # Whatever ended the block, the rest of its frame may still come: nothing after it could
            # be told from that.
            if not whole:
                self.close()


def _countdown(timeout: float | None) -> Callable[[], float | None]:
    """Return a function of the seconds that are left; it raises `TimeoutError` when none are."""
    if timeout is None:
        return lambda: None
    deadline = time.monotonic() + timeout

    def left() -> float:
        remaining = deadline - time.monotonic()
        if remaining <= 0:  # a timeout of 0 would mean something else to a socket
            raise TimeoutError
        return remaining

    return left
