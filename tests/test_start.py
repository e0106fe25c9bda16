"""start.py: what it installs, when it need not, and how it hands over."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import start  # noqa: E402


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of start.py with a project whose environment is this one, ready but unstamped."""
    for name in ("start.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "main.py").write_text("import os, sys\nprint('handed over', sys.argv[1:], os.getcwd())\nsys.exit(7)\n")
    return tmp_path


def run(checkout: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "start.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd or checkout)


def stamp(checkout: Path, *groups: str) -> None:
    digest = start.hashlib.sha256(
        (checkout / "pyproject.toml").read_bytes() + (checkout / "constraints.txt").read_bytes()
    )
    for group in ("base", *groups):
        (checkout / ".venv" / f"moodreel-{group}.stamp").write_text(digest.hexdigest())


@pytest.mark.skipif(os.name == "nt", reason="the environment's folders have other names there")
def test_a_second_start_installs_nothing_and_hands_over_status_and_folder(checkout: Path, tmp_path: Path) -> None:
    stamp(checkout)
    (tmp_path / "elsewhere").mkdir()
    done = run(checkout, "doctor", "--json", cwd=tmp_path / "elsewhere")
    assert done.returncode == 7
    assert done.stdout == f"handed over ['doctor', '--json'] {tmp_path / 'elsewhere'}\n"
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="the environment's folders have other names there")
def test_changed_requirements_are_installed_again_and_a_failure_leaves_no_stamp(checkout: Path) -> None:
    stamp(checkout)
    pyproject = checkout / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("dependencies = [", 'dependencies = ["no such package!",', 1))
    done = run(checkout, "doctor")
    assert done.returncode == 1
    assert "could not be installed" in done.stderr
    assert "handed over" not in done.stdout
    stamps = [path.read_text() for path in (checkout / ".venv").glob("*.stamp")]
    assert start.hashlib.sha256(pyproject.read_bytes()).hexdigest() not in stamps


@pytest.mark.skipif(os.name == "nt", reason="the environment's folders have other names there")
def test_an_environment_that_was_left_half_made_or_lost_its_python_is_made_anew(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "pyproject.toml").write_text('[project]\ndependencies = ["pip"]\n[project.optional-dependencies]\n')
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout / "a Python that was removed")
    stamp(checkout)
    assert run(checkout, "doctor").returncode == 7
    shutil.rmtree(next((checkout / ".venv" / "lib").glob("python*/site-packages/pip")))  # as when it was interrupted
    monkeypatch.setattr(start, "PYTHON", python)
    assert not start.has_pip()


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no signal that asks a program to stop")
def test_an_interruption_is_told_in_a_sentence(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "bin" / "python").write_text("#!/bin/sh\nkill -INT $PPID\nsleep 0.1\n")
    (checkout / ".venv" / "bin" / "python").chmod(0o755)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background ignores it
    done = run(checkout, "doctor")
    signal.signal(signal.SIGINT, before)
    assert done.returncode == 1
    assert done.stderr == "\nStopped. The same command goes on where it stopped.\n"


@pytest.mark.skipif(os.name == "nt", reason="the environment's folders have other names there")
def test_all_tests_run_two_at_a_time_failures_once_more_and_those_marked_alone_after_them(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    stamp(checkout, "train", "test")
    for name in ("pyvenv.cfg", "lib"):  # what is installed here, pytest too
        (checkout / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_some.py").write_text(
        "import os, pathlib, pytest\n"
        "def note(name):\n"
        "    with pathlib.Path('notes').open('a') as notes:\n"
        "        notes.write(f\"{name} {'PYTEST_XDIST_WORKER' in os.environ}\\n\")\n"
        "@pytest.mark.alone\n"
        "def test_sound():\n    note('sound')\n"
        "def test_sum():\n    note('sum')\n    assert 1 + 1 == 3\n"
    )
    assert run(checkout, "test").returncode == 1
    assert (checkout / "notes").read_text().splitlines() == ["sum True", "sum False", "sound False"]
    named = run(checkout, "test", "tests/test_some.py", "-k", "sound")
    assert named.returncode == 0
    assert "1 passed, 1 deselected" in named.stdout


def test_the_base_has_no_torch_and_tests_have_everything() -> None:
    def names(groups: list[str]) -> set[str]:
        return {re.split(r"[<>=~]", line)[0].strip().lower() for line in start.requirements(groups)}

    assert "torch" not in names(["base"])
    assert {"torch", "torchvision", "onnx"} <= names(["base", "train"])
    assert {"torch", "pytest", "mypy"} <= names(["base", "train", "test"])


def test_every_requirement_is_pinned_and_installed_as_pinned() -> None:
    pins = dict(
        line.lower().replace("_", "-").split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for line in start.requirements(["base", "train", "test"]):
        name = re.split(r"[<>=~]", line)[0].strip().lower()
        assert name in pins, f"{name} has no pin"
        assert importlib.metadata.version(name).split("+")[0] == pins[name]


def test_it_knows_every_command_of_the_trainer() -> None:
    usage = subprocess.run(
        [sys.executable, "-m", "trainer", "none"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert set(re.findall(r"\w+", usage.stderr.partition("choose from")[2])) == start.TRAINER_COMMANDS


def test_a_display_is_seen_by_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert not start.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert start.has_display()
