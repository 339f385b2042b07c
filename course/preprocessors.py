"""Steps of our own in nbgrader's pipeline; `nbgrader_config.py` names them."""

from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor

from course.layout import Course, notebook


class FillPlaceholders(NbGraderPreprocessor):
    """Replace `{{ colab }}` and `{{ requirement }}` by this course's own addresses.

    They come from `[tool.course]` in pyproject.toml, so that a fork changes one line. The link for
    Colab always opens the student version.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Fill the placeholders of every cell of `nb`; nbgrader runs this in the course's root."""
        course = Course(Path.cwd())
        lesson = resources["nbgrader"]["notebook"]
        student_version = notebook(course.release, lesson).relative_to(course.root)
        values = {
            "{{ colab }}": course.publication.colab(student_version.as_posix()),
            "{{ requirement }}": course.publication.requirement,
        }
        for cell in nb.cells:
            for placeholder, value in values.items():
                cell.source = cell.source.replace(placeholder, value)
        return nb, resources
