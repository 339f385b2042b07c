"""Numbers in the text of a lesson: those that a claim is about, and those that none is."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from claims.bounds import Estimate
from claims.claim import Claim, Lesson
from course.notebooks import BEGIN_MARK, END_MARK, without_region

COUNTED = "one two three four five six seven eight nine ten eleven twelve"
WORDS = {
    **{word: float(value) for value, word in enumerate(COUNTED.split(), start=1)},
    "fifteen": 15.0,
    "half a": 0.5,
    "twice": 2.0,
}
NUMBER = rf"(?:\b|[−-])(?:\d[\d,]*(?:\.\d+)?|{'|'.join(WORDS)})\b"
UNIT = r"(?:\s?%| (?:percent|points?|times|other seeds)\b)"
# Numbers that share a unit, as in "66, 63 and 51 %", "0.3 ± 0.7 points", "nine points".
MEASURED = re.compile(
    rf"{NUMBER}(?:(?:,? (?:and|or|to|±) |, ){NUMBER})*{UNIT}|uncertain by about {NUMBER}",
    re.IGNORECASE,
)
HEADING = re.compile(r"^## (\d+)\. ", re.MULTILINE)
NO_RESULTS = ("exercise-", "hint-", "expected-", "how-to", "further-")  # beginnings of cells' ids
BRACED = re.compile(r"(± |uncertain by about )?\{([^}]*)\}( other seeds| seeds| %)?")


@dataclass(frozen=True)
class Passage:
    """The text of a cell, each white space a single space, and the number of its section."""

    cell: str
    section: int
    text: str

    @property
    def tells_results(self) -> bool:
        """Tell whether numbers here may be measured: not those of exercises and instructions."""
        return not self.cell.startswith(NO_RESULTS)


def passages(lesson: Lesson) -> list[Passage]:
    """Return the text cells; what stands before the first section, or is a summary, is in 0."""
    found, section = [], 0
    for cell in lesson.method.cells:
        if cell.cell_type == "markdown":
            section = _section(cell, section)
            text = without_region(cell.source, BEGIN_MARK, END_MARK)
            found.append(Passage(cell.id, section, " ".join(text.split())))
    return found


def _section(cell: Any, before: int) -> int:
    if found := HEADING.search(cell.source):
        return int(found[1])
    return 0 if cell.id in ("summary", "further-reading") else before


def contradictions(lesson: Lesson, claim: Claim, found: Estimate) -> Iterator[str]:
    """Yield what is wrong with the phrases of `claim`: not there, or another number."""
    for phrase in claim.says:
        if not any(plain(phrase) in passage.text for passage in passages(lesson)):
            yield f"the lesson does not say {plain(phrase)!r}"
        for before, written, behind in BRACED.findall(phrase):
            value = number(written)
            if "seeds" in behind and value != len(found.values):
                yield f"{phrase!r}: there are {len(found.values)} seeds"
            elif before and not _is_error(value, found):
                yield f"{phrase!r}: the standard error is {found.standard_error or 0:.2g}"
            elif not before and "seeds" not in behind and not _is_bound(value, behind, claim):
                yield f"{phrase!r}: the claim is about {claim.bound}"


def _is_error(value: float, found: Estimate) -> bool:
    """Tell whether a standard error is what is written; of ten seeds it is itself uncertain."""
    return abs(value - (found.standard_error or 0)) <= 0.5 * value


def _is_bound(value: float, unit: str, claim: Claim) -> bool:
    """Tell whether a bound speaks of a number.

    A cost of 5 is a gain of -5; what is said in percent may be a fraction, and a ratio a logarithm.
    """
    known = {abs(bound) for bound in claim.bound.numbers}
    written = {abs(value)}
    if unit == " %":
        written.add(abs(value) / 100)
    elif 0 < value < 1:
        written.add(abs(math.log(value)))
    return any(math.isclose(a, b, abs_tol=1e-9) for a in known for b in written)


def number(written: str) -> float:
    """Return the number that is written, in digits or in words."""
    if written.lower() in WORDS:
        return WORDS[written.lower()]
    return float(written.replace(",", "").replace("−", "-"))


def plain(phrase: str) -> str:
    """Return a phrase as it stands in the text, without braces."""
    return phrase.replace("{", "").replace("}", "")


def unexplained(lesson: Lesson) -> Iterator[str]:
    """Yield each number that looks measured, with what is around it, that nothing accounts for.

    A claim accounts for the numbers in braces in its phrases, or for all of a phrase without any;
    `lesson.settings` are phrases with numbers that are no measurements.
    """
    phrases = [*lesson.settings, *(each for claim in lesson.claims for each in claim.says)]
    for passage in passages(lesson):
        known = [span for phrase in phrases for span in _spans(phrase, passage.text)]
        for found in _measured(passage.text) if passage.tells_results else ():
            if not any(start <= found.start() and found.end() <= end for start, end in known):
                around = passage.text[max(0, found.start() - 40) : found.end() + 30]
                yield f"{passage.cell}: {found[0]} in {around!r}"


def _measured(text: str) -> Iterator[re.Match[str]]:
    for several in MEASURED.finditer(text):
        yield from re.compile(NUMBER, re.IGNORECASE).finditer(text, *several.span())


def _spans(phrase: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where `text` has the numbers in braces of `phrase`, or all of it without any."""
    for start in (found.start() for found in re.finditer(re.escape(plain(phrase)), text)):
        marks = list(BRACED.finditer(phrase))
        for mark in marks:
            begin = start + len(plain(phrase[: mark.start(2) - 1]))
            yield begin, begin + len(mark[2])
        if not marks:
            yield start, start + len(phrase)
