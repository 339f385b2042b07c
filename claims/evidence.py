"""The evidence for the claims: one file, which people read and `make claims` writes."""

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from claims.bounds import Estimate
from claims.claim import Claim, Lesson
from claims.dependencies import ROOT, describe
from claims.study import Study
from course.errors import CourseError

FILE = ROOT / "claims" / "evidence.toml"
HEAD = """\
# What the lessons say of their figures, and what was measured. `make claims` writes this file.
# Accuracies are fractions or, where the text counts in points, percent; `values` are by seed.
"""

Evidence = Mapping[str, Estimate]  # by digest: what was measured from the same code is the same


@dataclass(frozen=True)
class Record:
    """A claim and what was measured of it."""

    claim: Claim
    digest: str
    found: Estimate

    @property
    def holds(self) -> bool:
        """Tell whether what was measured makes the claim true."""
        return self.claim.bound.holds(self.found)

    def __str__(self) -> str:
        """Return the claim, its bound, and what was measured, in a line."""
        error = self.found.standard_error
        spread = "" if error is None else f" ± {error:.3g}"
        return (
            f"{self.claim.statement}: {describe(self.claim.statistic)} should be "
            f"{self.claim.bound}; it is {self.found.mean:.4g}{spread}"
        )


def read_evidence(file: Path = FILE) -> Evidence:
    """Return what `file` has, nothing where there is none; raises `CourseError` if it is broken."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        records = [record for lesson in tables.values() for record in lesson]
        return {record["digest"]: Estimate(tuple(record["values"])) for record in records}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CourseError(f"{file}: not as `make claims` writes it ({error}); run it") from error


def recorded(lesson: Lesson, evidence: Evidence) -> list[Record]:
    """Return those claims of `lesson` that `evidence` has."""
    digests = ((claim, lesson.digest(claim)) for claim in lesson.claims)
    return [Record(claim, key, evidence[key]) for claim, key in digests if key in evidence]


def outdated(lesson: Lesson, evidence: Evidence) -> list[Claim]:
    """Return those claims of `lesson` whose evidence is missing or rests on what has changed."""
    return [claim for claim in lesson.claims if lesson.digest(claim) not in evidence]


def train(
    lesson: Lesson, claims: Iterable[Claim], *, seeds: Callable[[Claim], range]
) -> Iterator[Record]:
    """Measure `claims`, each from the seeds that it is given; what they share is trained once."""
    studies: dict[range, Study] = {}
    for claim in claims:
        chosen = seeds(claim)
        study = studies.setdefault(chosen, lesson.study(chosen))
        with one_thread():
            found = claim.measure(study)
        yield Record(claim, lesson.digest(claim), found)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use a single thread: the networks are small, and threads wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def render(lessons: Iterable[Lesson], evidence: Evidence) -> str:
    """Return the text of the file; claims without evidence are left out."""
    blocks = [
        _block(lesson.name, record) for lesson in lessons for record in recorded(lesson, evidence)
    ]
    return "\n".join([HEAD, *blocks])


def _block(lesson: str, record: Record) -> str:
    claim, found = record.claim, record.found
    entries = {
        "statement": _text(claim.statement),
        "section": str(claim.section),
        "says": "[" + ", ".join(map(_text, claim.says)) + "]",
        "statistic": _text(describe(claim.statistic)),
        "bound": _text(str(claim.bound)),
        "mean": f"{found.mean:.4g}",
        "standard_error": "" if found.standard_error is None else f"{found.standard_error:.2g}",
        "seeds": _text(f"{claim.seeds.start} to {claim.seeds.stop - 1}"),
        "values": "[" + ", ".join(f"{value:g}" for value in found.values) + "]",
        "digest": _text(record.digest),
    }
    lines = [f"{name} = {value}" for name, value in entries.items() if value not in ("", "[]")]
    return "\n".join([f"[[{lesson}]]", *lines, ""])


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # such a text is one in TOML too
