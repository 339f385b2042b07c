"""Read the bytes of an enemy back into values: the border, on the referee's side.

The trust boundary runs through here: the bytes may have been written by anybody. `unpack` and
`decode` accept what `encoding` can produce, in the one form in which it produces it, and raise
`Malformed` for everything else. Nothing is pickled or looked up by a name from the bytes except in
the tables of this module, of `readers` and of `plain_data`, and what comes out has only exact
built-in, numpy and torch types, so that no code of the student's runs in the referee, not even an
`__eq__`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any, NoReturn

import msgpack  # type: ignore[import-untyped]

from course.grading.border.plain_data import (
    KEYS_EVERY,
    MAX_BYTES,
    MAX_DEPTH,
    Label,
    Malformed,
    Tree,
    is_key,
    weigh,
)
from course.grading.referee.readers import (
    BUILDERS,
    READERS,
    is_number,
    own_errors,
    require,
)

if TYPE_CHECKING:
    from torch import Tensor

MAX_LABEL = 8
MAX_LABEL_TEXT = 200
KIND = re.compile(r"[a-z][a-z_]{0,39}")
PLAIN = frozenset({NoneType, bool, int, float, str, bytes})


def _refuse_reference(label: Label) -> NoReturn:
    raise Malformed("a reference where none is expected")


def _refuse_handle(kind: str, number: int, info: object) -> NoReturn:
    raise Malformed("a handle where none is expected")


def _refuse_gradient(tensor: "Tensor", number: int) -> NoReturn:
    raise Malformed("a gradient where none is expected")


@dataclass(frozen=True)
class DecodeHooks:
    """Turn back what hooks wrote; without hooks such things are malformed.

    Labels and numbers are checked for type and size before, but not for being one that was given
    out: a hook raises `Malformed`, or `LookupError` that becomes it.

    - `reference(label)`: ints are from 0 to `MAX_NUMBER`.
    - `handle(kind, number, info)`: `kind` is letters and underscores.
    - `tensor(tensor, number)` is asked when there is a number. The tensor does not require grad
      itself, unless it is a parameter.
    """

    reference: Callable[[Label], object] = _refuse_reference
    handle: Callable[[str, int, object], object] = _refuse_handle
    tensor: "Callable[[Tensor, int], object]" = _refuse_gradient


def unpack(data: bytes, *, limit: int = MAX_BYTES) -> Tree:
    """Return the tree that `pack` made into `data`; raises `Malformed` for any other bytes."""
    if len(data) > limit:
        raise Malformed(f"{len(data):,} bytes, {limit:,} allowed")
    weigh(data)  # before msgpack reads them, which believes every length
    try:
        tree: Tree = msgpack.unpackb(data)
    except (ValueError, msgpack.exceptions.UnpackException):
        raise Malformed("not msgpack") from None
    # One form for each value: what is written again must be the same.
    if msgpack.packb(tree) != data:
        raise Malformed("a number or length in a longer form than needed")
    return tree


def decode(tree: Tree, hooks: DecodeHooks | None = None) -> object:
    """Return the value that `tree` stands for; raises `Malformed` and what hooks raise."""
    return _Decoder(hooks or DecodeHooks()).value(tree, 1)


@dataclass(frozen=True)
class _Decoder:
    """Hold the hooks of one `decode`."""

    hooks: DecodeHooks

    def value(self, node: Tree, depth: int) -> Any:
        """Return the value of `node`, which stands `depth` levels deep."""
        require(depth <= MAX_DEPTH, "nested too deeply")
        if type(node) in PLAIN:
            return node
        if type(node) is not list or not node or type(node[0]) is not str:
            raise Malformed("neither a plain value nor a tag with fields")
        tag, fields = node[0], node[1:]
        # By exact names in our own tables; nothing else is done with the student's text.
        if tag in READERS:
            with own_errors():
                return READERS[tag](*fields)
        if tag in BUILDERS:
            return self._build(tag, fields, depth)
        if tag in SPECIAL:
            return SPECIAL[tag](self, fields, depth)
        raise Malformed("unknown tag")

    def _build(self, tag: str, fields: list[Tree], depth: int) -> object:
        children = [self.value(each, depth + 1) for each in fields]
        # Before they are hashed and compared.
        every = KEYS_EVERY.get(tag)
        if every:
            require(all(map(is_key, fields[::every])), "a key that is not plain")
        with own_errors():
            return BUILDERS[tag](children)

    def tensor(self, fields: list[Tree], depth: int, parameter: bool = False) -> object:
        """Return a tensor or a parameter; one with a number is for the hook to finish."""
        with own_errors():
            # Here, as nothing of a student's may ever have needed torch before.
            from course.grading.referee.torch_values import make_parameter, read_tensor

            name, shape, raw, needs_grad, number = fields
            plain = read_tensor(name, shape, raw)

            require(type(needs_grad) is bool, "a flag that is none")
            has_gradients = plain.dtype.is_floating_point or plain.dtype.is_complex
            require(has_gradients or not needs_grad, "a gradient of whole numbers")
            is_numbered = needs_grad is True and is_number(number)
            require(number is None or is_numbered, "a wrong number")

            if parameter:
                plain = make_parameter(plain, bool(needs_grad))
            elif number is None:
                plain.requires_grad_(bool(needs_grad))
        # Not under `own_errors`: what goes wrong in a hook is no fault of the bytes.
        return plain if number is None else self._ask(self.hooks.tensor, plain, number)

    def parameter(self, fields: list[Tree], depth: int) -> object:
        """Return a parameter, as `tensor` does."""
        return self.tensor(fields, depth, parameter=True)

    def reference(self, fields: list[Tree], depth: int) -> object:
        """Return what the hook has under a label."""
        require(_is_label(fields), "a label that is none")
        return self._ask(self.hooks.reference, tuple(fields))

    def handle(self, fields: list[Tree], depth: int) -> object:
        """Return what the hook makes of a kind, a number and a value of information."""
        require(len(fields) == 3, "a handle with other than three fields")
        kind, number, info = fields
        require(type(kind) is str and KIND.fullmatch(kind) is not None, "no kind of handle")
        require(is_number(number), "a wrong number of a handle")
        return self._ask(self.hooks.handle, kind, number, self.value(info, depth + 1))

    def _ask(self, hook: Callable[..., object], *given: object) -> object:
        try:
            return hook(*given)
        except LookupError:
            raise Malformed("a number or label that was never given out") from None


def _is_label(parts: list[Tree]) -> bool:
    return 1 <= len(parts) <= MAX_LABEL and all(map(_is_label_part, parts))


def _is_label_part(part: Tree) -> bool:
    return is_number(part) or (type(part) is str and len(part) <= MAX_LABEL_TEXT)


# Of the fields and what the hooks say.
SPECIAL: Mapping[str, Callable[[_Decoder, list[Tree], int], object]] = MappingProxyType(
    {
        "tensor": _Decoder.tensor,
        "parameter": _Decoder.parameter,
        "reference": _Decoder.reference,
        "handle": _Decoder.handle,
    }
)
