"""The border without the wall: a referee in this process, and student processes forked from it.

Values cross as they do in earnest, over a socket pair, and each student process begins as new. But
nothing holds its code in: only answers that the tests themselves write are run here. What a wall is
needed for is tested in `engine` and `sandbox`.
"""

import importlib
import os
import pickle
import signal
import socket
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Self
from unittest.mock import patch

import torch

from course.grading.border.channel import Channel
from course.grading.border.randomness import GLOBAL_RANDOMNESS, seed_generators
from course.grading.border.shell import make_shell
from course.grading.engine.grader import NO_FILES, NO_RULES
from course.grading.engine.options import GradingOptions
from course.grading.inside.data_files import place_files
from course.grading.inside.supervisor import start_child
from course.grading.intake.files import Files
from course.grading.model.cells import Cell, MasterNotebook, runnable
from course.grading.model.findings import Findings
from course.grading.model.judgement import Judgement
from course.grading.model.rehearsal import Rules
from course.grading.model.results import Verdict
from course.grading.referee.referee import Referee
from course.grading.referee.student_link import StudentLink
from course.grading.referee.trial import StudentProcesses, Trial
from course.grading.sandbox.environment import import_path
from course.grading.student.process import serve
from tests.grading.cells import answer, given, question

# Nothing here ever waits that long, whatever else the machine does.
TIME_LIMIT = 60.0
NOTHING = MappingProxyType[str, Any]({})
# What the servers import before they fork: else each process would, which takes it seconds.
PRELOADED = ("matplotlib.pyplot", "course.grading.border.warm_torch")


@dataclass(frozen=True)
class Terms:
    """Say how long cells and questions may take, and what a student process finds in its folder.

    Without a `folder`, it stays where this process is.
    """

    time_limit: float = TIME_LIMIT
    folder: Path | None = None
    own_files: Mapping[str, bytes] = field(default_factory=dict)


USUAL = Terms()


class Loopback:
    """Have submissions judged by a referee in this process, one after another.

    IPython may write into `folder`.
    """

    def __init__(self, folder: Path, terms: Terms = USUAL) -> None:
        self._environment = {
            "IPYTHONDIR": str(folder),
            "NBGRADER_EXECUTION": "autograde",
            "MPLBACKEND": "agg",
        }
        with patch.dict(os.environ, self._environment):
            for name in PRELOADED:
                importlib.import_module(name)
            self._shell = make_shell()
        self._blank = dict(self._shell.user_ns)
        self._child = 0
        self._terms = terms
        self._channel: Channel | None = None
        self.processes = StudentProcesses(self._start, self._lost, lambda test: None)

    def judge(self, source: str, tests: str, *, first: str = "") -> Judgement:
        """Return the judgement of one test cell on one answer, after the given cell `first`."""
        [judgement] = self.run([given(first), answer(source), question(tests)]).judgements
        return judgement

    def run(
        self,
        cells: Sequence[Cell],
        *,
        left_out: Mapping[str, Verdict] = NOTHING,
        run_beside: Collection[str] = (),
        processes: StudentProcesses | None = None,
    ) -> Findings:
        """Return what the trial of a submission of these cells finds."""
        with self._as_new():
            referee = Referee(self._terms.time_limit)
            started = processes or self.processes
            trial = Trial(referee, started, self._terms.time_limit, left_out, run_beside)
            return trial.run(cells)

    @contextmanager
    def student(self, *sources: str) -> Iterator[StudentLink]:
        """Provide the link to a student process that has run the cells `sources`."""
        with self._as_new():
            link = self._start()
            link.give_time(TIME_LIMIT)
            for source in sources:
                assert link.run(source) is None
            yield link

    @contextmanager
    def _as_new(self) -> Iterator[None]:
        """Have all as it is in processes of their own, and this process as it was afterwards."""
        states = [generator.state() for generator in GLOBAL_RANDOMNESS]
        self._forget()
        seed_generators()
        try:
            with warnings.catch_warnings(), patch.dict(os.environ, self._environment):
                warnings.resetwarnings()  # those of pytest are for this code, not for an answer
                yield
        finally:
            self._lost(False)
            self._forget()
            for generator, state in zip(GLOBAL_RANDOMNESS, states, strict=True):
                generator.set_state(state)

    def _forget(self) -> None:
        """Forget what the cells of a notebook have defined in this process."""
        self._shell.user_ns.clear()
        self._shell.user_ns.update(self._blank)

    def _start(self) -> StudentLink:
        ours, theirs = socket.socketpair()
        with theirs:
            self._channel = Channel(ours)
            self._child = start_child(partial(self._be_student, theirs))
        return StudentLink(self._channel)

    def _be_student(self, connection: socket.socket) -> None:
        """Answer the referee; this runs in the forked child."""
        if self._channel is not None:
            self._channel.close()  # else nobody would see that the referee has hung up
        self._forget()
        seed_generators()
        torch.set_num_threads(1)  # those that the other process has are not in this one
        if self._terms.folder is not None:
            os.chdir(self._terms.folder)
        serve(connection, pickle.dumps(dict(self._terms.own_files)))

    def _lost(self, was_killed: bool) -> None:
        """End the student process, if there is one; nothing but its code can be to blame here."""
        if self._channel is None:
            return
        self._channel.close()
        self._channel = None
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)


class LoopbackGrader:
    """Stand in for `Grader` where a test is about what is around it: same verdicts, no wall.

    Each trial has a process of its own for the referee, too, which leaves nothing behind here.
    """

    def __init__(
        self, master: MasterNotebook, options: GradingOptions, files: Files = NO_FILES
    ) -> None:
        self._options, self._files = options, files

    def __enter__(self) -> Self:
        """Import here what else each process would import for itself."""
        for name in PRELOADED:
            importlib.import_module(name)
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: no process is kept."""

    def grade(
        self,
        cells: Sequence[Cell],
        own_files: Mapping[str, bytes] = NOTHING,
        rules: Rules = NO_RULES,
    ) -> Findings:
        """Return what is found in a rebuilt submission."""
        context = get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        with TemporaryDirectory() as folder:
            judge = partial(self._judge, Path(folder), runnable(cells), own_files, rules)
            process = context.Process(target=lambda: theirs.send(judge()))
            process.start()
            theirs.close()  # else nobody would see that the process has ended
            findings: Findings = ours.recv()
            process.join()
        return findings

    def _judge(
        self, folder: Path, cells: Sequence[Cell], own_files: Mapping[str, bytes], rules: Rules
    ) -> Findings:
        """Judge a submission; this runs in the forked child."""
        for name, files in (("referee", self._files.all), ("student", self._files.given)):
            (folder / name).mkdir()
            place_files(folder / name, files)
        os.chdir(folder / "referee")
        os.environ |= self._options.environment
        sys.path[:0] = import_path(self._options.readable).split(os.pathsep)

        terms = Terms(self._options.time_limit, folder / "student", own_files)
        left_out = dict.fromkeys(rules.by_hand, Verdict.BY_HAND)
        trial = Loopback(folder / "ipython", terms)
        return trial.run(cells, left_out=left_out, run_beside=rules.run_beside)
