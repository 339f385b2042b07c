"""Generated files that are stale, strays or missing are found."""

from course.checks.freshness import check_freshness
from course.layout import Course
from tests.course.checks.changes import MASTER, RELEASE, SOLUTION, change_cell
from tests.toy import DOUBLE


def test_stale_stray_and_missing_generated_files_are_found(built_course: Course) -> None:
    release = built_course.root / RELEASE
    release.write_text(release.read_text().replace("Toy", "Tory"))
    (release.parent / "toy.py").write_text("stray")
    (built_course.root / SOLUTION).unlink()
    problems = check_freshness(built_course)
    assert [(problem.file, problem.message) for problem in problems] == [
        (RELEASE, "is not what its master makes of it"),
        (RELEASE.with_name("toy.py"), "is made by no master"),
        (SOLUTION, "is missing"),
    ]
    assert {problem.remedy for problem in problems} == {"run `make build` and commit"}


def test_master_that_cannot_be_built_is_named(toy_course: Course) -> None:
    change_cell(toy_course, "double", DOUBLE.replace("    ### END SOLUTION", ""))
    (problem,) = check_freshness(toy_course)
    assert problem.file == MASTER
    assert "no end solution statement found" in problem.message
    assert problem.remedy == "mend that cell"
