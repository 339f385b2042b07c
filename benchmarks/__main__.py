"""Run the benchmarks: `make bench`, or `make bench QUICK=1` for one in less than a minute."""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.costs import Cost, measure_costs
from benchmarks.training import EXPERIMENTS, Measurement, measure_all, write_image_files

REPORT = Path("build/bench.json")


def main() -> None:
    """Measure, show two tables, and write build/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twelfth of the epochs")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        write_image_files(Path(folder))
        steps = track(
            measure_all(Path(folder), quick=quick),
            "Training",
            total=len(EXPERIMENTS) + 2,
            transient=True,
        )
        measurements = list(steps)
    costs = measure_costs(quick=quick)
    show(measurements, costs)
    write_report(measurements, costs, quick=quick)


def show(measurements: list[Measurement], costs: list[Cost]) -> None:
    """Print the measurements and their sum, then the costs."""
    numbers = ("seed s", "plain s", "engine s", "plain ×", "engine ×", "images apart", "floor s")
    table = Table("experiment", *numbers)
    for measurement in [*measurements, total(measurements)]:
        table.add_row(
            measurement.experiment,
            f"{measurement.seed_seconds:.2f}",
            f"{measurement.plain_seconds:.2f}",
            f"{measurement.engine_seconds:.2f}",
            f"{measurement.plain_ratio:.1f}",
            f"{measurement.engine_ratio:.1f}",
            str(measurement.max_images_apart),
            f"{measurement.floor_seconds:.3f}",
        )
    console = Console(width=120)
    console.print(table)
    for cost in costs:
        console.print(f"{cost.name:30} {cost.value:8.2f} {cost.unit}", highlight=False)


def total(measurements: list[Measurement]) -> Measurement:
    """Return the sums over all experiments, with the largest difference."""
    return Measurement(
        "all",
        sum(m.seed_seconds for m in measurements),
        sum(m.plain_seconds for m in measurements),
        sum(m.engine_seconds for m in measurements),
        max(m.max_images_apart for m in measurements),
        sum(m.floor_seconds for m in measurements),
    )


def write_report(measurements: list[Measurement], costs: list[Cost], *, quick: bool) -> None:
    """Write everything as JSON; ratios are included, so that nobody has to divide."""

    def record(m: Measurement) -> dict[str, Any]:
        return asdict(m) | {"plain_ratio": m.plain_ratio, "engine_ratio": m.engine_ratio}

    report = {
        "quick": quick,
        "training": [record(m) for m in measurements],
        "total": record(total(measurements)),
        "costs": [asdict(cost) for cost in costs],
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"report: {REPORT}")


if __name__ == "__main__":
    main()
