"""The table of looks is whole, and a bad entry is named in one line."""

import pytest

from helpers.data.looks import CLASSES, LOOKS, Look, read_looks

HUSKY = """
[husky]
label = "dog"
share = 1.5
fur = "5d5f64"
second = "e6e6e4"
iris = "7fb4dc"
ears = "pointed"
ear_height = 0.4
ear_width = 0.22
ear_spread = 0.4
head_width = 0.66
head_height = 0.7
muzzle_width = 0.3
muzzle_height = 0.3
muzzle_y = 0.34
nose = 0.125
pink_nose = 0.06
tongue = 0.25
eye_radius = 0.095
eye_spread = 0.27
eye_y = -0.12
pupils = "round"
cheeks = 0.9
"""


def test_every_class_has_looks_with_names_of_their_own() -> None:
    assert {look.label for look in LOOKS} == set(CLASSES)
    assert len({look.name for look in LOOKS}) == len(LOOKS) == 22


def test_a_table_is_a_look_and_what_it_leaves_out_is_none() -> None:
    [husky] = read_looks(HUSKY)
    assert (husky.name, husky.label, husky.fur, husky.eye_y) == ("husky", "dog", "5d5f64", -0.12)
    assert (husky.pattern, husky.white) == ("plain", 0.0)


def test_a_look_is_like_another_but_for_its_own_traits() -> None:
    husky, puppy = read_looks(HUSKY + '[puppy]\nlike = "husky"\nnose = 0.05\n')
    assert vars(puppy) == vars(husky) | {"name": "puppy", "nose": 0.05}


def test_looks_keep_their_order() -> None:
    names = ["c", "a", "b"]
    tables = [f'[{name}]\nlike = "husky"\n' for name in names]
    assert [look.name for look in read_looks(HUSKY + "".join(tables))] == ["husky", *names]


@pytest.mark.parametrize(
    ("line", "replacement", "reason"),
    [
        ("nose = 0.125", "nose = 'big'", "nose must be a number"),
        ("nose = 0.125", "nose = true", "nose must be a number"),
        ("nose = 0.125", "nose = 1", "nose must be a number with a decimal point, not 1"),
        ("nose = 0.125", "", "its nose is missing"),
        ("nose = 0.125", "nose = 0.125\nwings = 2.0", "there is no trait 'wings'"),
        ("nose = 0.125", "nose = 0.125\nlike = 'wolf'", "like = 'wolf' is not the name of"),
        ("nose = 0.125", "nose = 0.125\nlike = ['wolf']", "is not the name of"),
        ('fur = "5d5f64"', "fur = 'grey'", "fur must be a colour of six hexadecimal digits"),
        ('fur = "5d5f64"', "fur = 100000", "fur must be a colour of six hexadecimal digits"),
        ('label = "dog"', "label = 'bird'", "label must be one of cat, dog, wild, not 'bird'"),
        ('pupils = "round"', "pupils = ['slit']", "pupils must be one of slit, round"),
    ],
)
def test_a_bad_entry_is_named_in_one_line(line: str, replacement: str, reason: str) -> None:
    assert line in HUSKY
    with pytest.raises(ValueError, match=r"^looks\.toml: 'husky': ") as caught:
        read_looks(HUSKY.replace(line, replacement))
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["[husky\n", "husky = 1\n", HUSKY + HUSKY])
def test_a_text_that_is_no_table_of_looks_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^looks\.toml: [^\n]+$"):
        read_looks(text)


def test_no_two_looks_are_alike() -> None:
    assert len({traits(look) for look in LOOKS}) == len(LOOKS)


def traits(look: Look) -> tuple[object, ...]:
    return tuple(value for name, value in vars(look).items() if name != "name")
