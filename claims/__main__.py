"""Train what the lessons claim: `python -m claims`, or `make claims`."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from claims.claim import Claim, Lesson, read_lessons
from claims.dependencies import ROOT
from claims.evidence import FILE, Record, outdated, read_evidence, render, train
from claims.fresh import disagreement, fresh_seeds
from course.errors import CourseError
from course.layout import Course


def main() -> None:
    """Run what the command line asks for; exit with 1 where a claim does not hold."""
    try:
        sys.exit(1 if run(read_arguments()) else 0)
    except CourseError as error:
        sys.exit(f"error: {error}")


def read_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m claims", description=__doc__)
    parser.add_argument("--only", metavar="LESSON", help="train the claims of one lesson")
    parser.add_argument("--all", action="store_true", help="train also what is current")
    parser.add_argument(
        "--claims-seed",
        type=int,
        metavar="N",
        help="train all from other seeds, which N chooses, and compare; write nothing",
    )
    return parser.parse_args()


def run(options: argparse.Namespace) -> list[str]:
    """Train, say what does not hold, and return it."""
    course = Course(ROOT)
    every = read_lessons(course.lessons)
    chosen = course.select([options.only] if options.only else None)
    lessons = [lesson for lesson in every if lesson.name in chosen]
    if options.claims_seed is None:
        wrong = renew(lessons, every, again=options.all)
    else:
        wrong = compare(lessons, options.claims_seed)
    for line in wrong:
        print(f"does not hold: {line}")
    return wrong


def renew(lessons: Sequence[Lesson], every: Sequence[Lesson], *, again: bool) -> list[str]:
    """Train what is not current, or with `again` all, and write the file after each lesson."""
    wrong = []
    for lesson in lessons:
        evidence = dict(read_evidence())
        todo = outdated(lesson, {} if again else evidence)
        try:
            for record in _train(lesson, todo):
                evidence[record.digest] = record.found
        finally:  # a run that is broken off goes on where it stopped
            FILE.write_text(render(every, evidence), encoding="utf-8")
        records = [Record(claim, key, evidence[key]) for claim, key in lesson.digests()]
        wrong += [f"{lesson.name}: {record}" for record in records if not record.holds]
    return wrong


def compare(lessons: Sequence[Lesson], number: int) -> list[str]:
    """Train all from other seeds, and return what the evidence does not agree with."""
    evidence, wrong = read_evidence(), []
    for lesson in lessons:
        records = train(lesson, lesson.claims, seeds=lambda claim: fresh_seeds(claim, number))
        found = (disagreement(record, evidence) for record in records)
        wrong += [f"{lesson.name}: {words}" for words in found if words]
    return wrong


def _train(lesson: Lesson, claims: Sequence[Claim]) -> Iterator[Record]:
    start = time.process_time()
    yield from train(lesson, claims, seeds=lambda claim: claim.seeds)
    seconds = time.process_time() - start
    total = len(lesson.claims)
    words = f"{len(claims)} of {total} claims trained, in {seconds:.0f} CPU seconds"
    print(f"{lesson.name}: {words}", flush=True)


if __name__ == "__main__":
    main()
