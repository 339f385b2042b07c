"""The one exception that the command line turns into a one-line message."""


class CourseError(Exception):
    """Report a problem that the user can mend: one line that names the file and the remedy."""
