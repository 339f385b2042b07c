"""Results lie on disk whole, or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.grading.model.rehearsal import Rehearsal
from course.grading.model.results import (
    AssertResult,
    NotebookResult,
    Origin,
    Outcome,
    QuestionResult,
    SubmissionResult,
    Verdict,
)
from course.grading.records.result_store import ResultStore

QUESTION = QuestionResult(
    "double",
    "test_double",
    1.5,
    2.0,
    Verdict.FAILED,
    ("it is wrong",),
    "line 3",
    (AssertResult("double(2) == 4", 1, True, Outcome.NOT_REACHED, 0.5),),
    ran_beside=True,
)
RESULT = SubmissionResult(
    "ann",
    (NotebookResult("toy", (QUESTION,), ("put right",), ("think",)),),
    origin=Origin("key", "submission", "assignment", "sandbox"),
    seconds={"run": 0.5},
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "results" / "toy")


@pytest.fixture(scope="module")
def kept_store(tmp_path_factory: pytest.TempPathFactory) -> ResultStore:
    return ResultStore(tmp_path_factory.mktemp("results"))


def test_a_result_is_found_as_it_was_kept(store: ResultStore) -> None:
    store.keep(RESULT)
    found = store.find("ann")
    assert found == RESULT
    assert found.seconds == RESULT.seconds  # which equality leaves out


@given(TEXTS, TEXTS, st.sampled_from(Verdict), st.floats(0, 100))
def test_whatever_a_result_says_is_found_again(
    kept_store: ResultStore, message: str, detail: str, verdict: Verdict, score: float
) -> None:
    question = replace(
        QUESTION, messages=(message,), detail=detail, verdict=verdict, score=score, max_score=100.0
    )
    result = replace(RESULT, notebooks=(NotebookResult("toy", (question,)),))
    kept_store.keep(result)
    assert kept_store.find("ann") == result


def test_a_new_result_stands_in_place_of_the_old_one(store: ResultStore) -> None:
    store.keep(RESULT)
    problem = SubmissionResult("ann", problem="the file is damaged")
    store.keep(problem)
    assert store.find("ann") == problem
    assert [path.name for path in store.folder.iterdir()] == ["ann.json"]


def test_nobody_has_a_result_before_it_is_kept(store: ResultStore) -> None:
    store.keep(RESULT)
    assert store.find("bob") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"student": 3}', b"\xff\xfe"])
def test_what_cannot_be_read_is_no_result(store: ResultStore, content: bytes) -> None:
    store.keep(RESULT)
    (store.folder / "ann.json").write_bytes(content)
    assert store.find("ann") is None


def test_two_cannot_write_at_once(store: ResultStore) -> None:
    other = ResultStore(store.folder).alone()
    with store.alone(), pytest.raises(CourseError, match="is grading this already; wait, or"):
        other.__enter__()
    with store.alone():
        pass


def test_a_rehearsal_is_found_under_its_key_alone(store: ResultStore) -> None:
    found = {"toy": Rehearsal(("test_a",), ("test_b",), {"setup": "NameError"})}
    assert store.find_rehearsals("key") == {}
    store.keep_rehearsals("key", found)
    assert store.find_rehearsals("key") == found
    assert store.find_rehearsals("another key") == {}


def test_a_rehearsal_is_forgotten_with_the_next_key(store: ResultStore) -> None:
    store.keep_rehearsals("key", {"toy": Rehearsal()})
    store.keep_rehearsals("next key", {})
    assert store.find_rehearsals("key") == {}


def test_a_rehearsal_is_nobodys_result(store: ResultStore) -> None:
    store.keep_rehearsals("key", {"toy": Rehearsal()})
    assert list(store.folder.glob("*.json")) == []
