"""What the hosting platform reads of this repository names only what is there."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from course.layout import Course
from tests.toy import REPOSITORY_ROOT

GITHUB = REPOSITORY_ROOT / ".github"
GRADER, GRADER_NAME = REPOSITORY_ROOT / "course" / "grading", "course.grading."
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
PAGES = [REPOSITORY_ROOT / "SECURITY.md", *GITHUB.rglob("*.md"), *GITHUB.rglob("*.yml")]
TARGETS = re.findall(r"^([a-z]+):", (REPOSITORY_ROOT / "Makefile").read_text("utf-8"), re.M)


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in read_yaml(workflow)["jobs"].values():
        yield from job["steps"]


def commands(workflow: Path) -> list[list[str]]:
    """Return the words of each line that `workflow` runs."""
    lines = "\n".join(step.get("run", "") for step in steps(workflow)).splitlines()
    return [line.split() for line in lines if line.strip()]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_makes_only_targets_that_there_are(workflow: Path) -> None:
    made = {words[1] for words in commands(workflow) if words[0] == "make"}
    assert made <= set(TARGETS)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_only_scripts_that_can_be_run(workflow: Path) -> None:
    scripts = {words[0] for words in commands(workflow) if words[0].startswith(".ci/")}
    assert all(os.access(REPOSITORY_ROOT / script, os.X_OK) for script in scripts)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(workflow: Path) -> None:
    actions = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in actions)


def test_the_sandbox_is_allowed_before_all_is_tested() -> None:
    lines = [" ".join(words) for words in commands(GITHUB / "workflows" / "ci.yml")]
    install = next(i for i, line in enumerate(lines) if "bubblewrap libseccomp2" in line)
    assert install < lines.index(".ci/allow_bubblewrap") < lines.index(".ci/run")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_addresses_are_those_of_the_repository_that_is_published(page: Path) -> None:
    addresses = re.findall(r"https://github\.com/[^\s)>]+", page.read_text(encoding="utf-8"))
    repository = Course(REPOSITORY_ROOT).publication.repository
    assert all(address.startswith(f"{repository}/") for address in addresses)


def test_hooks_before_a_commit_need_no_network() -> None:
    (repository,) = read_yaml(REPOSITORY_ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}


def allowed_imports() -> dict[str, set[str]]:
    """Return what the table in ARCHITECTURE.md lets each package of the grader import."""
    page = (REPOSITORY_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`(\w+)`\]\(course/grading/\w+\) \|[^|]*\|([^|]*)\|", page, re.M)
    return {package: set(re.findall(r"`(\w+)`", column)) for package, column in rows}


def imported_packages(package: str) -> set[str]:
    """Return the packages of the grader that the modules of `package` import."""
    found = set()
    for module in (GRADER / package).glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(GRADER_NAME):
                found.add((node.module or "").removeprefix(GRADER_NAME).partition(".")[0])
    return found


@pytest.mark.parametrize("package", [path.parent.name for path in GRADER.glob("*/__init__.py")])
def test_a_package_of_the_grader_imports_what_the_page_says(package: str) -> None:
    assert imported_packages(package) - {package} == allowed_imports()[package]


def test_the_picture_can_be_read_aloud() -> None:
    picture = (REPOSITORY_ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    assert re.search(r"<title[^>]*>[^<]+</title>\s*<desc[^>]*>[^<]+</desc>", picture)
