"""Write a file whole or not at all: to a temporary name in the same folder, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_NAME_CHARS = 40


def write_whole(path: Path, data: bytes) -> None:
    """Put a file of these bytes at a path; what was there stays as it is until the new one is complete.

    It has the rights of the file that was there, else those of any new file. Raises OSError, and then leaves nothing.
    """
    # A name may be as long as the file system allows: with all of it and more the temporary one would be longer.
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:_NAME_CHARS]}.", dir=path.absolute().parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a computer that loses power must not leave an empty file under the name
        if path.exists():
            shutil.copymode(path, temporary)
        elif os.name == "posix":
            umask = os.umask(0)  # mkstemp made it private
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
