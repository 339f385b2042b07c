"""The looks of the procedural animal faces, one for each kind of animal, read from `looks.toml`.

Lengths are in units of half an image side; strengths, chances and `share` are plain ratios.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from importlib import resources
from typing import Any

CLASSES = ("cat", "dog", "wild")


@dataclass(frozen=True)
class Look:
    """Describe one kind of animal by its build, its colours and its coat."""

    name: str
    label: str  # one of CLASSES
    share: float  # how often, relative to the other looks of its class
    fur: str  # this and the next two: sRGB, six hexadecimal digits
    second: str
    iris: str
    ears: str  # "pointed", "hanging" or "round"
    ear_height: float
    ear_width: float
    ear_spread: float  # from the middle of the head, as `eye_spread`
    head_width: float
    head_height: float
    muzzle_width: float
    muzzle_height: float
    muzzle_y: float  # below the middle of the head, as `eye_y`
    nose: float
    pink_nose: float  # chance
    tongue: float  # chance
    eye_radius: float
    eye_spread: float
    eye_y: float
    pupils: str  # "slit" or "round"
    cheeks: float  # strength, as all that follow but the pattern
    pattern: str = "plain"  # or "tabby", "tiger", "spots", "patches"
    pattern_strength: float = 0.0
    white: float = 0.0
    mask: float = 0.0
    mane: float = 0.0


# What a trait in words may be; any other is a colour.
_CHOICES = {
    "label": CLASSES,
    "ears": ("pointed", "hanging", "round"),
    "pupils": ("slit", "round"),
    "pattern": ("plain", "tabby", "tiger", "spots", "patches"),
}
_COLOUR = re.compile(r"[0-9a-f]{6}")


def read_looks(text: str) -> tuple[Look, ...]:
    """Return the looks that a TOML text describes, in its order.

    Each table is a look, named by its key, with its traits. `like` names an earlier table, whose
    traits hold where the table has none of its own.

    Raises `ValueError` with one line that names the look and the trait at fault.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"looks.toml: {error}") from error
    traits: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        try:
            traits[name] = _inherit(table, traits)
            _check(traits[name])
        except ValueError as error:
            raise ValueError(f"looks.toml: {name!r}: {error}") from error
    return tuple(Look(name=name, **own) for name, own in traits.items())


def _inherit(table: object, earlier: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the traits of a table, its own and those of the look that it is like."""
    if not isinstance(table, dict):
        raise ValueError("it must be a table of traits")
    own = dict(table)
    model = own.pop("like", None)
    if model is None:
        return own
    if not isinstance(model, str) or model not in earlier:
        raise ValueError(f"like = {model!r} is not the name of a look above it")
    return earlier[model] | own


def _check(traits: Mapping[str, Any]) -> None:
    """Raise `ValueError` unless these are all the traits of a look, each of a value it may have."""
    known = {field.name: field for field in fields(Look) if field.name != "name"}
    for trait, value in traits.items():
        if trait not in known:
            raise ValueError(f"there is no trait {trait!r}")
        if known[trait].type is float:
            _check_number(trait, value)
        else:
            _check_word(trait, value)
    for trait, field in known.items():
        if trait not in traits and field.default is MISSING:
            raise ValueError(f"its {trait} is missing")


def _check_number(trait: str, value: object) -> None:
    if not isinstance(value, float):
        raise ValueError(f"{trait} must be a number with a decimal point, not {value!r}")


def _check_word(trait: str, value: object) -> None:
    choices = _CHOICES.get(trait)
    if choices is not None and value not in choices:
        raise ValueError(f"{trait} must be one of {', '.join(choices)}, not {value!r}")
    if choices is None and not (isinstance(value, str) and _COLOUR.fullmatch(value)):
        raise ValueError(f"{trait} must be a colour of six hexadecimal digits, not {value!r}")


LOOKS = read_looks(resources.files("helpers.data").joinpath("looks.toml").read_text("utf-8"))
