"""Run tasks in parallel processes, so that what goes wrong in one task costs that task alone."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import Self, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from course.cores import thread_limits
from course.pool import Pool

Task = TypeVar("Task")
Result = TypeVar("Result")

ATTEMPTS = 3  # at a task in a process that dies
DIED = retry_if_exception_type(BrokenProcessPool)


class SeparateProcess:
    """Hold a process to work in, one of `jobs`, and put another in its place when it dies.

    Nothing of what is printed there is seen.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def __enter__(self) -> Self:
        self._process = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_set_up, initargs=(self._jobs,)
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.shutdown()

    def run(self, work: Callable[[Task], Result], task: Task) -> Result:
        """Return the result of `work`; raises `BrokenProcessPool` when no process lived."""
        tries = Retrying(retry=DIED, stop=stop_after_attempt(ATTEMPTS), reraise=True)
        return tries(lambda: self._run_once(work, task))

    def _run_once(self, work: Callable[[Task], Result], task: Task) -> Result:
        try:
            return self._process.submit(work, task).result()
        except BrokenProcessPool:
            self._process.shutdown()
            self.__enter__()
            raise


def run_apart(
    work: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int
) -> Iterator[tuple[Task, Result | Exception]]:
    """Yield each task with the result of `work`, or with what it raised, as they end.

    `work` runs in one of `jobs` processes. One that dies costs its task alone, which is tried
    again; `BrokenProcessPool` stands for the result when none of three lived.
    """
    with Pool(partial(SeparateProcess, jobs), jobs) as pool:

        def attempt(process: SeparateProcess, task: Task) -> Result:
            return process.run(work, task)

        yield from pool.run(attempt, tasks)


def _set_up(jobs: int) -> None:
    """Silence this process and the kernels that it starts, and share the cores among them."""
    with open(os.devnull, "w") as nowhere:
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)
    os.environ.update(thread_limits(jobs))
