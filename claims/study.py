"""What the measurements of a lesson's claims are given: its method, seeds, and each other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from claims.method import Method

Result = TypeVar("Result")
Options = ParamSpec("Options")


@dataclass(frozen=True, eq=False)
class Study:
    """The method of a lesson, and the seeds to train it from; each measurement is done once."""

    lesson: Method
    seeds: range
    _results: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)
    _defined: dict[str, Any] = field(default_factory=dict, repr=False)

    def method(self, name: str) -> Any:
        """Return what the lesson defines as `name`: an answer, a recipe. Write the name out.

        Claims that call this depend on the cells that define it.
        """
        if name not in self._defined:
            self._defined[name] = self.lesson.define(name)
        return self._defined[name]

    def measured(
        self,
        measurement: Callable[Concatenate["Study", Options], Result],
        *options: Options.args,
        **_: Options.kwargs,
    ) -> Result:
        """Return `measurement(study, *options)`, trained when it is first asked for."""
        key = measurement, options
        if key not in self._results:
            self._results[key] = measurement(self, *options, **_)
        result: Result = self._results[key]
        return result
