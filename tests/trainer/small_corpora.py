"""Small made-up corpora in the real layouts: a few seconds of audio and a few pixels each, mood in sound and colour."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from PIL import Image

from engine.audio import SAMPLE_RATE_HZ
from engine.emotion import FloatArray


def make_oasis(folder: Path, *, n_themes: int = 40, per_theme: int = 2) -> Path:
    """OASIS with n_themes * per_theme photos of one colour each: red is pleasant, bright is energetic."""
    (folder / "Images").mkdir(parents=True)
    rows = [",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"]
    rng = np.random.default_rng(0)
    for theme in range(n_themes):
        for number in range(per_theme):
            valence, arousal = rng.uniform(0.1, 0.9, 2)
            # Letters, since a theme's digits are its number.
            name = f"Theme {chr(97 + theme // 26)}{chr(97 + theme % 26)} {number + 1}"
            colour = np.array([255 * valence, 255 * arousal, 128]).astype(np.uint8)
            Image.fromarray(np.tile(colour, (24, 32, 1))).save(folder / "Images" / f"{name}.jpg")
            rows.append(f"I,{name},Scene,made up,{1 + 6 * valence:.4f},1.2,100,{1 + 6 * arousal:.4f},1.4,100")
    (folder / "OASIS.csv").write_bytes("\r".join(rows).encode())
    return folder


def make_deam(folder: Path, *, n_songs: int = 40, seconds: float = 3.0) -> Path:
    """DEAM with n_songs of a tone in noise: high is pleasant, noisy is energetic."""
    (folder / "MEMD_audio").mkdir(parents=True)
    table = folder / "annotations" / "song_level" / "static_annotations_averaged_songs_1_2000.csv"
    table.parent.mkdir(parents=True)
    rows = ["song_id, valence_mean, valence_std, arousal_mean, arousal_std"]
    rng = np.random.default_rng(1)
    for song_id in range(1, n_songs + 1):
        valence, arousal = rng.uniform(0.1, 0.9, 2)
        write_wav(folder / "MEMD_audio" / f"{song_id}.wav", tone_in_noise(valence, arousal, seconds=seconds, rng=rng))
        # Songs up to 1000 stand in DEAM's own table with valence and arousal exchanged.
        rows.append(f"{song_id},{1 + 8 * arousal:.4f},1,{1 + 8 * valence:.4f},1")
    table.write_text("\n".join(rows))
    return folder


def tone_in_noise(valence: float, arousal: float, *, seconds: float, rng: np.random.Generator) -> FloatArray:
    """A tone of 200 to 1,800 Hz in noise of -60 to -20 dB."""
    times_s = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    noise = rng.standard_normal(len(times_s)) * 10 ** (-3 + 2 * arousal)
    y: FloatArray = (0.2 * np.sin(2 * np.pi * (200 + 1600 * valence) * times_s) + noise).astype(np.float32)
    return y


def write_wav(path: Path, y: FloatArray) -> None:
    """Write mono 16-bit samples at 22,050 Hz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(y, -1, 1) * 32767).astype("<i2").tobytes())
