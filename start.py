"""Set Moodreel up on a fresh machine and run it, with nothing but Python's standard library.

python3 start.py                 open the app (without a display: make the demo's film)
python3 start.py make SONG ...   any command of the command line
python3 start.py train ...       any command of the trainer
python3 start.py test ...        all the tests, or those named after pytest's fashion
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
TRAINER_COMMANDS = {"prepare", "train", "crossvalidate", "evaluate", "compare", "export", "retrain"}
TRAINER_COMMANDS |= {"simulate", "figure3", "quantise", "sequence"}
DEMO_FILM = "moodreel-demo.mp4"

# Shared libraries that the wheels of Qt and sounddevice expect of the system, and Debian's packages for them.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
SOUND_LIBRARIES = {"libportaudio.so.2": "libportaudio2"}


def main(arguments: list[str]) -> int:
    """Set up what the arguments need, then hand over to it; returns its exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036, this very line is for older ones
        print(f"Moodreel needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    command = arguments[0] if arguments else ""
    extras = ["train", "test"] if command == "test" else ["train"] if command in TRAINER_COMMANDS else []
    if not set_up(extras):
        return 1
    if command == "test":
        os.chdir(ROOT)
        return run_tests(arguments[1:])
    if command in TRAINER_COMMANDS:
        return hand_over("-m", "trainer", *arguments)
    if not arguments and not has_display():
        song = min((ROOT / "resources" / "demo" / "songs").iterdir())
        print(f"There is no display here, so the demo becomes a film: {Path(DEMO_FILM).resolve()}", flush=True)
        arguments = ["make", str(song), "-o", DEMO_FILM]
    return hand_over(str(ROOT / "main.py"), *arguments)


def set_up(extras: list[str]) -> bool:
    """Make the virtual environment and install what is missing; False after a printed reason.

    Each set of extras leaves a stamp with the hash of what was asked for, so a second start installs nothing.
    """
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes())
    groups = ["base", *extras]
    stale = [group for group in groups if read_stamp(group) != wanted.hexdigest()]
    if not stale and PYTHON.exists():  # a link to a Python that was removed does not exist
        return True
    if not add_system_libraries():
        return False
    if not has_pip():
        print(f"Making a virtual environment in {VENV} ...", flush=True)
        try:
            venv.create(VENV, with_pip=True, clear=True)  # what was stopped midway, or whose Python went, is no base
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(VENV, ignore_errors=True)
            print(f"Python could not make it: {error}", file=sys.stderr)
            if not isinstance(error, OSError):  # no room, or no right to write here, speaks for itself
                print("On Debian and Ubuntu, `sudo apt install python3-venv` usually mends this.", file=sys.stderr)
            return False
    if not install(requirements(groups)):
        return False
    for group in groups:
        stamp_of(group).write_text(wanted.hexdigest(), encoding="ascii")
    return True


def has_pip() -> bool:
    """Whether the environment is there and whole enough to install into."""
    if not PYTHON.exists():
        return False
    return subprocess.run([str(PYTHON), "-c", "import pip"], capture_output=True, check=False).returncode == 0


def stamp_of(group: str) -> Path:
    return VENV / f"moodreel-{group}.stamp"


def read_stamp(group: str) -> str:
    try:
        return stamp_of(group).read_text(encoding="ascii")
    except OSError:
        return ""


def requirements(groups: list[str]) -> list[str]:
    """The requirement lines of pyproject.toml for "base" and any extras."""
    import tomllib  # needs Python 3.11, which main() has made sure of

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines: list[str] = list(project["dependencies"])
    for group in groups:
        lines += project["optional-dependencies"].get(group, [])
    return lines


def install(lines: list[str]) -> bool:
    """Run pip with the pinned versions and show each package as it comes."""
    print(f"Installing {len(lines)} packages and what they need. This takes some minutes, once.", flush=True)
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    command += ["-c", str(ROOT / "constraints.txt"), *lines]
    log: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            log.append(line)
            words = line.split()
            if line.startswith("Collecting") and len(words) > 1:
                print(f"  {words[1]}", flush=True)
            elif line.startswith("Installing collected packages"):
                print("  unpacking ...", flush=True)
    if pip.returncode:
        print("".join(log[-15:]), file=sys.stderr)
        print("The packages could not be installed. Is the network there, and the disk not full?", file=sys.stderr)
        print("Run the same command again: it goes on where it stopped.", file=sys.stderr)
        return False
    return True


def add_system_libraries() -> bool:
    """On Linux, install the missing shared libraries where we may, else print the line to type."""
    if not sys.platform.startswith("linux"):
        return True
    for_qt = [package for library, package in QT_LIBRARIES.items() if not can_load(library)]
    missing = for_qt + [package for library, package in SOUND_LIBRARIES.items() if not can_load(library)]
    if not missing:
        return True
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        print("Installing system libraries: " + " ".join(missing), flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run([apt, "update", "-qq"], check=False, **quiet)
        done = subprocess.run([apt, "install", "-y", "-qq", "--no-install-recommends", *missing], check=False, **quiet)
        if done.returncode == 0:
            return True
        print("apt-get could not install them; its message is above.", file=sys.stderr)
        return not for_qt
    line = f"sudo apt install {' '.join(missing)}" if apt else "install what Debian calls " + " ".join(missing)
    print(f"Some system libraries are missing. Please type:\n\n    {line}\n", file=sys.stderr)
    if for_qt:
        print("Then run the same command again.", file=sys.stderr)
        return False
    print("Until then shows play without sound.", file=sys.stderr)
    return True


def can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_display() -> bool:
    """Whether a window could be shown. Only Linux and the BSDs run without a desktop as a matter of course."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))


def run_tests(arguments: list[str]) -> int:
    """Run the tests that are named; with none named, all, two at a time, and those that listen to sound alone.

    What fails is run once more, by itself: on a busy machine a window or a sound may be too late.
    """
    if arguments:
        return hand_over("-m", "pytest", *arguments)
    command, environment = handed_over("-m", "pytest")

    def run(*options: str) -> int:
        return subprocess.run([*command, *options], env=environment, check=False).returncode

    def run_twice(which: str, *options: str) -> int:
        status = run("-m", which, *options)
        if status == 1:
            print("What failed is run once more, by itself.", flush=True)
            status = run("-m", which, "--last-failed")
        return status

    side_by_side = run_twice("not alone", "-n", "2", "--dist", "loadfile", "--max-worker-restart", "99")
    return max(side_by_side, run_twice("alone"))


def hand_over(*arguments: str) -> int:
    """Become the environment's Python, finding the project from any working folder."""
    command, environment = handed_over(*arguments)
    if os.name != "nt":
        os.execve(command[0], command, environment)
    return subprocess.run(command, env=environment, check=False).returncode  # Windows cannot replace a process


def handed_over(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """Give the command that runs the environment's Python, and its environment variables."""
    search_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return [str(PYTHON), *arguments], {**os.environ, "PYTHONPATH": search_path}


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where it stopped.", file=sys.stderr)
        sys.exit(1)
