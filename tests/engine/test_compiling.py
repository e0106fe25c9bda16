"""Two programs that start librosa for the first time at the same moment."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

FIND_BEATS = """
import sys
from pathlib import Path
import librosa
assert Path(librosa.__file__).is_relative_to(sys.argv[1]), librosa.__file__
from engine.compiling import compiled_librosa
beat = compiled_librosa().beat
"""


def test_programs_that_compile_at_once_take_turns_and_leave_sound_code(tmp_path: Path) -> None:
    found = importlib.util.find_spec("librosa")
    assert found is not None
    assert found.origin is not None
    shutil.copytree(
        Path(found.origin).parent, tmp_path / "librosa", ignore=shutil.ignore_patterns("*.nbi", "*.nbc", "*.lock")
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-c", FIND_BEATS, str(tmp_path)]
    first, second = (subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(2))
    for program in (first, second):
        _, faults = program.communicate(timeout=200)
        assert program.returncode == 0, faults.decode()
    kept = sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc"))
    assert kept
    later = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=200)
    assert later.returncode == 0, later.stderr.decode()
    assert sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")) == kept  # nothing compiled again
