"""Grade a whole class: from the folder of submissions to the results, the table and the pages.

What was graded before is not graded again, as long as nothing that its result depends on has
changed. So a run that was interrupted goes on where it ended.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path

from course.errors import CourseError
from course.grading.engine.assignment_grader import AssignmentGrader, Unstartable
from course.grading.engine.dependencies import Dependencies, find_dependencies
from course.grading.engine.options import GradingOptions
from course.grading.intake.assignment import Assignment, read_assignment
from course.grading.intake.collection import (
    Collection,
    HandedIn,
    Submission,
    collect,
    read_submission,
)
from course.grading.model.findings import GradedNotebook, Stage
from course.grading.model.printable import one_line
from course.grading.model.rehearsal import Rehearsal
from course.grading.model.results import Origin, SubmissionResult
from course.grading.records.notebook_result import notebook_result
from course.grading.records.records import Destinations, Records, open_records
from course.layout import Course
from course.pool import Pool


@dataclass(frozen=True)
class Selection:
    """Say whom to grade, and where the results go.

    `submitted` and `out` stand for the course's own folders; `students` is a pattern for names.
    With `force`, those are graded anew for whom there is a result already.
    """

    submitted: Path | None = None
    out: Path | None = None
    students: str = "*"
    force: bool = False


@dataclass(frozen=True)
class Progress:
    """Say that one more of `total` submissions is done; `known` if it was graded before."""

    result: SubmissionResult
    total: int
    known: bool = False


@dataclass(frozen=True)
class ClassReport:
    """Hold the results of those selected, in order of their names, and where they were written."""

    results: tuple[SubmissionResult, ...]
    known: frozenset[str]
    destinations: Destinations
    rehearsals: Mapping[str, Rehearsal] = field(default_factory=dict)

    @property
    def graded(self) -> tuple[SubmissionResult, ...]:
        """Return the results of those whose submission was graded, now or before."""
        return tuple(result for result in self.results if not result.problem)

    @property
    def problems(self) -> tuple[SubmissionResult, ...]:
        """Return the results of those who need a person to look at their submission."""
        return tuple(result for result in self.results if result.problem)

    @property
    def by_hand(self) -> tuple[str, ...]:
        """Return the questions for which a person has to give points to somebody."""
        questions = chain.from_iterable(result.questions for result in self.graded)
        names = (question.question for question in questions if question.is_open)
        return tuple(dict.fromkeys(names))  # each once, in order

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return in a line each what the instructor should mend in the assignment."""
        found = (each.warnings(name) for name, each in self.rehearsals.items())
        return tuple(chain.from_iterable(found))


def grade_class(
    course: Course,
    name: str,
    selection: Selection,
    options: GradingOptions,
    *,
    on_progress: Callable[[Progress], None],
) -> ClassReport:
    """Grade the submissions to the assignment `name` and write all that there is to say of them.

    Raises `CourseError` for an unknown assignment, for a class without submissions, for a master
    that cannot be read, and where there can be no sandbox although the options ask for one.
    """
    assignment = read_assignment(course, name)
    everybody = collect(selection.submitted or course.submitted, assignment)
    chosen = everybody.select(selection.students)
    destinations = Destinations.of(course, name, selection.out)
    dependencies = find_dependencies(assignment, options)
    total = len(chosen.submissions) + len(chosen.refused)
    steps = []
    # From here on nobody else can write to the same records: what is known stays true.
    with open_records(course, assignment, destinations) as records:
        run = _Run(assignment, options, records, dependencies, selection.force)
        for result, known in run.grade(chosen):
            step = Progress(result, total, known)
            steps.append(step)
            on_progress(step)

        # They come in the order in which they end, which is another one each time.
        steps.sort(key=lambda step: step.result.student)
        results = [step.result for step in steps]
        # The table is of the whole class, also where only some are graded now.
        records.write_grades([*results, *_others(everybody, chosen, records)])
    known_before = frozenset(step.result.student for step in steps if step.known)
    return ClassReport(tuple(results), known_before, destinations, run.rehearsals)


def _others(everybody: Collection, chosen: Collection, records: Records) -> list[SubmissionResult]:
    """Return what is known of those who are not graded now."""
    now = {submission.student for submission in chosen.submissions}
    now |= {result.student for result in chosen.refused}
    refused = [result for result in everybody.refused if result.student not in now]
    students = [each.student for each in everybody.submissions if each.student not in now]
    return [*refused, *filter(None, map(records.find_any, students))]


@dataclass(frozen=True)
class _Graded:
    """Hold what became of a submission: what was found in it, or a result that was `known`."""

    origin: Origin
    notebooks: tuple[GradedNotebook, ...] = ()
    known: SubmissionResult | None = None


@dataclass
class _Run:
    """Grade those whose results are not known; with `force`, everybody."""

    assignment: Assignment
    options: GradingOptions
    records: Records
    dependencies: Dependencies
    force: bool
    rehearsals: Mapping[str, Rehearsal] = field(default_factory=dict)

    def grade(self, chosen: Collection) -> Iterator[tuple[SubmissionResult, bool]]:
        """Yield the result of each submission, and whether it was known before, as they come."""
        for result in chosen.refused:
            self.records.refuse(result)
            yield result, False
        jobs = min(self.options.jobs, len(chosen.submissions))
        if not jobs:
            return
        # Threads read and judge; all that is written down is written here, by one alone.
        with Pool(partial(AssignmentGrader, self.assignment, self.options), jobs) as pool:
            self.rehearsals = self._rehearse(pool, jobs)
            for submission, graded in pool.run(self._grade_one, chosen.submissions):
                yield self._record(submission, graded)

    def _rehearse(self, pool: Pool[AssignmentGrader], jobs: int) -> Mapping[str, Rehearsal]:
        """Return what an earlier run has found of the solutions, or grade them now."""
        key = self._key(self.assignment.digest)
        store = self.records.destinations.results
        known = {} if self.force else store.find_rehearsals(key)
        if known:
            return known

        # What one thread finds out, all wait for: they may as well start their processes meanwhile.
        for _ in range(jobs):
            pool.submit(AssignmentGrader.start)
        found = pool.submit(AssignmentGrader.rehearse).result()
        store.keep_rehearsals(key, found)
        return found

    def _grade_one(self, grader: AssignmentGrader, submission: Submission) -> _Graded:
        """Read a submission, once, and return its result if that is known, or else grade it."""
        # What is hashed is what is graded, whoever writes to the folder meanwhile.
        handed_in = read_submission(submission, self.assignment)
        origin = self._origin(handed_in)
        known = None if self.force else self.records.find(submission.student, origin.key)
        if known is not None:
            return _Graded(origin, known=known)

        beside = self.options.allow_beside
        rules = {name: each.rules(allow_beside=beside) for name, each in self.rehearsals.items()}
        return _Graded(origin, grader.grade(handed_in, rules))

    def _record(
        self, submission: Submission, graded: _Graded | Exception
    ) -> tuple[SubmissionResult, bool]:
        """Write down what became of a submission; raises `Unstartable` if nothing can be graded."""
        # It would be every submission's problem: that is no result of any.
        if isinstance(graded, Unstartable):
            raise graded
        if isinstance(graded, Exception):
            result = SubmissionResult(submission.student, problem=_problem(graded))
            self.records.keep(submission, result)
            return result, False
        if graded.known is not None:
            # The gradebook was not looked at yet: it may have been deleted since.
            self.records.enter(submission, graded.known, is_changed=False)
            return graded.known, True
        result = SubmissionResult(
            submission.student,
            tuple(map(notebook_result, graded.notebooks)),
            origin=graded.origin,
            seconds=_add_up(each.findings.seconds for each in graded.notebooks),
        )
        self.records.keep(submission, result, graded.notebooks)
        return result, False

    def _origin(self, handed_in: HandedIn) -> Origin:
        """Return what the result of a submission depends on."""
        # By what the rehearsal found, tests are left to a person, or run beside the answer.
        not_apart = {name: found.not_apart for name, found in self.rehearsals.items()}
        imported = self.dependencies.imported_by(handed_in)
        key = self._key(handed_in.digest, self.assignment.digest, imported, not_apart)
        return Origin(key, handed_in.digest, self.assignment.digest, self.options.isolation)

    def _key(self, *facts: object) -> str:
        """Return a hash of what a result depends on: code, options, and texts and the like."""
        options = self.options
        limits = [options.isolation, options.time_limit, options.memory_limit]
        all_facts = [self.dependencies.digest, *limits, options.allow_beside, *facts]
        # Sorted: the order in which a dict was filled says nothing.
        return sha256(json.dumps(all_facts, sort_keys=True).encode()).hexdigest()


def _add_up(seconds: Iterable[Mapping[Stage, float]]) -> dict[str, float]:
    total = Counter[str]()
    for each in seconds:
        total.update(each)
    return {str(stage): round(each, 4) for stage, each in total.items()}


def _problem(error: BaseException) -> str:
    """Return in a line what kept a submission from being graded: never the student's zero."""
    if isinstance(error, CourseError):
        return one_line(str(error))
    reason = f"{type(error).__name__}: {error}"
    return one_line(f"ungraded: {reason}; look at it, or grade the class again")
