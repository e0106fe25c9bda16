"""Write a file whole or not at all: to a temporary name in the same folder, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

_NAME_CHARS = 40


def write_whole(path: Path, data: bytes) -> None:
    """Put a file of these bytes at a path; what was there stays as it is until the new one is complete.

    It has the rights of the file that was there, else those of any new file; a link stays one, and what it leads to is
    written. Raises OSError, and then leaves nothing.
    """
    path = Path(os.path.realpath(path))
    # A name may be as long as the file system allows: with all of it and more the temporary one would be longer.
    temporary = path.with_name(f".{path.name[:_NAME_CHARS]}.{secrets.token_hex(4)}")
    file = temporary.open("xb")  # with the rights of any new file: to ask for them is to change them for all threads
    try:
        with file:
            if path.exists():
                shutil.copymode(path, temporary)  # before anything stands in it: it may be for nobody else
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a computer that loses power must not leave an empty file under the name
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
