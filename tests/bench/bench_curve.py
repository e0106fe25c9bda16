"""How many times faster than real time a 4-minute song's emotion curve is; prints one JSON line.

The song is joined from the demo songs and encoded as MP3. Imports, warm-up and opening the bundle are not counted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from engine.audio import load_song, stereo_blocks  # noqa: E402
from engine.bundle import open_bundle  # noqa: E402
from engine.encoders import Encoders  # noqa: E402
from engine.features import warm_up, window_features, windows_of  # noqa: E402
from engine.music import MusicAnalysis, analyse_song  # noqa: E402

SONG_S = 240.0
RATE_HZ = 44_100


def write_song(dest: Path) -> None:
    """Join the demo songs, over again where they are too short, to 4 minutes of MP3."""
    songs = sorted((ROOT / "resources" / "demo" / "songs").glob("*.ogg"))
    samples = np.concatenate([block for song in songs for block in stereo_blocks(song, sr=RATE_HZ)])
    samples = np.resize(samples, (round(SONG_S * RATE_HZ), 2))
    with av.open(str(dest), "w") as container:
        stream = container.add_stream("libmp3lame", rate=RATE_HZ, layout="stereo")
        for start in range(0, len(samples), RATE_HZ):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[start : start + RATE_HZ].T), format="s16p", layout="stereo"
            )
            frame.sample_rate = RATE_HZ
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = ROOT / "resources" / "models" / "default"
    tiny = ROOT / "tests" / "assets" / "tiny_bundle"
    parser.add_argument("--bundle", type=Path, default=default if default.is_dir() else tiny)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    encoders = Encoders(open_bundle(arguments.bundle))
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        song = Path(folder) / "four-minutes.mp3"
        write_song(song)
        start = time.perf_counter()
        y = load_song(song).y
        decode_s = time.perf_counter() - start
        start = time.perf_counter()
        windows = window_features(y)
        features_s = time.perf_counter() - start
        encoders.music_heads(encoders.music_features(windows[:1]))  # the session opens
        start = time.perf_counter()
        encoders.music_heads(encoders.music_features(windows))
        networks_s = time.perf_counter() - start
        seconds, first_s = [], []
        for _ in range(arguments.rounds):
            grown: list[float] = []
            start = time.perf_counter()
            analysis = analyse_song(song, encoders, on_growth=_clock(grown, start))
            seconds.append(time.perf_counter() - start)
            first_s.append(grown[0])
        assert len(analysis.windows) == len(windows_of(len(y)))
    print(
        json.dumps(
            {
                "bench": "curve",
                "bundle": encoders.bundle.manifest.name,
                "song_s": round(analysis.duration_s, 2),
                "seconds": round(min(seconds), 3),
                "all_seconds": [round(s, 3) for s in seconds],
                "times_real_time": round(analysis.duration_s / min(seconds), 1),
                "first_emotion_s": round(min(first_s), 3),
                "alone_s": {
                    "decode": round(decode_s, 3),
                    "features": round(features_s, 3),
                    "networks": round(networks_s, 3),
                },
            }
        )
    )


def _clock(grown: list[float], start: float) -> object:
    def on_growth(analysis: MusicAnalysis) -> None:
        grown.append(time.perf_counter() - start)

    return on_growth


if __name__ == "__main__":
    main()
