"""How many processor cores there are, and how processes that run side by side share them."""

import os


def count_cores() -> int:
    """Return how many cores this process may use, which can be fewer than the machine has."""
    # macOS and Windows have no such thing.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_limits(jobs: int) -> dict[str, str]:
    """Return the environment that leaves each of `jobs` processes its share of the cores."""
    # By itself, each process would start a thread for every core, and all be in each other's way.
    threads = str(max(1, count_cores() // jobs))
    return dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
