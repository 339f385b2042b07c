"""Read the code of cells, IPython's magics included, without running it.

Most of it is a student's, so it may be meant to take for ever to read.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import chain

# IPython tokenizes a cell anew for each magic in it, which a hostile cell would make very slow.
MAX_PARSED, MAX_MAGICS = 50_000, 20
MAGIC = re.compile(r"^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
IMPORTS = (ast.Import, ast.ImportFrom)
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)  # what reading may raise


def parse(source: str) -> ast.Module:
    """Return the syntax tree of Python or else IPython code; raises `SyntaxError` for neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a student's code deserves a warning for
        # Most cells have no magics: IPython is asked only about what Python cannot read.
        try:
            return ast.parse(source)
        except UNREADABLE as error:
            if len(MAGIC.findall(source)) > MAX_MAGICS:
                raise _as_syntax_error(error) from error
        try:
            return ast.parse(_without_magics(source))
        except UNREADABLE as error:
            raise _as_syntax_error(error) from error


def parse_or_none(source: str) -> ast.Module | None:
    """Return the syntax tree of Python or else IPython code, None when it is neither."""
    try:
        return parse(source)
    except SyntaxError:
        return None


def defined_names(source: str) -> tuple[str, ...]:
    """Return the names that the code `source` defines at its top level, imports left out.

    What cannot be parsed, or not in reasonable time, defines nothing.
    """
    tree = parse_or_none(source) if len(source) <= MAX_PARSED else None
    if tree is None:
        return ()
    names = chain.from_iterable(map(_bound, _top_level(tree.body)))
    return tuple(dict.fromkeys(names))  # each once, in order


def imports_of(source: str) -> str:
    """Return the import statements that the code `source` has at its top level."""
    tree = parse_or_none(source)
    nodes = tree.body if tree else []
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, IMPORTS))


def imported_modules(source: str) -> list[str]:
    """Return the names of the modules that the code `source` imports, wherever in it.

    Relative imports are left out, and so is all of what cannot be parsed.
    """
    tree = parse_or_none(source)
    names: list[str] = []
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names


def _without_magics(source: str) -> str:
    """Return IPython code as Python, in which calls stand for the magics."""
    # Importing IPython takes a while, which `course --help` should not pay.
    from IPython.core.inputtransformer2 import TransformerManager

    python: str = TransformerManager().transform_cell(source)
    return python


def _as_syntax_error(error: Exception) -> SyntaxError:
    return error if isinstance(error, SyntaxError) else SyntaxError(str(error))


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements that run at top level, in their order, those inside of others included."""
    waiting = [*reversed(body)]  # no recursion: a chain of `elif`s is nested deeply
    while waiting:
        node = waiting.pop()
        yield node
        # What a function or a class defines inside is no name of the notebook's.
        if not isinstance(node, NAMED):
            waiting.extend(reversed([*_inside(node)]))


def _inside(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements directly inside of an `if`, `try`, `for`, `with`, `while`, `match`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from child.body


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that the statement `node` itself binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from _target_names(targets)
        case (
            ast.AnnAssign(target=target)
            | ast.AugAssign(target=target)
            | ast.For(target=target)
            | ast.AsyncFor(target=target)
        ):
            yield from _target_names([target])
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from _target_names([item.optional_vars for item in items if item.optional_vars])


def _target_names(targets: Sequence[ast.expr]) -> Iterator[str]:
    waiting = [*reversed(targets)]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                yield name
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                waiting.extend(reversed(elements))
            case ast.Starred(value=value):
                waiting.append(value)
