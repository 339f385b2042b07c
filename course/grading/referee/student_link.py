"""The referee's end of the channel: requests to a student process, and what comes back of them.

The trust boundary: `StudentLink` believes of the answers only that they are plain data
(`decoding`), in a dict of an expected kind. An answer that is anything else, or does not come in
time, raises a `Breach`, after which the student process is of no more use. Nothing of a student's
is executed here, and no answer is a verdict.
"""

import marshal
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Any

from course.grading.border import arguments
from course.grading.border.arguments import Labels, Token, leaves_of, mutable_parts
from course.grading.border.breach import Breach, Gone, exactly
from course.grading.border.channel import Channel
from course.grading.border.gradients import attach
from course.grading.border.notes import Notes, Stop, read_notes
from course.grading.border.raised import StudentError, read_error
from course.grading.border.randomness import GLOBAL_RANDOMNESS
from course.grading.border.tensors import is_module, is_tensor
from course.grading.model.cell_output import CellOutput
from course.grading.model.printable import printable
from course.grading.referee.callbacks import Callbacks, Message
from course.grading.referee.decoding import DecodeHooks
from course.grading.referee.outputs import read_output
from course.grading.referee.stand_ins import DO_NOT_FIT, StandIns
from course.grading.referee.student_channel import StudentChannel, read_value

if TYPE_CHECKING:
    from torch import Tensor

# What the student process may ask in the middle of a call.
QUESTIONS = ("callback", "gradient")


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
        self.usable = True
        self.was_killed = False  # a copy, by its own word
        self.given = Labels[str]()
        self._channel = StudentChannel(channel)
        self._stand_ins = StandIns()
        self._before_fork = self._stand_ins
        self._callbacks = Callbacks()

    def give_time(self, timeout: float) -> None:
        """Set how many seconds the student process may take from now on."""
        self._channel.give_time(timeout)

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
        # What the copy gives numbers to, the process that goes on afterwards does not know.
        self._before_fork = self._stand_ins.copy()

    def end(self) -> None:
        """End the copy that answers, and go on with the process that it was made from."""
        reply = self._request("end")
        if reply["kind"] != "ended":  # an answer to an earlier request: there were too many
            raise Breach("the copy did not end when it should")
        self._stand_ins = self._before_fork
        self._callbacks = Callbacks()

    def get(self, names: Sequence[str]) -> Names:
        """Return what the student's cells have assigned to `names`: plain values and stand-ins."""
        found, waiting = Names(), list(names)
        while waiting:
            hooks = self._hooks([], ())
            reply = self._exchange(("get", waiting))
            replies = exactly(reply.get("replies"), list)
            # With none, this would go on for ever.
            if not 0 < len(replies) <= len(waiting):
                raise Breach("more answers than names, or none")
            for one in replies:
                self._add(found, waiting.pop(0), exactly(one, dict), hooks)
        return found

    def _add(self, found: Names, name: str, reply: dict[str, Any], hooks: DecodeHooks) -> None:
        exactly(reply.get("kind"), str)
        try:
            found.values[name] = self._conclude(reply, [], hooks)
        except Exception as error:  # noqa: BLE001 - of what looking at the value has run
            found.errors[name] = error

    def call(self, stand_in: Any, number: int, method: str, inputs: tuple[Any, Any]) -> Any:
        """Call what has a number in the student process, and bring the arguments up to date."""
        parts = mutable_parts([*GLOBAL_RANDOMNESS, inputs], self._stand_ins.__contains__)
        own = list(stand_in.parameters()) if is_module(stand_in) else []
        leaves = leaves_of([*parts, *own])
        if own:
            # The test may have trained the parameters that the module has here.
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
        self._channel.send((name,), self._token)
        return self._channel.receive()

    def _ask(
        self, name: str, *details: Any, parts: list[Any] | None = None, leaves: Any = ()
    ) -> Any:
        """Send a request, answer what is asked in the middle of it, and return the value."""
        hooks = self._hooks(parts or [], leaves)
        return self._conclude(self._exchange((name, *details)), parts or [], hooks)

    def _exchange(self, request: Message) -> dict[str, Any]:
        """Send a request, answer what is asked in the middle of it, and return the last reply."""
        self._channel.send(request, self._token)
        reply = self._channel.receive()
        while reply["kind"] in QUESTIONS:
            self._channel.send(self._answer(reply), self._token)
            reply = self._channel.receive()
        return reply

    def _answer(self, question: Mapping[str, Any]) -> Message:
        if question["kind"] == "gradient":
            return self._callbacks.product(question)
        return self._callbacks.call(question, self._stand_in)

    def _token(self, value: Any) -> Token | None:
        """Name what the student process has itself, and what must stay in this one."""
        number = self._stand_ins.find_number(value)
        if number is not None:
            return "kept", number
        name = self.given.find(value)
        if name is not None:
            return "given", name
        return self._callbacks.token(value)

    # What comes back.

    def _conclude(self, reply: Mapping[str, Any], parts: list[Any], hooks: DecodeHooks) -> Any:
        """Return the value of a last reply, or raise what it says instead."""
        kind = reply.get("kind")
        if kind == "ended":
            raise self._gone(reply)

        # Half a surrogate pair is a text to Python, but to no file.
        sys.stdout.write(exactly(reply.get("output", ""), str).encode(errors="replace").decode())
        # Before an exception is raised: the call has changed its arguments all the same.
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
        return read_value(reply.get("value"), hooks)

    def _gone(self, reply: Mapping[str, Any]) -> Gone:
        code = exactly(reply.get("code"), int)
        # The machine may have done that, when memory ran out: the grader asks what it knows of it.
        self.was_killed = code == -signal.SIGKILL
        return Gone(f"the process ended with exit code {code}")

    def _update(self, changes: Any, parts: list[Any], hooks: DecodeHooks) -> None:
        """Bring the arguments of a call up to date with what the student's code did to them."""
        for change in exactly(changes, list):
            if type(change) is not list or len(change) != 2 or type(change[0]) is not int:
                raise Breach("a change that is none")
            place, data = change
            if not 0 <= place < len(parts):
                raise Breach("a change of an argument that is not there")
            try:
                arguments.restore(parts[place], read_value(data, hooks))
            except (ArithmeticError, *DO_NOT_FIT):
                raise Breach("a change that does not fit its argument") from None

    def _hooks(self, parts: list[Any], leaves: Any) -> DecodeHooks:
        def tensor(value: "Tensor", number: int) -> "Tensor":
            return attach(value, leaves, lambda grad: self._gradients(number, grad))

        return DecodeHooks(
            reference=lambda label: _part(parts, label), handle=self._stand_in, tensor=tensor
        )

    def _gradients(self, number: int, grad: "Tensor") -> "list[Tensor]":
        products = self._ask("gradient", number, grad)
        if type(products) is not list or not all(map(is_tensor, products)):
            raise Breach("gradients that are none")
        return products

    def _stand_in(self, kind: str, number: int, facts: Any) -> Any:
        """Return what stands in this process for something in the student's."""
        return self._stand_ins.find_or_make(self, kind, number, facts)


def _part(parts: list[Any], label: tuple[int | str, ...]) -> Any:
    match label:
        case (int(place),):
            return parts[place]
    raise LookupError("no label of an argument")
