"""Code of cells is read without running it, magics and hostile code included."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.ipython_code import (
    MAX_MAGICS,
    defined_names,
    imported_modules,
    imports_of,
    parse,
    parse_or_none,
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(): x = 1", ("f",)),
        ("class A: b = 2", ("A",)),
        ("a = b, (c, *d) = x", ("a", "b", "c", "d")),
        ("n: int = 3\nn += 1\nm += 1", ("n", "m")),
        ("x.y = 1; z[0] = 2", ()),
        ("import os\nfrom a import b", ()),
        ("if x:\n    a = 1\nelif y:\n    b = 2\nelse:\n    c = 3", ("a", "b", "c")),
        ("try:\n    a = 1\nexcept E:\n    b = 2\nfinally:\n    c = 3", ("a", "b", "c")),
        ("for i, j in x:\n    k = i\nwith f() as (g, h):\n    pass", ("i", "j", "k", "g", "h")),
        ("match x:\n    case 1:\n        a = 1", ("a",)),
        ("%matplotlib inline\n!ls\nfiles = !ls\nx = 1", ("files", "x")),
        ("größe = 1\ndef 二倍(数): return 2 * 数", ("größe", "二倍")),
        (r"pattern = '\d'", ("pattern",)),
        ("    indented = 1", ("indented",)),
        ("def f(:", ()),
        ("a = 1\0", ()),
        ("(" * 10_000, ()),
        ("if a: b = 1\n" + "elif c: d = 2\n" * 500, ("b", "d")),
        ("x = 1\n" * 50_000, ()),
        ("%%bash\nls", ()),
        ("if True:\n    best = 3", ("best",)),
        ("ys = [best for best in y]", ("ys",)),
    ],
)
def test_names_defined_at_top_level(source: str, names: tuple[str, ...]) -> None:
    assert defined_names(source) == names


@pytest.mark.slow
@given(st.text())
def test_any_text_has_names_or_none(source: str) -> None:
    assert all(name.isidentifier() for name in defined_names(source))


def test_python_is_parsed_as_python_does() -> None:
    source = "def f(x):\n    return x\n"
    assert ast.dump(parse(source)) == ast.dump(ast.parse(source))


def test_what_is_neither_python_nor_ipython_code_is_refused_with_its_line() -> None:
    with pytest.raises(SyntaxError) as caught:
        parse("%matplotlib inline\nx = 1\ndef f(:")
    assert caught.value.lineno == 3


@pytest.mark.parametrize("source", ["def f(:", "(" * 10_000, "a = 1\0", "%x\n" * (MAX_MAGICS + 1)])
def test_unreadable_code_is_a_syntax_error_or_none(source: str) -> None:
    assert parse_or_none(source) is None
    with pytest.raises(SyntaxError):
        parse(source)


def test_imports_at_top_level_are_found() -> None:
    source = "%pylab\nimport os, sys\nfrom a.b import c as d\nx = 1\ndef f():\n    import g"
    assert imports_of(source) == "import os, sys\nfrom a.b import c as d"
    assert imports_of("import (") == ""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import os", ["os"]),
        ("import os, helpers", ["os", "helpers"]),
        ("import torch.nn.functional as F\nfrom a.b import c", ["torch.nn.functional", "a.b"]),
        ("if True:\n    import inner", ["inner"]),
        ("%matplotlib inline\nimport os", ["os"]),
        ("x = 1  # import nothing", []),
        ('"""Data\nfrom ... the web\nimport nothing of it\n"""', []),
        ("from .beside import y\nfrom . import z", []),
        ("important = 1\nfrom_here = 2", []),
        ("import (", []),
        ("", []),
    ],
)
def test_modules_that_are_imported_are_found_wherever_they_are(
    source: str, names: list[str]
) -> None:
    assert imported_modules(source) == names
