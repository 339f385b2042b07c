"""Claims tried on seeds that the evidence does not have: a few in every run of the tests."""

from collections.abc import Sequence

from claims.claim import Claim, Lesson
from claims.evidence import Evidence, Record, train

FEW = 3
MOST = 10  # seeds
FIRST = 10_000  # far from any seed of the evidence
ERRORS = 4.5  # chance alone exceeds it in one of some thousand comparisons of ten seeds with ten


def fresh_seeds(claim: Claim, number: int) -> range:
    """Return seeds for `claim` that only `number` decides: at most ten, none of the evidence."""
    count = min(len(claim.seeds), MOST)
    first = FIRST + MOST * (number % 100_000)
    return range(first, first + count)


def choose_few(lessons: Sequence[Lesson], number: int) -> list[tuple[Lesson, Claim]]:
    """Return a few claims in an order like that of shuffled cards, the next as `number` counts."""
    pairs = {lesson.digest(claim): (lesson, claim) for lesson in lessons for claim in lesson.claims}
    cards = [pairs[digest] for digest in sorted(pairs)]  # each quantity once
    return [cards[(FEW * number + turn) % len(cards)] for turn in range(FEW)]


def try_on(lesson: Lesson, claim: Claim, number: int) -> Record:
    """Train `claim` from the seeds that `number` chooses."""
    [record] = train(lesson, [claim], seeds=lambda each: fresh_seeds(each, number))
    return record


def disagreement(fresh: Record, evidence: Evidence) -> str | None:
    """Return how a claim on fresh seeds disagrees with its evidence, or None if it does not.

    Ten seeds are too few to try a claim by its bound: a true one would fail every now and then. So
    their mean is compared with that of the evidence. What has no standard error is tried by its
    bound; and what is said of every seed has to hold for at least four in five.
    """
    known = evidence.get(fresh.digest)
    if known is None:
        return None  # not current, which another test says
    bound = fresh.claim.bound
    alone = len(known.values) == 1
    if alone and not bound.holds(fresh.found):
        return str(fresh)
    if bound.of != "mean" and not bound.nearly().holds(fresh.found):
        return str(fresh)
    if not alone and not fresh.found.agrees_with(known, errors=ERRORS):
        return f"{fresh}, but {known.mean:.4g} ± {known.standard_error:.3g} in the evidence"
    return None
