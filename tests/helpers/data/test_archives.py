"""Zip archives of images: honest ones are read, hostile ones refused before they do harm."""

import io
import stat
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.data import archives
from helpers.data.archives import Limits, read_animal_faces
from helpers.data.looks import CLASSES

Members = dict[str | zipfile.ZipInfo, bytes]

LIMITS = Limits(members=20, member_bytes=10_000, total_bytes=50_000)


def picture(grey: int, size: tuple[int, int] = (32, 32), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (grey, grey, grey)).convert(mode).save(file, "PNG")
    return file.getvalue()


def honest_members() -> Members:
    """Return one image for each split and class, each of a grey of its own."""
    names = [f"afhq/{part}/{label}/1.png" for part in ("train", "val") for label in CLASSES]
    return {name: picture(10 * place) for place, name in enumerate(names)}


def write(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


@pytest.fixture
def zip_path(tmp_path: Path) -> Path:
    return tmp_path / "faces.zip"


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that decodes an image."""

    def fail(*args: object, **options: object) -> None:
        raise AssertionError("an image was decoded")

    monkeypatch.setattr(archives, "decode", fail)


def test_an_honest_archive_gives_both_sets(zip_path: Path) -> None:
    train, test = read_animal_faces(write(zip_path, honest_members()), limits=LIMITS)
    assert train.labels.tolist() == test.labels.tolist() == [0, 1, 2]
    assert train.images[:, 0, 0, 0].tolist() == [0, 10, 20]
    assert test.images[:, 2, 31, 31].tolist() == [30, 40, 50]
    assert train.classes == ("cat", "dog", "wild")


def test_pixels_keep_their_places(zip_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    members = honest_members() | {"afhq/train/cat/1.png": file.getvalue()}
    train, _ = read_animal_faces(write(zip_path, members), limits=LIMITS)
    assert np.array_equal(train.images[0].permute(1, 2, 0).numpy(), pixels)


def test_images_are_in_the_order_of_their_names(zip_path: Path) -> None:
    later: Members = {"afhq/train/cat/0.png": picture(99)}
    train, _ = read_animal_faces(write(zip_path, honest_members() | later), limits=LIMITS)
    assert train.images[:2, 0, 0, 0].tolist() == [99, 0]


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_other_colour_modes_become_rgb(zip_path: Path, mode: str) -> None:
    members = honest_members() | {"afhq/train/cat/1.png": picture(51, mode=mode)}
    train, _ = read_animal_faces(write(zip_path, members), limits=LIMITS)
    assert train.images[0].unique().tolist() == [51]


def test_files_that_are_no_images_of_the_set_are_left_alone(zip_path: Path) -> None:
    clutter: Members = {
        "__MACOSX/afhq/train/cat/1.png": b"?",
        "afhq/train/cat/._1.png": b"?",
        "a.txt": b"?",
    }
    train, _ = read_animal_faces(write(zip_path, honest_members() | clutter), limits=LIMITS)
    assert len(train) == 3


def symbolic_link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("afhq/train/cat/2.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return link


@pytest.mark.usefixtures("no_decoding")
@pytest.mark.parametrize(
    ("member", "content", "reason"),
    [
        ("/etc/passwd", b"", "outside"),
        ("afhq/../../escape.png", b"", "outside"),
        ("..\\escape.png", b"", "outside"),
        ("C:\\escape.png", b"", "outside"),
        (symbolic_link(), b"/etc/passwd", "symbolic link"),
        ("afhq/train/cat/2.png", bytes(20_000), "more than 10,000 bytes"),
    ],
    ids=["absolute", "parent", "backslash", "drive", "link", "oversize"],
)
def test_a_hostile_member_is_refused_before_decoding(
    zip_path: Path, member: str | zipfile.ZipInfo, content: bytes, reason: str
) -> None:
    write(zip_path, honest_members() | {member: content})
    with pytest.raises(ValueError, match=rf"^faces\.zip: refused, .*{reason}"):
        read_animal_faces(zip_path, limits=LIMITS)


@pytest.mark.usefixtures("no_decoding")
def test_an_encrypted_member_is_refused(zip_path: Path) -> None:
    write(zip_path, honest_members())
    content = bytearray(zip_path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the first directory entry
    zip_path.write_bytes(content)
    with pytest.raises(ValueError, match="encrypted"):
        read_animal_faces(zip_path, limits=LIMITS)


@pytest.mark.usefixtures("no_decoding")
@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_without_a_bound_are_refused(zip_path: Path, compression: int) -> None:
    with zipfile.ZipFile(zip_path, "w", compression) as archive:
        archive.writestr("afhq/train/cat/1.png", bytes(100))
    with pytest.raises(ValueError, match="unusual"):
        read_animal_faces(zip_path, limits=LIMITS)


@pytest.mark.usefixtures("no_decoding")
def test_too_many_members_are_refused(zip_path: Path) -> None:
    write(zip_path, {f"{number}.txt": b"" for number in range(21)})
    with pytest.raises(ValueError, match="more than 20 members"):
        read_animal_faces(zip_path, limits=LIMITS)


@pytest.mark.usefixtures("no_decoding")
def test_too_many_bytes_in_all_are_refused(zip_path: Path) -> None:
    write(zip_path, {f"afhq/train/cat/{number}.png": bytes(9_000) for number in range(9)})
    with pytest.raises(ValueError, match="more than 50,000 bytes"):
        read_animal_faces(zip_path, limits=LIMITS)


@pytest.mark.usefixtures("no_decoding")
def test_a_member_that_lies_about_its_size_is_refused(zip_path: Path) -> None:
    write(zip_path, {"afhq/train/cat/1.png": bytes(5_000_000)})
    honest, lie = (size.to_bytes(4, "little") for size in (5_000_000, 100))
    zip_path.write_bytes(zip_path.read_bytes().replace(honest, lie))
    with pytest.raises(ValueError, match=r"^faces\.zip: refused"):
        read_animal_faces(zip_path, limits=LIMITS)


@pytest.mark.usefixtures("no_decoding")
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_occurs_twice_is_refused(zip_path: Path) -> None:
    with zipfile.ZipFile(zip_path, "w") as archive:
        for _ in range(2):
            archive.writestr("afhq/train/cat/1.png", b"")
    with pytest.raises(ValueError, match="twice"):
        read_animal_faces(zip_path, limits=LIMITS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (picture(0, size=(33, 32)), "33 by 32 pixels, not 32 by 32"),
        (picture(0)[:-40], "cannot be decoded"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n", "cannot be decoded"),
        (b"", "cannot be decoded"),
    ],
    ids=["size", "truncated", "postscript", "empty"],
)
def test_a_bad_image_is_refused_by_name(zip_path: Path, content: bytes, reason: str) -> None:
    write(zip_path, honest_members() | {"afhq/val/dog/1.png": content})
    with pytest.raises(ValueError, match=rf"'afhq/val/dog/1\.png' .*{reason}"):
        read_animal_faces(zip_path, limits=LIMITS)


def test_an_image_of_a_billion_pixels_is_refused_undecoded(zip_path: Path) -> None:
    header = bytearray(picture(0))
    header[16:24] = (40_000).to_bytes(4, "big") * 2  # width and height
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    write(zip_path, honest_members() | {"afhq/val/dog/1.png": bytes(header)})
    with pytest.raises(ValueError, match="cannot be decoded"):
        read_animal_faces(zip_path, limits=LIMITS)


def test_a_missing_class_is_reported(zip_path: Path) -> None:
    members = honest_members()
    del members["afhq/val/wild/1.png"]
    with pytest.raises(ValueError, match="lacks images of a class in afhq/val"):
        read_animal_faces(write(zip_path, members), limits=LIMITS)


@pytest.mark.parametrize("keep", [0, 30, 400])
def test_a_file_that_is_no_archive_is_refused(zip_path: Path, keep: int) -> None:
    write(zip_path, honest_members())
    zip_path.write_bytes(zip_path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="no readable zip archive"):
        read_animal_faces(zip_path, limits=LIMITS)


def test_control_characters_of_a_name_do_not_reach_the_terminal(zip_path: Path) -> None:
    write(zip_path, honest_members() | {"../\x1b[2J\n": b""})
    with pytest.raises(ValueError, match="outside") as caught:
        read_animal_faces(zip_path, limits=LIMITS)
    assert str(caught.value).isprintable()
