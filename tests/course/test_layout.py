"""Folders lie where the tools look for them, and what is missing is named with its remedy."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.layout import Course, Publication, notebook
from tests.toy import REPOSITORY_ROOT

PUBLISHED = (
    '[tool.course]\nrepository = "https://github.com/ORGANISATION/course/"\nbranch = "main"\n'
)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def add_masters(course: Course, *lessons: str) -> None:
    for lesson in lessons:
        master = notebook(course.masters, lesson)
        master.parent.mkdir(parents=True)
        master.touch()


def test_folders_are_those_that_nbgrader_is_told_of() -> None:
    this = Course(Path(__file__).parents[2])
    settings = (this.root / "nbgrader_config.py").read_text(encoding="utf-8")
    assert f'source_directory = "{this.masters.name}"' in settings
    assert f'solution_directory = "{this.solutions.name}"' in settings
    # nbgrader's own names, which the settings leave as they are
    assert (this.release.name, this.submitted.name) == ("release", "submitted")


def test_results_lie_in_the_folder_that_git_ignores(course: Course) -> None:
    assert course.executed.is_relative_to(course.root / "build")


def test_an_ordinary_course_of_nbgrader_needs_no_settings(course: Course) -> None:
    course.masters.mkdir()
    (course.root / "source").mkdir()
    names = [folder.name for folder in (course.masters, course.autograded, course.feedback)]
    assert names == ["source", "autograded", "feedback"]
    assert course.gradebook == f"sqlite:///{course.root / 'gradebook.db'}"


def test_a_course_may_have_its_own_names_and_gradebook(course: Course) -> None:
    lines = ['release_directory = "handouts"', 'db_url = "postgresql://db/grades"']
    text = "".join(f"c.CourseDirectory.{line}\n" for line in lines)
    (course.root / "nbgrader_config.py").write_text(f"c = get_config()\n{text}")
    assert course.release == course.root / "handouts"
    assert course.gradebook == "postgresql://db/grades"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 / 0", r"nbgrader_config\.py: ZeroDivisionError: .*; mend that line"),
        (
            'get_config().CourseDirectory.directory_structure = "{student_id}"',
            r"directory_structure '\{student_id\}' is not known here; arrange",
        ),
    ],
)
def test_settings_of_no_use_are_named(course: Course, line: str, message: str) -> None:
    (course.root / "nbgrader_config.py").write_text(line)
    with pytest.raises(CourseError, match=message):
        _ = course.masters


@given(NAMES)
def test_a_notebook_is_named_like_its_folder(lesson: str) -> None:
    path = notebook(Path("release"), lesson)
    assert path.parts == ("release", lesson, f"{lesson}.ipynb")


def test_lessons_are_listed_in_alphabetical_order(course: Course) -> None:
    add_masters(course, "toy", "augmentation", "dropout")
    assert course.lessons == ["augmentation", "dropout", "toy"]


def test_a_folder_without_a_notebook_is_no_lesson(course: Course) -> None:
    add_masters(course, "toy")
    (course.masters / "drafts").mkdir()
    (course.masters / "drafts" / "notes.md").touch()
    assert course.lessons == ["toy"]


def test_a_folder_without_masters_is_named_with_the_remedy(course: Course) -> None:
    with pytest.raises(CourseError, match=r"source_notebooks: no master notebook here; .*--root"):
        _ = course.lessons


@pytest.mark.parametrize("only", [None, []])
def test_no_choice_selects_all_lessons(course: Course, only: list[str] | None) -> None:
    add_masters(course, "one", "two")
    assert course.select(only) == ["one", "two"]


def test_a_choice_selects_each_lesson_once_and_in_order(course: Course) -> None:
    add_masters(course, "one", "three", "two")
    assert course.select(["two", "one", "two"]) == ["one", "two"]


def test_an_unknown_lesson_is_named_beside_those_that_there_are(course: Course) -> None:
    add_masters(course, "one", "two")
    with pytest.raises(CourseError, match=r"no lesson is called 'tow'.*: one, two$"):
        course.select(["one", "tow"])


def test_publication_is_read_from_the_project_file(course: Course) -> None:
    (course.root / "pyproject.toml").write_text(PUBLISHED, encoding="utf-8")
    assert course.publication == Publication("https://github.com/ORGANISATION/course", "main")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[tool]",
        '[tool.course]\nrepository = "https://github.com/ORGANISATION/course"',
        '[tool.course]\nbranch = "main"',
        "[tool.course]\nrepository = 3\nbranch = 'main'",
    ],
)
def test_a_missing_or_damaged_publication_is_named_with_the_remedy(
    course: Course, text: str | None
) -> None:
    if text is not None:
        (course.root / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as raised:
        _ = course.publication
    message = str(raised.value)
    assert message.startswith(f"{course.root / 'pyproject.toml'}: [tool.course] must name")
    assert message.endswith("; add them")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("content", [b"[tool.course", b"tool = 3", b"tool.course = 'x'", b"\xff"])
def test_a_damaged_project_file_is_named(course: Course, content: bytes) -> None:
    (course.root / "pyproject.toml").write_bytes(content)
    for read in (lambda: course.publication, lambda: course.answers):
        with pytest.raises(CourseError, match=r"pyproject\.toml: .*; mend that line$"):
            read()


@pytest.mark.parametrize("text", [None, "", "[tool.course]\nbranch = 'main'"])
def test_answers_lie_in_exercises(course: Course, text: str | None) -> None:
    if text is not None:
        (course.root / "pyproject.toml").write_text(text, encoding="utf-8")
    assert course.answers == course.root / "exercises"


def test_a_course_may_keep_its_answers_elsewhere(course: Course) -> None:
    (course.root / "pyproject.toml").write_text("[tool.course]\nanswers = '../bank'")
    assert course.answers == course.root / ".." / "bank"


@pytest.mark.parametrize("value", ["3", "''", "['exercises']"])
def test_answers_in_no_folder_are_named_with_the_remedy(course: Course, value: str) -> None:
    (course.root / "pyproject.toml").write_text(f"[tool.course]\nanswers = {value}")
    with pytest.raises(
        CourseError, match=r"pyproject\.toml: `answers` .*; write the name of"
    ) as raised:
        _ = course.answers
    assert len(str(raised.value).splitlines()) == 1


def test_colab_opens_the_file_on_the_branch() -> None:
    address = Publication("https://github.com/ORGANISATION/course", "v1").colab("release/a/a.ipynb")
    assert address == (
        "https://colab.research.google.com/github/ORGANISATION/course/blob/v1/release/a/a.ipynb"
    )


def test_pip_installs_from_the_branch_before_a_release() -> None:
    publication = Publication("https://github.com/ORGANISATION/course", "main")
    assert publication.requirement == "git+https://github.com/ORGANISATION/course@main"


def test_a_release_opens_and_installs_from_its_tag() -> None:
    publication = Publication("https://github.com/ORGANISATION/course", "main", release="0.3.0")
    assert publication.requirement == "git+https://github.com/ORGANISATION/course@v0.3.0"
    assert "/course/blob/v0.3.0/release/" in publication.colab("release/a/a.ipynb")


@pytest.mark.parametrize(
    ("project", "revision"),
    [
        ("", "main"),
        ('[project]\nname = "course"\ndynamic = ["version"]\n', "main"),
        ('[project]\nversion = "0.3.0.dev0"\n', "main"),
        ('[project]\nversion = "0.3.0"\n', "v0.3.0"),
        ('[project]\nversion = "1.0rc1"\n', "v1.0rc1"),
    ],
)
def test_only_a_version_that_is_released_has_a_tag(
    course: Course, project: str, revision: str
) -> None:
    (course.root / "pyproject.toml").write_text(project + PUBLISHED, encoding="utf-8")
    assert course.publication.revision == revision


@pytest.mark.parametrize("project", ["project = 3\n", "[project]\nversion = 'next'\n"])
def test_what_is_no_version_is_named_with_the_remedy(course: Course, project: str) -> None:
    (course.root / "pyproject.toml").write_text(project + PUBLISHED, encoding="utf-8")
    with pytest.raises(
        CourseError, match=r"pyproject\.toml: \[project\] .*; write one such as 0\."
    ):
        _ = course.publication


def test_the_changelog_tells_of_the_version_to_come() -> None:
    changelog = (REPOSITORY_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## (\S+)", changelog, re.M)[0]
    release = Course(REPOSITORY_ROOT).publication.release
    assert newest == (release or "Unreleased")
