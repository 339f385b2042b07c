"""Zip archives of images, read without trust: in memory, within limits, checked before decoding."""

import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from helpers.data.images import ImageSet, decode, image_set
from helpers.data.looks import CLASSES

_LAYOUT = re.compile(
    r"afhq/(?P<split>train|val)/(?P<label>cat|dog|wild)/(?!\.)[^/]+\.(?:jpe?g|png)", re.IGNORECASE
)
_SIZE = (32, 32)
_COMPRESSIONS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
)  # zipfile bounds what these two expand to
_ENCRYPTED = 0x1  # of ZipInfo.flag_bits


@dataclass(frozen=True)
class Limits:
    """Say how much an archive may hold; sizes in bytes, uncompressed."""

    members: int = 20_000
    member_bytes: int = 1 << 18
    total_bytes: int = 1 << 28


def read_animal_faces(path: Path, *, limits: Limits | None = None) -> tuple[ImageSet, ImageSet]:
    """Return the training and the test set of an archive laid out as AFHQ.

    Images are `afhq/{train,val}/{cat,dog,wild}/NAME.{jpg,png}` of 32 x 32 pixels; "val" is the test
    set. Nothing is written to disk. Raises `ValueError` that names the archive and the member at
    fault, before anything is decoded unless the fault is in an image.
    """
    try:
        contents = _read_members(path, limits or Limits())
        return _decode_split(contents, "train"), _decode_split(contents, "val")
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise ValueError(f"{path.name}: refused, it is no readable zip archive") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: refused, {error}") from error


def _read_members(path: Path, limits: Limits) -> dict[str, bytes]:
    """Return the images' files by name, in the order of their names."""
    contents: dict[str, bytes] = {}
    room = limits.total_bytes
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > limits.members:
            raise ValueError(f"it has more than {limits.members:,} members")
        for member in members:
            _check(member)
        for member in sorted(members, key=lambda member: member.filename):
            if not _LAYOUT.fullmatch(member.filename):
                continue
            if member.filename in contents:
                raise ValueError(f"{_quote(member)} is in it twice")
            contents[member.filename] = _read_member(archive, member, limits.member_bytes)
            room -= len(contents[member.filename])
            if room < 0:
                raise ValueError(f"it holds more than {limits.total_bytes:,} bytes")
    return contents


def _check(member: zipfile.ZipInfo) -> None:
    """Raise `ValueError` for a member that no honest archive of images has."""
    path = PureWindowsPath(member.filename)  # knows both kinds of slashes, and drives
    if path.anchor or ".." in path.parts:
        raise ValueError(f"{_quote(member)} lies outside the archive")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError(f"{_quote(member)} is a symbolic link")
    if member.flag_bits & _ENCRYPTED:
        raise ValueError(f"{_quote(member)} is encrypted")
    if member.compress_type not in _COMPRESSIONS:
        raise ValueError(f"{_quote(member)} is compressed in an unusual way")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(member) as file:
        content = file.read(limit + 1)  # the size that the archive declares may be a lie
    if len(content) > limit:
        raise ValueError(f"{_quote(member)} has more than {limit:,} bytes")
    return content


def _decode_split(contents: dict[str, bytes], split: str) -> ImageSet:
    pictures, labels = [], []
    for name, content in contents.items():
        match = _LAYOUT.fullmatch(name)
        if match is None or match["split"].lower() != split:
            continue
        try:
            pictures.append(decode(io.BytesIO(content), size=_SIZE))
        except ValueError as error:
            raise ValueError(f"{name[:80]!a} {error}") from error
        labels.append(CLASSES.index(match["label"].lower()))
    if set(labels) != set(range(len(CLASSES))):
        raise ValueError(f"it lacks images of a class in afhq/{split}")
    return image_set(pictures, labels, CLASSES)


def _quote(member: zipfile.ZipInfo) -> str:
    return f"{member.filename[:80]!a}"  # the name may be long, and hold control characters
