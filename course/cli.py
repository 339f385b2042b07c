"""The `course` command: one function a subcommand, and one line for every error of the user's."""

import io
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from course import display
from course.errors import CourseError
from course.layout import Course

if TYPE_CHECKING:  # slow to import, and the command line wants to be quick
    from course.grading.engine.options import GradingOptions

app = typer.Typer(
    help="Build, check, execute and grade the lessons of a course.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Only = Annotated[
    list[str] | None, typer.Option("--only", help="A lesson to execute; repeat it for more.")
]
Device = Annotated[str, typer.Option(help="What to compute on: auto, cpu or cuda.")]
Jobs = Annotated[int | None, typer.Option(help="Notebooks at a time; by default one a core.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", help="NAME=VALUE for the notebooks' parameters cell."),
]
Submitted = Annotated[
    Path | None,
    typer.Option(help="Folder of <student>/<lesson>/<lesson>.ipynb (default: submitted/)."),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for all that is written (default: where nbgrader looks for it)."),
]
Isolate = Annotated[
    Literal["sandbox", "process"],
    typer.Option(help="What holds submitted code in: a sandbox, or no more than a process."),
]
Timeout = Annotated[
    float, typer.Option(min=1.0, help="Seconds for each cell and each question of a submission.")
]
Memory = Annotated[int, typer.Option(min=256, help="Megabytes that a submission may use.")]
Graders = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Submissions at a time; by default one a core.")
]
Students = Annotated[
    str, typer.Option("--student", help="Whom to grade: a pattern for names, such as 'a*'.")
]
Force = Annotated[bool, typer.Option("--force", help="Grade anew what has not changed, too.")]
Beside = Annotated[
    bool,
    typer.Option("--beside", help="Run tests that need it beside the answers: less safe."),
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Only read the files: build and execute nothing.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


FORGEABLE = (
    "beside: tests that cannot be run apart from the answers are run in their process, where an "
    "answer can read them and forge its points; the results say which"
)
INTERRUPTED = 128 + signal.SIGINT


def run() -> None:
    """Run the command line; what the user can mend is one line on stderr and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # not every terminal can write a check mark
    try:
        app()
    except CourseError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {describe(error)}; mend that and run the command again")


def describe(error: OSError) -> str:
    """Say in one line which file the system refused and why, such as for want of space."""
    reason = " ".join((error.strerror or str(error)).split())
    # Python does not know which file it is where a file that is already open cannot be written.
    return f"{error.filename}: {reason}" if error.filename else reason


@app.callback()
def main(
    context: typer.Context,
    root: Annotated[Path, typer.Option(help="Folder of the course, with its masters.")] = Path(),
) -> None:
    """Remember which course the subcommand works on."""
    context.obj = Course(root.resolve())


@app.command()
def build(context: typer.Context) -> None:
    """Generate release/ and solutions/ from the master notebooks."""
    from course.build import build
    from course.checks import find_marker_problems

    course: Course = context.obj
    problems = find_marker_problems(course)
    if problems:
        display.checked(course, problems)
        raise typer.Exit(1)  # with nothing written, as hidden tests could be in it
    with display.working(f"Building {len(course.lessons)} lesson(s) with nbgrader"):
        differences = build(course)
    display.built(differences)


@app.command()
def check(context: typer.Context, quick: Quick = False) -> None:
    """Fail, naming the files, on anything stale, unclean, leaking, dead or wrong."""
    from course.checks import run_checks

    course: Course = context.obj
    title = "Checking" if quick else "Checking, which executes every master once"
    with display.working(title):
        problems = run_checks(course, quick=quick)
    display.checked(course, problems)
    if problems:
        raise typer.Exit(1)


@app.command("run")
def run_command(
    context: typer.Context,
    only: Only = None,
    device: Device = "auto",
    jobs: Jobs = None,
    parameter: Parameters = None,
) -> None:
    """Execute every solution and every student version with papermill."""
    from course.execute import RunOptions, run_notebooks
    from course.execute.report import write_report

    course: Course = context.obj
    options = RunOptions(
        device=device, only=only, jobs=jobs, parameters=parse_parameters(parameter or [])
    )
    with display.RunProgress() as progress:
        runs = run_notebooks(course, options, progress.update)
    display.executed(runs, write_report(course, runs))
    if not all(run.passed for run in runs):
        raise typer.Exit(1)


@app.command()
def grade(
    context: typer.Context,
    lesson: str,
    submitted: Submitted = None,
    out: Out = None,
    jobs: Graders = None,
    student: Students = "*",
    isolation: Isolate = "sandbox",
    timeout: Timeout = 60.0,
    memory: Memory = 4096,
    force: Force = False,
    beside: Beside = False,
    as_json: AsJson = False,
) -> None:
    """Grade the submissions to LESSON, or to an assignment of any nbgrader course.

    What has not changed since it was graded is not graded again. Exit code 3 says that some
    submissions or questions need a person.
    """
    from course.cores import count_cores
    from course.grading.classroom import Selection, grade_class
    from course.grading.engine.options import GradingOptions
    from course.grading.inside.limits import Isolation
    from course.provided import provide

    course: Course = context.obj
    wanted = GradingOptions(
        Isolation(isolation),
        time_limit=timeout,
        memory_limit=memory * 2**20,
        jobs=jobs or count_cores(),
        allow_beside=beside,
    )
    options = provide(course, wanted)
    # Before anything runs: an instructor may rather not go on.
    _tell_of_safety(options)
    selection = Selection(submitted, out, student, force)
    with _interruptible(), display.GradingProgress(lesson, quiet=as_json) as progress:
        report = grade_class(course, lesson, selection, options, on_progress=progress.update)
    show = display.graded_as_json if as_json else display.graded
    show(report)
    if report.problems or report.by_hand:
        raise typer.Exit(3)


def _tell_of_safety(options: "GradingOptions") -> None:
    """Warn of what is lost; raises `CourseError` where there can be no sandbox."""
    from course.grading.inside.limits import Isolation
    from course.grading.sandbox.fork_server_client import LOST, check_sandbox

    if options.isolation is Isolation.SANDBOX:
        check_sandbox()
    else:
        display.warn(LOST)
    if options.allow_beside:
        display.warn(FORGEABLE)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the user interrupt what goes on from there when it is begun again."""
    try:
        yield
    except KeyboardInterrupt:
        display.warn("interrupted: what is graded is kept, and the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


@app.command()
def prove(
    context: typer.Context,
    lessons: Annotated[
        list[str] | None, typer.Argument(help="Lessons to prove; by default all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try right and wrong answers on the tests of every exercise; fail where one fools them."""
    from course.proof.proofs import prove

    course: Course = context.obj
    with display.working("Trying right and wrong answers on the tests"):
        proofs = prove(course, lessons)
    display.proven_as_json(proofs) if as_json else display.proven(proofs)
    if any(proof.faults for proof in proofs):
        raise typer.Exit(1)


@app.command()
def sample(context: typer.Context, folder: Path) -> None:
    """Write the submissions of a sample class to FOLDER, made from right and wrong answers."""
    from course.sample.sample_class import write_class

    display.sampled(folder, write_class(context.obj, folder))


@app.command()
def summary(context: typer.Context) -> None:
    """List what there is to open: student versions, executed solutions and grades."""
    display.summary(context.obj)


def parse_parameters(pairs: list[str]) -> dict[str, object]:
    """Turn NAME=VALUE pairs into parameters: Python literals where they are ones, else text.

    Raises `CourseError` for a pair without "=" or with a name that Python does not allow.
    """
    import ast

    parameters: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier() or iskeyword(name):
            raise CourseError(f"--parameter {pair}: not of the form NAME=VALUE; write e.g. seeds=3")
        try:
            parameters[name] = ast.literal_eval(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            parameters[name] = text
    return parameters
