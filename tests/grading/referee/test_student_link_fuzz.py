"""Whatever a student process answers, the referee's side of the channel stays what it is."""

import socket
import threading
from functools import partial
from typing import Any, cast

import msgpack  # type: ignore[import-untyped]
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.grading.border.breach import Breach, Late
from course.grading.border.channel import Channel
from course.grading.border.plain_data import Malformed
from course.grading.border.raised import StudentError
from course.grading.referee.decoding import decode
from course.grading.referee.student_link import Missing, Refused, StudentLink
from tests.grading.slow_peers import Dripping, TickingClock

PATIENCE = 600.0  # nobody waits for what has ended already
KINDS = [
    "value",
    "names",
    "forked",
    "missing",
    "refused",
    "raised",
    "ended",
    "callback",
    "gradient",
    "no",
]
HANDLES = ["function", "class", "module", "iterator", "object", "none"]
ARGUMENT = [1.0, {"a": torch.ones(2), "b": [2, 3]}, torch.ones(2, requires_grad=True)]

atoms = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([-1, 0, 1, 2, 3, 4, 5, 6])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["__eq__", "__class__", "a.b", "", "ValueError", "StopIteration"])
    | st.binary(max_size=16)
)
numbers = st.integers(0, 6)
tensors = st.tuples(
    st.just("tensor"), st.just("float32"), st.just([2]), st.binary(min_size=8, max_size=8)
).flatmap(
    lambda head: st.sampled_from([[*head, False, None], [*head, True, None], [*head, True, 0]])
)


def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return trees that hold `inner`, most of them well formed."""
    few = st.lists(inner, max_size=5)
    return (
        few.map(lambda items: ["list", *items])
        | few.map(lambda items: ["tuple", *items])
        | few.map(lambda items: ["dict", *[x for i, item in enumerate(items) for x in (i, item)]])
        | few
        | st.builds(lambda *parts: ["handle", *parts], st.sampled_from(HANDLES), numbers, inner)
        | numbers.map(lambda place: ["reference", place])
    )


trees = st.recursive(atoms | tensors, deeper, max_leaves=12)
packed = trees.map(msgpack.packb) | st.binary(max_size=20)
changes = st.lists(st.tuples(numbers, packed), max_size=5).map(
    lambda pairs: ["list", *[["list", place, data] for place, data in pairs]]
)
named = packed.map(lambda data: ["dict", "kind", "value", "value", data]) | st.sampled_from(
    [["dict", "kind", kind, "message", ""] for kind in KINDS]
)
fields = {
    "kind": st.sampled_from(KINDS),
    "value": packed,
    "replies": st.lists(named, max_size=2).map(lambda replies: ["list", *replies]),
    "output": st.text(max_size=5),
    "changes": changes,
    "names": st.lists(st.text(max_size=9) | st.sampled_from(["ValueError", "KeyError"])).map(
        lambda names: ["list", *names]
    ),
    "message": st.text(max_size=5),
    "traceback": st.text(max_size=5),
    "undefined": st.text(max_size=5),
    "number": numbers,
    "inputs": packed,
    "code": st.integers(0, 3),
    "figures": st.lists(st.binary(max_size=9)).map(lambda found: ["list", *found]),
}
ODD = {name: strategy | trees for name, strategy in fields.items()}
KIND = {"kind": ODD.pop("kind")}
replies = (st.fixed_dictionaries(KIND, optional=ODD) | st.fixed_dictionaries(fields)).map(
    lambda reply: ["dict", *[part for pair in reply.items() for part in pair]]
)


def frame(data: bytes) -> bytes:
    return len(data).to_bytes(8, "big") + data


def mutated(data: bytes, place: int, byte: int) -> bytes:
    place %= len(data)
    return data[:place] + bytes([byte]) + data[place + 1 :]


frames = (
    replies.map(lambda tree: frame(msgpack.packb(tree)))
    | trees.map(lambda tree: frame(msgpack.packb(tree)))
    | st.builds(
        lambda tree, place, byte: frame(mutated(msgpack.packb(tree), place, byte)),
        replies,
        st.integers(0, 1000),
        st.integers(0, 255),
    )
    | st.binary(max_size=40)
)


def outcome(sent: list[bytes], act: Any) -> BaseException | None:
    """Let `act` ask a process that has sent these bytes and then ends; return what comes out."""
    ours, theirs = socket.socketpair()
    with Channel(ours) as channel, theirs:
        link = StudentLink(channel)
        link.give_time(PATIENCE)
        theirs.sendall(b"".join(sent))
        theirs.shutdown(socket.SHUT_WR)
        try:
            act(link)
        except BaseException as error:  # noqa: BLE001 - to be looked at
            return error
    return None


def is_allowed(error: BaseException | None) -> bool:
    """Tell whether an error is a breach, a refusal or the like of a student's own."""
    if error is None or isinstance(error, (Breach, Refused, Missing, StudentError)):
        return True
    # An exception that the student process tells of comes with its traceback as a note.
    return isinstance(error, Exception) and hasattr(error, "__notes__")


def get(link: StudentLink) -> Any:
    """Return what the name `answer` stands for; raises what says why it is nothing."""
    found = link.get(["answer"])
    for error in found.errors.values():
        raise error
    return found.values["answer"]


ACTS = {
    "fork": lambda link: link.fork(),
    "end": lambda link: link.end(),
    "get": get,
    "run": lambda link: link.run("answer = 1"),
    "call": lambda link: link.call(None, 0, "", (ARGUMENT, {})),
    "test": lambda link: link.test([compile("pass", "", "exec")]),
    "faults": lambda link: link.faults(),
    "show": lambda link: link.show("draw()"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_no_answer_gets_anything_else_out_of_the_referee(act: Any) -> None:
    @given(st.lists(frames, min_size=1, max_size=4))
    def fuzz(sent: list[bytes]) -> None:
        error = outcome(sent, act)
        assert is_allowed(error), repr(error)
        assert not isinstance(error, Late)

    fuzz()


@given(replies)
def test_fork_and_end_believe_nothing_but_their_own_kind(tree: Any) -> None:
    reply = decode(tree) if tree_is_plain(tree) else {}
    sent = [frame(msgpack.packb(tree))]
    for act, kind in (("fork", "forked"), ("end", "ended")):
        error = outcome(sent, ACTS[act])
        is_kind = isinstance(reply, dict) and reply.get("kind") == kind
        assert isinstance(error, Breach) or (error is None and is_kind)


def tree_is_plain(tree: Any) -> bool:
    try:
        decode(tree)
    except Malformed:
        return False
    return True


def value(plain: Any) -> bytes:
    tree = ["dict", "kind", "value", "value", msgpack.packb(plain)]
    return frame(msgpack.packb(tree))


def named_value(plain: Any) -> bytes:
    reply = ["dict", "kind", "value", "value", msgpack.packb(plain)]
    return frame(msgpack.packb(["dict", "kind", "names", "replies", ["list", reply]]))


def test_deadline_holds_for_a_process_that_sends_a_byte_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("border.channel", "referee.student_channel"):
        monkeypatch.setattr(f"course.grading.{module}.time", TickingClock())
    dripping = Dripping(named_value(1))
    link = StudentLink(Channel(cast(socket.socket, dripping)))
    link.give_time(30)
    with pytest.raises(Late):
        get(link)
    assert 0 < dripping.reads <= 30


def test_deadline_holds_for_a_process_that_asks_for_ever() -> None:
    question = named_value(["handle", "iterator", 1, None])
    ours, theirs = socket.socketpair()

    def repeat() -> None:
        try:
            theirs.sendall(question)
            while theirs.recv(1 << 20):
                theirs.sendall(value(1))
        except OSError:
            pass

    thread = threading.Thread(target=repeat)
    thread.start()
    with Channel(ours) as channel:
        link = StudentLink(channel)
        link.give_time(0.5)
        with pytest.raises(Late):
            list(get(link))
    theirs.close()
    thread.join()


def raised(name: str) -> bytes:
    names = ["list", name, "Exception"]
    texts = [part for key in ("message", "traceback", "undefined") for part in (key, "")]
    return frame(msgpack.packb(["dict", "kind", "raised", "names", names, *texts]))


def test_stop_iteration_of_an_answer_does_not_end_the_loop_of_a_test() -> None:
    def act(link: StudentLink) -> None:
        list(map(partial(link.call, None, 0, ""), [((1,), {}), ((2,), {})]))

    assert isinstance(outcome([raised("StopIteration")], act), StudentError)


def test_a_module_of_more_levels_than_bytes_pay_for_is_refused() -> None:
    tensor = ["tensor", "float32", [], b"\0" * 4, False, None]
    for levels, is_fine in ((40, True), (41, False)):
        parameter = ["list", "a." * levels + "w", tensor, True]
        facts = ["list", "Net", True, ["list", parameter], ["list"]]
        error = outcome([named_value(["handle", "module", 0, facts])], ACTS["get"])
        assert (error is None) is is_fine
        assert is_fine or isinstance(error, Breach)


def test_an_object_in_place_of_a_list_is_not_told_what_is_looked_for_in_it() -> None:
    def act(link: StudentLink) -> bool:
        return 5 in get(link)

    error = outcome([named_value(["handle", "object", 0, "Always"]), value(True), value(True)], act)
    assert error is not None
