"""All checks together: a clean course has no problems, and one problem hides no other."""

from pathlib import Path

import pytest

from course.checks import Problem, run_checks
from course.layout import Course, notebook
from tests.course.checks.changes import MASTER, change_cell


@pytest.mark.slow
def test_clean_course_has_no_problems(built_course: Course) -> None:
    assert run_checks(built_course) == []


@pytest.mark.slow
def test_checks_go_on_after_a_damaged_master(built_course: Course) -> None:
    damaged = notebook(built_course.masters, "broken")
    damaged.parent.mkdir()
    damaged.write_text("{}")
    change_cell(built_course, "title", "# Toy\n\n[gone](gone.md)")
    (built_course.root / "README.md").write_text("[gone](gone.md)")
    problems = run_checks(Course(built_course.root))
    assert {str(problem.file) for problem in problems} >= {
        "source_notebooks/broken/broken.ipynb",
        "source_notebooks/toy/toy.ipynb",
        "README.md",
    }


def test_quick_checks_read_but_build_and_execute_nothing(
    toy_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    (toy_course.root / "README.md").write_text("[gone](gone.md)")
    for name in ("check_freshness", "check_solutions"):
        monkeypatch.setattr(f"course.checks.{name}", pytest.fail)
    (problem,) = run_checks(toy_course, quick=True)
    assert problem.file == Path("README.md")


def test_problem_is_one_line_with_file_and_remedy() -> None:
    problem = Problem(MASTER, "is wrong", "mend it")
    assert str(problem) == "source_notebooks/toy/toy.ipynb: is wrong; mend it"
