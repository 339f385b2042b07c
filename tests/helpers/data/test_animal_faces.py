"""Which animal faces are loaded, from where, and how they are kept for the next time."""

import inspect
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from helpers.data import animal_faces, faces, load_animal_faces, looks
from helpers.data.downloads import Archive, blob_id
from helpers.data.looks import CLASSES
from tests.helpers.data.test_archives import honest_members, write


@pytest.fixture
def few_faces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the procedural set small; the list says what was painted."""
    painted: list[str] = []
    paint = faces.generate

    def generate(part: str) -> tuple[faces.Bytes, faces.Integers]:
        painted.append(part)
        return paint(part, count=6 if part == "train" else 3)

    monkeypatch.setattr(faces, "generate", generate)
    return painted


@pytest.fixture
def afhq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a tiny archive that passes for AFHQ, and no mirror that would have it."""
    path = write(tmp_path / "afhq_32x32.zip", honest_members())
    urls = ("http://127.0.0.1:9/a.zip", "http://127.0.0.1:9/b.zip")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(animal_faces, "AFHQ", Archive(path.name, urls, blob_id(path), 10**6))
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


@pytest.mark.slow
def test_the_whole_procedural_set_has_the_sizes_of_afhq(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    animals = load_animal_faces("faces", cache=cache)
    assert (len(animals.train), len(animals.test), animals.source) == (14_630, 1_500, "faces")
    assert animals.train.classes == animals.test.classes == CLASSES
    line = "Data: procedural animal faces, 14,630 training and 1,500 test images.\n"
    assert capsys.readouterr() == (line, "")


@pytest.mark.usefixtures("few_faces")
def test_the_procedural_set_needs_no_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(animal_faces, "fetch", fail)
    monkeypatch.setattr("socket.socket.connect", fail)
    assert load_animal_faces("faces", cache=cache).source == "faces"


def test_the_second_load_comes_from_the_cache(cache: Path, few_faces: list[str]) -> None:
    first = load_animal_faces("faces", cache=cache)
    second = load_animal_faces("faces", cache=cache)
    assert few_faces == ["train", "test"]
    assert torch.equal(first.train.images, second.train.images)
    assert torch.equal(first.test.labels, second.test.labels)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_cache_file_is_rebuilt_silently(
    cache: Path, few_faces: list[str], capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    first = load_animal_faces("faces", cache=cache)
    (file,) = cache.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 255
    damaged = {"cut": content[:999], "flip": content, "empty": b"", "other": b"no npz"}
    file.write_bytes(bytes(damaged[damage]))
    capsys.readouterr()
    second = load_animal_faces("faces", cache=cache)
    assert torch.equal(first.train.images, second.train.images)
    assert capsys.readouterr().out.count("\n") == 1
    load_animal_faces("faces", cache=cache)
    assert len(few_faces) == 4


def test_another_generator_makes_another_cache_file(
    cache: Path, few_faces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_animal_faces("faces", cache=cache)
    monkeypatch.setattr(inspect, "getsource", lambda module: "another painter")
    load_animal_faces("faces", cache=cache)
    assert len(few_faces) == 4


def test_other_looks_make_another_cache_file(
    cache: Path, few_faces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_animal_faces("faces", cache=cache)
    first, *others = looks.LOOKS
    monkeypatch.setattr(looks, "LOOKS", (replace(first, white=0.36), *others))
    load_animal_faces("faces", cache=cache)
    assert len(few_faces) == 4


@pytest.mark.usefixtures("few_faces")
def test_nothing_but_the_cache_file_is_left_behind(cache: Path) -> None:
    load_animal_faces("faces", cache=cache)
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


@pytest.mark.usefixtures("few_faces")
def test_a_cache_folder_that_cannot_be_written_costs_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    animals = load_animal_faces("faces", cache=tmp_path / "file" / "cache")
    assert len(animals.train) == 6
    warning, _ = capsys.readouterr().out.splitlines()
    assert warning.startswith("Warning: ")


@pytest.mark.usefixtures("few_faces")
def test_the_environment_names_the_cache_folder(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_CACHE", str(cache))
    load_animal_faces("faces")
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("source", ["auto", "afhq"])
def test_photographs_come_from_an_archive_in_the_cache_folder(
    afhq: Path, cache: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    afhq.rename(cache / afhq.name)
    animals = load_animal_faces(source, cache=cache)
    assert (len(animals.train), len(animals.test), animals.source) == (3, 3, "afhq")
    line = "Data: AFHQ 32x32 animal faces, 3 training and 3 test images.\n"
    assert capsys.readouterr() == (line, "")


def test_photographs_are_decoded_once(
    afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    afhq.rename(cache / afhq.name)
    first = load_animal_faces("afhq", cache=cache)
    (cache / afhq.name).unlink()
    second = load_animal_faces("afhq", cache=cache)
    assert torch.equal(first.train.images, second.train.images)


@pytest.mark.parametrize("writable", [True, False])
def test_photographs_are_downloaded_even_where_nothing_can_be_kept(
    afhq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    def fetch(archive: Archive, folder: Path) -> Path:
        return afhq.rename(folder / archive.name)

    monkeypatch.setattr(animal_faces, "fetch", fetch)
    (tmp_path / "file").touch()
    cache = tmp_path / "cache" if writable else tmp_path / "file" / "cache"
    assert len(load_animal_faces("afhq", cache=cache).train) == 3


@pytest.mark.usefixtures("afhq", "few_faces")
def test_without_photographs_one_line_says_so_and_why(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_animal_faces(cache=cache).source == "faces"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Data: procedural animal faces, 6 training and 3 test images; AFHQ")
    assert "a.zip: no connection" in line


@pytest.mark.usefixtures("afhq")
def test_insisting_on_photographs_names_mirrors_reasons_and_remedy(cache: Path) -> None:
    with pytest.raises(ConnectionError) as caught:
        load_animal_faces("afhq", cache=cache)
    message = str(caught.value)
    assert "a.zip: no connection" in message
    assert "b.zip: no connection" in message
    assert str(cache) in message
    assert "source='faces'" in message


def hostile(afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(cache / afhq.name, honest_members() | {"../escape.png": b""})
    monkeypatch.setattr(animal_faces, "AFHQ", Archive(path.name, (), blob_id(path), 10**6))


def test_insisting_on_a_hostile_archive_is_refused(
    afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile(afhq, cache, monkeypatch)
    with pytest.raises(ValueError, match=r"refused.*escape.*source='faces'"):
        load_animal_faces("afhq", cache=cache)


@pytest.mark.usefixtures("few_faces")
def test_a_hostile_archive_is_passed_over(
    afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile(afhq, cache, monkeypatch)
    assert load_animal_faces("auto", cache=cache).source == "faces"


def test_an_unknown_source_is_refused_with_the_choices(cache: Path) -> None:
    with pytest.raises(ValueError, match="auto, afhq, faces"):
        load_animal_faces("cifar", cache=cache)


@pytest.mark.slow
def test_the_import_does_not_bring_in_what_only_some_need() -> None:
    code = "import sys, helpers.data; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torchvision", "PIL", "requests"} & set(run.stdout.split())
