"""One submission before the referee: its cells in order, each question by itself.

This runs in a process of its own, forked for the submission from one that has imported all. Where
the student process breaks (hangs, dies, no longer speaks plainly), a new one runs the cells before
again, without those that break it, and only that question is lost.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from course.grading.border.breach import Breach
from course.grading.model.cell_output import CellOutput
from course.grading.model.cells import Cell, Role
from course.grading.model.findings import Findings, Stage
from course.grading.model.judgement import Failure, Judgement
from course.grading.model.printable import one_line, printable
from course.grading.model.results import Verdict
from course.grading.referee.referee import Referee, verdict_on
from course.grading.referee.stopwatch import Stopwatch
from course.grading.referee.student_link import StudentLink

MARKED = (Role.WRITTEN, Role.EXTRA)  # by a person, who wants to see what they print and draw
MAX_SHOWN = 2**24  # characters and bytes of all that


@dataclass(frozen=True)
class StudentProcesses:
    """Start student processes, one at a time.

    `lost` kills the last one, and returns the verdict on what it did, if the machine knows one; it
    is told whether a copy of that process was killed. `judging` is told the name of each test cell
    before it is run, and none after it.
    """

    start: Callable[[], StudentLink]
    lost: Callable[[bool], Verdict | None]
    judging: Callable[[str], None]


@dataclass
class Trial:
    """Run the cells and tests of one submission.

    The tests `left_out` have ended or outlasted a referee before. Those to `run_beside` are run in
    the student process: their points can be forged.
    """

    referee: Referee
    processes: StudentProcesses
    time_limit: float
    left_out: Mapping[str, Verdict] = field(default_factory=dict)
    run_beside: Collection[str] = ()
    _ran: list[Cell] = field(default_factory=list)
    _broke: dict[str, Failure] = field(default_factory=dict)
    _link: StudentLink | None = None
    _outputs: list[tuple[Cell, CellOutput]] = field(default_factory=list)
    _tests: list[Cell] = field(default_factory=list)
    _watch: Stopwatch = field(default_factory=Stopwatch)

    def run(self, cells: Iterable[Cell]) -> Findings:
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

        if self._link is not None:
            self._ask_for_faults(self._link)
        self._drop()  # before the seconds are read, as it takes some, too
        seconds, faults = self._watch.seconds(), self.referee.faults
        return Findings(tuple(judgements), seconds, faults, tuple(self._outputs))

    def _ask_for_faults(self, student: StudentLink) -> None:
        """Have it said which given cells fail: an honest process, that of the solution, says so."""
        with suppress(Breach, Exception), self._watch.stage(Stage.RUN):
            self.referee.ask_for_faults(student)

    def _judge(self, cell: Cell) -> Judgement:
        if verdict := self.left_out.get(cell.name):
            failure = Failure(0, verdict, LEFT_OUT[verdict])
            return Judgement(cell.name, cell.points, (failure,))

        student = self._student()  # which may first run cells again: no test is to blame for those
        self.processes.judging(cell.name)
        judgement = self.referee.judge(
            cell, student, beside=self._tests if cell.name in self.run_beside else None
        )
        self.processes.judging("")

        if self._link and not self._link.usable:
            judgement = judgement.as_ended(self._drop())
        return judgement.because_of(self._broke)

    def _run(self, cell: Cell) -> None:
        """Run a cell of the student's, or one of the instructor's in both processes."""
        try:
            if cell.role is Role.GIVEN:
                self._run_given(cell)
            self._run_there(cell, self._student())
            # Only a cell that has come to its end is run again in a new process.
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
            self._show(cell, CellOutput(error=f"the cell: {EXPLAINED[verdict]}"))
        for name in cell.defines or (cell.name,):
            self._broke[name] = Failure(0, verdict, message, detail=str(breach))

    def _run_there(self, cell: Cell, student: StudentLink) -> None:
        self.referee.expect(cell)
        student.give_time(self.time_limit)
        if cell.role in MARKED:
            output = student.show(cell.source)
            self._show(cell, output)
            message = output.error
        else:
            error = student.run(cell.source)
            message = "" if error is None else f"{type(error).__name__}: {error}"

        if message and cell.role is Role.GIVEN:
            self.referee.faults[cell.title] = one_line(message)
        for name in cell.defines if message else ():
            self._broke[name] = Failure(0, Verdict.ERROR, printable(message))

    def _show(self, cell: Cell, output: CellOutput) -> None:
        """Keep what a person will want to see, as far as there is room for it.

        A cell that breaks its process when it is run again has shown something before.
        """
        if any(other is cell for other, _ in self._outputs):
            return
        used = sum(earlier.size for _, earlier in self._outputs)
        fits = used + output.size <= MAX_SHOWN
        self._outputs.append((cell, output if fits else CellOutput()))

    def _student(self) -> StudentLink:
        """Return the student process; a new one first runs what the one before it had run."""
        while self._link is None:
            with self._watch.stage(Stage.FORK):
                self._link = self.processes.start()
            with self._watch.stage(Stage.RUN):
                self._run_again(self._link)
        return self._link

    def _run_again(self, student: StudentLink) -> None:
        """Run what had run before; a cell that breaks the process now is left out of the next."""
        for cell in self._ran:
            try:
                student.give_time(self.time_limit)
                student.run(cell.source)
            except Breach as breach:  # it did not, the first time
                self._ran.remove(cell)
                self._blame(cell, breach)
                return

    def _drop(self) -> Verdict | None:
        was_killed = self._link is not None and self._link.was_killed
        self._link = None
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
