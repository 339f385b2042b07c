"""Procedural animal faces: a stand-in for AFHQ 32x32 that needs no network.

The set has the classes and the sizes of AFHQ 32x32 (cat, dog, wild). The pixels are computed
in float32 with `+ - * /`, square roots, minima, maxima and floors only, all of which IEEE 754
fixes, from raw words of the PCG64 generator; so a seed gives the same bytes on every machine.

Inside this module pictures are float32 arrays of shape (batch, 3, pixels), one value for each
pixel has shape (batch, pixels), and one value for each animal has shape (batch, 1). Places and
lengths are in units of half an image side, from the middle of the picture, x to the right and
y downwards.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from helpers.data.looks import CLASSES, LOOKS, Look

f32 = np.float32
Floats = npt.NDArray[np.floating[Any]]  # in fact float32, which numpy's annotations lose sight of
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

SIZE = 32  # pixels along a side
COUNTS = {"train": (5153, 4739, 4738), "test": (500, 500, 500)}  # images of each class, as in AFHQ

_PIXELS = SIZE * SIZE
_BLOCK = 64  # images that share one stream of camera noise and are painted together
_DRAWS = 256  # uniform numbers set aside for each image
_STREAMS = {"train": 1, "test": 2}

# How much the animals vary. Turned down, the set gets too easy to show overfitting on.
_POSE_SPREAD = 1.1
_LIGHT_SPREAD = 0.7
_COLOUR_SPREAD = 0.8
_NOISE = 1.5
_LIKENESS = 0.3  # at most, how far a trait is pulled towards the average animal

# Widths of outlines. Products of two float32 values: in float64 they would round differently.
_EDGE = f32(2.2 / SIZE)
_SOFT_EDGE = _EDGE * f32(2)
_HOLLOW_EDGE = _EDGE * f32(1.5)
_GLINT_EDGE = _EDGE * f32(0.8)


def _colours(*codes: str) -> Floats:
    """Return sRGB hexadecimal codes as (codes, 3) values in [0, 1]."""
    return np.array([[byte / 255 for byte in bytes.fromhex(code)] for code in codes], f32)


_BACKDROPS = _colours(
    *("6f7d4a", "4c6b3c", "8c8f86", "b8b2a4", "d8d4cc", "5b5148", "7d6a52", "3a4048"),
    *("93a7b8", "c4b59a", "a08d74", "2b2b28", "e6e2dc", "5a6e7a", "7e8f5e", "b59b77"),
)
_LINE = np.array([[0.13, 0.09, 0.08]], f32)  # rims of the eyes, mouth
_EAR_SKIN = np.array([[0.36, 0.24, 0.22]], f32)
_WHITE_FUR = np.array([[0.93, 0.90, 0.85]], f32)
_PINK_NOSE = np.array([[0.74, 0.48, 0.45]], f32)
_BLACK_NOSE = np.array([[0.09, 0.08, 0.08]], f32)
_TONGUE = np.array([[0.86, 0.45, 0.48]], f32)
_GLINT = np.ones((1, 3), f32)

_FUR = _colours(*[look.fur for look in LOOKS])
_SECOND = _colours(*[look.second for look in LOOKS])
_IRIS = _colours(*[look.iris for look in LOOKS])

_TRAITS = [field.name for field in fields(Look) if field.type is float]
_TABLE = np.array([[getattr(look, trait) for trait in _TRAITS] for look in LOOKS], f32)
_COLUMNS: dict[str, Floats] = dict(zip(_TRAITS, _TABLE.T, strict=True))
_AVERAGES: dict[str, np.float32] = dict(zip(_TRAITS, _TABLE.mean(0), strict=True))


def generate(split: str, *, seed: int = 0, count: int | None = None) -> tuple[Bytes, Integers]:
    """Paint a set of animal faces, sorted by class.

    Args:
        split: "train" (14,630 images) or "test" (1,500 images); the two never share an image.
        seed: Which of the many possible sets; the course's own is 0.
        count: How many images, in the classes' usual proportions; all of them by default.

    Returns:
        Images as uint8 (n, 3, 32, 32) and labels as int64 (n,), indices into `CLASSES`.

    Raises:
        ValueError: No such split, or a negative count.
    """
    if split not in COUNTS:
        raise ValueError(f"no split {split!r}; choose one of {', '.join(COUNTS)}")
    labels = np.repeat(np.arange(len(CLASSES)), _class_counts(split, count))
    numbers = _uniform_numbers(len(labels), [seed, _STREAMS[split], 0])

    images = np.empty((len(labels), 3, SIZE, SIZE), np.uint8)
    for block, start in enumerate(range(0, len(labels), _BLOCK)):
        rows = slice(start, start + _BLOCK)
        noise = _noise_bytes([seed, _STREAMS[split], 1, block])
        images[rows] = render(labels[rows], numbers[rows], noise[: len(labels[rows])])
    return images, labels


def render(labels: Integers, numbers: Floats, noise: Bytes) -> Bytes:
    """Paint one animal for each row; a row's picture depends on that row alone.

    Args:
        labels: Indices into `CLASSES`, (batch,).
        numbers: Uniform in [0, 1), float32 (batch, 256); they decide everything but the noise.
        noise: Camera noise, uint8 (batch, 3 * 32 * 32).

    Returns:
        Images as uint8 (batch, 3, 32, 32).
    """
    dice = Dice(numbers)
    animals = _meet_animals(labels, dice)
    image = _paint_background(dice)
    head = Ellipse(
        0.0, 0.02, animals.varied("head_width", 0.07), animals.varied("head_height", 0.06)
    )
    _paint_chest_and_mane(image, animals, head)
    ears = _paint_ears(image, animals, head)
    muzzle = _paint_head(image, animals, head)
    _paint_hanging_ears(image, animals, ears)
    _paint_muzzle(image, animals, muzzle)
    _paint_eyes(image, animals)
    _light(image, dice)
    _add_noise(image, dice, noise)
    return _develop(image)


class Dice:
    """Deal random numbers to a batch of animals, each from its own row, always in one order."""

    def __init__(self, numbers: Floats) -> None:
        self._columns: Iterator[Floats] = iter(numbers.T)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> Floats:
        """Return uniform numbers in [low, high), (batch, 1)."""
        return (low + next(self._columns) * (high - low))[:, None]

    def normal(self, deviation: float) -> Floats:
        """Return nearly normal numbers, sums of three uniform ones, (batch, 1)."""
        total = next(self._columns) + next(self._columns) + next(self._columns)
        return ((total - 1.5) * (2 * deviation))[:, None]

    def normals(self, *deviations: float) -> Floats:
        """Return one nearly normal number for each deviation, (batch, deviations)."""
        return np.concatenate([self.normal(deviation) for deviation in deviations], 1)

    def backdrop(self) -> Floats:
        """Return one of the colours of the background, (batch, 3)."""
        colours: Floats = _BACKDROPS[(next(self._columns) * len(_BACKDROPS)).astype(int)]
        return colours

    def skip(self, count: int) -> None:
        """Pass over numbers that nothing uses."""
        for _ in range(count):
            next(self._columns)


@dataclass(frozen=True)
class Ellipse:
    """Place an ellipse by its centre and radii, each a number or (batch, 1)."""

    x: Any
    y: Any
    x_radius: Any
    y_radius: Any

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Return roughly how far outside the ellipse each pixel is; negative inside."""
        across = (x - self.x) / self.x_radius
        down = (y - self.y) / self.y_radius
        radius = np.minimum(self.x_radius, self.y_radius, dtype=f32)
        distance: Floats = (np.sqrt(across * across + down * down) - 1) * radius
        return distance


@dataclass(frozen=True)
class Animals:
    """Hold what is settled about a batch of animals before they are painted."""

    dice: Dice
    look: Integers  # (batch,), indices into LOOKS
    x: Floats  # (batch, pixels): the pixels' places as the upright, centred animal has them
    y: Floats
    turn: Floats  # (batch, 1): sideways and up or down, away from the camera
    nod: Floats
    fur: Floats  # (batch, 3)
    second: Floats
    iris: Floats

    def trait(self, name: str) -> Floats:
        """Return a numeric trait of the animals' looks, (batch, 1)."""
        return _COLUMNS[name][self.look][:, None]

    def varied(self, name: str, deviation: float) -> Floats:
        """Return a trait with individual variation, (batch, 1)."""
        usual = self.trait(name)
        # Pulled towards the average of all looks, so that the classes overlap.
        own: Floats = usual + (_AVERAGES[name] - usual) * self.dice.uniform(0, _LIKENESS)
        return own * (1 + self.dice.normal(deviation) * _POSE_SPREAD)

    def having(self, name: str, value: str) -> Bools:
        """Tell which animals' looks have this value of a trait in words, (batch, 1)."""
        return np.array([getattr(look, name) == value for look in LOOKS])[self.look][:, None]


@dataclass(frozen=True)
class Ear:
    """Keep what the second coat of paint on a hanging ear needs."""

    hanging: Floats  # (batch, pixels), distance
    shade: Floats  # (batch, 1)


# ---------------------------------------------------------------- random numbers


def _class_counts(split: str, count: int | None) -> Integers:
    usual = np.array(COUNTS[split])
    if count is None:
        return usual
    if count < 0:
        raise ValueError(f"cannot paint {count} images; ask for 0 or more")
    counts: Integers = np.floor(usual * (count / usual.sum())).astype(np.int64)
    counts[0] += count - counts.sum()
    return counts


def _words(count: int, key: list[int]) -> npt.NDArray[np.uint64]:
    # Raw words only: numpy keeps these for ever, its distributions it may change.
    return np.random.PCG64(np.random.SeedSequence(key)).random_raw(count)


def _uniform_numbers(images: int, key: list[int]) -> Floats:
    words = _words(images * _DRAWS, key) >> np.uint64(40)  # 24 bits: all that a float32 holds
    return (words.astype(f32) * f32(2.0**-24)).reshape(images, _DRAWS)


def _noise_bytes(key: list[int]) -> Bytes:
    words = _words(_BLOCK * 3 * _PIXELS // 8, key)
    return words.astype("<u8").view(np.uint8).reshape(_BLOCK, 3 * _PIXELS)


# ---------------------------------------------------------------- brushes


def _pixel_grid() -> tuple[Floats, Floats]:
    """Return every pixel's x and y in the picture, (1, pixels) each."""
    axis = (np.arange(SIZE, dtype=f32) + 0.5) * (2 / SIZE) - 1
    return np.tile(axis, SIZE)[None], np.repeat(axis, SIZE)[None]


def _ramp(values: Floats) -> Floats:
    return np.clip(values, 0, 1)


def _wave(values: Floats) -> Floats:
    """Return a triangle wave in [0, 1] of period 1."""
    return np.abs((values - np.floor(values)) * 2 - 1)


def _inside(distance: Floats, edge: float | np.float32 = _EDGE) -> Floats:
    """Return 1 inside an outline and 0 outside, with an edge this wide between."""
    cover = distance * (f32(-0.5) / f32(edge)) + 0.5
    return np.clip(cover, 0, 1, out=cover)


def _paint(image: Floats, colour: Floats, cover: Floats) -> None:
    """Lay a colour, (batch, 3), over the image where cover, (batch, pixels), is above 0."""
    image += (colour[:, :, None] - image) * cover[:, None, :]


# ---------------------------------------------------------------- the animals


def _meet_animals(labels: Integers, dice: Dice) -> Animals:
    look = _choose_looks(labels, dice.uniform()[:, 0])
    x, y = _pose(dice)
    turn = dice.normal(0.10) * _POSE_SPREAD
    nod = dice.normal(0.05) * _POSE_SPREAD
    spread = _COLOUR_SPREAD
    fur = _FUR[look] * (1 + dice.normal(0.10) * spread)
    fur = fur + dice.normals(0.04, 0.035, 0.04) * spread
    second = _SECOND[look] * (1 + dice.normal(0.10) * spread) + dice.normal(0.03) * spread
    iris = _IRIS[look] * (1 + dice.normal(0.12) * spread)
    return Animals(dice, look, x, y, turn, nod, fur, second, iris)


def _choose_looks(labels: Integers, numbers: Floats) -> Integers:
    """Draw a look of the right class for each label, by the looks' shares."""
    chosen = np.empty(len(labels), np.int64)
    for label, name in enumerate(CLASSES):
        rows = np.flatnonzero([look.label == name for look in LOOKS])
        shares = np.cumsum(_COLUMNS["share"][rows])
        ours = labels == label
        place = np.searchsorted(shares / shares[-1], numbers[ours], side="right")
        chosen[ours] = rows[np.minimum(place, len(rows) - 1)]
    return chosen


def _pose(dice: Dice) -> tuple[Floats, Floats]:
    """Draw size, place and tilt; return the pixels' places in the animals' frame."""
    spread = _POSE_SPREAD
    scale = 1 / (0.98 + dice.normal(0.07) * spread)
    centre_x = dice.normal(0.055) * spread
    centre_y = 0.10 + dice.normal(0.055) * spread
    # The tangent of half the angle gives sine and cosine by division alone, exact everywhere.
    tangent = dice.normal(0.075) * spread
    denominator = 1 / (1 + tangent * tangent)
    cosine = (1 - tangent * tangent) * denominator
    sine = 2 * tangent * denominator
    grid_x, grid_y = _pixel_grid()
    x, y = grid_x - centre_x, grid_y - centre_y
    return (cosine * x + sine * y) * scale, (cosine * y - sine * x) * scale


# ---------------------------------------------------------------- behind the head


def _paint_background(dice: Dice) -> Floats:
    """Return an image of a colour gradient with two blobs that are out of focus."""
    grid_x, grid_y = _pixel_grid()
    first, last = dice.backdrop(), dice.backdrop()
    first, last = first * dice.uniform(0.6, 1.15), last * dice.uniform(0.6, 1.15)
    slope_x, slope_y = dice.uniform(-1, 1), dice.uniform(-1, 1)
    mix = _ramp(0.5 + 0.45 * (slope_x * grid_x + slope_y * grid_y))
    image = first[:, :, None] + (last - first)[:, :, None] * mix[:, None]
    for _ in range(2):
        blob = Ellipse(
            dice.uniform(-1.1, 1.1),
            dice.uniform(-1.1, 1.1),
            dice.uniform(0.25, 0.7),
            dice.uniform(0.25, 0.7),
        )
        cover = _inside(blob.distance(grid_x, grid_y), 0.35) * dice.uniform(0, 0.8)
        _paint(image, dice.backdrop() * dice.uniform(0.6, 1.2), cover)
    return image


def _paint_chest_and_mane(image: Floats, animals: Animals, head: Ellipse) -> None:
    x, y, dice = animals.x, animals.y, animals.dice
    chest = Ellipse(animals.turn * 0.2, 1.05, head.x_radius, 0.85)
    _paint(image, animals.fur * 0.80, _inside(chest.distance(x, y), _SOFT_EDGE))
    tufts = 0.06 * _wave(x * 3.1 + y * 2.3 + dice.uniform())
    tufts = tufts + 0.06 * _wave(x * -2.7 + y * 3.7 + dice.uniform())
    mane = Ellipse(0.0, 0.05, head.x_radius * 1.42, head.y_radius * 1.40)
    cover = _inside(mane.distance(x, y) + tufts, _SOFT_EDGE) * animals.trait("mane")
    _paint(image, animals.second * 0.9, cover)


# ---------------------------------------------------------------- ears


def _paint_ears(image: Floats, animals: Animals, head: Ellipse) -> list[Ear]:
    """Paint both ears of every kind; return what `_paint_hanging_ears` needs."""
    dice, hanging = animals.dice, animals.having("ears", "hanging")
    height, width = animals.varied("ear_height", 0.13), animals.varied("ear_width", 0.12)
    spread = animals.varied("ear_spread", 0.08)
    inside = _ramp(dice.normals(0.05, 0.05, 0.05) + animals.fur * 0.45 + _EAR_SKIN)
    outside = animals.fur * 0.85
    outside = outside + (animals.second - animals.fur) * animals.trait("mask") * 0.9
    fold = dice.uniform()
    ears = []
    for side in (-1, 1):
        stretch = 1 + dice.normal(0.08) * _POSE_SPREAD
        x = animals.x * side
        place = Ellipse(spread + animals.turn * 0.35 * side, 0.0, width, height)
        pointed = _pointed_ear(x, animals.y, place, head, stretch)
        rounded = _round_ear(x, animals.y, place, head)
        droopy = _hanging_ear(x, animals.y, place, fold, stretch)
        is_pointed = animals.having("ears", "pointed")
        outline = np.where(is_pointed, pointed, np.where(hanging, droopy, rounded))
        shade = 1 + 0.12 * side * dice.uniform(-1, 1)
        _paint(image, outside * shade, _inside(outline))
        hollow = np.where(is_pointed, pointed + width * 0.38, rounded + width * 0.45)
        _paint(image, inside, _inside(hollow, _HOLLOW_EDGE) * np.where(hanging, f32(0), f32(0.75)))
        ears.append(Ear(droopy, shade))
    return ears


def _pointed_ear(x: Floats, y: Floats, ear: Ellipse, head: Ellipse, stretch: Floats) -> Floats:
    """Return distances from a triangle that stands on the head and leans outwards."""
    level = (y + head.y_radius * 0.62) / (ear.y_radius * stretch)  # 0 at the base, -1 at the tip
    half_width = ear.x_radius * np.clip(1 + level, 0, 1.4)
    sides = np.abs(x - ear.x + level * ear.x_radius * 0.45) - half_width
    above_tip = (-level - 1) * ear.y_radius
    below_base = (level - 0.6) * ear.y_radius
    distance: Floats = np.maximum(np.maximum(sides, above_tip), below_base)
    return distance


def _hanging_ear(x: Floats, y: Floats, ear: Ellipse, fold: Floats, stretch: Floats) -> Floats:
    """Return distances from an ellipse that hangs beside the head."""
    swing = (y + 0.1) * (0.10 + 0.15 * fold)
    shape = Ellipse(ear.x, -0.12 + fold * 0.12, ear.x_radius, ear.y_radius * stretch)
    return shape.distance(x - swing, y)


def _round_ear(x: Floats, y: Floats, ear: Ellipse, head: Ellipse) -> Floats:
    top = -head.y_radius * 0.80
    return Ellipse(ear.x, top, ear.x_radius * 1.15, ear.y_radius * 1.1).distance(x, y)


def _paint_hanging_ears(image: Floats, animals: Animals, ears: Iterable[Ear]) -> None:
    """Paint hanging ears once more: they hang in front of the head."""
    colour = animals.second * 0.45 + animals.fur * 0.50
    hanging = animals.having("ears", "hanging").astype(f32)
    for ear in ears:
        _paint(image, colour * ear.shade, _inside(ear.hanging) * hanging)


# ---------------------------------------------------------------- head and coat


def _paint_head(image: Floats, animals: Animals, head: Ellipse) -> Ellipse:
    """Paint the head with its coat; return where the muzzle goes."""
    y, dice = animals.y, animals.dice
    jaw = 1 - 0.10 * _ramp(y) * (1 + dice.uniform(-0.6, 0.6))
    distance = head.distance(animals.x / jaw, y)
    # A dark forehead and a light lower face.
    shading = 1 - 0.16 * _ramp((-y - 0.05) * 1.6) + 0.06 * _ramp(y)
    coat = animals.fur[:, :, None] * shading[:, None]
    _paint(coat, animals.second, _pattern(animals))
    muzzle = _paint_white_fur(coat, animals)
    mask = Ellipse(muzzle.x, 0.16, 0.40, 0.46).distance(animals.x, y)
    cover = _inside(mask, 0.25) * animals.trait("mask") * dice.uniform(0.5, 1)
    _paint(coat, animals.second, cover)
    coat *= (1 - 0.22 * _ramp((distance + 0.16) * 5))[:, None]
    image += (coat - image) * _inside(distance)[:, None]
    return muzzle


def _pattern(animals: Animals) -> Floats:
    """Return how much of the second colour each pixel of the coat has."""
    dice = animals.dice
    strength = animals.trait("pattern_strength") * (1 + dice.normal(0.15))
    shift, other_shift = dice.uniform(), dice.uniform()
    pitch = 1 + dice.normal(0.12)
    dice.skip(2)  # nothing uses these two, but without them every later number would change
    patterns = {
        "tabby": _tabby(animals, shift, pitch),
        "tiger": _tiger(animals, shift, pitch),
        "spots": _spots(animals, shift, other_shift, pitch),
        "patches": _patches(animals),
    }
    wearing = [animals.having("pattern", name) for name in patterns]
    return np.select(wearing, list(patterns.values()), f32(0)) * strength


def _tabby(animals: Animals, shift: Floats, pitch: Floats) -> Floats:
    """Return upright bars on the forehead and bars across the cheeks."""
    x, y, across = animals.x, animals.y, np.abs(animals.x)
    upright = _ramp(_wave(x * 2.9 * pitch + 0.5) * 2.6 - 1.45)
    upright = upright * _ramp((-y - 0.10) * 4)
    level = _wave(y * 2.8 * pitch + across * 1.1 + shift)
    level = _ramp(level * 2.6 - 1.5) * _ramp((across - 0.38) * 5)
    return np.maximum(upright, level)


def _tiger(animals: Animals, shift: Floats, pitch: Floats) -> Floats:
    """Return stripes everywhere but on the muzzle."""
    x, y, across = animals.x, animals.y, np.abs(animals.x)
    level = _ramp(_wave(y * 2.6 * pitch - across * 1.5 + shift) * 3.2 - 1.75)
    level = level * _ramp((across + _ramp(-y) - 0.22) * 5)
    upright = _ramp(_wave(x * 2.3 + 0.5) * 3 - 1.9)
    return np.maximum(level, upright * _ramp((-y - 0.25) * 5))


def _spots(animals: Animals, shift: Floats, other_shift: Floats, pitch: Floats) -> Floats:
    """Return the crossings of two lattices."""
    x, y = animals.x, animals.y
    one = _wave(x * 2.7 * pitch + y * 0.9 + shift)
    other = _wave(y * 2.9 * pitch - x * 0.7 + other_shift)
    away_from_nose = _ramp((np.maximum(np.abs(x), -y) - 0.12) * 6)
    return _ramp(one * other * 4.2 - 1.7) * away_from_nose


def _patches(animals: Animals) -> Floats:
    """Return a patch around one eye."""
    growth = animals.dice.uniform(-0.25, 0.25)
    side = np.where(animals.dice.uniform() < 0.5, f32(-1), f32(1))
    patch = Ellipse(0.38 + growth, -0.28, 0.42 + growth * 0.3, 0.48)
    return _inside(patch.distance(animals.x * side, animals.y), 0.10)


def _paint_white_fur(coat: Floats, animals: Animals) -> Ellipse:
    """Paint blaze, cheeks and the surround of the muzzle; return where the muzzle is."""
    x, y, dice = animals.x, animals.y, animals.dice
    colour = _ramp(_WHITE_FUR + dice.normals(0.025, 0.025, 0.03))
    strength = animals.trait("white") * dice.uniform(0.6, 1.1)
    width, height = animals.varied("muzzle_width", 0.12), animals.varied("muzzle_height", 0.12)
    middle = animals.varied("muzzle_y", 0.08) + animals.nod
    muzzle = Ellipse(animals.turn * 0.8, middle, width, height)
    blaze = np.abs(x - muzzle.x * 0.5) - (0.07 + 0.10 * _ramp(y + 0.3))
    blaze = _inside(blaze, 0.10) * animals.having("pattern", "patches")
    cheeks = _inside(Ellipse(0.34, 0.30, 0.26, 0.24).distance(np.abs(x), y), 0.14)
    cheeks = cheeks * animals.trait("cheeks")
    around = Ellipse(muzzle.x, middle + 0.06, width * 1.15, height * 1.2)
    cover = np.maximum(np.maximum(blaze, _inside(around.distance(x, y), 0.12)), cheeks)
    _paint(coat, colour, _ramp(cover * strength))
    return muzzle


# ---------------------------------------------------------------- muzzle and eyes


def _paint_muzzle(image: Floats, animals: Animals, muzzle: Ellipse) -> None:
    """Give the muzzle its volume, and paint nose, mouth and, on some, the tongue."""
    distance = muzzle.distance(animals.x, animals.y)
    rim = 0.30 * _ramp((distance + 0.06) * 9)
    image *= (1 + _inside(distance, _SOFT_EDGE) * (0.10 - rim))[:, None]
    nose_y = _paint_nose(image, animals, muzzle)
    mouth = _mouth(animals, muzzle, nose_y) * animals.dice.uniform(0.3, 0.75)
    _paint(image, _LINE, mouth)
    _paint_tongue(image, animals, muzzle)


def _paint_nose(image: Floats, animals: Animals, muzzle: Ellipse) -> Floats:
    """Paint the nose; return how far down it is, (batch, 1)."""
    dice, size = animals.dice, animals.varied("nose", 0.12)
    y: Floats = muzzle.y - muzzle.y_radius * 0.45 + animals.nod
    pink = dice.uniform() < animals.trait("pink_nose")
    colour = np.where(pink, _PINK_NOSE, _BLACK_NOSE) * dice.uniform(0.8, 1.15)
    nose = Ellipse(muzzle.x, y, size * 1.25, size * 0.85)
    _paint(image, colour, _inside(nose.distance(animals.x, animals.y)))
    return y


def _mouth(animals: Animals, muzzle: Ellipse, nose_y: Floats) -> Floats:
    """Return the lines of the mouth: a stroke down from the nose, and two that slope away."""
    width, height = muzzle.x_radius, muzzle.y_radius
    across = np.abs(animals.x - muzzle.x)
    down = animals.y - nose_y
    stroke = _inside(across - 0.010) * _inside(np.abs(down - height * 0.45) - height * 0.30)
    lips = _inside(np.abs(down - height * 0.80 - across * -0.35) - 0.012)
    return np.maximum(stroke, lips * _inside(across - width * 0.62))


def _paint_tongue(image: Floats, animals: Animals, muzzle: Ellipse) -> None:
    dice, width = animals.dice, muzzle.x_radius
    shown = (dice.uniform() < animals.trait("tongue")).astype(f32)
    y = muzzle.y + muzzle.y_radius * 0.92
    opening = Ellipse(muzzle.x, y - 0.04, width * 0.72, 0.12)
    _paint(image, _LINE, _inside(opening.distance(animals.x, animals.y)) * shown)
    colour = _TONGUE * dice.uniform(0.85, 1.1)
    tongue = Ellipse(muzzle.x, y + 0.06, width * 0.45, dice.uniform(0.10, 0.20))
    _paint(image, colour, _inside(tongue.distance(animals.x, animals.y)) * shown)


def _paint_eyes(image: Floats, animals: Animals) -> None:
    x, y, dice = animals.x, animals.y, animals.dice
    radius, spread = animals.varied("eye_radius", 0.12), animals.varied("eye_spread", 0.06)
    middle = animals.varied("eye_y", 0.10) + animals.nod * 0.6
    height = radius * dice.uniform(0.55, 1)
    slit = animals.having("pupils", "slit")
    pupil_width = radius * np.where(slit, dice.uniform(0.18, 0.75), dice.uniform(0.50, 0.75))
    pupil_height = height * np.where(slit, f32(0.95), f32(0.72))
    glint_x, glint_y = dice.uniform(-0.35, 0.35), dice.uniform(-0.45, -0.05)
    glint_radius = radius * 0.22
    for side in (-1, 1):
        centre = spread * side + animals.turn * 0.6
        eye = Ellipse(centre, middle, radius, height).distance(x, y)
        pupil = Ellipse(centre, middle, pupil_width, pupil_height).distance(x, y)
        glint = Ellipse(
            centre + radius * glint_x, middle + radius * glint_y, glint_radius, glint_radius
        )
        _paint(image, _LINE, _inside(eye - 0.030))
        _paint(image, animals.iris, _inside(eye))
        _paint(image, _LINE * 0.5, _inside(pupil))
        _paint(image, _GLINT, _inside(glint.distance(x, y), _GLINT_EDGE) * 0.8)


# ---------------------------------------------------------------- light and camera


def _light(image: Floats, dice: Dice) -> None:
    """Light the scene from one side, and set colour balance, exposure and contrast."""
    grid_x, grid_y = _pixel_grid()
    spread = _LIGHT_SPREAD
    from_x, from_y = dice.uniform(-1, 1) * spread, dice.uniform(-1, 1) * spread
    image *= (1 + 0.22 * (from_x * grid_x + from_y * grid_y))[:, None]
    image *= (1 + dice.normals(0.07, 0.03, 0.07) * spread)[:, :, None]
    image *= (1 + dice.normal(0.16) * spread)[:, :, None]
    contrast = (1 + dice.normal(0.14) * spread)[:, :, None]
    image -= 0.45
    image *= contrast
    image += 0.45 + (dice.normal(0.05) * spread)[:, :, None]


def _add_noise(image: Floats, dice: Dice, noise: Bytes) -> None:
    """Add camera noise, most of it common to the three channels."""
    grain = noise.reshape(image.shape).astype(f32)
    grain = grain[:, :1] * 0.65 + grain * 0.35
    # Uniform bytes spread by 73 or so about their middle.
    strength = (0.030 + 0.045 * dice.uniform()) * (_NOISE / 73)
    image += (grain - 127.5) * strength[:, :, None]


def _develop(image: Floats) -> Bytes:
    """Round to bytes, (batch, 3, 32, 32)."""
    np.clip(image, 0, 1, out=image)
    image *= 255
    image += 0.5
    return image.astype(np.uint8).reshape(-1, 3, SIZE, SIZE)
