"""Every claim has evidence that makes it true, and that rests on the code as it is now."""

from claims.claim import Claim, Lesson
from claims.evidence import FILE, Evidence, Record, render
from tests.claims.conftest import every_lesson


def test_evidence_is_current_and_makes_the_claim_true(
    lesson: Lesson, claim: Claim, evidence: Evidence
) -> None:
    digest = lesson.digest(claim)
    assert digest in evidence, (
        f"{claim.statement}: what its evidence rests on has changed; run `make claims "
        f"ONLY={lesson.name}` and commit {FILE.name}"
    )
    record = Record(claim, digest, evidence[digest])
    assert record.holds, str(record)


def test_statements_differ(lesson: Lesson) -> None:
    statements = [claim.statement for claim in lesson.claims]
    assert len(set(statements)) == len(statements)


def test_file_says_what_the_claims_say(evidence: Evidence) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text == render(every_lesson(), evidence), "run `make claims`"
