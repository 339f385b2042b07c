"""Stand-ins in the referee for what a student's cells define: functions, classes, modules, objects.

The trust boundary: a stand-in is made of plain data that the student process sent, its `facts`,
which may be anything. Those of other types or sizes than an honest answer has are a `Breach`.
Nothing of a student's is executed here: a stand-in asks the student process, over a `Caller`, and
returns what comes back.
"""

from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from types import MethodType
from typing import Any, Protocol, Self

from course.grading.border.arguments import Labels
from course.grading.border.breach import Breach, exactly
from course.grading.border.plain_data import ALONE, BETWEEN, CONTAINS

# What comes of data of other types or sizes than an honest answer has, or of torch's without torch.
DO_NOT_FIT = (AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError)
OWN = ("_link", "_number")
HASHED = {"__hash__": object.__hash__}
KINDS = (
    Parameter.POSITIONAL_ONLY,
    Parameter.POSITIONAL_OR_KEYWORD,
    Parameter.VAR_POSITIONAL,
    Parameter.KEYWORD_ONLY,
    Parameter.VAR_KEYWORD,
)


class Caller(Protocol):
    """Call what has a number in the student process: `student_link.StudentLink` does."""

    def call(self, stand_in: Any, number: int, method: str, inputs: tuple[Any, Any]) -> Any:
        """Call a method of it, or itself without a name; `stand_in` holds a module's parameters."""


class FunctionStandIn:
    """Stand for a function of the student's.

    It is none itself: a test that looks at its code would take that for the student's.
    """

    def __init__(self, student: Caller, number: int, facts: Any) -> None:
        name, text, parameters, _, _ = facts
        self.__name__ = self.__qualname__ = str(name)
        self.__doc__ = str(text)
        if parameters is not None:
            self.__signature__ = _signature(parameters)
        self._link, self._number = student, number

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the function over there."""
        return self._link.call(None, self._number, "", (given, named))

    def __get__(self, owner: object, _: type | None = None) -> Any:
        """Bind like a function, in a class of the test's."""
        return self if owner is None else MethodType(self, owner)

    def __copy__(self) -> "FunctionStandIn":
        return self  # as a function is

    def __deepcopy__(self, _: object) -> "FunctionStandIn":
        return self


def _signature(parameters: Any) -> Signature:
    made = []
    for name, kind, has_default, default in parameters:
        known = default if has_default else Parameter.empty
        made.append(Parameter(name, KINDS[kind], default=known))
    return Signature(made)


class InstanceStandIn:
    """Mark what may stand for an instance of a class of the student's."""


class _Methods(InstanceStandIn):
    """Call every method of an object in the student process, under its own name."""

    _link: Caller
    _number: int

    def __getattr__(self, name: str) -> Any:
        # Python itself looks for special ones; those that a test can use are in the class.
        if name.startswith("__") or name in OWN:
            raise AttributeError(name)
        return self._link.call(None, self._number, "__getattribute__", ((name,), {}))

    def __setattr__(self, name: str, value: Any) -> None:
        self._link.call(None, self._number, "__setattr__", ((name, value), {}))

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._link.call(None, self._number, "__call__", (given, named))


def _special(name: str) -> Callable[..., Any]:
    def method(self: Any, *given: Any) -> Any:
        return self._link.call(None, self._number, name, (given, {}))

    method.__name__ = name
    return method


def _between(name: str) -> Callable[..., Any]:
    """Return an operator for two stand-ins: a value would tell what the test expects of it."""

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, _Methods):
            return NotImplemented
        return self._link.call(None, self._number, name, ((other,), {}))

    method.__name__ = name
    return method


def _specials(names: Any) -> dict[str, Any]:
    """Return the special methods among `names`, those of an object's class."""
    known = [exactly(name, str) for name in exactly(names, list)]
    alone = {name: _special(name) for name in known if name in ALONE}
    between = {name: _between(name) for name in known if name in BETWEEN}
    # Python would make what has an `__eq__` of its own unfit for sets.
    return alone | between | HASHED


def _object(student: Caller, number: int, facts: Any) -> Any:
    name, specials = facts
    stand_in = type(str(name), (_Methods,), _specials(specials))()
    # Not by `setattr`, which would ask the student process.
    vars(stand_in).update(_link=student, _number=number)
    return stand_in


def _iterator(student: Caller, number: int, facts: Any) -> Iterator[Any]:
    def values_of() -> Iterator[Any]:
        while True:
            try:
                yield student.call(None, number, "__next__", ((), {}))
            except StopIteration:
                return

    return values_of()


def _class(student: Caller, number: int, facts: Any) -> Any:
    name, text, _, is_module, specials = facts

    def make(cls: type, *given: Any, **named: Any) -> Any:
        made = student.call(None, number, "", (given, named))
        # The test may ask whether it is an instance of the class that it has called.
        if isinstance(made, InstanceStandIn):
            object.__setattr__(made, "__class__", cls)
        return made

    body: dict[str, Any] = {
        "__new__": make,
        "__init__": lambda self, *given, **named: None,
        "__doc__": str(text),
    }
    if is_module:
        from course.grading.referee.torch_values import ModuleStandIn

        return type(str(name), (ModuleStandIn,), body)
    if CONTAINS in exactly(specials, list):
        # Only where the test asks for an object of the class: one in place of a list would be told
        # what is looked for in it, and say that it is there.
        body[CONTAINS] = _special(CONTAINS)
    return type(str(name), (_Methods,), body | _specials(specials))


def _module(student: Caller, number: int, facts: Any) -> Any:
    from course.grading.referee.torch_values import ModuleStandIn

    return ModuleStandIn(student, number, facts)


MAKERS: dict[str, Callable[[Caller, int, Any], Any]] = {
    "function": FunctionStandIn,
    "class": _class,
    "module": _module,
    "iterator": _iterator,
    "object": _object,
}


class StandIns:
    """Hold the stand-ins for what the student process has numbered, one for each number."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}
        self._numbers = Labels[int]()

    def find_number(self, value: object) -> int | None:
        """Return the number of what `value` stands for, None if it is no stand-in."""
        return self._numbers.find(value)

    def __contains__(self, value: object) -> bool:
        return self.find_number(value) is not None

    def find_or_make(self, student: Caller, kind: str, number: int, facts: Any) -> Any:
        """Return the stand-in of a number; raises `Breach` for what none can be made of."""
        if number not in self._made:
            if kind not in MAKERS:
                raise Breach("a stand-in of no kind that there is")
            try:
                made = MAKERS[kind](student, number, facts)
            except DO_NOT_FIT:
                raise Breach("facts that do not fit their stand-in") from None
            self._made[number] = made
            self._numbers.add(made, number)
        return self._made[number]

    def copy(self) -> Self:
        """Return another one with the same stand-ins, which goes its own way."""
        other = type(self)()
        other._made = dict(self._made)
        other._numbers = self._numbers.copy()
        return other
