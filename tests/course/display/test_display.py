"""What is shown is text, never markup, and says what is meant."""

import json
import re
from pathlib import Path

import pytest

from course import display
from course.grading.classroom import ClassReport, Progress
from course.grading.model.results import (
    NotebookResult,
    QuestionResult,
    SubmissionResult,
    Verdict,
)
from course.grading.records.records import Destinations
from course.layout import Course


def report(tmp_path: Path, *results: SubmissionResult) -> ClassReport:
    places = Destinations.of(Course(tmp_path), "toy", tmp_path / "[red]out[/]")
    return ClassReport(results, frozenset(), places)


def test_build_says_when_there_was_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    display.built([])
    assert capsys.readouterr().out == "✔ release/ and solutions/: all up to date\n"


def test_names_in_a_graded_class_are_shown_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    question = QuestionResult("[b]q[/b]", "test_q", 1, 2, Verdict.FAILED)
    good = SubmissionResult("[/]ann", (NotebookResult("toy", (question,)),))
    bad = SubmissionResult("bob", problem="there is '[red]x[/red] :bomb:.ipynb': rename it")
    display.graded(report(tmp_path, good, bad))
    out = capsys.readouterr().out
    for text in ("[b]q[/b]", "[/]ann", "1/2", "'[red]x[/red] :bomb:.ipynb'", "[red]out[/]/grades"):
        assert text in out


def test_points_that_a_person_has_yet_to_give_are_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = (
        QuestionResult("easy", "test_easy", 1, 2, Verdict.FAILED),
        QuestionResult("hard", "test_hard", 0, 3, Verdict.BY_HAND),
    )
    found = report(tmp_path, SubmissionResult("ann", (NotebookResult("toy", questions),)))
    display.graded(found)
    assert re.search(r"ann\W+1\+\?/5\W+1/2\W+\?/3", capsys.readouterr().out)
    display.graded_as_json(found)
    shown = capsys.readouterr()
    assert "to be marked by a person: hard; their tests cannot be run apart" in shown.err
    [row] = json.loads(shown.out)
    assert row["score"] is None
    assert {name: each["score"] for name, each in row["questions"].items()} == {
        "easy": 1,
        "hard": None,
    }


def test_results_that_come_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with display.GradingProgress("[/]toy") as progress:
        for result in (
            SubmissionResult("[/]ann"),
            SubmissionResult("bob", problem="[/] is no notebook"),
        ):
            progress.update(Progress(result, 2))
    assert capsys.readouterr().out == "  [/]ann: 0 of 0 points\n  bob: [/] is no notebook\n"


def test_a_path_is_never_broken_in_two(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("/", *["a-folder-with-a-long-name"] * 12)
    display.executed([], path)
    assert str(path) in capsys.readouterr().out


def test_paths_below_this_folder_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert display.relative(tmp_path / "build" / "x") == "build/x"
    assert display.relative(tmp_path.parent / "x") == str(tmp_path.parent / "x")
