"""Run notebooks from top to bottom with papermill, several at a time.

Each notebook gets a process of its own, so that environment, working folder and noise on stderr
are its own too. What happens in there comes back through a pipe as events, the last of which
carries the result.
"""

from course.execute.events import Event, Finished, Progressed, Retried, Started
from course.execute.plan import KINDS, Kind, RunOptions, Task, executed_notebook
from course.execute.results import CellRun, Failure, NotebookRun
from course.execute.run import ExecutedCopy, execute_copies, run_notebooks

__all__ = [
    "KINDS",
    "CellRun",
    "Event",
    "ExecutedCopy",
    "Failure",
    "Finished",
    "Kind",
    "NotebookRun",
    "Progressed",
    "Retried",
    "RunOptions",
    "Started",
    "Task",
    "execute_copies",
    "executed_notebook",
    "run_notebooks",
]
