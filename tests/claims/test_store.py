"""What is written down as evidence is read again, and only what changed is trained."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from claims.bounds import Estimate, above, below
from claims.claim import Claim, Lesson
from claims.evidence import outdated, read_evidence, recorded, render, train
from claims.fresh import choose_few, disagreement, fresh_seeds
from claims.measuring import differences
from claims.study import Study
from course.errors import CourseError


@pytest.fixture(autouse=True)
def _measurements_of_this_module_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claims.dependencies.OURS", ("claims", "helpers", "tests"))


def seeds_halved(study: Study) -> list[float]:
    return [seed / 2 for seed in study.seeds]


def seeds_to_the(study: Study, power: int) -> list[float]:
    return [float(seed**power) for seed in study.seeds]


def number_of_seeds(study: Study) -> float:
    return len(study.seeds)


CLAIMS = (
    Claim("The mean of half the seeds is above 500", 1, seeds_halved, above(500)),
    Claim("There are ten seeds", 2, number_of_seeds, above(9), seeds=range(1000, 1010)),
)
LESSON = Lesson("norm_penalties", CLAIMS)


def measured(lesson: Lesson) -> dict[str, Estimate]:
    records = train(lesson, lesson.claims, seeds=lambda claim: claim.seeds)
    return {record.digest: record.found for record in records}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    evidence = measured(LESSON)
    file = tmp_path / "evidence.toml"
    file.write_text(render([LESSON], evidence), encoding="utf-8")
    assert read_evidence(file) == evidence
    assert 'statement = "The mean of half the seeds is above 500"' in file.read_text("utf-8")


def test_where_there_is_no_file_there_is_no_evidence(tmp_path: Path) -> None:
    assert read_evidence(tmp_path / "evidence.toml") == {}


def test_broken_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "evidence.toml"
    file.write_text("[[norm_penalties]]\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"evidence\.toml"):
        read_evidence(file)


def test_mean_and_error_are_those_of_the_values() -> None:
    [halves, count] = train(LESSON, CLAIMS, seeds=lambda claim: range(4))
    assert halves.found == Estimate((0.0, 0.5, 1.0, 1.5))
    assert halves.found.mean == 0.75
    assert halves.found.standard_error == pytest.approx(0.3227, abs=1e-4)
    assert (count.found.mean, count.found.standard_error) == (4, None)


def test_only_what_has_no_evidence_is_outdated() -> None:
    evidence = measured(replace(LESSON, claims=CLAIMS[:1]))
    assert outdated(LESSON, evidence) == [CLAIMS[1]]
    assert [record.claim for record in recorded(LESSON, evidence)] == [CLAIMS[0]]


def test_evidence_stays_when_a_bound_or_a_statement_changes() -> None:
    changed = replace(CLAIMS[0], statement="It is huge", bound=above(1e9))
    [record] = recorded(replace(LESSON, claims=(changed,)), measured(LESSON))
    assert not record.holds
    assert "It is huge: seeds_halved() should be above 1e+09" in str(record)


def test_other_seeds_are_outdated() -> None:
    changed = replace(CLAIMS[0], seeds=range(7))
    assert outdated(replace(LESSON, claims=(changed,)), measured(LESSON)) == [changed]


def test_changed_statistic_is_outdated() -> None:
    changed = replace(CLAIMS[0], statistic=number_of_seeds)
    assert outdated(replace(LESSON, claims=(changed,)), {}) == [changed]
    assert LESSON.digest(changed) != LESSON.digest(CLAIMS[0])


def test_fresh_seeds_are_others_and_follow_the_number() -> None:
    first, second = (fresh_seeds(CLAIMS[0], number, most=5) for number in (0, 1))
    assert len(first) == len(second) == 5
    assert not set(first) & (set(second) | set(CLAIMS[0].seeds))
    assert fresh_seeds(CLAIMS[0], 0, most=5) == first
    assert len(fresh_seeds(CLAIMS[0], 0)) == len(CLAIMS[0].seeds)


def test_all_claims_that_are_measured_seed_by_seed_get_their_turn() -> None:
    more = tuple(
        Claim(f"Claim {power}", 1, partial(seeds_to_the, power=power), above(0))
        for power in range(5)
    )
    lesson = replace(LESSON, claims=(*more, CLAIMS[1]))
    evidence = measured(lesson)
    chosen = {
        claim.statement
        for number in range(3)
        for _, claim in choose_few([lesson], evidence, number)
    }
    assert chosen == {claim.statement for claim in more}


def fresh(values: tuple[float, ...], known: tuple[float, ...], claim: Claim) -> str | None:
    """Return how `values` on fresh seeds disagree with evidence of `known` ones."""
    [record] = train(LESSON, [claim], seeds=lambda claim: claim.seeds)
    return disagreement(replace(record, found=Estimate(values)), {record.digest: Estimate(known)})


def test_fresh_mean_may_differ_by_chance_but_not_by_more() -> None:
    known = (5.0, 6.0, 7.0)
    assert fresh((6.0, 7.0, 8.0), known, CLAIMS[0]) is None
    assert "in the evidence" in (fresh((26.0, 27.0, 28.0), known, CLAIMS[0]) or "")


def test_fresh_value_without_an_error_is_tried_by_the_bound() -> None:
    assert fresh((10.0,), (12.0,), CLAIMS[1]) is None
    assert fresh((8.0,), (12.0,), CLAIMS[1]) is not None


def test_what_is_said_of_every_seed_holds_for_most_fresh_ones() -> None:
    claim = replace(CLAIMS[0], bound=replace(below(0), of="every"))
    known = (-1.0, -2.0, -1.5, -1.0, -2.0)
    assert fresh((-1.0, -2.0, -1.5, -1.0, 0.1), known, claim) is None
    assert fresh((-1.0, -2.0, -1.5, 0.1, 0.1), known, claim) is not None


def test_same_results_agree() -> None:
    assert fresh((1.0, 1.0), (1.0, 1.0), CLAIMS[0]) is None


def test_differences_are_taken_seed_by_seed() -> None:
    assert differences([3, 5], [1, 6]) == [2, -1]
    with pytest.raises(ValueError, match="shorter"):
        differences([3, 5], [1])
