"""Frames come through whole, or an error says in time why they do not."""

import contextlib
import signal
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from course.grading.border.channel import (
    Channel,
    ChannelClosed,
    ChannelError,
    ChannelTimeout,
    Oversized,
)
from tests.grading.slow_peers import Dripping, TickingClock

LIMIT = 2**24
Pair = tuple[Channel, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours, patience=0.2), theirs


@contextlib.contextmanager
def meanwhile(action: Callable[[], object]) -> Iterator[None]:
    """Run `action` in a thread; it ends with the block at the latest."""
    thread = threading.Thread(target=action)
    thread.start()
    yield
    thread.join(10)
    assert not thread.is_alive()


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(8, "big") + payload


@pytest.mark.parametrize("size", [0, 1, 8, 65_536, 65_537, 3_000_000])
def test_frames_come_through_in_order(pair: Pair, size: int) -> None:
    channel, theirs = pair
    other = Channel(theirs)
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    received: list[bytes] = []

    def receive() -> None:
        received.extend(other.receive(5, LIMIT) for _ in range(2))

    with meanwhile(receive):
        channel.send(payload)
        channel.send(memoryview(b"next"))
    assert received == [payload, b"next"]
    assert type(received[0]) is bytes


def test_memoryviews_of_wider_items_are_sent_as_bytes(pair: Pair) -> None:
    channel, theirs = pair
    wide: Any = memoryview(bytes(16)).cast("d")
    channel.send(wide)
    assert Channel(theirs).receive(1, LIMIT) == bytes(16)


def test_frames_may_arrive_byte_by_byte(pair: Pair) -> None:
    channel, theirs = pair

    def write() -> None:
        for byte in frame(b"slow") + frame(b"and steady"):
            theirs.send(bytes([byte]))
            time.sleep(0.001)

    with meanwhile(write):
        assert channel.receive(5, LIMIT) == b"slow"
        assert channel.receive(None, LIMIT) == b"and steady"


@pytest.mark.parametrize("written", [b"", b"\0\0\0", frame(b"whole")[:-1]])
def test_silence_is_a_timeout_which_ends_the_channel(pair: Pair, written: bytes) -> None:
    channel, theirs = pair
    theirs.sendall(written)
    with pytest.raises(ChannelTimeout):
        channel.receive(0.05, LIMIT)
    with pytest.raises(ChannelClosed):
        channel.receive(0.05, LIMIT)
    with pytest.raises(ChannelClosed):
        channel.send(b"too late")


def test_drip_does_not_extend_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.grading.border.channel.time", TickingClock())
    dripping = Dripping((1000).to_bytes(8, "big"))
    with pytest.raises(ChannelTimeout):
        Channel(cast(socket.socket, dripping)).receive(30, LIMIT)
    assert 8 < dripping.reads <= 30


@pytest.mark.parametrize("size", [101, 2**40, 2**64 - 1])
def test_oversized_is_refused_before_the_payload_comes(pair: Pair, size: int) -> None:
    channel, theirs = pair
    theirs.sendall(size.to_bytes(8, "big"))
    with pytest.raises(Oversized, match="100 allowed"):
        channel.receive(1, 100)
    with pytest.raises(ChannelError):
        channel.receive(1, 100)


def test_exactly_the_limit_is_allowed(pair: Pair) -> None:
    channel, theirs = pair
    theirs.sendall(frame(bytes(100)))
    assert len(channel.receive(1, 100)) == 100


def test_memory_is_that_of_what_arrived_not_of_what_is_announced(pair: Pair) -> None:
    channel, theirs = pair
    theirs.sendall((2**40).to_bytes(8, "big") + bytes(1000))
    tracemalloc.start()
    try:
        with pytest.raises(ChannelTimeout):
            channel.receive(0.05, 2**50)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("written", [b"", b"\0\0\0", frame(b"whole")[:-1]])
def test_end_of_file_is_closed(pair: Pair, written: bytes) -> None:
    channel, theirs = pair
    theirs.sendall(written)
    theirs.close()
    with pytest.raises(ChannelClosed):
        channel.receive(1, LIMIT)


def test_sending_to_nobody_is_closed(pair: Pair) -> None:
    channel, theirs = pair
    theirs.close()
    with pytest.raises(ChannelClosed):
        channel.send(b"hello?")


def test_reset_is_closed(pair: Pair) -> None:
    channel, theirs = pair
    channel.send(b"never read")  # a peer that closes with unread data resets the connection
    theirs.close()
    with pytest.raises(ChannelClosed):
        channel.receive(1, LIMIT)


def test_peer_that_does_not_read_blocks_only_for_a_while(pair: Pair) -> None:
    channel, _ = pair
    with pytest.raises(ChannelTimeout):
        channel.send(bytes(LIMIT))
    with pytest.raises(ChannelClosed):
        channel.send(b"more")


def test_peer_that_reads_slowly_does_not_extend_the_deadline(pair: Pair) -> None:
    channel, theirs = pair
    stop = threading.Event()

    def sip() -> None:
        with contextlib.suppress(OSError):
            while not stop.wait(0.02):
                theirs.recv(1000)

    with meanwhile(sip):
        # Were each sip to extend the deadline, all would come through in the end.
        with pytest.raises(ChannelTimeout):
            channel.send(bytes(LIMIT))
        stop.set()


def test_signals_do_not_disturb(pair: Pair) -> None:
    channel, theirs = pair
    caught: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: caught.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)

    def write() -> None:
        time.sleep(0.2)
        theirs.sendall(frame(b"late"))

    try:
        with meanwhile(write):
            assert channel.receive(5, LIMIT) == b"late"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert caught


def test_leaving_the_block_closes(pair: Pair) -> None:
    channel, theirs = pair
    with channel:
        pass
    channel.close()
    assert theirs.recv(1) == b""
