"""Run the benchmarks: `make bench`, or `make bench QUICK=1` for one in about four minutes."""

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.costs import (
    RUNS,
    Cost,
    Sweep,
    measure_augmentation,
    measure_loading,
    measure_sweeps,
)
from benchmarks.grading import Grading, describe_peaks, measure_grading
from benchmarks.training import EXPERIMENTS, SHARE, Measurement, measure_all, write_image_files

REPORT = Path("build/bench.json")


def main() -> None:
    """Measure, show two tables, and write build/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twelfth of the epochs")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        write_image_files(Path(folder))
        steps = measure_all(Path(folder), quick=quick)
        count = len(EXPERIMENTS) + 2  # the toys
        # A list, as they are measured one by one when asked for, and need the files.
        measurements = list(track(steps, "Training", total=count, transient=True))

    costs = [*measure_loading(), *measure_augmentation()]
    sweeps = measure_sweeps(measurements, epochs=EXPERIMENTS[0].epochs // (SHARE if quick else 1))
    progress = track(sweeps, "Many runs at once", total=2 * len(RUNS), transient=True)
    report = Report(quick, measurements, costs, list(progress), measure_grading(quick=quick))
    show(report)
    write(report)


@dataclass(frozen=True)
class Report:
    """Hold all that was measured."""

    quick: bool
    training: list[Measurement]
    costs: list[Cost]
    sweeps: list[Sweep]
    grading: Grading


def show(report: Report) -> None:
    """Print the measurements and their sums, then the costs."""
    numbers = ("seed s", "plain s", "engine s", "plain ×", "engine ×", "images apart", "floor s")
    table = Table("experiment", *numbers)
    eleven, toys = report.training[: len(EXPERIMENTS)], report.training[len(EXPERIMENTS) :]
    sums = [total("the eleven", eleven), total("all", report.training)]
    for measurement in [*report.training, *sums]:
        table.add_row(
            measurement.experiment,
            f"{measurement.seed_seconds:.2f}",
            f"{measurement.plain_seconds:.2f}",
            f"{measurement.engine_seconds:.2f}",
            f"{measurement.plain_ratio:.1f}",
            f"{measurement.engine_ratio:.1f}",
            # The toys have no images: how far apart they are is a loss.
            "" if measurement in toys else str(measurement.max_images_apart),
            f"{measurement.floor_seconds:.3f}",
        )
    console = Console(width=120)
    console.print(table)
    for cost in report.costs:
        console.print(f"{cost.name:38} {cost.value:8.2f} {cost.unit}", highlight=False)
    for sweep in report.sweeps:
        name = f"fit_many, {sweep.penalty}, {sweep.runs} at once"
        ratio = f"the original's loop takes {sweep.seed_ratio:.0f} times as long"
        console.print(f"{name:38} {1000 * sweep.seconds_per_run:8.1f} ms a run; {ratio}")
    show_grading(report.grading.record(), console)


def show_grading(record: dict[str, Any], console: Console) -> None:
    """Print how fast a class is graded."""
    scores = "the same scores" if record["honest_scores_equal"] else "OTHER SCORES"
    console.print(
        f"grading: {record['ours_per_minute']:.0f} submissions a minute; nbgrader: "
        f"{record['stock_per_minute']:.1f}, with {scores}: {record['ratio']:.0f} × "
        f"({record['ratio_with_start']:.0f} × with a start of {record['start_seconds']:.0f} s); "
        f"{record['overhead_milliseconds']:.0f} ms a submission besides its tests",
        highlight=False,
    )
    console.print(describe_peaks(record["peak_megabytes"]), highlight=False)
    for name, times in (("functions", record), ("whole lesson", record["whole_lesson"])):
        stages = ", ".join(f"{k} {v:.0f} ms" for k, v in times["milliseconds"].items())
        console.print(f"{name:38} {stages}", highlight=False)


def total(name: str, measurements: list[Measurement]) -> Measurement:
    """Return the sums over `measurements`, with the largest difference."""
    seed_seconds = sum(m.seed_seconds for m in measurements)
    plain_seconds = sum(m.plain_seconds for m in measurements)
    engine_seconds = sum(m.engine_seconds for m in measurements)
    images_apart = max(m.max_images_apart for m in measurements)
    floor_seconds = sum(m.floor_seconds for m in measurements)
    return Measurement(
        name, seed_seconds, plain_seconds, engine_seconds, images_apart, floor_seconds
    )


def write(report: Report) -> None:
    """Write everything as JSON; ratios are included, so that nobody has to divide."""
    eleven = report.training[: len(EXPERIMENTS)]
    content = asdict(report) | {
        "training": [record(m) for m in report.training],
        "grading": report.grading.record(),
        "totals": [record(total("the eleven", eleven)), record(total("all", report.training))],
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"report: {REPORT}")


def record(m: Measurement) -> dict[str, Any]:
    """Return a measurement as a dictionary, with its ratios."""
    return asdict(m) | {"plain_ratio": m.plain_ratio, "engine_ratio": m.engine_ratio}


if __name__ == "__main__":
    main()
