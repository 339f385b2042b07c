"""Functions of a test that the student's code calls in the middle of a call of its own.

The trust boundary: the student process asks by numbers, which may be any. The functions are the
test's, and run here.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from course.grading.border import arguments
from course.grading.border.arguments import Token
from course.grading.border.breach import Breach, exactly
from course.grading.border.gradients import Graphs
from course.grading.border.raised import message_of
from course.grading.border.tensors import is_tensor
from course.grading.referee.decoding import DecodeHooks
from course.grading.referee.stand_ins import DO_NOT_FIT
from course.grading.referee.student_channel import read_value

if TYPE_CHECKING:
    from torch import Tensor

Message = tuple[Any, ...]
MakeStandIn = Callable[[str, int, Any], Any]


class Callbacks:
    """Hold the functions that were given out for calls, and the graphs of what they returned."""

    def __init__(self) -> None:
        self._functions: list[Any] = []
        self._graphs = Graphs()
        self._leaves: list[Tensor] = []  # of the last call: gradients may flow back to these

    def token(self, value: Any) -> Token | None:
        """Name what must not leave this process, None for what may."""
        if arguments.stays_here(value):
            self._functions.append(value)
            return "callback", len(self._functions) - 1
        # A tensor that a function here has computed: the student's code may ask for its gradient.
        if is_tensor(value) and not value.is_leaf and self._leaves:
            return "graph", (self._graphs.keep(value, self._leaves), value.detach())
        return None

    def call(self, question: Mapping[str, Any], make_stand_in: MakeStandIn) -> Message:
        """Call a function, and return what came of it as a message."""
        leaves: list[Tensor] = []

        def tensor(value: "Tensor", _: int) -> "Tensor":
            leaves.append(value.requires_grad_())
            return value

        hooks = DecodeHooks(handle=make_stand_in, tensor=tensor)
        inputs = read_value(question.get("inputs"), hooks)
        number = question.get("number")
        try:
            given, named = inputs
            function = self._functions[exactly(number, int)]
        except (LookupError, TypeError, ValueError):
            raise Breach("a call of a function that was never given out") from None

        try:
            result = function(*given, **named)
        except Exception as error:  # noqa: BLE001 - of the test's; the student's code may handle it
            names = [base.__name__ for base in type(error).__mro__]
            return "raised", (names, message_of(error))
        self._leaves = leaves
        return "returned", result

    def product(self, question: Mapping[str, Any]) -> Message:
        """Return the gradients of what a function has returned, as a message."""
        grad = read_value(question.get("inputs"), DecodeHooks())
        try:
            return "returned", self._graphs.product(exactly(question.get("number"), int), grad)
        except DO_NOT_FIT:
            raise Breach("gradients of what was never given out") from None
