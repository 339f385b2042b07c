"""Write files that are there whole or as before, whatever ends the program."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whose folder is made if need be.

    Even after a loss of power the file is there whole, or else as it was before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")  # if it is left behind, the next one replaces it
    with part.open("wb") as file:
        file.write(content)
        # A file system may rename sooner than it writes: after a loss of power it would be empty.
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
