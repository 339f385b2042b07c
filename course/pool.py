"""Run tasks in parallel processes, so that what goes wrong in one task costs that task alone."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from queue import SimpleQueue
from typing import TypeVar

from course.cores import thread_limits

Task = TypeVar("Task")
Result = TypeVar("Result")
Workers = SimpleQueue[ProcessPoolExecutor]
ATTEMPTS = 3


def run_apart(
    work: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int
) -> Iterator[tuple[Task, Result | BaseException]]:
    """Yield each task with the result of `work`, or with what it raised, as they end.

    `work` runs in one of `jobs` processes, whose output is dropped. A process that dies is replaced
    and its task tried again; `BrokenProcessPool` stands for the result when none of three lived.
    """
    workers: Workers = SimpleQueue()
    for _ in range(jobs):
        workers.put(_new_worker(jobs))
    threads = ThreadPoolExecutor(jobs)
    attempt = partial(_attempt, workers, partial(_new_worker, jobs), work)
    try:
        futures = {threads.submit(attempt, task): task for task in tasks}
        for future in as_completed(futures):
            yield futures[future], future.exception() or future.result()
    finally:
        threads.shutdown(cancel_futures=True)
        while not workers.empty():
            workers.get().shutdown()


def _attempt(
    workers: Workers,
    new_worker: Callable[[], ProcessPoolExecutor],
    work: Callable[[Task], Result],
    task: Task,
    attempts: int = ATTEMPTS,
) -> Result:
    """Run `work` in the next free worker, each of which is a pool of one: no other task is hit."""
    worker = workers.get()
    try:
        return worker.submit(work, task).result()
    except BrokenProcessPool:
        worker.shutdown()
        worker = new_worker()
        if attempts == 1:
            raise
    finally:
        workers.put(worker)
    return _attempt(workers, new_worker, work, task, attempts - 1)


def _new_worker(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=_set_up, initargs=(jobs,)
    )


def _set_up(jobs: int) -> None:
    """Silence this process and the kernels that it starts, and share the cores among them."""
    with open(os.devnull, "w") as nowhere:
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)
    os.environ.update(thread_limits(jobs))
