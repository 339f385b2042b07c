"""A peer that never comes to an end, and a clock on which no test has to wait."""

from itertools import count


class TickingClock:
    """Stand in place of the module `time`: a second passes whenever somebody looks."""

    def __init__(self) -> None:
        self._seconds = count()

    def monotonic(self) -> float:
        return float(next(self._seconds))


class Dripping:
    """Stand in place of a socket at whose other end a byte is written for every one that is read.

    The `first` bytes come first, and others for ever after them.
    """

    def __init__(self, first: bytes) -> None:
        self._left = first
        self.reads = 0

    def settimeout(self, seconds: float | None) -> None:
        assert seconds is None or seconds > 0

    def sendall(self, data: bytes) -> None:
        """Take no notice."""

    def recv_into(self, buffer: memoryview) -> int:
        self.reads += 1
        buffer[:1] = self._left[:1] or b"x"
        self._left = self._left[1:]
        return 1

    def close(self) -> None:
        """Take no notice."""
