"""What the command line prints, and what becomes of it when its reader leaves or the program is told to end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slideshow import places
from slideshow.cli_output import ended_gently, print_table

ASSETS = Path(__file__).resolve().parent.parent / "assets"
MAIN = [sys.executable, str(places.RESOURCES.parent / "main.py")]


def own_places(folder: Path) -> dict[str, str]:
    """Settings, library and log in a folder; what librosa has compiled stays at hand."""
    return {**os.environ, **{f"XDG_{kind}_HOME": str(folder) for kind in ("DATA", "CONFIG", "STATE")}}


def test_a_name_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("match", "photo"), [("90%", "\x1b[2Jevil\nname.jpg"), ("80%", "caf\udce9.jpg")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == ["90%    \ufffd[2Jevil\ufffdname.jpg", "80%    caf\ufffd.jpg"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is simulated by it")
def test_output_that_finds_no_room_or_no_reader_is_no_crash(tmp_path: Path) -> None:
    command = [*MAIN, "model", "info", "--bundle", str(ASSETS / "tiny_bundle")]
    env = own_places(tmp_path)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (1, "That did not work. No space left on device.\n")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, env=env, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no signal that asks a program to end")
def test_a_film_that_is_told_to_end_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for path in sorted(places.DEMO_PHOTOS.iterdir())[:2]:
        shutil.copy(path, tmp_path / "photos")
    films = tmp_path / "films"
    films.mkdir()
    options = ["--photos", str(tmp_path / "photos"), "--library", str(tmp_path / "l"), "--size", "720p"]
    options += ["-o", str(films / "x.mp4"), "--bundle", str(ASSETS / "tiny_bundle")]
    command = [*MAIN, "make", str(ASSETS / "jungle-20s.wav"), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=own_places(tmp_path)) as film:
        while not list(films.iterdir()):
            assert film.poll() is None
            time.sleep(0.02)
        film.send_signal(signal.SIGTERM)
        _, said = film.communicate()
    assert (film.returncode, said) == (1, "Stopped. What was done so far is kept.\n")
    assert not list(films.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no terminal that hangs up")
def test_a_program_that_shall_outlive_its_terminal_does() -> None:
    before, at_end = signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.getsignal(signal.SIGTERM)
    try:
        with ended_gently():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) == signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.getsignal(signal.SIGTERM) == at_end
