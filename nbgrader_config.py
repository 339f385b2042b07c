"""Settings of nbgrader, for `course`, for stock `nbgrader` and for formgrader alike."""

c = get_config()  # noqa: F821  (provided by traitlets)

c.CourseDirectory.course_id = "regularization"
c.CourseDirectory.source_directory = "source_notebooks"
c.CourseDirectory.solution_directory = "solutions"

# A stub that does not raise: one raised error would stop "Run all" in Colab, and a forgotten
# `raise` would cost a right answer its points. `helpers.exercises` notices unfinished answers.
c.ClearSolutions.code_stub = {"python": "pass  # write your answer here, in place of this line"}
c.ClearSolutions.text_stub = "*Write your answer here.*"

c.GenerateAssignment.preprocessors = [
    "course.preprocessors.FillPlaceholders",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# Marking guides stand beside the model answer, in the written-answer cells that they are for.
c.ClearMarkScheme.enforce_metadata = False

# nbgrader's own list executes the notebook (so its bytes change from run to run) and keeps the
# hidden tests.
c.GenerateSolution.preprocessors = [
    "course.preprocessors.FillPlaceholders",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
]

# A warning on stderr is no reason to take a right answer's points.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"(?s)."

c.Execute.timeout = 120  # seconds a cell
