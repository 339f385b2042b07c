"""The IPython shell in which cells run: of a referee, of a student process, of a proof."""

from typing import Any


def make_shell() -> Any:
    """Return this process's shell, which keeps no history and prints no traceback.

    One that was made before a fork is there in every forked process.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    # A history has a file and a thread that writes it, and threads do not survive a fork.
    config = Config({"HistoryManager": {"enabled": False}})
    shell: Any = InteractiveShell.instance(config=config, colors="nocolor")
    # Nobody reads the tracebacks, and to format one takes longer than most tests.
    shell.showtraceback = lambda *_, **__: None
    return shell
