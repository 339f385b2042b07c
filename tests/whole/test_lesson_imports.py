"""The top of `helpers` shows what lessons import, and nothing besides."""

import ast
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import helpers
from tests.toy import REPOSITORY_ROOT

MASTERS = sorted(REPOSITORY_ROOT.glob("source_notebooks/*/*.ipynb"))
PACKAGES = [module.name for module in iter_modules(helpers.__path__) if module.ispkg]


def imports_of_helpers(master: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of each `from helpers.module import name` in a notebook."""
    for cell in json.loads(master.read_text("utf-8"))["cells"]:
        lines = "".join(cell["source"]).splitlines()
        # A cell that installs something with a magic is no Python, and imports nothing of ours.
        if cell["cell_type"] != "code" or any(x.lstrip().startswith(("%", "!")) for x in lines):
            continue
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
                yield from ((str(node.module), name.name) for name in node.names)


@pytest.fixture(scope="module")
def imported() -> set[tuple[str, str]]:
    return {pair for master in MASTERS for pair in imports_of_helpers(master)}


def test_lessons_import_what_is_there(imported: set[tuple[str, str]]) -> None:
    missing = [
        (module, name) for module, name in imported if not hasattr(import_module(module), name)
    ]
    assert missing == []


def test_every_module_at_the_top_is_imported_by_a_lesson(imported: set[tuple[str, str]]) -> None:
    top = {f"helpers.{module.name}" for module in iter_modules(helpers.__path__)}
    assert {module for module, _ in imported} == top


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_offer_what_lessons_import_from_them(
    imported: set[tuple[str, str]], package: str
) -> None:
    names = {name for module, name in imported if module == f"helpers.{package}"}
    assert names == set(import_module(f"helpers.{package}").__all__)
