"""One pool for all that runs side by side: a few threads, each with a worker of its own.

The threads only hand things on; what takes time happens in the processes that workers hold. Some of
these processes die with the thread that started them. So a worker is opened, used and closed in one
and the same thread, which lives until the pool ends.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import cache, partial
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Generic, Self, TypeVar

Worker = TypeVar("Worker")
Task = TypeVar("Task")
Result = TypeVar("Result")

GRACE = 5.0  # seconds that workers have to close after an exception, such as an interruption


class Pool(Generic[Worker]):
    """Keep `jobs` threads, each of which works with what it opens by `open_worker()`.

    A thread opens its worker at its first task. After an exception in the `with` block, tasks that
    have not begun are dropped, and those that run are waited for no longer than a few seconds.
    """

    def __init__(
        self, open_worker: Callable[[], AbstractContextManager[Worker]], jobs: int
    ) -> None:
        self._open_worker = open_worker
        self._queue: SimpleQueue[tuple[Callable[[Worker], Any], Future[Any]] | None] = SimpleQueue()
        self._failures: list[BaseException] = []  # what workers raised when they were closed
        self._threads = [Thread(target=self._serve, daemon=True) for _ in range(jobs)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # Whoever interrupts does not want what has not begun yet.
        if kind:
            self._drop_waiting()
        for _thread in self._threads:
            self._queue.put(None)
        # All of them together have this long: somebody may be waiting at the keyboard.
        deadline = monotonic() + GRACE
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()) if kind else None)
        # An exception of the block itself tells more than what followed from it.
        if self._failures and not kind:
            raise self._failures[0]

    def submit(self, work: Callable[[Worker], Result]) -> Future[Result]:
        """Return what will be the result of `work`, which gets the worker of the next free thread.

        It raises what `work` raises, or else what keeps the worker from being opened.
        """
        future: Future[Result] = Future()
        self._queue.put((work, future))
        return future

    def run(
        self, work: Callable[[Worker, Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield each task with the result of `work`, or with what it raised, as they end.

        Tasks are taken as threads become free, a few ahead. What keeps a worker from being opened
        ends the run: it is raised.
        """
        waiting, running = iter(tasks), dict[Future[Result | Exception], Task]()
        # A class of thousands is not queued at once; and no thread waits for the next task.
        ahead = 2 * len(self._threads)
        try:
            while True:
                for task in islice(waiting, ahead - len(running)):
                    running[self.submit(partial(_outcome, work, task))] = task
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        finally:
            # Whoever takes no more results wants no more work done.
            for future in running:
                future.cancel()

    def _serve(self) -> None:
        """Do tasks until there are no more, all with one worker."""
        try:
            with ExitStack() as stack:
                # Opened at the first task: a thread without one starts no processes.
                worker = cache(lambda: stack.enter_context(self._open_worker()))
                for work, future in iter(self._queue.get, None):
                    _settle(future, worker, work)
        except BaseException as error:  # noqa: BLE001 - the thread that ends the pool raises it
            self._failures.append(error)

    def _drop_waiting(self) -> None:
        with suppress(Empty):
            while True:
                if (item := self._queue.get_nowait()) is not None:
                    item[1].cancel()


def _settle(
    future: Future[Any], worker: Callable[[], Worker], work: Callable[[Worker], Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work(worker()))
    except BaseException as error:  # noqa: BLE001 - whoever waits for the task is told
        future.set_exception(error)


def _outcome(
    work: Callable[[Worker, Task], Result], task: Task, worker: Worker
) -> Result | Exception:
    try:
        return work(worker, task)
    except Exception as error:  # noqa: BLE001 - one task must not stop the others
        return error
