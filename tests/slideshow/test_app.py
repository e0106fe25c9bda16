"""The app as a process: the window comes quickly, and a signal ends it cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

PROGRAM = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from slideshow import app, main_window
shown = main_window.MainWindow.showEvent
def on_shown(window, event):
    heavy = {"librosa", "onnxruntime", "torch", "sqlite3"} & set(sys.modules)
    print("shown", sorted(heavy), flush=True)
main_window.MainWindow.showEvent = on_shown
status = app.run_app(library=Path(sys.argv[1]), bundle=Path(sys.argv[2]), photos=None, song=None, play=False)
left = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon]
print("ended", status, left, flush=True)
"""


def test_it_starts_light_and_ends_on_a_signal(tmp_path: Path) -> None:
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "library.sqlite"), str(ROOT / "tests/assets/tiny_bundle")]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "shown []\n"
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(timeout=60) == 0
    assert rest == "ended 0 []\n"
