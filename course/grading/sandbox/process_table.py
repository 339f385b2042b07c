"""The memory that a student's processes use together, as the kernel's process table says it."""

import os
from pathlib import Path


def find_process_id(pid: int, *, level: int) -> int:
    """Return the number that process `pid` has `level` process namespaces further in, 0 if gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").split("\n")
    except OSError:
        return 0
    # NSpid: the process's number in every namespace that it is in, the outermost first.
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return int(numbers[level]) if len(numbers) > level else 0


def memory_exceeds(table: Path, root: int, limit: int) -> bool:
    """Say whether process `root` and all below it use more than `limit` bytes."""
    family = find_family(table, root)
    # Quick, but counts what processes share once for each: more than there is.
    if sum(measure_resident(table / str(pid)) for pid in family) <= limit:
        return False
    # Exact, but the kernel walks through all of a process's pages for it.
    return sum(_measure_share(table / str(pid)) for pid in family) > limit


def find_family(table: Path, root: int) -> set[int]:
    """Return `root` and its descendants: who loses a parent becomes a child of the supervisor."""
    children: dict[int, list[int]] = {}
    for entry in _entries(table):
        try:
            line = (table / entry / "stat").read_text(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        # A program may choose its name, which ends at the last bracket.
        after_name = line.rpartition(")")[2]
        parent = int(after_name.split()[1])
        children.setdefault(parent, []).append(int(entry))

    # The table is read while it changes: nobody counts twice, even if it should go in circles.
    family, waiting = {root}, [root]
    while waiting:
        new = [child for child in children.get(waiting.pop(), []) if child not in family]
        family.update(new)
        waiting += new
    return family


def _entries(table: Path) -> list[str]:
    try:
        return [name for name in os.listdir(table) if name.isdigit()]
    except OSError:
        return []


def measure_resident(process: Path) -> int:
    """Return the bytes of memory that a process sees, shared or not."""
    try:
        pages = int((process / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _measure_share(process: Path) -> int:
    """Return the bytes of memory that a process uses, with its share of what it shares."""
    try:
        lines = (process / "smaps_rollup").read_text().split("\n")
    except OSError:
        return measure_resident(process)
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
