"""Grade a whole class: from the folder of submissions to the results, the table and the pages.

What was graded before is not graded again, as long as nothing that its result depends on has
changed. So a run that was interrupted goes on where it ended.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from course.errors import CourseError
from course.grading.assignment import Assignment, read_assignment
from course.grading.collection import Collection, Submission, collect, read_submission
from course.grading.grader import Terms
from course.grading.ledger import digest_of_code
from course.grading.records import Places, Records, open_records
from course.grading.results import Origin, SubmissionResult
from course.grading.verdicts import notebook_result
from course.grading.wording import one_line
from course.grading.workers import Heard, hear_all
from course.layout import Course


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
    places: Places

    @property
    def graded(self) -> tuple[SubmissionResult, ...]:
        """Return the results of those whose submission was graded, now or before."""
        return tuple(result for result in self.results if not result.problem)

    @property
    def problems(self) -> tuple[SubmissionResult, ...]:
        """Return the results of those who need a person to look at their submission."""
        return tuple(result for result in self.results if result.problem)


def grade_class(
    course: Course,
    name: str,
    selection: Selection,
    terms: Terms,
    *,
    on_progress: Callable[[Progress], None],
) -> ClassReport:
    """Grade the submissions to the assignment `name` and write all that there is to say of them.

    Raises `CourseError` for an unknown assignment, for a class without submissions, for a master
    that cannot be read, and where there can be no sandbox although `terms` ask for one.
    """
    assignment = read_assignment(course, name)
    everybody = collect(selection.submitted or course.submitted, assignment)
    chosen = everybody.select(selection.students)
    places = Places.of(course, name, selection.out)
    total = len(chosen.submissions) + len(chosen.refused)
    steps = []
    with open_records(course, assignment, places) as records:
        run = _Run(assignment, terms, records, digest_of_code(terms.readable))
        for result, known in run.grade(chosen, force=selection.force):
            steps.append(Progress(result, total, known))
            on_progress(steps[-1])
        steps.sort(key=lambda step: step.result.student)
        results = [step.result for step in steps]
        names = {result.student for result in results}
        others = [s.student for s in everybody.submissions if s.student not in names]
        before = filter(None, map(places.results.find, others))
        refused = (result for result in everybody.refused if result.student not in names)
        records.write_grades([*results, *before, *refused])
    known_before = frozenset(step.result.student for step in steps if step.known)
    return ClassReport(tuple(results), known_before, places)


@dataclass(frozen=True)
class _Run:
    assignment: Assignment
    terms: Terms
    records: Records
    code: str

    def grade(self, chosen: Collection, *, force: bool) -> Iterator[tuple[SubmissionResult, bool]]:
        """Yield the result of each submission, and whether it was known before, as they come."""
        for result in chosen.refused:
            self.records.refuse(result)
            yield result, False
        waiting = []
        for submission in chosen.submissions:
            known = None if force else self._find(submission)
            if known is None:
                waiting.append(submission)
            else:
                self.records.enter(submission, known, is_changed=False)
                yield known, True
        jobs = min(self.terms.jobs, len(waiting))
        for submission, outcome in hear_all(self.assignment, self.terms, waiting, jobs=jobs):
            yield self._keep(submission, outcome), False

    def _find(self, submission: Submission) -> SubmissionResult | None:
        try:
            digest = read_submission(submission, self.assignment).digest
        except (CourseError, OSError):
            return None  # who grades it says what is wrong
        return self.records.find(submission.student, self._origin(digest).key)

    def _keep(self, submission: Submission, outcome: Heard | Exception) -> SubmissionResult:
        if isinstance(outcome, Exception):
            result = SubmissionResult(submission.student, problem=_problem(outcome))
            self.records.keep(submission, result)
            return result
        result = SubmissionResult(
            submission.student,
            tuple(notebook_result(n.master, n.rebuilt, n.judgements) for n in outcome.notebooks),
            origin=self._origin(outcome.digest),
            seconds=_add_up(notebook.seconds for notebook in outcome.notebooks),
        )
        self.records.keep(submission, result, outcome)
        return result

    def _origin(self, digest: str) -> Origin:
        """Return what the result depends on of a submission with this hash."""
        terms = self.terms
        limits = [terms.isolation, terms.seconds, terms.memory]
        facts = [digest, self.assignment.digest, self.code, *limits]
        key = sha256(json.dumps(facts).encode()).hexdigest()
        return Origin(key, digest, self.assignment.digest, terms.isolation)


def _add_up(seconds: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total = Counter[str]()
    for each in seconds:
        total.update(each)
    return {str(stage): round(each, 4) for stage, each in total.items()}


def _problem(error: Exception) -> str:
    """Return in a line what kept a submission from being graded: never the student's zero."""
    if isinstance(error, CourseError):
        return one_line(str(error))
    reason = f"{type(error).__name__}: {error}"
    return one_line(f"ungraded: {reason}; look at it, or grade the class again")
