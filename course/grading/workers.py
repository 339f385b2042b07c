"""Grade many submissions at once: one thread and one grader for each processor core.

The threads only hand things on; what takes time happens in the processes of their graders.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from queue import SimpleQueue
from threading import Thread

from course.grading.assignment import MasterNotebook
from course.grading.channel import ChannelError
from course.grading.collection import Submission, read_submission
from course.grading.grader import Grader, Terms, Ungraded
from course.grading.rebuild import Rebuilt, rebuild
from course.grading.referee import Judgement
from course.grading.sandbox import ServerDied

ATTEMPTS = 3
Heard = tuple[Rebuilt, list[Judgement]]
Tasks = SimpleQueue[Submission | None]
Outcomes = SimpleQueue[tuple[Submission | None, Heard | Exception]]


def hear_all(
    master: MasterNotebook, terms: Terms, submissions: Sequence[Submission], *, jobs: int
) -> Iterator[tuple[Submission, Heard | Exception]]:
    """Yield each submission with what was found, or with what kept it from being graded.

    Raises `CourseError` when no student process can be started on this machine.
    """
    tasks: Tasks = SimpleQueue()
    outcomes: Outcomes = SimpleQueue()
    for task in [*submissions, *[None] * jobs]:
        tasks.put(task)
    work = partial(_work, master, terms, tasks, outcomes)
    threads = [Thread(target=work, daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for _ in submissions:
        submission, outcome = outcomes.get()
        if submission is None:
            assert isinstance(outcome, Exception)
            raise outcome
        yield submission, outcome
    for thread in threads:
        thread.join()


def _work(master: MasterNotebook, terms: Terms, tasks: Tasks, outcomes: Outcomes) -> None:
    """Grade submissions until none is left; a grader lives in the thread that started it."""
    try:
        with _Desk(master, terms) as desk:
            while (submission := tasks.get()) is not None:
                outcomes.put((submission, desk.hear(submission)))
    except Exception as error:  # noqa: BLE001 - the class waits for an answer from every thread
        outcomes.put((None, error))


class _Desk:
    """Keep a grader, and put another in its place when it breaks."""

    def __init__(self, master: MasterNotebook, terms: Terms) -> None:
        self._master, self._terms = master, terms
        self._stack = ExitStack()

    def __enter__(self) -> "_Desk":
        self._grader = self._stack.enter_context(Grader(self._master, self._terms))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def hear(self, submission: Submission) -> Heard | Exception:
        """Return what was found, or why nothing could be found."""
        try:
            rebuilt = rebuild(self._master, read_submission(submission))
            return rebuilt, self._judge(rebuilt)
        except Exception as error:  # noqa: BLE001 - one submission must not stop the class
            return error

    def _judge(self, rebuilt: Rebuilt) -> list[Judgement]:
        for left in reversed(range(ATTEMPTS)):
            try:
                return self._grader.grade(rebuilt.cells)
            except (Ungraded, ServerDied, ChannelError, OSError):
                self._stack.close()
                self.__enter__()
                if not left:
                    raise
        raise AssertionError("unreachable")
