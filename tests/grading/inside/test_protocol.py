"""What a server says while it starts is believed, and its silence understood."""

import socket
from collections.abc import Iterator

import pytest

from course.grading.inside.protocol import (
    DONE,
    READY,
    STEP,
    UNFIT,
    ServerDied,
    StepLost,
    Unfit,
    await_ready,
    is_readable,
    read_setup,
    receive_byte,
    send_setup,
)

Pair = tuple[socket.socket, socket.socket]
PATIENCE = 600.0  # nobody waits for what has been said, or for who has hung up


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Provide the trusted side's end of a control socket, and the server's."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def says(pair: Pair, *words: bytes) -> socket.socket:
    """Return the end at which a server has said these words and then hung up."""
    ours, theirs = pair
    theirs.sendall(b"".join(words))
    theirs.close()
    return ours


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_server_is_ready_after_all_its_steps(pair: Pair, steps: int) -> None:
    await_ready(says(pair, STEP * steps, DONE, READY), PATIENCE)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_step_that_ends_the_server_is_named(pair: Pair, steps: int) -> None:
    with pytest.raises(StepLost) as lost:
        await_ready(says(pair, STEP * steps), PATIENCE)
    assert (lost.value.step, lost.value.late) == (steps - 1, False)


def test_a_step_that_does_not_end_in_time_is_named(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(STEP * 2)
    with pytest.raises(StepLost) as lost:
        await_ready(ours, 0.05)
    assert (lost.value.step, lost.value.late) == (1, True)


@pytest.mark.parametrize("words", [(UNFIT,), (STEP, DONE, UNFIT)])
def test_a_server_that_cannot_be_forked_is_unfit(pair: Pair, words: tuple[bytes, ...]) -> None:
    with pytest.raises(Unfit):
        await_ready(says(pair, *words), PATIENCE)


@pytest.mark.parametrize("words", [(), (DONE,), (STEP, DONE), (b"?",)])
def test_a_server_that_says_nothing_of_use_has_died(pair: Pair, words: tuple[bytes, ...]) -> None:
    with pytest.raises(ServerDied):
        await_ready(says(pair, *words), PATIENCE)


@pytest.mark.parametrize("setup", [b"", b"x", bytes(4_000)])
def test_a_setup_arrives_whole(pair: Pair, setup: bytes) -> None:
    ours, theirs = pair
    send_setup(ours, setup, timeout=60)
    assert read_setup(theirs) == setup


def test_a_setup_for_nobody_does_no_harm(pair: Pair) -> None:
    ours, theirs = pair
    theirs.close()
    send_setup(ours, b"setup", timeout=60)


def test_where_nobody_speaks_nothing_is_received(pair: Pair) -> None:
    ours, theirs = pair
    assert not is_readable(ours, 0)
    assert receive_byte(ours, 0) == (b"", 0)
    theirs.close()
    assert is_readable(ours, PATIENCE)
    assert receive_byte(ours, PATIENCE)[0] == b""


def test_a_closed_end_receives_nothing(pair: Pair) -> None:
    ours, _ = pair
    ours.close()
    assert receive_byte(ours, PATIENCE) == (b"", 0)
