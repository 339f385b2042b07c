"""Claims tried on seeds that the evidence does not have: a few in every run of the tests."""

from collections.abc import Sequence

from claims.claim import Claim, Lesson
from claims.evidence import Evidence, Record, train

FEW = 2
FEW_SEEDS = 3
FIRST, APART = 10_000, 20  # far from any seed of the evidence, and from each other
ERRORS = 4.5  # chance alone exceeds it about once in two thousand comparisons


def fresh_seeds(claim: Claim, number: int, *, most: int = APART) -> range:
    """Return seeds for `claim` that only `number` decides, none of them of the evidence."""
    first = FIRST + APART * (number % 100_000)
    return range(first, first + min(len(claim.seeds), most))


def choose_few(
    lessons: Sequence[Lesson], evidence: Evidence, number: int
) -> list[tuple[Lesson, Claim]]:
    """Return a few claims in an order like that of shuffled cards, the next as `number` counts.

    They are of those that are measured seed by seed, so that few seeds can tell something.
    """
    pairs = {digest: (lesson, claim) for lesson in lessons for claim, digest in lesson.digests()}
    known = [digest for digest in pairs if digest in evidence and len(evidence[digest].values) > 1]
    cards = [pairs[digest] for digest in sorted(known)]
    return [cards[(FEW * number + turn) % len(cards)] for turn in range(FEW)]


def try_on(lesson: Lesson, claim: Claim, number: int) -> Record:
    """Train `claim` from a few seeds that `number` chooses."""
    [record] = train(lesson, [claim], seeds=lambda each: fresh_seeds(each, number, most=FEW_SEEDS))
    return record


def disagreement(fresh: Record, evidence: Evidence) -> str | None:
    """Return how a claim on fresh seeds disagrees with its evidence, or None if it does not.

    Few seeds cannot try a claim by its bound: a true one would fail every now and then. So their
    mean is compared with that of the evidence. What has a single value is tried by its bound; and
    what is said of every seed has to hold for at least four in five.
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
        return f"{fresh}, but {known.mean:.4g} ± {known.standard_error or 0:.3g} in the evidence"
    return None
