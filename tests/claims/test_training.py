"""Claims trained anew: those without current evidence, and always a few on other seeds."""

import pytest

from claims.claim import Lesson
from claims.evidence import Evidence, outdated, train
from claims.fresh import FEW, choose_few, disagreement, try_on
from tests.claims.conftest import every_lesson

pytestmark = pytest.mark.slow


def test_what_is_not_current_holds_when_it_is_trained_anew(
    lesson: Lesson, evidence: Evidence
) -> None:
    records = train(lesson, outdated(lesson, evidence), seeds=lambda claim: claim.seeds)
    assert [str(record) for record in records if not record.holds] == []


@pytest.mark.parametrize("turn", range(FEW))
def test_claim_agrees_with_its_evidence_on_other_seeds(
    turn: int, evidence: Evidence, claims_seed: int
) -> None:
    lesson, claim = choose_few(every_lesson(), evidence, claims_seed)[turn]
    found = disagreement(try_on(lesson, claim, claims_seed), evidence)
    assert found is None, f"{lesson.name}: {found} (repeat with --claims-seed {claims_seed})"
