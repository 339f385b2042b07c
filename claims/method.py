"""A lesson's method: what its code cells define, as the measurements of its claims use it."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from claims.dependencies import ROOT, Place, Source, canonical, module_source, reached
from course.errors import CourseError
from course.layout import Course, notebook
from course.notebooks import read, tags

MAGIC = re.compile(r"^(\s*)[%!].*", re.MULTILINE)  # lines for IPython, such as %pip


@dataclass(frozen=True)
class Method:
    """The code cells of the master of `lesson`, run as far as what is asked for needs them."""

    lesson: str

    @cached_property
    def cells(self) -> list[Any]:
        """Return the cells of the master."""
        return list(read(notebook(Course(ROOT).masters, self.lesson)).cells)

    @cached_property
    def source(self) -> Source:
        """Return all code cells as one source."""
        code = [MAGIC.sub(r"\1pass", cell.source) for cell in self.cells if _is_code(cell)]
        return Source(ast.parse("\n".join(code)), module_source)

    @cached_property
    def parameters(self) -> str:
        """Return the cell of parameters, without formatting and comments."""
        [cell] = [cell for cell in self.cells if _is_code(cell) and "parameters" in tags(cell)]
        return canonical(ast.parse(cell.source))

    def places(self, names: Iterable[str]) -> list[Place]:
        """Return where the lesson defines `names`; raises `CourseError` where it does not."""
        for name in names:
            if name not in self.source.definitions:
                raise CourseError(
                    f"{self.lesson}: no cell defines {name!r} at its top, as claims/ expects"
                )
        return [(self.source, name) for name in names]

    def define(self, name: str) -> Any:
        """Return the value that the lesson gives to `name`.

        Only what `name` needs is run, in the order of the cells: answers, parameters, and imports.
        """
        needed = reached(self.places([name]))
        ours = {here for source, here in needed if source is self.source}
        statements = {
            id(statement): statement for here in ours for statement in self.source.definitions[here]
        }
        imports = [
            node for node in self.source.tree.body if _imports_any(node, statements.values())
        ]
        body = sorted([*imports, *statements.values()], key=lambda node: node.lineno)
        namespace: dict[str, Any] = {"__name__": self.lesson}
        exec(compile(ast.Module(body, []), f"<{self.lesson}>", "exec"), namespace)
        return namespace[name]


def _is_code(cell: Any) -> bool:
    return bool(cell.cell_type == "code")


def _imports_any(node: ast.stmt, statements: Iterable[ast.stmt]) -> bool:
    """Tell whether `node` is an import of something that `statements` use."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return False
    bound = {(each.asname or each.name).split(".")[0] for each in node.names}
    nodes = (inner for statement in statements for inner in ast.walk(statement))
    return any(isinstance(inner, ast.Name) and inner.id in bound for inner in nodes)
