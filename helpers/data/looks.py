"""The looks of the procedural animal faces: one row for each kind of animal.

Lengths are in units of half an image side; strengths, chances and `share` are plain ratios.
"""

from dataclasses import dataclass, replace

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


_CAT = Look(
    name="tabby cat",
    label="cat",
    share=3.0,
    fur="8d7f6c",
    second="3f372e",
    iris="b8b04a",
    ears="pointed",
    ear_height=0.50,
    ear_width=0.27,
    ear_spread=0.44,
    head_width=0.72,
    head_height=0.62,
    muzzle_width=0.24,
    muzzle_height=0.17,
    muzzle_y=0.27,
    nose=0.065,
    pink_nose=0.65,
    tongue=0.0,
    eye_radius=0.155,
    eye_spread=0.31,
    eye_y=-0.08,
    pupils="slit",
    cheeks=0.1,
    pattern="tabby",
    pattern_strength=0.75,
    white=0.35,
)
_PLAIN_CAT = replace(_CAT, pattern="plain", pattern_strength=0.0)

_DOG = Look(
    name="golden retriever",
    label="dog",
    share=2.5,
    fur="c79a5e",
    second="8f6838",
    iris="3a2416",
    ears="hanging",
    ear_height=0.52,
    ear_width=0.20,
    ear_spread=0.62,
    head_width=0.60,
    head_height=0.70,
    muzzle_width=0.30,
    muzzle_height=0.30,
    muzzle_y=0.34,
    nose=0.125,
    pink_nose=0.06,
    tongue=0.35,
    eye_radius=0.095,
    eye_spread=0.27,
    eye_y=-0.12,
    pupils="round",
    cheeks=0.1,
    white=0.15,
)

_BIG_CAT = Look(
    name="tiger",
    label="wild",
    share=2.5,
    fur="cf8a3c",
    second="2a1c12",
    iris="c9a23c",
    ears="round",
    ear_height=0.20,
    ear_width=0.18,
    ear_spread=0.56,
    head_width=0.70,
    head_height=0.70,
    muzzle_width=0.34,
    muzzle_height=0.25,
    muzzle_y=0.36,
    nose=0.120,
    pink_nose=0.30,
    tongue=0.05,
    eye_radius=0.085,
    eye_spread=0.30,
    eye_y=-0.12,
    pupils="round",
    cheeks=0.9,
    pattern="tiger",
    pattern_strength=0.95,
    white=0.85,
)
_PLAIN_BIG_CAT = replace(_BIG_CAT, pattern="plain", pattern_strength=0.0)

_FOX = Look(
    name="red fox",
    label="wild",
    share=2.5,
    fur="c0703a",
    second="3a2418",
    iris="a8742c",
    ears="pointed",
    ear_height=0.46,
    ear_width=0.22,
    ear_spread=0.40,
    head_width=0.66,
    head_height=0.62,
    muzzle_width=0.22,
    muzzle_height=0.30,
    muzzle_y=0.36,
    nose=0.090,
    pink_nose=0.30,
    tongue=0.08,
    eye_radius=0.085,
    eye_spread=0.28,
    eye_y=-0.10,
    pupils="round",
    cheeks=0.95,
    white=0.95,
)

CATS = (
    _CAT,
    replace(
        _CAT,
        name="ginger cat",
        share=2.0,
        fur="c98a4b",
        second="8a4f22",
        iris="c8a83c",
        pattern_strength=0.60,
        white=0.40,
    ),
    replace(
        _CAT,
        name="grey cat",
        share=1.5,
        fur="8a8f96",
        second="5b6068",
        iris="c9b23c",
        pattern_strength=0.25,
        white=0.10,
    ),
    replace(
        _PLAIN_CAT,
        name="black cat",
        share=1.5,
        fur="2c2a2a",
        second="151414",
        iris="b9c24a",
        white=0.15,
    ),
    replace(
        _PLAIN_CAT,
        name="white cat",
        share=1.5,
        fur="e6e0d6",
        second="b9ae9e",
        iris="6fa7d0",
        white=0.80,
    ),
    replace(
        _PLAIN_CAT,
        name="siamese cat",
        share=1.2,
        fur="d9c7aa",
        second="4a382c",
        iris="5fa0d8",
        white=0.0,
        mask=0.85,
    ),
    replace(
        _CAT,
        name="tuxedo cat",
        share=1.5,
        fur="34302e",
        second="e9e4dc",
        iris="a9b848",
        pattern="patches",
        pattern_strength=0.8,
        white=0.95,
    ),
    replace(
        _CAT,
        name="calico cat",
        share=1.0,
        fur="c98f55",
        second="2d2624",
        iris="b8a848",
        pattern="patches",
        pattern_strength=0.9,
        white=0.5,
    ),
)

DOGS = (
    _DOG,
    replace(
        _DOG,
        name="black labrador",
        share=2.0,
        fur="2a2725",
        second="141312",
        iris="2c1a10",
        white=0.10,
    ),
    replace(
        _DOG,
        name="brown labrador",
        share=2.0,
        fur="7b5236",
        second="4a2f1e",
        white=0.30,
    ),
    replace(
        _DOG,
        name="beagle",
        share=2.0,
        fur="9a6a40",
        second="2b2420",
        pattern="patches",
        pattern_strength=0.8,
        white=0.95,
    ),
    replace(
        _DOG,
        name="white poodle",
        share=1.5,
        fur="e4ddd0",
        second="b6a58c",
        iris="2c1a10",
        white=0.70,
    ),
    replace(
        _DOG,
        name="dalmatian",
        share=1.0,
        fur="e2ded8",
        second="2a2826",
        iris="2c1a10",
        pattern="spots",
        pattern_strength=0.75,
        white=0.6,
    ),
    replace(
        _DOG,
        name="husky",
        share=1.5,
        fur="5d5f64",
        second="e6e6e4",
        iris="7fb4dc",
        ears="pointed",
        ear_height=0.40,
        ear_width=0.22,
        ear_spread=0.40,
        head_width=0.66,
        tongue=0.25,
        cheeks=0.9,
        white=0.9,
    ),
    replace(
        _DOG,
        name="german shepherd",
        share=1.2,
        fur="a87240",
        second="2c2420",
        ears="pointed",
        ear_height=0.48,
        ear_spread=0.38,
        white=0.0,
        mask=0.8,
    ),
)

WILD = (
    _BIG_CAT,
    replace(
        _PLAIN_BIG_CAT,
        name="lion",
        fur="c39a5c",
        second="6b4522",
        iris="b88a34",
        cheeks=0.2,
        white=0.45,
        mane=0.95,
    ),
    replace(
        _PLAIN_BIG_CAT,
        name="lioness",
        share=1.0,
        fur="c8a46c",
        second="9a7444",
        iris="b88a34",
        cheeks=0.4,
        white=0.55,
    ),
    replace(
        _BIG_CAT,
        name="leopard",
        fur="c7a05e",
        second="33261a",
        iris="c0a848",
        cheeks=0.4,
        pattern="spots",
        pattern_strength=0.90,
        white=0.75,
    ),
    _FOX,
    replace(
        _FOX,
        name="wolf",
        share=2.0,
        fur="8f8a82",
        second="4c4842",
        iris="c9a848",
        cheeks=0.85,
        white=0.80,
    ),
)

LOOKS = CATS + DOGS + WILD
