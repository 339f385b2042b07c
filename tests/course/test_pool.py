"""Threads with a worker each do tasks side by side, and end in good order whatever happens."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Barrier, Event, get_ident

import pytest

from course.pool import Pool


class Workers:
    """Open workers that are numbers, and record the threads that open and close them."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.closed: list[int] = []

    @contextmanager
    def open(self) -> Iterator[int]:
        self.opened.append(get_ident())
        yield get_ident()
        self.closed.append(get_ident())


@pytest.fixture
def workers() -> Workers:
    return Workers()


def divide(worker: object, number: int) -> float:
    return 12 / number


@contextmanager
def broken_worker() -> Iterator[int]:
    raise OSError("no room for a worker")
    yield 0


def broken_when_closed() -> AbstractContextManager[int]:
    @contextmanager
    def worker() -> Iterator[int]:
        yield 0
        raise OSError("cannot be closed")

    return worker()


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_task_comes_with_its_result(workers: Workers, jobs: int) -> None:
    with Pool(workers.open, jobs) as pool:
        assert dict(pool.run(divide, range(1, 50))) == {n: 12 / n for n in range(1, 50)}


def test_what_a_task_raises_stands_for_its_result(workers: Workers) -> None:
    with Pool(workers.open, 2) as pool:
        found = dict(pool.run(divide, [3, 0, 4]))
    assert isinstance(found.pop(0), ZeroDivisionError)
    assert found == {3: 4, 4: 3}


def test_no_task_gives_no_result_and_opens_no_worker(workers: Workers) -> None:
    with Pool(workers.open, 2) as pool:
        assert list(pool.run(divide, [])) == []
    assert workers.opened == []


def test_tasks_run_side_by_side(workers: Workers) -> None:
    together = Barrier(3, timeout=60)  # passed only by three at once
    with Pool(workers.open, 3) as pool:
        assert len(list(pool.run(lambda worker, task: together.wait(), range(3)))) == 3
    assert not together.broken


def test_worker_is_opened_used_and_closed_in_one_thread(workers: Workers) -> None:
    with Pool(workers.open, 2) as pool:
        used = {(worker, get_ident()) for worker, _ in seen(pool, 20)}
        assert workers.closed == []
    assert {worker for worker, _ in used} == set(workers.opened)
    assert sorted(workers.closed) == sorted(workers.opened)
    assert len(workers.opened) == len(set(workers.opened)) <= 2


def seen(pool: Pool[int], tasks: int) -> list[tuple[int, int]]:
    """Return the worker of each task, which must be that of its thread."""
    found = [pair for _, pair in pool.run(lambda w, _: (w, get_ident()), range(tasks))]
    pairs = [pair for pair in found if not isinstance(pair, Exception)]
    assert len(pairs) == tasks
    assert all(worker == thread for worker, thread in pairs)
    return pairs


def test_worker_that_cannot_be_opened_ends_it_all() -> None:
    with pytest.raises(OSError, match="no room"), Pool(broken_worker, 3) as pool:
        list(pool.run(divide, [1, 2, 3]))


def test_worker_that_cannot_be_closed_is_told_of() -> None:
    with pytest.raises(OSError, match="cannot be closed"), Pool(broken_when_closed, 1) as pool:
        assert pool.submit(lambda worker: worker + 1).result() == 1


def test_submitted_work_has_a_result_or_raises(workers: Workers) -> None:
    with Pool(workers.open, 1) as pool:
        assert pool.submit(lambda worker: divide(worker, 4)).result() == 3
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda worker: divide(worker, 0)).result()


def test_submitted_work_is_done_before_the_pool_ends(workers: Workers) -> None:
    with Pool(workers.open, 1) as pool:
        futures = [pool.submit(lambda worker: divide(worker, 4)) for _ in range(5)]
    assert all(future.done() for future in futures)


def test_tasks_are_taken_as_threads_become_free(workers: Workers) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(1, 10_000):
            taken.append(number)
            yield number

    with Pool(workers.open, 2) as pool:
        results = pool.run(divide, tasks())
        for done in range(1, 100):
            next(results)
            assert len(taken) <= done + 2 * 2
        results.close()  # type: ignore[attr-defined]


def test_interruption_drops_what_waits_and_closes_workers(workers: Workers) -> None:
    begun, go_on, done = Event(), Event(), []

    def work(worker: int) -> None:
        begun.set()
        go_on.wait(60)
        done.append(worker)

    def interrupt() -> None:
        with Pool(workers.open, 1) as pool:
            pool.submit(work)
            begun.wait(60)
            waiting = pool.submit(work)
            waiting.add_done_callback(lambda _: go_on.set())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert done == workers.closed == workers.opened
