"""What the processes of notebooks are forked from, as that spares each of them seconds."""

import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext


def fork_context() -> ForkServerContext:
    """Return what processes are started with: forks of a server that has papermill imported.

    The server never has a thread or a GPU, so a fork is safe; it does not import this package, as
    it looks for modules in the working folder first.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["papermill"])
    return context


def adopt_environment(environment: Mapping[str, str]) -> None:
    """Make `environment` this process's own; the fork server's may be older."""
    os.environ.clear()
    os.environ.update(environment)
