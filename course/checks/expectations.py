"""Compare what a lesson promises with what its code prints on this machine."""

import re
from decimal import Decimal

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
RELATIVE_TOLERANCE = Decimal("1e-3")


def agree(expected: str, printed: str) -> bool:
    """Tell whether two texts are equal but for spacing and for small differences of numbers."""
    if _words(expected) != _words(printed):
        return False
    pairs = zip(NUMBER.findall(expected), NUMBER.findall(printed), strict=True)
    return all(abs(Decimal(a) - Decimal(b)) <= _tolerance(a) for a, b in pairs)


def _words(text: str) -> list[str]:
    return NUMBER.sub(" # ", text).split()


def _tolerance(written: str) -> Decimal:
    """Return a thousandth of a number, or one unit of its last digit when that is more.

    The unit counts for fractions of at least two digits only: else 3 would pass for 4, and 0.1
    for 0.2. The zeros of 0.00 are such digits, that of 0.0 is not.
    """
    number = Decimal(written)
    _, digits, exponent = number.as_tuple()
    has_digits = len(digits) > 1 or (number.is_zero() and int(exponent) < -1)
    unit = Decimal(1).scaleb(int(exponent)) if "." in written and has_digits else Decimal(0)
    return max(RELATIVE_TOLERANCE * abs(number), unit)
