"""One submission before the referee: its cells in order, each question by itself.

This runs in a process of its own, forked for the submission from one that has imported all. Where
the student process breaks (hangs, dies, no longer speaks plainly), a new one runs the cells before
again, without those that break it, and only that question is lost.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from course.grading.assignment import Cell, Role
from course.grading.breach import Breach
from course.grading.hearing import Hearing, Stage, Stopwatch
from course.grading.judgement import Failure, Judgement
from course.grading.referee import Referee, verdict_on
from course.grading.remote import Remote
from course.grading.results import Verdict
from course.grading.shown import Shown
from course.grading.wording import one_line, printable

MARKED = (Role.WRITTEN, Role.EXTRA)  # by a person, who wants to see what they print and draw
MAX_SHOWN = 2**24  # characters and bytes of all that


@dataclass(frozen=True)
class StudentProcesses:
    """Start student processes, one at a time.

    `lost` kills the last one, and returns the verdict on what it did, if the machine knows one; it
    is told whether a copy of that process was killed. `judging` is told the name of each test cell
    before it is run, and none after it.
    """

    start: Callable[[], Remote]
    lost: Callable[[bool], Verdict | None]
    judging: Callable[[str], None]


@dataclass
class Trial:
    """Hear one submission; the tests `left_out` have ended or outlasted a referee before.

    Those `beside` are run in the student process: their points can be forged.
    """

    referee: Referee
    processes: StudentProcesses
    seconds: float
    left_out: Mapping[str, Verdict] = field(default_factory=dict)
    beside: Collection[str] = ()
    _ran: list[Cell] = field(default_factory=list)
    _broke: dict[str, Failure] = field(default_factory=dict)
    _remote: Remote | None = None
    _shown: list[tuple[Cell, Shown]] = field(default_factory=list)
    _tests: list[Cell] = field(default_factory=list)
    _watch: Stopwatch = field(default_factory=Stopwatch)

    def hear(self, cells: Iterable[Cell]) -> Hearing:
        """Run all cells in their order, and return what the tests among them found."""
        judgements = []
        for cell in cells:
            if cell.role is Role.TEST:
                with self._watch.stage(Stage.JUDGE):
                    judgements.append(self._judge(cell))
                self._tests.append(cell)
            else:
                with self._watch.stage(Stage.RUN):
                    self._run(cell)
        if self._remote is not None:
            self._ask_for_faults(self._remote)
        self._drop()
        seconds, faults = self._watch.seconds(), self.referee.faults
        return Hearing(tuple(judgements), seconds, faults, tuple(self._shown))

    def _ask_for_faults(self, remote: Remote) -> None:
        """Have it said which given cells fail: an honest process, that of the solution, says so."""
        with suppress(Breach, Exception), self._watch.stage(Stage.RUN):
            self.referee.ask_for_faults(remote)

    def _judge(self, cell: Cell) -> Judgement:
        if verdict := self.left_out.get(cell.name):
            failure = Failure(0, verdict, LEFT_OUT[verdict])
            return Judgement(cell.name, cell.points, (failure,))
        remote = self._student()  # which may first run cells again: no test is to blame for those
        self.processes.judging(cell.name)
        judgement = self.referee.judge(
            cell, remote, beside=self._tests if cell.name in self.beside else None
        )
        self.processes.judging("")
        if self._remote and not self._remote.usable:
            judgement = judgement.as_ended(self._drop())
        return judgement.because_of(self._broke)

    def _run(self, cell: Cell) -> None:
        """Run a cell of the student's, or one of the instructor's in both processes."""
        try:
            if cell.role is Role.GIVEN:
                self._run_given(cell)
            self._run_there(cell, self._student())
            self._ran.append(cell)
        except Breach as breach:
            self._blame(cell, breach)

    def _run_given(self, cell: Cell) -> None:
        try:
            self.referee.run_given(cell, self._student())
        except Breach:  # of what ran before, so this cell shall have another chance
            self._drop()
            self.referee.run_given(cell, self._student())

    def _blame(self, cell: Cell, breach: Breach) -> None:
        """Go on without a cell that broke its process."""
        verdict = self._drop() or verdict_on(breach)
        message = f"the cell with this answer: {EXPLAINED[verdict]}"
        if cell.role in MARKED:
            self._show(cell, Shown(error=f"the cell: {EXPLAINED[verdict]}"))
        for name in cell.defines or (cell.name,):
            self._broke[name] = Failure(0, verdict, message, detail=str(breach))

    def _run_there(self, cell: Cell, remote: Remote) -> None:
        self.referee.expect(cell)
        remote.give_time(self.seconds)
        if cell.role in MARKED:
            shown = remote.show(cell.source)
            self._show(cell, shown)
            message = shown.error
        else:
            error = remote.run(cell.source)
            message = "" if error is None else f"{type(error).__name__}: {error}"
        if message and cell.role is Role.GIVEN:
            self.referee.faults[cell.title] = one_line(message)
        for name in cell.defines if message else ():
            self._broke[name] = Failure(0, Verdict.ERROR, printable(message))

    def _show(self, cell: Cell, shown: Shown) -> None:
        """Keep what a person will want to see, as far as there is room for it.

        A cell that breaks its process when it is run again has shown something before.
        """
        others = [each for each in self._shown if each[0] is not cell]
        if shown.size + sum(each.size for _, each in others) > MAX_SHOWN:
            shown = Shown()
        if len(others) == len(self._shown):
            self._shown.append((cell, shown))

    def _student(self) -> Remote:
        """Return the student process; a new one first runs what the one before it had run."""
        while self._remote is None:
            with self._watch.stage(Stage.FORK):
                self._remote = self.processes.start()
            with self._watch.stage(Stage.RUN):
                self._run_again(self._remote)
        return self._remote

    def _run_again(self, remote: Remote) -> None:
        for cell in self._ran:
            try:
                remote.give_time(self.seconds)
                remote.run(cell.source)
            except Breach as breach:  # it did not, the first time
                self._ran.remove(cell)
                self._blame(cell, breach)
                return

    def _drop(self) -> Verdict | None:
        was_killed = self._remote is not None and self._remote.was_killed
        self._remote = None
        with self._watch.stage(Stage.FORK):
            return self.processes.lost(was_killed)


EXPLAINED = {
    Verdict.TIMEOUT: "it did not end in time",
    Verdict.MEMORY: "it used more memory than there is for it",
    Verdict.CRASHED: "it ended its process",
    Verdict.REFUSED: "it disturbed its grading",
}
LEFT_OUT = {
    verdict: f"its tests cannot cope with what the answer gives: {text}"
    for verdict, text in EXPLAINED.items()
} | {Verdict.BY_HAND: "a person will give the points: these tests cannot be run here"}
