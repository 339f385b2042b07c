"""The side that waits: a thread for each notebook that runs, with the notebook's process."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Lock

from course.errors import CourseError
from course.execute.events import Event, Finished, Started
from course.execute.forking import fork_context
from course.execute.kernel_process import execute, quote_log
from course.execute.plan import NotebookTask, Setting
from course.execute.results import NotebookRun, summarize
from course.notebooks import read
from course.pool import Pool

OnProgress = Callable[[Event], None]


def run_side_by_side(
    settings: Mapping[NotebookTask, Setting], jobs: int, on_progress: OnProgress
) -> list[NotebookRun]:
    """Run `jobs` tasks at a time and return their runs in the order in which they end.

    `on_progress` is called in this thread. When it raises, what runs is stopped.
    """
    happened: SimpleQueue[Event | Future[NotebookRun]] = SimpleQueue()
    stopped, stop = Pipe(duplex=False)  # that it is closed tells all threads to stop
    runner = _Runner(stopped, happened.put)
    runs: list[NotebookRun] = []
    # `stop` is closed first, whatever happens: only then do the threads end that the pool awaits.
    with stopped, Pool(partial(nullcontext, runner), jobs) as pool, stop:
        for task, setting in settings.items():
            run = pool.submit(partial(_Runner.run, task=task, setting=setting))
            run.add_done_callback(happened.put)
        while len(runs) < len(settings):
            event = happened.get()
            if isinstance(event, Future):
                runs.append(event.result())
            else:
                on_progress(event)
    return runs


class _Runner:
    """Run notebooks in several threads, until `stopped` has come to its end."""

    def __init__(self, stopped: Connection, on_progress: OnProgress) -> None:
        self._stopped = stopped
        self._on_progress = on_progress
        # Whenever a child is started, multiprocessing asks whether others have ended, and an exit
        # code can be asked for only once.
        self._children = Lock()

    def run(self, task: NotebookTask, setting: Setting) -> NotebookRun:
        """Run `task` in a process of its own and hand on what happens there."""
        with self._started(task, setting) as process:
            self._on_progress(Started(task))
            finished = self._follow(process)
            _publish(task)
        # Whoever is told of the end finds the notebook in its place, and the process gone.
        self._on_progress(finished)
        return finished.run

    @contextmanager
    def _started(self, task: NotebookTask, setting: Setting) -> "Iterator[_NotebookProcess]":
        """Start the process that runs `task`; in the end, stop it and remove what it leaves."""
        task.target.parent.mkdir(parents=True, exist_ok=True)
        # What a killed run left would be taken for cells of this one.
        task.unfinished.unlink(missing_ok=True)
        with TemporaryDirectory(prefix="course-run-", ignore_cleanup_errors=True) as scratch:
            with self._children:
                process = _NotebookProcess.start(task, setting, Path(scratch))
            try:
                yield process
            finally:
                process.process.terminate()
                self._wait_for_end(process)
                process.connection.close()
                task.unfinished.unlink(missing_ok=True)

    def _follow(self, process: "_NotebookProcess") -> Finished:
        """Hand on events until the last, which is returned; dying silently is one too."""
        while True:
            if self._stopped in wait([process.connection, self._stopped]):
                raise InterruptedError(f"{process.task.source}: stopped")
            try:
                event: Event = process.connection.recv()
            except EOFError:
                self._wait_for_end(process)
                return Finished(process.task, process.lost_run())
            if isinstance(event, Finished):
                return event
            self._on_progress(event)

    def _wait_for_end(self, process: "_NotebookProcess") -> None:
        with self._children:
            process.process.join()


@dataclass(frozen=True)
class _NotebookProcess:
    """Hold the process that runs one notebook, with the pipe it reports on."""

    task: NotebookTask
    setting: Setting
    process: BaseProcess
    connection: Connection
    scratch: Path
    began: float

    @classmethod
    def start(cls, task: NotebookTask, setting: Setting, scratch: Path) -> "_NotebookProcess":
        """Start the process that runs `task`."""
        ours, theirs = fork_context().Pipe(duplex=False)
        process = fork_context().Process(
            target=execute, args=(task, setting, scratch, theirs), daemon=True
        )
        process.start()
        theirs.close()  # else the pipe would not end with the process
        return cls(task, setting, process, ours, scratch, began=time.perf_counter())

    def lost_run(self) -> NotebookRun:
        """Return what is known of the run of a process that died silently."""
        _remove_torn_output(self.task)
        reason = f"The process around the kernel ended with exit code {self.process.exitcode}."
        return summarize(
            self.task,
            self.setting,
            seconds=time.perf_counter() - self.began,
            attempts=1,
            error=RuntimeError(reason + quote_log(self.scratch)),
        )


def _remove_torn_output(task: NotebookTask) -> None:
    # The process may have died while it was writing.
    try:
        read(task.unfinished)
    except CourseError:
        task.unfinished.unlink(missing_ok=True)


def _publish(task: NotebookTask) -> None:
    """Put the executed notebook in the place of the one of an earlier run."""
    if task.unfinished.exists():
        task.unfinished.replace(task.target)
    else:
        # That of an earlier run would pass for one of this run.
        task.target.unlink(missing_ok=True)
