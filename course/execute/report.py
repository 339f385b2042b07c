"""Write what a run of the notebooks showed: a page for people and JSON for programs."""

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from nbconvert import HTMLExporter

from course.atomic import write_whole
from course.execute.plan import executed_notebook
from course.execute.results import CellRun, NotebookRun
from course.layout import Course
from course.notebooks import read

FORMAT = 1  # of report.json; goes up when a program that reads it has to change
IMAGE_TYPES = ("image/png", "image/jpeg", "image/svg+xml")
BRIEF = 0.1  # seconds; cells below that are counted, not drawn


@dataclass(frozen=True)
class Figure:
    """Hold a picture of an executed notebook as a data address, with its text alternative."""

    cell_id: str
    address: str
    alt: str

    @property
    def html(self) -> Markup:
        """Return the picture as an HTML element."""
        return Markup('<img src="{}" alt="{}">').format(self.address, self.alt)


@dataclass(frozen=True)
class Bar:
    """Draw a cell's time as a bar; `percent` is of the slowest cell on the page."""

    cell_id: str
    seconds: float
    percent: float


@dataclass(frozen=True)
class Section:
    """Hold what the page shows of one notebook; `page` is None when nothing of it was written."""

    run: NotebookRun
    page: str | None
    figures: list[Figure]
    bars: list[Bar]

    @property
    def anchor(self) -> str:
        """Return the name by which the page's table links to the section."""
        return f"{self.run.kind}-{self.run.lesson}"

    @property
    def brief_cells(self) -> int:
        """Return how many cells were too short to be drawn."""
        return len(self.run.cells) - len(self.bars)


def write_report(course: Course, runs: list[NotebookRun]) -> Path:
    """Write `report.json`, `index.html` and a page a notebook; return the path of `index.html`.

    They lie in `course.executed`, beside the executed notebooks that they are made from.
    """
    folder = course.executed
    cells = chain.from_iterable(run.cells for run in runs)
    # One scale for the whole page, so that bars of two notebooks can be compared.
    slowest = max((cell.seconds for cell in cells), default=0.0)
    sections = [describe(course, run, slowest) for run in runs]
    summary = json.dumps(summarize(sections), indent=2, ensure_ascii=False)
    write_whole(folder / "report.json", f"{summary}\n".encode())
    index = folder / "index.html"
    write_whole(index, render(sections).encode())
    return index


def describe(course: Course, run: NotebookRun, slowest: float) -> Section:
    """Write the page of one executed notebook and return the section that shows it."""
    bars = draw_bars(run.cells, slowest)
    path = executed_notebook(course, run.lesson, run.kind)
    if not path.exists():
        return Section(run, None, [], bars)
    executed = read(path)
    page = path.with_suffix(".html")
    write_whole(page, export_page(executed).encode())
    return Section(run, page.relative_to(course.executed).as_posix(), find_figures(executed), bars)


def draw_bars(cells: tuple[CellRun, ...], slowest: float) -> list[Bar]:
    """Return a bar for each cell that took long enough to see."""
    return [
        Bar(cell.cell_id, cell.seconds, 100 * cell.seconds / slowest)
        for cell in cells
        if cell.seconds >= BRIEF
    ]


def find_figures(executed: Any) -> list[Figure]:
    """List the pictures among the outputs of an executed notebook, in order."""
    return [figure for _, figure in pictured_outputs(executed)]


def pictured_outputs(executed: Any) -> Iterator[tuple[Any, Figure]]:
    """Yield each output that has a picture, with that picture."""
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            kind = next((name for name in IMAGE_TYPES if name in output.get("data", {})), None)
            if kind:
                # Some tools keep the text for each form of a picture, others one for all.
                alt = output.metadata.get(kind, {}).get("alt") or output.metadata.get("alt")
                address = data_address(kind, output.data[kind])
                yield output, Figure(cell.id, address, alt or cell.id)


def data_address(kind: str, data: str) -> str:
    """Return a `data:` address for a picture as notebooks store it: SVG as text, others base64."""
    if kind == "image/svg+xml":
        data = base64.b64encode(data.encode()).decode()
    return f"data:{kind};base64,{''.join(data.split())}"


def export_page(executed: Any) -> str:
    """Return an executed notebook as one HTML page.

    nbconvert drops the text alternatives of pictures, so it is handed finished `img` elements.
    """
    shown = deepcopy(executed)
    for output, figure in pictured_outputs(shown):
        output.data = {"text/html": str(figure.html)}
    page: str = HTMLExporter(embed_images=True).from_notebook_node(shown)[0]
    return page


def summarize(sections: list[Section]) -> dict[str, Any]:
    """Return what `report.json` holds; addresses are relative to that file."""
    passed = all(section.run.passed for section in sections)
    return {"format": FORMAT, "passed": passed, "notebooks": [*map(_as_record, sections)]}


def _as_record(section: Section) -> dict[str, Any]:
    status = "passed" if section.run.passed else "failed"
    return {**asdict(section.run), "status": status, "page": section.page}


def render(sections: list[Section]) -> str:
    """Return the page for people, which needs no network."""
    environment = Environment(
        loader=PackageLoader("course", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = format_duration
    template = environment.get_template("run_report.html.j2")
    return template.render(sections=sections, brief=BRIEF)


def format_duration(seconds: float) -> str:
    """Return `seconds` as people write it: `0.42 s`, `17.3 s` or `2 min 05 s`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
