"""Which code a measurement reaches, and a digest of it that only a change of that code changes.

From a function on, every name that it uses is followed to its definition, through the packages
`claims` and `helpers` and through the code cells of a lesson. What is not reached, such as plots,
plays no part; nor do formatting, comments, docstrings, annotations, imports, and the module that a
thing stands in.
"""

import ast
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from course.errors import CourseError

ROOT = Path(__file__).parents[1]
OURS = ("claims", "helpers")
WHOLE = "*"  # in place of a name: everything in a module
# Modules that data come through, unchanged: how they are fetched and how that is shown.
ASIDE = frozenset({"archives", "downloads"})
# Parts of a syntax tree that do not say what is computed.
UNIMPORTANT = frozenset({"annotation", "returns", "ctx", "kind", "type_comment"})

Import = tuple[str, str]  # a module, and a name in it
Place = tuple["Source", str]  # a source, and a name that it defines


@dataclass(frozen=True, eq=False)
class Source:
    """Python code as a set of definitions by name: of a module, or of a lesson's cells.

    `importable(module)` returns the source of another module, or None for what is not ours.
    """

    tree: ast.Module
    importable: Callable[[str], "Source | None"]

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        """Map each name that a statement at the top binds to those statements, in their order."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in self.tree.body:
            for name in _bound(statement):
                found.setdefault(name, []).append(statement)
        return found

    @cached_property
    def imports(self) -> dict[str, Import]:
        """Map each name that an import binds, also one inside a function, to what it imports."""
        found: dict[str, Import] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= {each.asname or each.name: (node.module, each.name) for each in node.names}
            elif isinstance(node, ast.Import):
                found |= {each.asname or each.name: (each.name, WHOLE) for each in node.names}
        return found

    def find(self, name: str) -> Iterator[Place]:
        """Yield where `name` is defined: here, or in a source that it is imported from."""
        if name in self.definitions:
            yield self, name
        elif name in self.imports:
            module, wanted = self.imports[name]
            if submodule := self.importable(f"{module}.{wanted}"):
                yield from submodule.everything()
            elif source := self.importable(module):
                yield from source.everything() if wanted == WHOLE else source.find(wanted)

    def everything(self) -> Iterator[Place]:
        """Yield all that is defined here."""
        yield from ((self, name) for name in self.definitions)


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        yield from (node.id for node in [statement.target] if isinstance(node, ast.Name))


@cache
def module_source(module: str) -> Source | None:
    """Return the source of a module of ours by its full name; None for any other."""
    parts = module.split(".")
    if parts[0] not in OURS or parts[-1] in ASIDE:
        return None
    path = ROOT.joinpath(*parts)
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return Source(ast.parse(file.read_text(encoding="utf-8")), module_source)
    return None


def reached(starts: Iterable[Place]) -> set[Place]:
    """Return all that `starts` use, directly or by way of others, themselves included."""
    found: set[Place] = set()
    waiting = list(starts)
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting.extend(_used_by(place))
    return found


@cache
def _used_by(place: Place) -> tuple[Place, ...]:
    source, name = place
    names = (used for statement in source.definitions[name] for used in _names_in(statement))
    return tuple(found for used in sorted(set(names)) for found in source.find(used))


def _names_in(node: Any) -> Iterator[str]:
    """Yield the names in a syntax tree, but for those in annotations."""
    if isinstance(node, ast.Name):
        yield node.id
    for part in _parts(node):
        yield from _names_in(part)


def _parts(node: Any) -> Iterator[Any]:
    """Yield what `node`, a piece of a syntax tree, is made of and what counts."""
    if isinstance(node, list):
        yield from (each for each in node if not _says_nothing(each))
    elif isinstance(node, ast.AST):
        yield from (value for _, value in _fields(node))


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    for name, value in ast.iter_fields(node):
        if name not in UNIMPORTANT and value is not None and value != []:
            yield name, value


def _says_nothing(node: Any) -> bool:
    """Tell whether `node` is a docstring or another lone text, or an import."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    lone = node.value if isinstance(node, ast.Expr) else None
    return isinstance(lone, ast.Constant) and isinstance(lone.value, str)


def place_of(function: Any) -> Place:
    """Return where a function of ours is defined; raises `CourseError` for a lambda or the like."""
    source = module_source(function.__module__)
    if source is None or function.__qualname__ not in source.definitions:
        raise CourseError(
            f"{function.__module__}: {function.__qualname__} is no function at the top of a module "
            "of claims/; make it one, and give it its arguments with functools.partial"
        )
    return source, function.__qualname__


def functions_of(statistic: Any) -> list[Any]:
    """Return the functions in `statistic`: itself, or those that a partial is made of."""
    if not isinstance(statistic, partial):
        return [statistic]
    arguments = (*statistic.args, *statistic.keywords.values())
    return [statistic.func, *(each for each in arguments if callable(each))]


def describe(statistic: Any) -> str:
    """Return `statistic` as one would call it."""
    if not isinstance(statistic, partial):
        return f"{statistic.__name__}()"
    positional = [_shown(value) for value in statistic.args]
    named = [f"{name}={_shown(value)}" for name, value in statistic.keywords.items()]
    return f"{statistic.func.__name__}({', '.join(positional + named)})"


def _shown(value: Any) -> str:
    return str(value.__name__) if callable(value) else repr(value)


def method_names(places: Iterable[Place]) -> set[str]:
    """Return what the code at `places` asks of its lesson: each name in `study.method("name")`.

    Raises `CourseError` where the name is not written out, since it could not be read here.
    """
    return {name for place in places for name in _method_names_at(place)}


@cache
def _method_names_at(place: Place) -> frozenset[str]:
    source, name = place
    nodes = (node for statement in source.definitions[name] for node in ast.walk(statement))
    calls = (node for node in nodes if isinstance(node, ast.Call))
    return frozenset(_written_out(call, name) for call in calls if _calls_method(call))


def _calls_method(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "method"


def _written_out(call: ast.Call, name: str) -> str:
    if not (call.args and isinstance(call.args[0], ast.Constant)):
        raise CourseError(f"claims: {name} calls method() without a name written out")
    return str(call.args[0].value)


def digest(places: Iterable[Place], *others: str) -> str:
    """Return 16 hexadecimal digits of the code at `places`, in any order, and of `others`."""
    return _hashed(json.dumps([sorted(set(map(_code_digest, places))), *others]))[:16]


@cache
def _code_digest(place: Place) -> str:
    source, name = place
    return _hashed(canonical(source.definitions[name]))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(node: Any) -> str:
    """Return a syntax tree as text, the same in every version of Python (`ast.dump` is not)."""
    if isinstance(node, list):
        return f"[{', '.join(map(canonical, _parts(node)))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (f"{name}={canonical(value)}" for name, value in _fields(node))
    return f"{type(node).__name__}({', '.join(fields)})"


@cache
def data_of_helpers() -> str:
    """Return the tables that `helpers` draws its pictures from, without their formatting."""
    files = sorted((ROOT / "helpers").rglob("*.toml"))
    return json.dumps([tomllib.loads(file.read_text(encoding="utf-8")) for file in files])
