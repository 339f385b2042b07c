"""Run notebooks from top to bottom with papermill, several at a time.

Each notebook gets a process of its own, so that environment, working folder and noise on stderr
are its own too. What happens in there comes back through a pipe as events, the last of which
carries the result.
"""

from course.execute.events import Event, Finished, Progressed, Retried, Started
from course.execute.plan import KINDS, Kind, NotebookTask, RunOptions, executed_notebook
from course.execute.results import CellRun, NotebookRun, RunFailure
from course.execute.run import ExecutedCopy, execute_copies, run_notebooks

__all__ = [
    "KINDS",
    "CellRun",
    "Event",
    "ExecutedCopy",
    "Finished",
    "Kind",
    "NotebookRun",
    "NotebookTask",
    "Progressed",
    "Retried",
    "RunFailure",
    "RunOptions",
    "Started",
    "execute_copies",
    "executed_notebook",
    "run_notebooks",
]
