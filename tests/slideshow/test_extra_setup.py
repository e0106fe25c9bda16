"""Installing on request: a real package from a folder into a real environment, stopped, and every fault in words."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from slideshow.child_process import Ending
from slideshow.extra_setup import ExtraSetup, extra_requirements, is_installed, requirement_of, setup_fault
from slideshow.retraining import Fault, Step


def make_wheel(folder: Path, name: str) -> None:
    """Write a wheel that brings one empty module."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in files) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, content in (*files.items(), (f"{info}/RECORD", record)):
            wheel.writestr(path, content)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that may be written to. It borrows pip: to install one takes ten seconds."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False)
    made = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([made, "-c", ask], capture_output=True, text=True, check=True).stdout.strip())
    found = importlib.util.find_spec("pip")
    assert found is not None
    assert found.origin is not None
    (packages / "borrowed.pth").write_text(str(Path(found.origin).parent.parent), encoding="utf-8")
    return made


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all pip may look into."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_package_is_installed_and_can_then_be_imported(qtbot: QtBot, python: Path, wheels: Path) -> None:
    make_wheel(wheels, "tiny_part")
    setup = ExtraSetup(python=str(python))
    steps: list[Step] = []
    setup.progressed.connect(steps.append)
    with qtbot.waitSignal(setup.finished, timeout=60_000):
        setup.start(["tiny_part>=1"])
        assert setup.is_running
    assert not setup.is_running
    assert subprocess.run([python, "-c", "import tiny_part"], check=False).returncode == 0
    words = [step.words for step in steps]
    assert words[0] == "Looking for the parts"
    assert words[-1] == "Installing 1 part"


def test_what_is_not_there_is_told(qtbot: QtBot, python: Path, wheels: Path) -> None:
    setup = ExtraSetup(python=str(python))
    with qtbot.waitSignal(setup.failed, timeout=60_000) as told:
        setup.start(["no_such_part"])
    assert told.args is not None
    assert told.args[0].title == "A part was not found"
    assert "no_such_part" in told.args[0].details


def test_it_can_be_stopped(qtbot: QtBot, python: Path, wheels: Path) -> None:
    make_wheel(wheels, "slow_part")
    setup = ExtraSetup(python=str(python))
    with qtbot.waitSignal(setup.stopped, timeout=30_000):
        setup.start(["slow_part"])
        setup.stop()
    assert not setup.is_running
    assert subprocess.run([python, "-c", "import slow_part"], stderr=subprocess.DEVNULL, check=False).returncode != 0


def test_downloads_are_told_with_their_size(qtbot: QtBot) -> None:
    setup = ExtraSetup()
    steps: list[Step] = []
    setup.progressed.connect(steps.append)
    for line in (
        "Collecting torch>=2.6",
        "  Downloading https://x.org/torch-2.9.0-cp311-cp311-manylinux_2_28_x86_64.whl (899.7 MB)",
        "Progress 450 of 900",
        "  Downloading efficientnet_lite_pytorch-0.1.0-py3-none-any.whl (9 kB)",
        "Installing collected packages: a, b, c",
        "something else",
    ):
        setup._on_line(line)
    assert [(step.words, step.share) for step in steps] == [
        ("Looking for torch", 0.0),
        ("Fetching torch, 899.7 MB", 0.0),
        ("Fetching torch, 899.7 MB", 0.5),
        ("Fetching efficientnet-lite-pytorch, 9 kB", 0.0),
        ("Installing 3 parts", 1.0),
    ]


def test_the_requirements_are_the_projects_own() -> None:
    assert any(line.startswith("torch>=") for line in extra_requirements())
    assert requirement_of("onnx.helper")[0].startswith("onnx>")
    assert requirement_of("nowhere_known") == ("nowhere_known",)
    assert is_installed("numpy")
    assert not is_installed("no_such_module")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("/usr/bin/python3: No module named pip", "Nothing can be installed here"),
        ("error: externally-managed-environment", "Nothing can be installed here"),
        ("ERROR: [Errno 13] Permission denied: '/usr/lib'", "Nothing can be installed here"),
        (
            "NewConnectionError: Temporary failure in name resolution\nNo matching distribution",
            "The parts cannot be fetched",
        ),
        ("ERROR: No matching distribution found for x", "A part was not found"),
        ("", "The installation did not work"),
    ],
)
def test_each_fault_has_words(words: str, title: str) -> None:
    fault = setup_fault(Ending("failed", words))
    assert isinstance(fault, Fault)
    assert fault.title == title
    assert fault.text.endswith(".")
