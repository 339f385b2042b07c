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
from pathlib import Path

from course.errors import CourseError
from course.grading.assignment import Assignment, read_assignment
from course.grading.collection import Collection, Submission, collect, read_submission
from course.grading.grader import Terms
from course.grading.ledger import digest_of_code
from course.grading.records import Places, Records, open_records
from course.grading.rehearsal import Rehearsal, Rehearsals
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
        open_ = (each for result in self.graded for each in result.questions if each.is_open)
        return tuple(dict.fromkeys(question.question for question in open_))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return in a line each what the instructor should mend in the assignment."""
        found = (each.warnings(name) for name, each in self.rehearsals.items())
        return tuple(line for lines in found for line in lines)


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
        run = _Run.of(assignment, terms, records, force=selection.force)
        for result, known in run.grade(chosen, force=selection.force):
            steps.append(Progress(result, total, known))
            on_progress(steps[-1])
        steps.sort(key=lambda step: step.result.student)
        results = [step.result for step in steps]
        records.write_grades([*results, *_others(everybody, chosen, records)])
        rehearsals = run.rehearsals.all()
    known_before = frozenset(step.result.student for step in steps if step.known)
    return ClassReport(tuple(results), known_before, places, rehearsals)


def _others(everybody: Collection, chosen: Collection, records: Records) -> list[SubmissionResult]:
    """Return what is known of those who are not graded now."""
    names = {s.student for s in chosen.submissions} | {r.student for r in chosen.refused}
    refused = [result for result in everybody.refused if result.student not in names]
    found = [records.find_any(s.student) for s in everybody.submissions if s.student not in names]
    return [*refused, *filter(None, found)]


@dataclass(frozen=True)
class _Run:
    assignment: Assignment
    terms: Terms
    records: Records
    code: str
    rehearsals: Rehearsals

    @classmethod
    def of(cls, assignment: Assignment, terms: Terms, records: Records, *, force: bool) -> "_Run":
        """Return what a run needs; unless with `force`, it knows what an earlier one has found."""
        code = digest_of_code(terms.readable)
        key = _key(terms, assignment.digest, code)
        ledger = records.places.results
        known = {} if force else ledger.find_rehearsals(key)
        rehearsals = Rehearsals(known, partial(ledger.keep_rehearsals, key))
        return cls(assignment, terms, records, code, rehearsals)

    def grade(self, chosen: Collection, *, force: bool) -> Iterator[tuple[SubmissionResult, bool]]:
        """Yield the result of each submission, and whether it was known before, as they come."""
        for result in chosen.refused:
            self.records.refuse(result)
            yield result, False
        waiting = []
        for submission in chosen.submissions:
            found = self._look_at(submission, force=force)
            if found is None:
                waiting.append(submission)
            elif isinstance(found, SubmissionResult):
                self.records.enter(submission, found, is_changed=False)
                yield found, True
            else:
                yield self._keep(submission, found), False
        heard = hear_all(self.assignment, self.terms, waiting, self.rehearsals)
        for submission, outcome in heard:
            yield self._keep(submission, outcome), False

    def _look_at(
        self, submission: Submission, *, force: bool
    ) -> SubmissionResult | CourseError | OSError | None:
        """Return the result if it is known already, or why it cannot even be read."""
        try:
            digest = read_submission(submission, self.assignment).digest
        except (CourseError, OSError) as error:
            return error
        key = self._origin(digest).key
        return None if force else self.records.find(submission.student, key)

    def _keep(self, submission: Submission, outcome: Heard | BaseException) -> SubmissionResult:
        if isinstance(outcome, BaseException):
            result = SubmissionResult(submission.student, problem=_problem(outcome))
            self.records.keep(submission, result)
            return result
        result = SubmissionResult(
            submission.student,
            tuple(
                notebook_result(n.master, n.rebuilt, n.hearing.judgements)
                for n in outcome.notebooks
            ),
            origin=self._origin(outcome.digest),
            seconds=_add_up(notebook.seconds for notebook in outcome.notebooks),
        )
        self.records.keep(submission, result, outcome)
        return result

    def _origin(self, digest: str) -> Origin:
        """Return what the result depends on of a submission with this hash."""
        rules = {name: found.not_apart for name, found in self.rehearsals.all().items()}
        key = _key(self.terms, digest, self.assignment.digest, self.code, rules)
        return Origin(key, digest, self.assignment.digest, self.terms.isolation)


def _key(terms: Terms, *facts: object) -> str:
    """Return a hash of what a result depends on: the terms, and texts and the like."""
    settings = [terms.isolation, terms.seconds, terms.memory, terms.beside]
    return sha256(json.dumps([*settings, *facts], sort_keys=True).encode()).hexdigest()


def _add_up(seconds: Iterable[Mapping[str, float]]) -> dict[str, float]:
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
