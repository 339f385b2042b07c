"""The student process: it runs the cells of a submission and calls what they define.

All of this runs beside a student's code, inside the sandbox, and may be changed by it. So nothing
here is trusted: what the referee gets from here is plain data, of which it believes no more than
"this is what the student's code gives". No test, no expected value and no solution comes here.

The referee sends pickled tuples, the name of a request and its details (`REQUESTS`), and gets one
packed dict with a `kind` for each. A function of the test that the student's code calls is asked
for in the middle of a call: then this side sends `callback` and goes on when the result comes.
"""

import importlib
import marshal
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from inspect import Parameter, signature
from io import StringIO
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

from course.grading.border import arguments
from course.grading.border.arguments import Labels, leaves_of, mutable_parts
from course.grading.border.channel import Channel, ChannelClosed
from course.grading.border.gradients import Graphs, attach
from course.grading.border.notes import Notes, describe_notes, run_tests
from course.grading.border.plain_data import ALONE, BETWEEN, CONTAINS, Uncarried
from course.grading.border.raised import describe_error, same_error
from course.grading.border.randomness import GLOBAL_RANDOMNESS, seed_generators
from course.grading.border.shell import MAX_OUTPUT, make_shell, run_cell
from course.grading.border.tensors import is_module, is_module_class, torch_is_imported
from course.grading.inside.data_files import add_files
from course.grading.inside.late_torch import prepare_for_torch
from course.grading.inside.limits import fork_alike
from course.grading.student.encoding import EncodeHooks, encode, pack

if TYPE_CHECKING:
    from torch import Tensor, nn

MAX_REQUEST = 2**31
MAX_TOGETHER = 2**24  # bytes of values that come in one reply, unless one alone has more
Reply = dict[str, Any]
Inputs = tuple[tuple[Any, ...], dict[str, Any]]


class Shortened(StringIO):
    """Keep the first characters that are written, and drop the rest."""

    def write(self, text: str) -> int:
        """Write what there is room for."""
        super().write(text[: max(0, MAX_OUTPUT - self.tell())])
        return len(text)


@dataclass
class Frame:
    """Hold what the values of one call may refer to: its arguments, and where gradients flow."""

    parts: list[Any] = field(default_factory=list)
    leaves: "list[Tensor]" = field(default_factory=list)


class Kept:
    """Number what cannot cross and stays in this process, the same object always alike."""

    def __init__(self) -> None:
        self._objects: list[Any] = []
        self._numbers = Labels[int]()

    def __getitem__(self, number: int) -> Any:
        return self._objects[number]

    def __contains__(self, value: object) -> bool:
        return self._numbers.find(value) is not None

    def add(self, value: Any) -> int:
        """Keep an object and return its number; one that is kept already has one."""
        number = self._numbers.find(value)
        if number is None:
            number = len(self._objects)
            self._objects.append(value)
            self._numbers.add(value, number)
        return number


class StudentProcess:
    """Run cells and answer requests, one after another."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._kept = Kept()
        self._graphs = Graphs()
        self._leaves: list[Tensor] = []  # of the question that the referee is answering
        self._shell = make_shell()

    def answer(self) -> tuple[str, Any]:
        """Answer the next request; return its name, and the detail of those without an answer."""
        data = self._channel.receive(None, MAX_REQUEST)
        name, *details = arguments.load(data, self._find)
        if name in ("returned", "raised"):  # what `_ask` waits for
            return name, details[0]

        output = Shortened()
        with redirect_stdout(output), redirect_stderr(StringIO()):
            reply = REQUESTS[name](self, *details)
        self._send(reply | {"output": output.getvalue()})
        return name, None

    def run(self, source: str) -> Reply:
        """Run a cell as IPython does."""
        return _ran(run_cell(self._shell, source))

    def show(self, source: str) -> Reply:
        """Run a cell as IPython does, and send its figures, too."""
        figures: list[bytes] = []
        return _ran(run_cell(self._shell, source, drawn=figures)) | {"figures": figures}

    def faults(self) -> Reply:
        """Tell which steps of `prepare` have failed."""
        return self._outcome(lambda: self._shell.meta["faults"], self._hooks(Frame()))

    def fork(self) -> Reply:
        """Go on in a copy of this process, and take over again when it has ended."""
        process = fork_alike()
        if process == 0:
            return {"kind": "forked"}
        _, status = os.waitpid(process, 0)
        return {"kind": "ended", "code": os.waitstatus_to_exitcode(status)}

    def end(self) -> Reply:
        """End this copy; the process that it was made from answers."""
        os._exit(0)

    def get(self, names: list[str]) -> Reply:
        """Return what the student's cells have assigned to the first names, as many as fit."""
        replies: list[Reply] = []
        size = 0
        for name in names:
            reply = self._value_of(name)
            size += len(reply.get("value", b""))
            # The rest is asked for again: all of it together may be more than fits into a frame.
            if replies and size > MAX_TOGETHER:
                break
            replies.append(reply)
        return {"kind": "names", "replies": replies}

    def _value_of(self, name: str) -> Reply:
        if name not in self._shell.user_ns:
            return {"kind": "missing"}
        return self._outcome(lambda: self._shell.user_ns[name], self._hooks(Frame()))

    def call(self, number: int, method: str, inputs: Inputs, randomness: list[bytes]) -> Reply:
        """Call a kept object, or a method of it, with positional and keyword arguments."""
        for generator, state in zip(GLOBAL_RANDOMNESS, randomness, strict=True):
            generator.set_state(state)
        # The referee finds the same parts in this order: places are all that has to cross.
        parts = mutable_parts([*GLOBAL_RANDOMNESS, inputs], self._kept.__contains__)
        function = self._kept[number]
        frame = Frame(parts, leaves_of([*parts, *_parameters(function)]))
        hooks = self._hooks(frame)

        before = [_state(part, hooks) for part in parts]
        given, named = inputs
        reply = self._outcome(lambda: _method(function, method)(*given, **named), hooks)
        after = [_state(part, hooks) for part in parts]

        changes = []
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            if new and new != old:
                changes.append([place, new])
        return reply | {"changes": changes}

    def test(self, codes: list[bytes]) -> Reply:
        """Run test cells here, and tell what the last one has noted."""
        notes = Notes()
        for code in codes:
            notes = Notes()  # those before are here for what they define only
            run_tests(self._shell, marshal.loads(code), notes)
        return self._outcome(lambda: describe_notes(notes), self._hooks(Frame()))

    def gradient(self, number: int, grad: "Tensor") -> Reply:
        """Return the vector-Jacobian products of a tensor that a call has returned."""
        return self._outcome(lambda: self._graphs.product(number, grad), self._hooks(Frame()))

    def load_state(self, number: int, state: "dict[str, Tensor]") -> Reply:
        """Give a kept module the parameters and buffers that the test's copy of it has."""
        module = self._kept[number]

        def load() -> None:
            module.load_state_dict(state)  # what it returns is no value of the student's

        return self._outcome(load, self._hooks(Frame()))

    def call_back(self, number: int, inputs: Inputs) -> Any:
        """Have the referee call a function of the test's and return what that returns."""
        leaves: list[Tensor] = []

        def keep(tensor: "Tensor") -> int:
            leaves.append(tensor)
            return len(leaves) - 1

        hooks = EncodeHooks(handle=self._handle, grad=keep)
        data = pack(encode(inputs, hooks))
        return self._ask({"kind": "callback", "number": number, "inputs": data}, leaves)

    def _ask(self, question: Reply, leaves: "list[Tensor]") -> Any:
        """Ask the referee something in the middle of a call, and answer it until it answers."""
        self._send(question)
        # Questions nest: what the referee calls may call the student's code, which asks again.
        outer, self._leaves = self._leaves, leaves
        try:
            while True:
                # It may also be a request that the function of the test has led to.
                name, detail = self.answer()
                if name == "returned":
                    return detail
                if name == "raised":
                    raise same_error(*detail)
        finally:
            self._leaves = outer

    def _find(self, kind: str, key: Any) -> Any:
        """Return what a token in a request stands for."""
        if kind == "kept":
            return self._kept[key]
        if kind == "given":
            return self._shell.user_ns[key]
        if kind == "graph":
            number, tensor = key
            ask = {"kind": "gradient", "number": number}
            return attach(tensor, self._leaves, lambda grad: self._ask(ask | _packed(grad), []))
        return lambda *given, **named: self.call_back(key, (given, named))  # "callback"

    def _outcome(self, compute: Callable[[], Any], hooks: EncodeHooks) -> Reply:
        """Return a reply with what `compute` returns, or how it failed."""
        try:
            value = compute()
        except BaseException as error:  # noqa: BLE001 - a student's code may raise anything
            return _failure(error)
        try:
            return {"kind": "value", "value": pack(encode(value, hooks))}
        except Uncarried as error:
            return {"kind": "refused", "message": str(error)}
        except BaseException as error:  # noqa: BLE001 - looking at the value may run its own code
            return _failure(error)

    def _hooks(self, frame: Frame) -> EncodeHooks:
        # By identity: what is equal to an argument need not be that argument.
        places = {id(part): place for place, part in enumerate(frame.parts)}

        def refer(value: Any) -> tuple[int] | None:
            place = places.get(id(value))
            return None if place is None else (place,)

        return EncodeHooks(
            reference=refer,
            handle=self._handle,
            grad=lambda tensor: self._graphs.keep(tensor, frame.leaves),
        )

    def _handle(self, value: Any) -> tuple[str, int, Any] | None:
        """Keep what cannot cross, and return its kind, its number and what is known of it."""
        kind = _kind_of(value)
        return None if kind is None else (kind, self._kept.add(value), FACTS[kind](value))

    def _send(self, reply: Reply) -> None:
        self._channel.send(pack(encode(reply)))


REQUESTS: dict[str, Callable[..., Reply]] = {
    "run": StudentProcess.run,
    "show": StudentProcess.show,
    "faults": StudentProcess.faults,
    "fork": StudentProcess.fork,
    "end": StudentProcess.end,
    "get": StudentProcess.get,
    "call": StudentProcess.call,
    "test": StudentProcess.test,
    "gradient": StudentProcess.gradient,
    "load_state": StudentProcess.load_state,
}


def prepare(sources: Iterable[str]) -> Iterator[None]:
    """Run the instructor's first cells before there is a student, and yield before each.

    This happens in the fork server: every student process begins in the state that it leaves.
    """
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    sys.path.insert(0, "")  # as in a notebook
    prepare_for_torch()
    if torch_is_imported():  # now, lest each student's process has to
        importlib.import_module("course.grading.student.torch_values")
    seed_generators()
    shell = make_shell()
    faults = shell.meta["faults"] = []
    for step, source in enumerate(sources):
        yield
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            error = run_cell(shell, source)
        if error is not None:
            faults.append([step, describe_error(error)])


def serve(connection: socket, own_files: bytes) -> None:
    """Answer the referee until it hangs up; `own_files` are contents by name, pickled."""
    add_files(Path.cwd(), pickle.loads(own_files))
    process = StudentProcess(Channel(connection))
    try:
        while True:
            process.answer()
    except ChannelClosed:
        return


def _state(part: Any, hooks: EncodeHooks) -> bytes:
    """Return packed all that can change of a part; nothing if it is no plain data."""
    try:
        return pack(encode(arguments.describe(part), hooks))
    except Uncarried:
        return b""


def _packed(grad: "Tensor") -> Reply:
    return {"inputs": pack(encode(grad.detach()))}


def _ran(error: BaseException | None) -> Reply:
    return {"kind": "value", "value": b""} if error is None else _failure(error)


def _failure(error: BaseException) -> Reply:
    return {"kind": "raised"} | describe_error(error)


def _method(value: Any, name: str) -> Any:
    return getattr(value, name) if name else value


def _parameters(value: Any) -> list[Any]:
    return list(value.parameters()) if is_module(value) else []


def _kind_of(value: Any) -> str | None:
    # In this order: classes and modules can be called, too, and would else be functions.
    if isinstance(value, type):
        return "class"
    if is_module(value):
        return "module"
    if isinstance(value, Iterator):
        return "iterator"
    if callable(value):
        return "function"
    return "object" if type(value).__module__ == "__main__" else None


def _of_callable(value: Any) -> list[Any]:
    """Return the name, the documentation and the parameters of a function or class."""
    try:
        known = signature(value).parameters.values()
        parameters = [_of_parameter(each) for each in known]
    except (TypeError, ValueError):  # nobody knows those of some functions written in C
        parameters = None

    name, text = getattr(value, "__name__", ""), getattr(value, "__doc__", "")
    specials = _specials(value) if isinstance(value, type) else []
    return [str(name)[:200], str(text or "")[:2000], parameters, is_module_class(value), specials]


def _specials(kind: type) -> list[str]:
    """Return the special methods that a class has of its own."""
    names = (*ALONE, *BETWEEN, CONTAINS)
    own = {name: getattr(kind, name, None) for name in names}
    return [name for name, method in own.items() if method is not getattr(object, name, None)]


def _of_parameter(parameter: Parameter) -> list[Any]:
    default = parameter.default
    # Of others only that there is one: it could be anything, and need not cross.
    plain = default is None or type(default) in (bool, int, float, str)
    return [
        parameter.name,
        int(parameter.kind),
        default is not Parameter.empty,
        default if plain else None,
    ]


def _of_module(module: "nn.Module") -> list[Any]:
    parameters = [[n, p.detach(), p.requires_grad] for n, p in module.named_parameters()]
    buffers = [[name, buffer.detach()] for name, buffer in module.named_buffers()]
    return [type(module).__name__, module.training, parameters, buffers]


FACTS: dict[str, Callable[[Any], Any]] = {
    "class": _of_callable,
    "function": _of_callable,
    "module": _of_module,
    "iterator": lambda value: None,
    "object": lambda value: [type(value).__name__, _specials(type(value))],
}
