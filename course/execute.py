"""Run every notebook from top to bottom with papermill, several at a time.

Each notebook gets a process of its own, so that environment, working folder and noise on stderr
are its own too. What happens in there comes back through a pipe as events, the last of which
carries the result.
"""

import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import papermill
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from papermill.exceptions import PapermillExecutionError, strip_color
from papermill.execute import ERROR_MARKER_TAG

from course.cores import count_cores, thread_limits
from course.errors import CourseError
from course.layout import Course, notebook
from course.notebooks import read, tags

Kind = Literal["solution", "release"]
KINDS: tuple[Kind, ...] = ("solution", "release")
ATTEMPTS = 3  # kernels that start side by side race for ports: about 1 in 150 dies before it is up
LOG_TAIL = 2000  # characters of a dead process's stderr that a failure quotes


@dataclass(frozen=True)
class RunOptions:
    """Say which notebooks to run, and how.

    `device` is `auto`, `cpu`, `cuda` or `cuda:N`; `timeout` is in seconds a cell, None for no
    limit; `jobs` is how many notebooks run at once, by default one a processor core.
    """

    device: str = "auto"
    only: list[str] | None = None
    jobs: int | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    timeout: float | None = 600.0
    kernel: str = "python3"


@dataclass(frozen=True)
class Device:
    """Name what the notebooks compute on: for torch, and for people."""

    name: str
    label: str


@dataclass(frozen=True)
class Task:
    """Name a notebook to run and where the executed copy goes; `cells` counts the injected one."""

    lesson: str
    kind: Kind
    source: Path
    target: Path
    cells: int

    @property
    def unfinished(self) -> Path:
        """Return the file that papermill writes to until the run is over."""
        return self.target.with_name(f".unfinished.{self.target.name}")


@dataclass(frozen=True)
class Setting:
    """Hold what all notebooks of one run have in common; `parameters` go into the notebook."""

    device: Device
    parameters: dict[str, object]
    environment: dict[str, str]
    timeout: float | None
    kernel: str


@dataclass(frozen=True)
class CellRun:
    """Record how many seconds a code cell took."""

    cell_id: str
    seconds: float


@dataclass(frozen=True)
class Failure:
    """Say which cell of which notebook failed; `cell_id` is None when no cell had started."""

    notebook: str
    cell_id: str | None
    traceback: str


@dataclass(frozen=True)
class NotebookRun:
    """Record one notebook's run: `seconds` in all, and the code cells that were reached."""

    lesson: str
    kind: Kind
    device: str
    seconds: float
    attempts: int
    cells: tuple[CellRun, ...]
    failure: Failure | None

    @property
    def passed(self) -> bool:
        """Tell whether every cell ran without an error."""
        return self.failure is None


@dataclass(frozen=True)
class Started:
    """Tell that a notebook has got its process."""

    task: Task


@dataclass(frozen=True)
class Progressed:
    """Tell that `cells` of the notebook's `task.cells` are done."""

    task: Task
    cells: int


@dataclass(frozen=True)
class Retried:
    """Tell that the kernel died while starting, for the `attempt`-th time, and starts again."""

    task: Task
    attempt: int
    reason: str


@dataclass(frozen=True)
class Finished:
    """Tell that a notebook is through, well or badly."""

    task: Task
    run: NotebookRun


Event = Started | Progressed | Retried | Finished


def run_notebooks(
    course: Course, options: RunOptions, on_progress: Callable[[Event], None] | None = None
) -> list[NotebookRun]:
    """Run the solution and the student version of every lesson in `options.only`, or of all.

    The executed notebooks lie where `executed_notebook` says, also those that failed. Returns the
    runs by lesson, the solution first. Raises `CourseError`, before anything runs, when a notebook,
    a parameter, the kernel or the device is not there.
    """
    tasks = plan(course, options)
    check_kernel(options.kernel)
    device = choose_device(options.device)
    jobs = choose_jobs(options.jobs, len(tasks))
    setting = Setting(
        device=device,
        parameters={**options.parameters, "device": device.name},
        environment={**os.environ, **thread_limits(jobs)},
        timeout=options.timeout,
        kernel=options.kernel,
    )
    runs = run_side_by_side(tasks, setting, jobs, on_progress or (lambda event: None))
    return sorted(runs, key=lambda run: (run.lesson, KINDS.index(run.kind)))


def executed_notebook(course: Course, lesson: str, kind: Kind) -> Path:
    """Return where the executed copy of a lesson's solution or student version is kept."""
    folder = course.executed if kind == "solution" else course.executed / kind
    return folder / f"{lesson}.ipynb"


def plan(course: Course, options: RunOptions) -> list[Task]:
    """List what to run: solutions first, as they take longest; raises `CourseError`."""
    folders = {"solution": course.solutions, "release": course.release}
    wanted = {"device", *options.parameters}
    tasks = []
    for kind in KINDS:
        for lesson in course.select(options.only):
            source = notebook(folders[kind], lesson)
            check_parameters(source, wanted)
            target = executed_notebook(course, lesson, kind)
            cells = len(read(source).cells) + 1
            tasks.append(Task(lesson, kind, source.resolve(), target.resolve(), cells))
    return tasks


def check_parameters(path: Path, wanted: set[str]) -> None:
    """Raise `CourseError` unless the notebook's `parameters` cell defines all of `wanted`."""
    if not any("parameters" in tags(cell) for cell in read(path).cells):
        raise CourseError(f"{path}: no cell is tagged `parameters`; tag the one in the master")
    defined = papermill.inspect_notebook(str(path))
    if unknown := sorted(wanted - set(defined)):
        raise CourseError(
            f"{path}: the `parameters` cell does not define {', '.join(unknown)}, "
            f"only {', '.join(defined)}; add it to the master's cell or correct the name"
        )


def check_kernel(name: str) -> None:
    """Raise `CourseError` unless Jupyter knows the kernel `name`."""
    try:
        KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel as error:
        raise CourseError(
            f"kernel {name}: Jupyter does not know it; use one that `jupyter kernelspec list` names"
        ) from error


def choose_device(wanted: str) -> Device:
    """Return the device to run on; raises `CourseError` when it is not there."""
    if wanted == "cpu":
        return Device("cpu", "CPU")
    # In a process of its own: asking torch about a GPU claims a part of the GPU's memory.
    with ProcessPoolExecutor(
        1, mp_context=fork_server(), initializer=adopt_environment, initargs=(dict(os.environ),)
    ) as pool:
        return pool.submit(find_device, wanted).result()


def find_device(wanted: str) -> Device:
    """Ask torch for the device `wanted`; `auto` is CUDA where there is some, else the CPU."""
    import torch

    name = wanted
    if wanted == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return Device("cpu", "CPU")
    kind, _, index = name.partition(":")
    if kind != "cuda" or (index and not index.isdecimal()):
        raise CourseError(f"device {wanted}: not a device; use auto, cpu, cuda or cuda:N")
    if not torch.cuda.is_available() or int(index or 0) >= torch.cuda.device_count():
        raise CourseError(
            f"device {wanted}: torch sees no such GPU here; "
            "use the device auto or cpu, or install a torch that fits the GPU's driver"
        )
    return Device(name, f"{name} ({torch.cuda.get_device_name(name)})")


def choose_jobs(wanted: int | None, tasks: int) -> int:
    """Return how many notebooks to run at once; raises `CourseError` when `wanted` is below 1."""
    if wanted is not None and wanted < 1:
        raise CourseError(f"jobs {wanted}: nothing would ever run; use 1 or more")
    return min(wanted or count_cores(), tasks)


def fork_server() -> ForkServerContext:
    """Return what processes are started with: forks of a server that has papermill imported.

    That spares each notebook seconds. The server never has a thread or a GPU, so a fork is safe;
    it does not import this package, as it looks for modules in the working folder first.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["papermill"])
    return context


def adopt_environment(environment: dict[str, str]) -> None:
    """Make `environment` this process's own; the fork server's may be older."""
    os.environ.clear()
    os.environ.update(environment)


# --- the side that waits ---------------------------------------------------------------------


@dataclass(frozen=True)
class Worker:
    """Hold the process that runs one notebook, with the pipe it reports on."""

    task: Task
    setting: Setting
    process: BaseProcess
    connection: Connection
    scratch: TemporaryDirectory[str]
    began: float

    def receive(self) -> Event:
        """Return the next event; the end of a process that died silently is one too."""
        try:
            event: Event = self.connection.recv()
        except EOFError:
            self.process.join()
            self._remove_torn_output()
            return Finished(self.task, self._lost_run())
        return event

    def _remove_torn_output(self) -> None:
        try:
            read(self.task.unfinished)
        except CourseError:
            self.task.unfinished.unlink(missing_ok=True)

    def _lost_run(self) -> NotebookRun:
        reason = f"The process around the kernel ended with exit code {self.process.exitcode}."
        return summarize(
            self.task,
            self.setting,
            seconds=time.perf_counter() - self.began,
            attempts=1,
            error=RuntimeError(reason + quote_log(Path(self.scratch.name))),
        )

    def publish(self) -> None:
        """Put the executed notebook in the place of the one of an earlier run."""
        if self.task.unfinished.exists():
            self.task.unfinished.replace(self.task.target)
        else:
            self.task.target.unlink(missing_ok=True)

    def stop(self) -> None:
        """End the process and remove what it leaves."""
        self.process.terminate()
        self.process.join()
        self.connection.close()
        self.task.unfinished.unlink(missing_ok=True)
        self.scratch.cleanup()


def run_side_by_side(
    tasks: list[Task], setting: Setting, jobs: int, on_progress: Callable[[Event], None]
) -> list[NotebookRun]:
    """Run `jobs` tasks at a time and return their runs in the order in which they end."""
    waiting = deque(tasks)
    running: dict[Any, Worker] = {}
    runs: list[NotebookRun] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                worker = start_worker(waiting.popleft(), setting)
                running[worker.connection] = worker
                on_progress(Started(worker.task))
            for connection in wait(list(running)):
                event = running[connection].receive()
                if isinstance(event, Finished):
                    running[connection].publish()
                    running.pop(connection).stop()
                    runs.append(event.run)
                on_progress(event)
    finally:
        for worker in running.values():
            worker.stop()
    return runs


def start_worker(task: Task, setting: Setting) -> Worker:
    """Start the process that runs `task`."""
    task.target.parent.mkdir(parents=True, exist_ok=True)
    task.unfinished.unlink(missing_ok=True)
    scratch = TemporaryDirectory(prefix="course-run-", ignore_cleanup_errors=True)
    ours, theirs = fork_server().Pipe(duplex=False)
    process = fork_server().Process(
        target=execute, args=(task, setting, Path(scratch.name), theirs), daemon=True
    )
    process.start()
    theirs.close()  # else the pipe would not end with the process
    return Worker(task, setting, process, ours, scratch, began=time.perf_counter())


# --- the side that runs ----------------------------------------------------------------------


def execute(task: Task, setting: Setting, scratch: Path, connection: Connection) -> None:
    """Run `task` in this process, which is its own, and send what happens to `connection`."""
    adopt_environment(kernel_environment(task, setting, scratch))
    divert_output(scratch / "log")
    began = time.perf_counter()
    for attempt in range(1, ATTEMPTS + 1):
        error = try_once(task, setting, scratch, connection)
        if error is None or started_cells(task) or attempt == ATTEMPTS:
            break
        connection.send(Retried(task, attempt, str(error)))
    if error and not isinstance(error, PapermillExecutionError):
        error = RuntimeError(f"{error}{quote_log(scratch)}")
    seconds = time.perf_counter() - began
    run = summarize(task, setting, seconds=seconds, attempts=attempt, error=error)
    connection.send(Finished(task, run))


def kernel_environment(task: Task, setting: Setting, scratch: Path) -> dict[str, str]:
    """Return the environment in which the kernel of `task` runs."""
    environment = {
        **setting.environment,
        "IPYTHONDIR": str(scratch / "ipython"),  # nobody's start-up files, and no race to make it
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no warning about frozen modules
        "NBGRADER_EXECUTION": "validate",  # a failed test raises
    }
    if task.kind == "release":
        del environment["NBGRADER_EXECUTION"]
    return environment


def divert_output(log: Path) -> None:
    """Send what this process and its kernel print into `log`, for a failure to quote."""
    with log.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def quote_log(scratch: Path) -> str:
    """Return the end of what a task's process and kernel printed, as a paragraph, or nothing."""
    log = scratch / "log"
    text = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
    return f"\n\nIts last words on stderr:\n{text[-LOG_TAIL:]}" if text else ""


def try_once(
    task: Task, setting: Setting, scratch: Path, connection: Connection
) -> Exception | None:
    """Let papermill run the notebook and return what went wrong, None when nothing did."""

    def report_cell(cell: Any, cell_index: int) -> None:
        connection.send(Progressed(task, cell_index))

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


def started_cells(task: Task) -> list[Any]:
    """Return the code cells of the executed notebook that have started, in order."""
    if not task.unfinished.exists():
        return []
    return [
        cell
        for cell in read(task.unfinished).cells
        if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time")
    ]


def summarize(
    task: Task, setting: Setting, *, seconds: float, attempts: int, error: Exception | None
) -> NotebookRun:
    """Make the record of a run from the executed notebook and what went wrong in it."""
    cells = started_cells(task)
    return NotebookRun(
        lesson=task.lesson,
        kind=task.kind,
        device=setting.device.label,
        seconds=seconds,
        attempts=attempts,
        cells=tuple(
            CellRun(cell.id, cell.metadata.papermill.duration or 0.0)
            for cell in cells
            if "injected-parameters" not in tags(cell)
        ),
        failure=describe_failure(task, cells, error) if error else None,
    )


def describe_failure(task: Task, started: list[Any], error: Exception) -> Failure:
    """Say in which cell `error` happened: the one it names, else the last one that started."""
    name = f"{task.source.parent.parent.name}/{task.lesson}/{task.source.name}"
    if not isinstance(error, PapermillExecutionError):
        return Failure(name, started[-1].id if started else None, strip_color(str(error)))
    cells = [cell for cell in read(task.unfinished).cells if ERROR_MARKER_TAG not in tags(cell)]
    return Failure(name, cells[error.cell_index].id, strip_color("\n".join(error.traceback)))
