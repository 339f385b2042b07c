"""The asserts of a test cell: each is a test of its own, and none keeps the others from running.

Only where the cell itself may catch an `AssertionError`, or expects one, an assert that does not
hold raises it, as in any Python: there it decides what the cell does next.
"""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from course.grading.border.notes import CREDIT, FAILED, HOLDS, RAISING
from course.notebooks import BEGIN_HIDDEN, END_HIDDEN, line_in_region

MAX_NAME = 200
TOLD = "A hidden test does not hold."
LOOPS = (ast.For, ast.AsyncFor, ast.While)
CAUGHT = ("AssertionError", "Exception", "BaseException")
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
WEIGHT = re.compile(r"#\s*weight:\s*(\d+(?:\.\d+)?)\s*$")


@dataclass(frozen=True)
class Assertion:
    """Hold one assert; `loop` are the lines of the outermost loop that it stands in, if any.

    `told` is its message without values, which may be those of a hidden test. One `inside` a
    function or class may be run from anywhere in the cell.
    """

    name: str
    line: int
    hidden: bool
    weight: float
    told: str
    loop: range
    inside: bool


@dataclass(frozen=True)
class Assertions:
    """Hold a test cell, to be run with `HOLDS`, `FAILED`, `CREDIT` and `RAISING` among its names.

    Where `is_weighted`, a `# weight: 2` behind an assert says how much it counts, one without
    counts 1, and each gives points of its own. Otherwise the points are for all of them together.
    """

    tree: ast.Module
    tests: tuple[Assertion, ...]
    is_weighted: bool
    source: str


@dataclass(frozen=True)
class _Place:
    node: ast.AST
    loop: range = range(0)
    inside: bool = False

    def within(self) -> Iterator["_Place"]:
        """Yield the places directly below."""
        inside = self.inside or isinstance(self.node, SCOPES)
        loop = self.loop
        # The outermost stays: what ends it cuts short all that is in it.
        if isinstance(self.node, LOOPS) and not loop:
            loop = _lines(self.node)
        for child in ast.iter_child_nodes(self.node):
            yield _Place(child, loop, inside)


def read_assertions(source: str, file: str = "") -> Assertions:
    """Return the tests in the Python code `source`, which will be compiled as `file`.

    Raises `SyntaxError` where it is no such code.
    """
    tree = ast.parse(source)
    weights = dict(_weights(source))
    places = list(_find_asserts(tree))
    tests = [_assertion(place, source, weights) for place in places]
    tests.sort(key=lambda test: test.line)  # they were found in the order of a stack
    weighted_lines = {line for line, weight in weights.items() if weight}
    is_weighted = any(weighted_lines.intersection(_lines(place.node)) for place in places)
    return Assertions(_Rewriter(file).rewrite(tree), tuple(tests), is_weighted, source)


def _find_asserts(tree: ast.Module) -> Iterator[_Place]:
    waiting = [_Place(tree)]
    while waiting:
        place = waiting.pop()
        if isinstance(place.node, ast.Assert):
            yield place
        waiting += place.within()


def _weights(source: str) -> Iterator[tuple[int, float]]:
    # By tokens, as a text in the code may look like such a comment.
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        found = WEIGHT.search(token.string) if token.type == tokenize.COMMENT else None
        if found:
            yield token.start[0], float(found[1])


def _assertion(place: _Place, source: str, weights: Mapping[int, float]) -> Assertion:
    node = place.node
    assert isinstance(node, ast.Assert)
    return Assertion(
        name=ast.unparse(node.test)[:MAX_NAME],
        line=node.lineno,
        hidden=line_in_region(source, node.lineno, BEGIN_HIDDEN, END_HIDDEN),
        weight=next((weights[line] for line in _lines(node) if line in weights), 1.0),
        told=_without_values(node.msg),
        loop=place.loop,
        inside=place.inside,
    )


def _without_values(message: ast.expr | None) -> str:
    """Return what a message says whatever the values are: `…` stands for them."""
    # Of an f-string, what stands in braces is computed, and so is any other message than a text.
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    texts = [str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts]
    text = "".join(texts)
    return text if text.strip("… ") else TOLD


def _lines(node: Any) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


class _Rewriter(ast.NodeTransformer):
    """Make every assert note its outcome and let the cell go on, so that all tests are run."""

    def __init__(self, file: str) -> None:
        self._file = file

    def rewrite(self, tree: ast.Module) -> ast.Module:
        """Return `tree` with rewritten asserts, and with the value of its last line noted.

        For nbgrader, a number that a test cell ends with is the points that it gives.
        """
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            last.value = ast.Call(ast.Name(CREDIT, ast.Load()), [last.value], [])
        rewritten: ast.Module = self.visit(tree)
        return ast.fix_missing_locations(rewritten)

    def visit_Assert(self, node: ast.Assert) -> ast.If:
        """Turn `assert test, message` into `if not holds(…, test): failed(…, message)`.

        Both are told the file and the line.
        """
        place: list[ast.expr] = [ast.Constant(self._file), ast.Constant(node.lineno)]
        arguments = place if node.msg is None else [*place, node.msg]
        test = ast.Call(ast.Name(HOLDS, ast.Load()), [*place, node.test], [])
        failed = ast.Expr(ast.Call(ast.Name(FAILED, ast.Load()), arguments, []))
        # Within the `if`, as the message of an assert that holds is not computed.
        rewritten = ast.If(ast.UnaryOp(ast.Not(), test), [failed], [])
        return ast.copy_location(rewritten, node)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """Have asserts raise in a block whose handlers may catch it."""
        return self._visit_block(node, any(_may_catch(each.type) for each in node.handlers))

    def visit_TryStar(self, node: ast.TryStar) -> ast.AST:
        """Do as `visit_Try` does: a group of exceptions is caught alike."""
        return self._visit_block(node, any(_may_catch(each.type) for each in node.handlers))

    def visit_With(self, node: ast.With) -> ast.AST:
        """Have asserts raise in a block that names the error, as `assertRaises` has it named."""
        return self._visit_block(node, any(_names_error(each.context_expr) for each in node.items))

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        """Do as `visit_With` does."""
        return self._visit_block(node, any(_names_error(each.context_expr) for each in node.items))

    def _visit_block(self, node: Any, is_raising: bool) -> ast.AST:
        self.generic_visit(node)
        if is_raising:
            node.body = [_raising(node.body)]
        found: ast.AST = node
        return found

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """Have asserts raise in a call that is told the error and what to call."""
        self.generic_visit(node)
        return _raising([node]) if _names_error(node.value) else node


def _may_catch(kind: ast.expr | None) -> bool:
    """Tell whether a handler of this `kind` may catch an `AssertionError`."""
    if kind is None:
        return True
    if isinstance(kind, ast.Tuple):
        return any(map(_may_catch, kind.elts))
    known = getattr(builtins, kind.id, None) if isinstance(kind, ast.Name) else None
    # Of any other name nobody knows what it will stand for.
    return not isinstance(known, type) or issubclass(AssertionError, known)


def _names_error(expression: ast.expr) -> bool:
    """Tell whether a kind of error that an assert raises stands among the names used."""
    names = (node for node in ast.walk(expression) if isinstance(node, ast.Name))
    return any(name.id in CAUGHT for name in names)


def _raising(body: list[ast.stmt]) -> ast.With:
    block = ast.With([ast.withitem(ast.Name(RAISING, ast.Load()))], body)
    return ast.copy_location(block, body[0])
