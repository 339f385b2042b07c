"""The asserts of a test cell: each is a test of its own, and none keeps the others from running."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from course.notebooks import BEGIN_HIDDEN, END_HIDDEN, line_in_region

FAILED = "__failed__"
HOLDS = "__holds__"
CREDIT = "__credit__"
MAX_NAME = 200
WEIGHT = re.compile(r"#\s*weight:\s*(\d+(?:\.\d+)?)\s*$")


@dataclass(frozen=True)
class Assertion:
    """Hold one assert; `block` is the line range of the top-level statement that it stands in.

    A test `inside` a function or class may be run from anywhere in the cell.
    """

    name: str
    line: int
    block: range
    hidden: bool
    inside: bool
    weight: float = 1.0


@dataclass(frozen=True)
class Assertions:
    """Hold a test cell, to be run with `HOLDS`, `FAILED` and `CREDIT` among its names.

    Where `is_weighted`, a `# weight: 2` behind an assert says how much it counts, one without
    counts 1, and each gives points of its own. Otherwise the points are for all of them together.
    """

    tree: ast.Module
    tests: tuple[Assertion, ...]
    is_weighted: bool


def read_assertions(source: str) -> Assertions:
    """Return the tests in the Python code `source`; raises `SyntaxError` where it is none."""
    tree = ast.parse(source)
    weights = dict(_weights(source))
    tests = tuple(
        _assertion(node, statement, source, weights)
        for statement in tree.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Assert)
    )
    ordered = tuple(sorted(tests, key=lambda test: test.line))
    return Assertions(_Rewriter().rewrite(tree), ordered, bool(weights))


def _weights(source: str) -> Iterator[tuple[int, float]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (found := WEIGHT.search(token.string)):
            yield token.start[0], float(found[1])


def _assertion(
    node: ast.Assert, statement: ast.stmt, source: str, weights: dict[int, float]
) -> Assertion:
    end = node.end_lineno or node.lineno
    lines = range(node.lineno, end + 1)
    return Assertion(
        name=ast.unparse(node.test)[:MAX_NAME],
        line=node.lineno,
        block=range(statement.lineno, (statement.end_lineno or statement.lineno) + 1),
        hidden=line_in_region(source, node.lineno, BEGIN_HIDDEN, END_HIDDEN),
        inside=isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)),
        weight=next((weights[line] for line in lines if line in weights), 1.0),
    )


class _Rewriter(ast.NodeTransformer):
    """Make every assert note its outcome and let the cell go on, so that all tests are run."""

    def rewrite(self, tree: ast.Module) -> ast.Module:
        """Return `tree` with rewritten asserts, and with the value of its last line noted.

        For nbgrader, a number that a test cell ends with is the points that it gives.
        """
        if tree.body and isinstance(last := tree.body[-1], ast.Expr):
            last.value = ast.Call(ast.Name(CREDIT, ast.Load()), [last.value], [])
        rewritten: ast.Module = self.visit(tree)
        return ast.fix_missing_locations(rewritten)

    def visit_Assert(self, node: ast.Assert) -> ast.If:
        """Turn `assert test, message` into `if not holds(line, test): failed(line, message)`."""
        line = ast.Constant(node.lineno)
        arguments: list[ast.expr] = [line] if node.msg is None else [line, node.msg]
        test = ast.Call(ast.Name(HOLDS, ast.Load()), [line, node.test], [])
        failed = ast.Expr(ast.Call(ast.Name(FAILED, ast.Load()), arguments, []))
        found = ast.If(ast.UnaryOp(ast.Not(), test), [failed], [])
        return ast.copy_location(found, node)
