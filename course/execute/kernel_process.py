"""The side that runs: the process around the kernel of one notebook."""

import os
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from course.execute.events import Finished, Progressed, Retried
from course.execute.forking import adopt_environment
from course.execute.plan import NotebookTask, Setting
from course.execute.results import started_cells, summarize

TRIES = 3  # kernels that start side by side race for ports: about 1 in 150 dies before it is up
LOG_TAIL = 2000  # characters of a dead process's stderr that a failure quotes


def execute(task: NotebookTask, setting: Setting, scratch: Path, connection: Connection) -> None:
    """Run `task` in this process, which is its own, and send what happens to `connection`."""
    # Before anything can write to the terminal, where the progress of all notebooks is drawn.
    adopt_environment(_kernel_environment(setting, scratch))
    _divert_output(scratch / "log")

    def tell_of_retry(state: RetryCallState) -> None:
        assert state.outcome
        connection.send(Retried(task, state.attempt_number, str(state.outcome.result())))

    # Only a kernel that died before its first cell: a cell that was begun is never run twice.
    tries = Retrying(
        retry=retry_if_result(lambda error: error is not None and not started_cells(task)),
        stop=stop_after_attempt(TRIES),
        before_sleep=tell_of_retry,
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )
    began = time.perf_counter()
    error = tries(lambda: _try_once(task, setting, scratch, connection))
    # papermill knows what a cell raised; why a kernel died stands in its own last words alone.
    if error and not isinstance(error, PapermillExecutionError):
        error = RuntimeError(f"{error}{quote_log(scratch)}")
    seconds = time.perf_counter() - began
    attempts = tries.statistics["attempt_number"]
    run = summarize(task, setting, seconds=seconds, attempts=attempts, error=error)
    connection.send(Finished(task, run))


def quote_log(scratch: Path) -> str:
    """Return the end of what a task's process and kernel printed, as a paragraph, or nothing."""
    log = scratch / "log"
    text = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
    return f"\n\nIts last words on stderr:\n{text[-LOG_TAIL:]}" if text else ""


def _kernel_environment(setting: Setting, scratch: Path) -> dict[str, str]:
    """Return the environment in which the kernel runs."""
    return {
        **setting.environment,
        "IPYTHONDIR": str(scratch / "ipython"),  # nobody's start-up files, and no race to make it
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no warning about frozen modules
    }


def _divert_output(log: Path) -> None:
    """Send what this process and its kernel print into `log`, for a failure to quote."""
    with log.open("wb") as file:
        # What is still in Python's own buffers belongs where it was printed.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        # The files themselves, not `sys.stdout`: the kernel inherits nothing else.
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _try_once(
    task: NotebookTask, setting: Setting, scratch: Path, connection: Connection
) -> Exception | None:
    """Let papermill run the notebook and return what went wrong, None when nothing did."""

    def report_cell(cell: Any, cell_index: int) -> None:
        connection.send(Progressed(task, cell_index))

    # An empty folder, as in Colab: a lesson must find nothing that lies beside it by chance.
    with TemporaryDirectory(dir=scratch) as empty:
        try:
            papermill.execute_notebook(
                task.source,
                task.unfinished,
                parameters=setting.parameters,
                kernel_name=setting.kernel,
                cwd=empty,
                progress_bar=False,
                execution_timeout=setting.timeout,
                on_cell_start=report_cell,
            )
        except (PapermillExecutionError, RuntimeError, TimeoutError) as error:
            return error
    return None
