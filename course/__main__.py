"""Entry point of the `course` command, also as `python -m course`."""

import sys


def main() -> None:
    """Run the command line, or say how to install what it needs."""
    try:
        # Whoever has installed only what students need has no typer, which this imports.
        from course.cli import run

        run()
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error.name} is not installed; run `pip install '.[course]'` or `make`")


if __name__ == "__main__":
    main()
