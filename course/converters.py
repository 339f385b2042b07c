"""Run nbgrader's converters on a course folder: quietly, and with their reasons when they fail."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from traitlets.config import Config
from traitlets.utils.importstring import import_item

from course.layout import Course, read_settings

GRADEBOOK = "gradebook.db"


class ConversionError(Exception):
    """Carry the reason, in one line, why nbgrader did not convert a notebook."""


def run_converter(converter: Any, config: Config) -> None:
    """Run the nbgrader converter class `converter` with the settings and folders of `config`.

    Raises `ConversionError` with the exception that nbgrader itself only logs.
    """
    # Importing nbgrader takes two seconds, which `course --help` should not pay.
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    with _log() as log, _own_tools_on_path(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            converter(coursedir=CourseDirectory(config=config), config=config).start()
        # What was wrong with a notebook it has only logged, before it gave up.
        except (NbGraderException, SystemExit) as error:
            raise ConversionError(log.reason()) from error


def saved_notebook(master: Any, name: str, config: Config) -> Any:
    """Return the notebook `master` as nbgrader saves it in a gradebook when it makes an assignment.

    That is without solutions, but with checksums and with hidden tests. `config` has the settings
    and folders of the course; `name` is the notebook's, without suffix. Raises `ConversionError`
    for a notebook that nbgrader would refuse.
    """
    # Importing nbgrader takes two seconds, which `course --help` should not pay.
    from nbconvert.exporters import Exporter
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.nbgraderformat.common import SchemaMismatchError, ValidationError

    coursedir = CourseDirectory(config=config)
    names = {"notebook": name, "assignment": coursedir.assignment_id, "student": "."}
    exporter = Exporter(config=config, default_preprocessors=[])
    refusals = (RuntimeError, ValueError, SchemaMismatchError, ValidationError)
    # A course's own step, such as `FillPlaceholders`, looks for the course in the working folder.
    with _log(), chdir(coursedir.root), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in _until_saved(GenerateAssignment(config=config).preprocessors):
            exporter.register_preprocessor(step)
        try:
            saved, _ = exporter.from_notebook_node(master, {"nbgrader": names})
        except refusals as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ConversionError(reason) from error
    return saved


def _until_saved(steps: Sequence[type | str]) -> Iterator[type]:
    """Yield nbgrader's steps to make an assignment up to that which saves it, but not that one."""
    from nbgrader.preprocessors import SaveCells

    for step in steps:
        step = import_item(step) if isinstance(step, str) else step
        if issubclass(step, SaveCells):
            return
        yield step


def lesson_config(scratch: Course, lesson: str) -> Config:
    """Return the settings in the nbgrader_config.py of `scratch`, bound to it and one lesson.

    Whatever gradebook the settings name is for real grades: the one used is in `scratch`.
    """
    config = read_settings(scratch.root)
    config.CourseDirectory.root = str(scratch.root)
    config.CourseDirectory.assignment_id = lesson
    config.CourseDirectory.db_url = gradebook_url(scratch)
    return config


def gradebook_url(scratch: Course) -> str:
    """Return the address of the gradebook in the root of `scratch`."""
    return f"sqlite:///{scratch.root / GRADEBOOK}"


def create_gradebook(scratch: Course) -> None:
    """Make the empty tables that the converters insist on.

    nbgrader would do so too, but start a process of several seconds to look up their version.
    """
    from nbgrader.api import Base
    from sqlalchemy import create_engine

    # Empty, it needs no note of its version: it is gone with the scratch copy.
    engine = create_engine(gradebook_url(scratch))
    Base.metadata.create_all(engine)
    engine.dispose()


class _LogBuffer(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    def reason(self) -> str:
        """Return the most telling line: the exception that ends the first traceback, if any."""
        tracebacks = [message for message in self.messages if "Traceback" in message]
        chosen = [*tracebacks, *self.messages, "no reason given"][0]
        return chosen.strip().splitlines()[-1]


@contextmanager
def _log() -> Iterator[_LogBuffer]:
    """Catch what nbgrader logs instead of printing it."""
    logger, buffer = logging.getLogger("traitlets"), _LogBuffer()
    # The root's handlers would print it all the same.
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(buffer)
    try:
        yield buffer
    finally:
        logger.removeHandler(buffer)
        logger.propagate = propagate


@contextmanager
def _own_tools_on_path() -> Iterator[None]:
    """Let nbgrader find `alembic`, with which it makes a gradebook, in an inactive environment."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
