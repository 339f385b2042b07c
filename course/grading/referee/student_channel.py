"""Messages to a student process, and the plain data that come back: the referee's end of a channel.

The trust boundary: of what comes back is believed only that it is plain data (`decoding`), in a
dict with a kind. What is anything else, or does not come in time, raises a `Breach`, after which
the student process is of no more use.
"""

import time
from collections.abc import Callable
from typing import Any

from course.grading.border import arguments
from course.grading.border.arguments import Token
from course.grading.border.breach import Breach, Gone, Late, exactly
from course.grading.border.channel import Channel, ChannelClosed, ChannelError, ChannelTimeout
from course.grading.border.plain_data import Malformed
from course.grading.referee.decoding import DecodeHooks, decode, unpack

MAX_REPLY = 2**28
MAX_WAIT = 10**6  # seconds: without a deadline there are infinitely many, which no socket takes


class StudentChannel:
    """Send messages to a student process and receive its replies, each before the deadline."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._deadline = float("inf")  # by time.monotonic()

    def give_time(self, timeout: float) -> None:
        """Set how many seconds the student process may take from now on."""
        self._deadline = time.monotonic() + timeout

    def send(self, message: tuple[Any, ...], token: Callable[[Any], Token | None]) -> None:
        """Send a message; `token` names what does not travel with it.

        Raises `Late` or `Gone`, and whatever an object raises that cannot be pickled.
        """
        try:
            self._channel.send(arguments.dump(message, token))
        except ChannelTimeout:
            raise Late("it did not read its arguments in time") from None
        except ChannelError:
            raise Gone("the process ended") from None

    def receive(self) -> dict[str, Any]:
        """Return the next reply; raises `Breach` for what is none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Late("no time is left")

        try:
            data = self._channel.receive(min(left, MAX_WAIT), MAX_REPLY)
            reply = decode(unpack(data, limit=MAX_REPLY))
        except ChannelTimeout:
            raise Late("no answer came in time") from None
        except ChannelClosed:
            raise Gone("the process ended") from None
        except (ChannelError, Malformed) as error:
            raise Breach(f"the answer is not plain data: {error}") from None

        if type(reply) is not dict:
            raise Breach("the answer is no dict")
        exactly(reply.get("kind"), str)  # what cannot be hashed or compared, cannot be looked up
        return reply


def read_value(data: Any, hooks: DecodeHooks) -> Any:
    """Return the value that stands in a reply as packed `data`; raises `Breach` for none."""
    if data == b"":  # of a cell, which has no value
        return None
    try:
        return decode(unpack(exactly(data, bytes), limit=MAX_REPLY), hooks)
    except Malformed as error:
        raise Breach(f"the value is not plain data: {error}") from None
