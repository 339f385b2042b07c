"""The referee's end of the channel: requests to a student process, and what comes back of them.

The trust boundary: `StudentLink` believes of the answers only that they are plain data
(`decoding`), in a dict of an expected kind. An answer that is anything else, or does not come in
time, raises a `Breach`, after which the student process is of no more use. Nothing of a student's
is executed here, and no answer is a verdict.
"""

import marshal
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from torch import Tensor, nn

from course.grading.border import arguments
from course.grading.border.arguments import GLOBAL_RANDOMNESS, Labels, leaves_of, mutable_parts
from course.grading.border.breach import Breach, Gone, Late, exactly
from course.grading.border.channel import Channel, ChannelClosed, ChannelError, ChannelTimeout
from course.grading.border.gradients import Graphs, attach
from course.grading.border.notes import Notes, Stop, read_notes
from course.grading.border.plain_data import Malformed
from course.grading.border.raised import StudentError, read_error
from course.grading.model.cell_output import CellOutput
from course.grading.model.wording import printable
from course.grading.referee.decoding import DecodeHooks, decode, unpack
from course.grading.referee.outputs import read_output
from course.grading.referee.stand_ins import MAKERS

MAX_REPLY = 2**28
# What comes of data of other types or sizes than an honest answer has.
DO_NOT_FIT = (AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class Refused(Exception):  # noqa: N818 - it says what happened
    """Report that a value of the student's cannot cross, in words for the student."""


class Missing(NameError):  # noqa: N818 - it says what happened
    """Report that the student's cells define no such name."""


@dataclass
class Names:
    """Hold what names stand for, and why others stand for nothing (`Missing`, if undefined)."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)


class StudentLink:
    """Ask a student process to run cells and to call what they define."""

    def __init__(self, channel: Channel) -> None:
        self.deadline = float("inf")  # by time.monotonic()
        self.usable = True
        self.was_killed = False  # a copy, by its own word
        self.given = Labels[str]()
        self._channel = channel
        self._callbacks: list[Any] = []
        self._callback_leaves: list[Tensor] = []
        self._graphs = Graphs()
        self._stand_ins: dict[int, Any] = {}
        self._numbers = Labels[int]()
        self._before_fork = self._stand_ins, self._numbers

    def give_time(self, seconds: float) -> None:
        """Set how long the student process may take from now on."""
        self.deadline = time.monotonic() + seconds

    def run(self, source: str) -> BaseException | None:
        """Run a cell and return what it raised, if so."""
        try:
            self._ask("run", source)
        except Exception as error:  # noqa: BLE001 - whatever the student's cell may raise
            return error
        return None

    def show(self, source: str) -> CellOutput:
        """Run a cell and return what stands below it then."""
        reply = self._exchange(("show", source))
        error = None
        try:
            self._conclude(reply, [], DecodeHooks())
        except Exception as raised:  # noqa: BLE001 - whatever the student's cell may raise
            error = raised
        figures = exactly(reply.get("figures", []), list)
        return read_output(exactly(reply.get("output", ""), str), error, figures)

    def fork(self) -> None:
        """Have a copy of the student process answer from now on, until `end`."""
        reply = self._request("fork")
        if reply["kind"] == "ended":
            raise self._gone(reply)
        if reply["kind"] != "forked":
            raise Breach("the process made no copy of itself")
        self._before_fork = dict(self._stand_ins), self._numbers.copy()

    def end(self) -> None:
        """End the copy that answers, and go on with the process that it was made from."""
        reply = self._request("end")
        if reply["kind"] != "ended":  # an answer to an earlier request: there were too many
            raise Breach("the copy did not end when it should")
        self._stand_ins, self._numbers = self._before_fork
        self._callbacks.clear()
        self._graphs = Graphs()

    def get(self, names: Sequence[str]) -> Names:
        """Return what the student's cells have assigned to `names`: plain values and stand-ins."""
        found, waiting = Names(), list(names)
        while waiting:
            hooks = self._hooks([], ())
            reply = self._exchange(("get", waiting))
            replies = exactly(reply.get("replies"), list)
            if not 0 < len(replies) <= len(waiting):
                raise Breach("more answers than names, or none")
            for one in replies:
                self._add(found, waiting.pop(0), exactly(one, dict), hooks)
        return found

    def _add(self, found: Names, name: str, reply: dict[str, Any], hooks: Any) -> None:
        exactly(reply.get("kind"), str)
        try:
            found.values[name] = self._conclude(reply, [], hooks)
        except Exception as error:  # noqa: BLE001 - of what looking at the value has run
            found.errors[name] = error

    def call(self, stand_in: Any, number: int, method: str, inputs: tuple[Any, Any]) -> Any:
        """Call what has a number in the student process, and bring the arguments up to date."""
        parts = mutable_parts([*GLOBAL_RANDOMNESS, inputs], self._is_stand_in)
        own = list(stand_in.parameters()) if isinstance(stand_in, nn.Module) else []
        leaves = leaves_of([*parts, *own])
        if own:
            self._ask("load_state", number, stand_in.state_dict())
        states = [generator.state() for generator in GLOBAL_RANDOMNESS]
        try:
            return self._ask("call", number, method, inputs, states, parts=parts, leaves=leaves)
        except StopIteration as error:
            if method == "__next__":
                raise
            # It would end the test's loop over `map(answer, ...)` before the first assert.
            raise StudentError(f"StopIteration: {error}") from None

    def test(self, codes: Sequence[CodeType]) -> Notes:
        """Run test cells over there, and return what was noted of the last, which can be forged."""
        packed = [marshal.dumps(code) for code in codes]
        try:
            return read_notes(self._ask("test", packed))
        except Exception as error:  # noqa: BLE001 - whatever is said in place of notes
            return Notes(stops=[Stop(0, error)])

    def faults(self) -> dict[int, Exception]:
        """Return what the steps before there was a student have raised, by their numbers."""
        found = exactly(self._ask("faults"), list)
        pairs = [each for each in found if type(each) is list and len(each) == 2]
        return {exactly(step, int): read_error(exactly(error, dict)) for step, error in pairs}

    # What goes there.

    def _request(self, name: str) -> dict[str, Any]:
        """Send a request that no question can follow, and return the reply as it is."""
        self._send((name,))
        return self._receive()

    def _ask(
        self, name: str, *details: Any, parts: list[Any] | None = None, leaves: Any = ()
    ) -> Any:
        """Send a request, answer what is asked in the middle of it, and return the value."""
        hooks = self._hooks(parts or [], leaves)
        return self._conclude(self._exchange((name, *details)), parts or [], hooks)

    def _exchange(self, request: tuple[Any, ...]) -> dict[str, Any]:
        """Send a request, answer what is asked in the middle of it, and return the last reply."""
        self._send(request)
        while (reply := self._receive())["kind"] in QUESTIONS:
            self._send(QUESTIONS[reply["kind"]](self, reply))
        return reply

    def _send(self, message: tuple[Any, ...]) -> None:
        try:
            self._channel.send(arguments.dump(message, self._token))
        except ChannelTimeout:
            raise Late("it did not read its arguments in time") from None
        except ChannelError:
            raise Gone("the process ended") from None

    def _token(self, value: Any) -> tuple[str, Any] | None:
        """Name what the student process has itself, and what must stay in this one."""
        if (number := self._numbers.find(value)) is not None:
            return "kept", number
        if (name := self.given.find(value)) is not None:
            return "given", name
        if arguments.stays_here(value):
            self._callbacks.append(value)
            return "callback", len(self._callbacks) - 1
        if isinstance(value, Tensor) and not value.is_leaf:
            return self._graph_token(value)
        return None

    def _graph_token(self, value: Tensor) -> tuple[str, Any] | None:
        if not self._callback_leaves:
            return None
        return "graph", (self._graphs.keep(value, self._callback_leaves), value.detach())

    # What comes back.

    def _receive(self) -> dict[str, Any]:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Late("no time is left")
        try:
            data = self._channel.receive(min(left, 10**6), MAX_REPLY)
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

    def _conclude(self, reply: Mapping[str, Any], parts: list[Any], hooks: Any) -> Any:
        """Return the value of a last reply, or raise what it says instead."""
        kind = reply.get("kind")
        if kind == "ended":
            raise self._gone(reply)
        # Half a surrogate pair is a text to Python, but to no file.
        sys.stdout.write(exactly(reply.get("output", ""), str).encode(errors="replace").decode())
        self._update(reply.get("changes", []), parts, hooks)
        if kind == "forked":
            return None
        if kind == "missing":
            raise Missing("the answer does not define this name")
        if kind == "refused":
            raise Refused(printable(exactly(reply.get("message"), str)))
        if kind == "raised":
            raise read_error(reply)
        if kind != "value":
            raise Breach("the answer is of no kind that there is")
        return self._decode(reply.get("value"), hooks)

    def _gone(self, reply: Mapping[str, Any]) -> Gone:
        code = exactly(reply.get("code"), int)
        self.was_killed = code == -signal.SIGKILL
        return Gone(f"the process ended with exit code {code}")

    def _decode(self, data: Any, hooks: DecodeHooks) -> Any:
        if data == b"":
            return None
        try:
            return decode(unpack(exactly(data, bytes), limit=MAX_REPLY), hooks)
        except Malformed as error:
            raise Breach(f"the value is not plain data: {error}") from None

    def _update(self, changes: Any, parts: list[Any], hooks: DecodeHooks) -> None:
        """Bring the arguments of a call up to date with what the student's code did to them."""
        for change in exactly(changes, list):
            if type(change) is not list or len(change) != 2 or type(change[0]) is not int:
                raise Breach("a change that is none")
            place, data = change
            if not 0 <= place < len(parts):
                raise Breach("a change of an argument that is not there")
            try:
                arguments.restore(parts[place], self._decode(data, hooks))
            except (ArithmeticError, *DO_NOT_FIT):
                raise Breach("a change that does not fit its argument") from None

    def _hooks(self, parts: list[Any], leaves: Any) -> DecodeHooks:
        def tensor(value: Tensor, number: int) -> Tensor:
            return attach(value, leaves, lambda grad: self._gradients(number, grad))

        return DecodeHooks(
            reference=lambda label: _part(parts, label), handle=self._stand_in, tensor=tensor
        )

    def _gradients(self, number: int, grad: Tensor) -> list[Tensor]:
        products = self._ask("gradient", number, grad)
        if type(products) is not list or not all(isinstance(each, Tensor) for each in products):
            raise Breach("gradients that are none")
        return products

    # What the student's code asks for in the middle of a call.

    def _call_back(self, reply: Mapping[str, Any]) -> tuple[Any, ...]:
        """Call a function of the test's, and return what came of it as a message."""
        leaves: list[Tensor] = []

        def tensor(value: Tensor, _: int) -> Tensor:
            leaves.append(value.requires_grad_())
            return value

        hooks = DecodeHooks(handle=self._stand_in, tensor=tensor)
        inputs = self._decode(reply.get("inputs"), hooks)
        number = reply.get("number")
        try:
            given, named = inputs
            function = self._callbacks[exactly(number, int)]
        except (LookupError, TypeError, ValueError):
            raise Breach("a call of a function that was never given out") from None
        try:
            result = function(*given, **named)
        except Exception as error:  # noqa: BLE001 - of the test's function, and the student's code may handle it
            names = [base.__name__ for base in type(error).__mro__]
            return "raised", (names, str(error))
        self._callback_leaves = leaves
        return "returned", result

    def _product(self, reply: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the gradients of what a function of the test's has returned, as a message."""
        grad = self._decode(reply.get("inputs"), DecodeHooks())
        try:
            return "returned", self._graphs.product(exactly(reply.get("number"), int), grad)
        except DO_NOT_FIT:
            raise Breach("gradients of what was never given out") from None

    # Stand-ins.

    def _is_stand_in(self, value: object) -> bool:
        return self._numbers.find(value) is not None

    def _stand_in(self, kind: str, number: int, facts: Any) -> Any:
        """Return what stands in this process for something in the student's."""
        if number not in self._stand_ins:
            if kind not in MAKERS:
                raise Breach("a stand-in of no kind that there is")
            try:
                made = MAKERS[kind](self, number, facts)
            except DO_NOT_FIT:
                raise Breach("facts that do not fit their stand-in") from None
            self._stand_ins[number] = made
            self._numbers.add(made, number)
        return self._stand_ins[number]


QUESTIONS: dict[Any, Callable[[StudentLink, Mapping[str, Any]], tuple[Any, ...]]] = {
    "callback": StudentLink._call_back,
    "gradient": StudentLink._product,
}


def _part(parts: list[Any], label: tuple[int | str, ...]) -> Any:
    match label:
        case (int(place),):
            return parts[place]
    raise LookupError("no label of an argument")
