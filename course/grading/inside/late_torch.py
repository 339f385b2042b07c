"""Torch that is imported late: as if it had been there before the first fork.

Most notebooks that use torch say so, and the servers import it. In all others a cell of the
student's may, or a value that arrives: then it shall cost nobody the memory that it takes, and
draw the same numbers in every grading.
"""

import resource
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

TORCH = "torch"
# More than its libraries take where they are for a GPU: addresses, hardly any of which are memory.
ADDRESSES = 4 * 2**30


def prepare_for_torch() -> None:
    """See to it that torch is made ready for grading whenever this process imports it."""
    if TORCH not in sys.modules:
        sys.meta_path.insert(0, _TorchFinder())


def room_for_torch() -> int:
    """Return how many addresses this process may need for torch beyond its limit."""
    return 0 if TORCH in sys.modules else ADDRESSES


class _TorchFinder(MetaPathFinder):
    """Find torch where it is installed, and have it imported as it must be here."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how torch is imported, None for all else."""
        if name != TORCH:
            return None
        spec = PathFinder.find_spec(name, _installed())
        if spec is not None and spec.loader is not None:
            # Of this one loader only, which torch has for itself.
            loader: Any = spec.loader
            loader.exec_module = _import_with(loader.exec_module)
        return spec


def _import_with(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def execute_and_seed(module: ModuleType) -> None:
        _take_room()
        with _installed_alone(), warnings.catch_warnings():
            # A notebook may make errors of warnings, but these are none of its own.
            warnings.simplefilter("ignore")
            execute(module)
        # As all generators are at first: by itself, torch draws the seed by chance.
        module.default_generator.manual_seed(0)

    return execute_and_seed


def _take_room() -> None:
    """Raise this process's limit on addresses by the room that it has been left."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


@contextmanager
def _installed_alone() -> Iterator[None]:
    """Import no file of the working folder in place of what torch imports."""
    paths = sys.path[:]
    sys.path[:] = _installed()
    try:
        yield
    finally:
        sys.path[:] = paths


def _installed() -> list[str]:
    return [path for path in sys.path if path]
