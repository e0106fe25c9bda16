"""How much faster the shared STFT is than the paper's librosa calls window by window; prints one JSON line."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from engine.audio import SAMPLE_RATE_HZ, load_song  # noqa: E402
from engine.features import (  # noqa: E402
    CHROMA,
    CONTRAST,
    MEL,
    MFCC,
    TONNETZ,
    WINDOW_S,
    paper_window_features,
    window_features,
)

N_WINDOWS = 30
N_ROUNDS = 3


def main() -> None:
    n_window = int(WINDOW_S * SAMPLE_RATE_HZ)
    song = ROOT / "resources" / "demo" / "songs" / "01-jungle-calm-to-lively.ogg"
    y = load_song(song).y[: N_WINDOWS * n_window]
    parts = y.reshape(N_WINDOWS, n_window)
    shared = window_features(y)  # warm-up of both
    paper = [paper_window_features(parts[0])]
    shared_s, paper_s = [], []
    for _ in range(N_ROUNDS):  # in turns, so that other work on the machine meets both
        start = time.perf_counter()
        shared = window_features(y)
        shared_s.append((time.perf_counter() - start) / N_WINDOWS)
        start = time.perf_counter()
        paper = [paper_window_features(part) for part in parts]
        paper_s.append((time.perf_counter() - start) / N_WINDOWS)
    paper_windows = np.stack(paper)
    blocks = {"mfcc": MFCC, "chroma": CHROMA, "contrast": CONTRAST, "tonnetz": TONNETZ, "mel_db": MEL}
    print(
        json.dumps(
            {
                "bench": "features",
                "windows": N_WINDOWS,
                "shared_ms_per_window": round(min(shared_s) * 1e3, 2),
                "paper_ms_per_window": round(min(paper_s) * 1e3, 1),
                "ratio": round(min(paper_s) / min(shared_s), 1),
                "relative_rms_difference": {
                    name: round(float(_rms(shared[:, rows] - paper_windows[:, rows]) / _rms(paper_windows[:, rows])), 3)
                    for name, rows in blocks.items()
                },
            }
        )
    )


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


if __name__ == "__main__":
    main()
