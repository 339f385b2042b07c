"""Dead links are found, and live ones left alone."""

from pathlib import Path

import pytest

from course.checks import Problem
from course.checks.links import check_links
from course.checks.masters import read_masters
from course.layout import Course
from tests.course.checks.changes import MASTER, change_cell


def dead_links(course: Course) -> list[Problem]:
    return check_links(course, read_masters(course)[0])


LIVE_LINKS = """# A Title: with `code`, *and* more

[self](../../pyproject.toml) [part](../../pyproject.toml#part) [other](https://example.org/gone)
[top](#a-title-with-code-and-more) [jupyter](#A-Title:-with-code,-and-more) [mark](#mark)
<a name="mark"></a> [mail](mailto:a@example.org) ![image](../../pyproject.toml)
[repo](https://github.com/YOUR_ORGANISATION/toy/blob/main/pyproject.toml#L1)
[colab](https://colab.research.google.com/github/YOUR_ORGANISATION/toy/blob/main/pyproject.toml)
`[code](gone.md)` [Open in Colab]({{ colab }})

    [more code](gone.md)
"""


def test_live_links_are_no_problem(toy_course: Course) -> None:
    change_cell(toy_course, "title", LIVE_LINKS)
    assert dead_links(toy_course) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("[a](gone.md)", "gone.md"),
        ("[a](gone.md#part)", "gone.md#part"),
        ("[a][1]\n\n[1]: gone.md", "gone.md"),
        ("![a](gone.png)", "gone.png"),
        ('<img src="gone.png">', "gone.png"),
        ('see <a href="gone.md">a</a>', "gone.md"),
        ("[a](#nowhere)", "#nowhere"),
        ("[a](../../../../../../../../..)", "../../../../../../../../.."),
        ("[a]({{ collab }})", "{{collab}}"),
        (
            "[a](https://github.com/YOUR_ORGANISATION/toy/tree/main/gone)",
            "https://github.com/YOUR_ORGANISATION/toy/tree/main/gone",
        ),
        (
            "[a](https://colab.research.google.com/github/YOUR_ORGANISATION/toy/blob/main/a.ipynb)",
            "https://colab.research.google.com/github/YOUR_ORGANISATION/toy/blob/main/a.ipynb",
        ),
    ],
)
def test_dead_link_in_a_master_is_found(toy_course: Course, text: str, target: str) -> None:
    change_cell(toy_course, "title", f"# Toy\n\n{text}")
    (problem,) = dead_links(toy_course)
    assert (problem.file, problem.message) == (MASTER, f"has a dead link to `{target}`")


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "docs/a.md", "docs/b/c.md", ".github/ISSUE_TEMPLATE/a.md"]
)
def test_dead_link_in_a_page_is_found(toy_course: Course, name: str) -> None:
    page = toy_course.root / name
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("[a](gone.md) [this](" + page.name + ")")
    (problem,) = dead_links(toy_course)
    assert (problem.file, problem.message) == (Path(name), "has a dead link to `gone.md`")


def test_links_to_the_tag_of_a_release_are_the_repositorys_own(toy_course: Course) -> None:
    file = toy_course.root / "pyproject.toml"
    file.write_text('[project]\nversion = "1.0"\n' + file.read_text())
    start = "https://github.com/YOUR_ORGANISATION/toy/blob"
    live, gone = f"{start}/v1.0/pyproject.toml", f"{start}/v1.0/gone.md"
    (toy_course.root / "README.md").write_text(f"[a]({live}) [b]({gone}) [c]({start}/main/gone.md)")
    found = [problem.message for problem in dead_links(toy_course)]
    assert found == [f"has a dead link to `{target}`" for target in (gone, f"{start}/main/gone.md")]
