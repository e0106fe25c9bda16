"""Personal bundles for tests: the tiny bundle, taught that everything is pleasant and calm."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from engine.bundle import open_bundle
from trainer.ratings import RatedPhotos
from trainer.retraining import retrain

N_RATINGS = 8


def teach(base: Path, dest: Path, *, valence: float = 0.9, created: str | None = None) -> Path:
    """Retrain a bundle on made-up features, all said to be of one valence, and calm."""
    bundle = open_bundle(base)
    rng = np.random.default_rng(1)
    features = rng.standard_normal((N_RATINGS, bundle.manifest.photo.feature_width)).astype(np.float32)
    va = np.array([[valence, 0.1]] * N_RATINGS, dtype=np.float32)
    paths = tuple(Path(f"{i}.jpg") for i in range(N_RATINGS))
    retrain(bundle, dest, RatedPhotos(paths, features, va), n_resamples=20, created=created)
    return dest


def damage(model: Path) -> None:
    """Change a byte of a model's photo head; its size stays. A file of its own first: the original may share it."""
    head = model / "photo_head.onnx"
    content = bytearray(head.read_bytes())
    content[len(content) // 2] ^= 0xFF
    aside = head.with_suffix(".new")
    aside.write_bytes(bytes(content))
    shutil.move(aside, head)
