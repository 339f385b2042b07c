"""Tests run in one process and answers in another, as if they were in the same notebook."""

import pytest

from tests.grading.cases import GIVEN, HONEST, ONLY_THROUGH_THE_WALL, WRONG
from tests.grading.loopback import Loopback


@pytest.mark.parametrize("case", HONEST)
def test_honest_work_gets_what_it_gets_in_one_process(loopback: Loopback, case: str) -> None:
    source, tests = HONEST[case]
    judgement = loopback.judge(source, tests, first=GIVEN)
    assert judgement.failures == ()
    assert judgement.score == 2


@pytest.mark.parametrize("case", [case for case in WRONG if case not in ONLY_THROUGH_THE_WALL])
def test_what_is_wrong_is_named(loopback: Loopback, case: str) -> None:
    source, tests, verdict, message = WRONG[case]
    judgement = loopback.judge(source, tests, first=GIVEN)
    assert judgement.verdict is verdict
    assert message in judgement.failures[0].message
    assert judgement.score == 0
