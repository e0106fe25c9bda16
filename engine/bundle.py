"""The model bundle: a folder of ONNX files with a manifest that pins each file by its hash. Reads, verifies and writes.

Loading the networks is `engine.encoders`; here only bytes and descriptions are handled.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.emotion import FloatArray
from engine.errors import BrokenBundle, ExportError
from engine.features import FEATURES_NAME, N_ROWS
from engine.json_values import WrongValue, flag_of, list_of, number_of, object_of, positive_of, text_of, whole_of

FORMAT_VERSION = 2
"""Format 2 adds the photo backbone's second output; a bundle without it is written in format 1, as it always was."""

N_CONTENT_CLASSES = 1000
"""Width of the photo backbone's second output: a probability for each class of ImageNet (see `engine.content`)."""

MAX_INPUT_PX = 4096
MAX_FEATURE_WIDTH = 100_000
"""Far more than any network gives; a damaged manifest must not ask for the whole memory."""

EMBEDDING_WIDTH = 512
"""Width of the shared embedding space (section 6.1.3 of the paper); stored embeddings have it too."""

MANIFEST = "manifest.json"
PHOTO_BACKBONE = "photo_backbone.onnx"
PHOTO_HEAD = "photo_head.onnx"
MUSIC_BACKBONE = "music_backbone.onnx"
MUSIC_HEAD = "music_head.onnx"
SIMILARITY = "similarity.onnx"
MODEL_CARD = "model_card.md"
REHEARSAL = "rehearsal.npz"
SPLITS = "splits.json"
"""Optional: which groups of which corpus the bundle was taught with, so that an evaluation can tell what it knows."""

REQUIRED_FILES = (PHOTO_BACKBONE, PHOTO_HEAD, MUSIC_BACKBONE, MUSIC_HEAD, SIMILARITY)

Triple = tuple[float, float, float]
SpreadLines = tuple[Triple, Triple]
"""Of valence and of arousal: the logarithm of a standard deviation at the plane's middle, and its slopes along both."""


@dataclass(frozen=True, slots=True)
class PhotoSpec:
    """What the photo backbone takes, (n, 3, input_px, input_px) normalised, and how wide its output is.

    has_content says that it also gives what a photo shows, probabilities (n, N_CONTENT_CLASSES).
    """

    input_px: int
    mean: Triple
    std: Triple
    feature_width: int
    has_content: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MusicSpec:
    """What the music backbone takes, (n, 193, 87) each row standardised, and how wide its output is."""

    row_mean: FloatArray
    row_std: FloatArray
    feature_width: int


@dataclass(frozen=True, slots=True)
class BundleFile:
    """Hash (hex) and size of one file of a bundle."""

    sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """All that a bundle says about itself.

    sigma is the paper's sigma_mn of Eq. 1 from the training split; split_seed is the seed by which groups were held
    out of training, so that a later evaluation holds out the same ones; scores are figures of those groups, by name.
    photo_spread is optional: how far the truth lies from what is predicted of a photo (see `engine.doubt`).
    """

    name: str
    created: str
    photo: PhotoSpec
    music: MusicSpec
    sigma: float
    corpora: tuple[str, ...]
    scores: Mapping[str, float]
    split_seed: int
    files: Mapping[str, BundleFile]
    photo_spread: SpreadLines | None = None

    def to_json(self) -> dict[str, object]:
        """Give the manifest as it stands in its file."""
        photo, music = self.photo, self.music
        return {
            "format": FORMAT_VERSION if photo.has_content else 1,
            "name": self.name,
            "created": self.created,
            "embedding_width": EMBEDDING_WIDTH,
            "photo": {
                "input_px": photo.input_px,
                "mean": list(photo.mean),
                "std": list(photo.std),
                "feature_width": photo.feature_width,
                **({"has_content": True} if photo.has_content else {}),
            },
            "music": {
                "features": FEATURES_NAME,
                "feature_width": music.feature_width,
                "row_mean": [float(value) for value in music.row_mean],
                "row_std": [float(value) for value in music.row_std],
            },
            "sigma": self.sigma,
            "corpora": list(self.corpora),
            "scores": dict(self.scores),
            "split_seed": self.split_seed,
            **({} if self.photo_spread is None else {"photo_spread": [list(line) for line in self.photo_spread]}),
            "files": {name: {"sha256": file.sha256, "bytes": file.n_bytes} for name, file in self.files.items()},
        }


@dataclass(frozen=True, slots=True, eq=False)
class ModelBundle:
    """A verified bundle. `id` changes with anything in it."""

    path: Path
    manifest: Manifest
    id: str

    @property
    def photo_backbone_id(self) -> str:
        """Hash of the photo backbone: stored photo features stay good as long as it does not change."""
        return self.manifest.files[PHOTO_BACKBONE].sha256

    @property
    def music_id(self) -> str:
        """Hash of all that a song's analysis depends on: kept ones stay good as long as it does not change."""
        music = self.manifest.music
        files = [self.manifest.files[name].sha256 for name in (MUSIC_BACKBONE, MUSIC_HEAD)]
        rows = [np.ascontiguousarray(row, dtype="<f4").tobytes() for row in (music.row_mean, music.row_std)]
        return _sha256(b"\0".join(["".join((FEATURES_NAME, *files)).encode(), *rows]))

    @property
    def rehearsal_path(self) -> Path | None:
        """Pooled features and labels of the training data, or None where the bundle carries none."""
        return self.path / REHEARSAL if REHEARSAL in self.manifest.files else None

    def file_bytes(self, name: str) -> bytes:
        """Read one file and check it against its hash once more, so that what is run is what was verified.

        Raises BrokenBundle when the file has changed or gone since the bundle was opened.
        """
        content, problem = _read_checked(self.path / name, self.manifest.files[name])
        if problem:
            raise BrokenBundle(self.path, problem)
        return content


def open_bundle(path: Path) -> ModelBundle:
    """Read a bundle's manifest and verify every file against its hash; about 30 ms for 30 MB.

    Raises BrokenBundle with a plain reason: no folder, no manifest, an unknown format, a missing or changed file.
    """
    manifest, bundle_id = read_manifest(path)
    problems = _file_problems(path, manifest)
    if problems:
        raise BrokenBundle(path, "; ".join(problems))
    return ModelBundle(path, manifest, bundle_id)


def verify_bundle(path: Path) -> list[str]:
    """List everything that is wrong with a bundle's manifest and files, each as one plain sentence; empty if nothing.

    Whether the networks load and give the right shapes is `Encoders.check`.
    """
    try:
        manifest, _ = read_manifest(path)
    except BrokenBundle as fault:
        return [fault.reason]
    return _file_problems(path, manifest)


def write_bundle(
    dest: Path,
    *,
    files: Mapping[str, bytes],
    name: str,
    created: str,
    photo: PhotoSpec,
    music: MusicSpec,
    sigma: float,
    corpora: Sequence[str],
    scores: Mapping[str, float],
    split_seed: int = 0,
    photo_spread: SpreadLines | None = None,
    like: ModelBundle | None = None,
) -> ModelBundle:
    """Write a bundle into the folder `dest` in one step: a reader sees the old bundle or the new one, never a mixture.

    `files` are the five networks, the model card and, if there is one, the rehearsal set, by file name. `created` is an
    ISO 8601 time. An older bundle at dest is replaced; any other folder with content is refused with ExportError.
    Files that are the same in the bundle `like` share its room on the disk where the disk can do that.
    """
    missing = [file for file in REQUIRED_FILES if file not in files]
    if missing:
        raise ValueError(f"a bundle needs {', '.join(missing)}")
    if dest.exists() and not (dest / MANIFEST).is_file() and (not dest.is_dir() or any(dest.iterdir())):
        raise ExportError(dest, "is in the way and is no model bundle")
    hashes = {file: BundleFile(_sha256(content), len(content)) for file, content in sorted(files.items())}
    manifest = Manifest(
        name, created, photo, music, sigma, tuple(corpora), dict(scores), split_seed, hashes, photo_spread
    )
    text = json.dumps(manifest.to_json(), indent=1, allow_nan=False) + "\n"
    temporary = dest.with_name(f".{dest.name}-{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        for file, content in files.items():
            is_same = like is not None and like.manifest.files.get(file) == hashes[file]
            if like is None or not is_same or not _link(like, file, temporary):
                (temporary / file).write_bytes(content)
        (temporary / MANIFEST).write_bytes(text.encode())
        open_bundle(temporary)
        _put_in_place(temporary, dest)
    except OSError as fault:
        raise ExportError(dest, fault.strerror or str(fault)) from fault
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return open_bundle(dest)


def _link(bundle: ModelBundle, file: str, folder: Path) -> bool:
    """Let a folder share a file with a bundle; False where the disk or the file's owner does not let it."""
    try:
        (folder / file).hardlink_to(bundle.path / file)
    except (OSError, NotImplementedError):
        return False
    return True


def _put_in_place(temporary: Path, dest: Path) -> None:
    """Rename a finished folder to dest; a folder that has content cannot be replaced, so the old one steps aside."""
    if not dest.exists():
        temporary.rename(dest)
        return
    aside = temporary.with_name(temporary.name + "-old")
    dest.rename(aside)
    try:
        temporary.rename(dest)
    except OSError:
        aside.rename(dest)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read_checked(path: Path, expected: BundleFile) -> tuple[bytes, str]:
    """Content of a file, and what is wrong with it (empty if nothing)."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b"", f"{path.name} is missing"
    except OSError as fault:
        return b"", f"{path.name} cannot be read: {fault.strerror or fault}"
    if len(content) != expected.n_bytes:
        return content, f"{path.name} has {len(content)} bytes, the manifest says {expected.n_bytes}"
    if _sha256(content) != expected.sha256:
        return content, f"{path.name} has changed: its hash is not the manifest's"
    return content, ""


def _file_problems(path: Path, manifest: Manifest) -> list[str]:
    problems = [_read_checked(path / name, expected)[1] for name, expected in manifest.files.items()]
    return [problem for problem in problems if problem]


def read_manifest(path: Path) -> tuple[Manifest, str]:
    """Parse a bundle's manifest and give it with the bundle's id, the hash of its bytes; no file is verified.

    Raises BrokenBundle.
    """
    if not path.is_dir():
        raise BrokenBundle(path, "there is no such folder")
    try:
        content = (path / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise BrokenBundle(path, f"{MANIFEST} is missing: this folder is no model bundle") from None
    except OSError as fault:
        raise BrokenBundle(path, f"{MANIFEST} cannot be read: {fault.strerror or fault}") from fault
    try:
        root = json.loads(content)
    except (ValueError, RecursionError):
        raise BrokenBundle(path, f"{MANIFEST} is not JSON") from None
    try:
        return _manifest_of(root), _sha256(content)
    except WrongValue as fault:
        raise BrokenBundle(path, f"{MANIFEST}: {fault}") from None


def _manifest_of(root: object) -> Manifest:
    entries = object_of(root, "it")
    version = whole_of(entries.get("format"), "format")
    if version > FORMAT_VERSION:
        raise WrongValue(f"was made by a newer Moodreel (format {version}; this one reads up to {FORMAT_VERSION})")
    width = whole_of(entries.get("embedding_width"), "embedding_width")
    if width != EMBEDDING_WIDTH:
        raise WrongValue(f"embedding_width is {width}, not {EMBEDDING_WIDTH}")
    corpora = entries.get("corpora")
    if not isinstance(corpora, list):
        raise WrongValue("corpora is no list")
    scores = object_of(entries.get("scores"), "scores")
    return Manifest(
        name=text_of(entries.get("name"), "name"),
        created=text_of(entries.get("created"), "created"),
        photo=_photo_of(object_of(entries.get("photo"), "photo")),
        music=_music_of(object_of(entries.get("music"), "music")),
        sigma=positive_of(entries.get("sigma"), "sigma"),
        corpora=tuple(text_of(corpus, "corpora") for corpus in corpora),
        scores={name: number_of(value, f"scores.{name}") for name, value in scores.items()},
        split_seed=whole_of(entries.get("split_seed"), "split_seed", least=0),
        files=_files_of(object_of(entries.get("files"), "files")),
        photo_spread=_spread_of(entries["photo_spread"]) if "photo_spread" in entries else None,
    )


def _spread_of(value: object) -> SpreadLines:
    lines = [list_of(line, 3, "photo_spread") for line in list_of(value, 2, "photo_spread")]
    first, second = ([number_of(number, "photo_spread") for number in line] for line in lines)
    return (first[0], first[1], first[2]), (second[0], second[1], second[2])


def _photo_of(entries: dict[str, Any]) -> PhotoSpec:
    mean = [number_of(value, "photo.mean") for value in list_of(entries.get("mean"), 3, "photo.mean")]
    std = [positive_of(value, "photo.std") for value in list_of(entries.get("std"), 3, "photo.std")]
    return PhotoSpec(
        input_px=whole_of(entries.get("input_px"), "photo.input_px", most=MAX_INPUT_PX),
        mean=(mean[0], mean[1], mean[2]),
        std=(std[0], std[1], std[2]),
        feature_width=whole_of(entries.get("feature_width"), "photo.feature_width", most=MAX_FEATURE_WIDTH),
        has_content=flag_of(entries.get("has_content", False), "photo.has_content"),
    )


def _music_of(entries: dict[str, Any]) -> MusicSpec:
    features = text_of(entries.get("features"), "music.features")
    if features != FEATURES_NAME:
        raise WrongValue(f"was trained on music features {features!r}, this Moodreel computes {FEATURES_NAME!r}")
    mean, std = (list_of(entries.get(key), N_ROWS, f"music.{key}") for key in ("row_mean", "row_std"))
    return MusicSpec(
        row_mean=np.array([number_of(value, "music.row_mean") for value in mean], dtype=np.float32),
        row_std=np.array([positive_of(value, "music.row_std") for value in std], dtype=np.float32),
        feature_width=whole_of(entries.get("feature_width"), "music.feature_width", most=MAX_FEATURE_WIDTH),
    )


def _files_of(entries: dict[str, Any]) -> dict[str, BundleFile]:
    files = {}
    for name, value in entries.items():
        # A name with a folder in it could make the reader hash, and later run, a file outside the bundle.
        if Path(name).name != name or "\\" in name or "\0" in name or name in ("", ".", ".."):
            raise WrongValue(f"files names {name!r}, which is no plain file name")
        entry = object_of(value, f"files.{name}")
        size = whole_of(entry.get("bytes"), f"files.{name}.bytes", least=0)
        files[name] = BundleFile(text_of(entry.get("sha256"), f"files.{name}.sha256"), size)
    missing = [name for name in REQUIRED_FILES if name not in files]
    if missing:
        raise WrongValue(f"files does not list {', '.join(missing)}")
    return files
