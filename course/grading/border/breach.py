"""What ends the use of a student process: it no longer answers as it should."""

from typing import Any


class Breach(BaseException):
    """Report that the student process no longer answers as it should.

    No `Exception`, so that no `except` of a test or of a helper takes it for an answer.
    """


class Late(Breach):
    """Report that no answer came in time."""


class Gone(Breach):
    """Report that the student process ended, or a copy of it."""


def exactly(value: Any, kind: type) -> Any:
    """Return `value`; raises `Breach` unless its type is `kind`, and no subclass."""
    if type(value) is not kind:
        raise Breach(f"something else where a {kind.__name__} should be")
    return value
