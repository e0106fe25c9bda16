"""A Python program beside the app: its lines, how it ends, stopped even where it will not hear, gone with the app."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from slideshow import child_process
from slideshow.child_process import ChildProcess, Ending, parsed

DEAF = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf'); time.sleep(60)"


def ending_of(qtbot: QtBot, child: ChildProcess, program: str) -> Ending:
    with qtbot.waitSignal(child.ended, timeout=20_000) as told:
        child.start(["-c", program])
    assert told.args is not None
    ending = told.args[0]
    assert isinstance(ending, Ending)
    assert not child.is_running
    return ending


def test_lines_come_whole_in_any_language(qtbot: QtBot) -> None:
    child = ChildProcess()
    lines: list[str] = []
    child.said.connect(lines.append)
    ending = ending_of(qtbot, child, "import sys; print('größe'); sys.stdout.write('no end'); import slideshow")
    assert ending == Ending("done")
    assert lines == ["größe", "no end"]


def test_a_fault_keeps_its_last_words(qtbot: QtBot) -> None:
    child = ChildProcess()
    ending = ending_of(qtbot, child, "import no_such_module")
    assert (ending.outcome, ending.missing_module, ending.is_killed) == ("failed", "no_such_module", False)
    ending = ending_of(qtbot, child, "import sys; sys.exit('error: that is wrong')")
    assert ending.last_line == "error: that is wrong"
    assert ending.missing_module == ""
    ending = ending_of(qtbot, child, "raise OSError(28, 'No space left on device')")
    assert ending.is_disk_full
    ending = ending_of(qtbot, child, "import os; os.abort()")
    assert ending.is_killed


@pytest.mark.skipif(os.name == "nt", reason="there are no signals on Windows")
def test_it_hears_the_word_to_stop_where_the_app_itself_would_not(qtbot: QtBot) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in an app that was started in the background
    child = ChildProcess()
    lines: list[str] = []
    child.said.connect(lines.append)
    child.said.connect(lambda line: child.stop() if line == "ready" else None)
    program = "import time\ntry:\n print('ready')\n time.sleep(60)\nexcept KeyboardInterrupt: print('tidied up')"
    try:
        assert ending_of(qtbot, child, program).outcome == "stopped"
    finally:
        signal.signal(signal.SIGINT, before)
    assert lines == ["ready", "tidied up"]


def test_one_that_will_not_stop_is_killed(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "PATIENCE_MS", 200)
    child = ChildProcess()
    child.said.connect(lambda _: child.stop())
    assert ending_of(qtbot, child, DEAF).outcome == "stopped"


def test_it_goes_with_the_app(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child_process, "PATIENCE_MS", 200)
    child = ChildProcess()
    with qtbot.waitSignal(child.said, timeout=20_000):
        child.start(["-c", DEAF])
    process = child._process
    assert process is not None
    pid = process.processId()
    with qtbot.assertNotEmitted(child.ended):
        child.shutdown()
    assert not child.is_running
    if os.name != "nt":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    child.shutdown()


def test_what_is_no_object_is_parsed_as_none() -> None:
    assert parsed('{"kind": "x"}') == {"kind": "x"}
    assert parsed("[1]") == parsed("half {") == {}
