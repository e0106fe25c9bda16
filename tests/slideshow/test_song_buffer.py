"""The samples are the song's at every position, in a fixed amount of memory; a thread ends when it is told to."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from slideshow.song_buffer import Decoding, SongBuffer

ROOT = Path(__file__).resolve().parent.parent.parent
CLIP = ROOT / "tests/assets/jungle-20s.mp3"
RATE_HZ = 1_000


def samples(n_frames: int) -> NDArray[np.int16]:
    return (np.arange(2 * n_frames) % 32_000).astype(np.int16).reshape(-1, 2)


def filled(n_frames: int, *, folder: Path, ahead_s: float = 20.0) -> tuple[SongBuffer, NDArray[np.int16]]:
    whole = samples(n_frames)
    buffer = SongBuffer(rate_hz=RATE_HZ, whole_s=30.0, ahead_s=ahead_s, behind_s=5.0, folder=folder)
    for start in range(0, n_frames, RATE_HZ):
        buffer.append(whole[start : start + RATE_HZ])
    buffer.finish()
    return buffer, whole


def test_it_reads_across_blocks() -> None:
    whole = samples(1_000)
    buffer = SongBuffer(rate_hz=RATE_HZ)
    for part in np.array_split(whole, [1, 7, 400, 401]):
        buffer.append(part)
    out = np.zeros((600, 2), dtype=np.float32)
    for start in (0, 3, 399, 700, 1_000, 5_000):
        n = buffer.read(start, out)
        assert n == max(0, min(600, 1_000 - start))
        assert np.array_equal(out[:n], whole[start : start + n])
    assert not buffer.is_filed


def test_a_long_song_is_held_in_part_and_read_whole(tmp_path: Path) -> None:
    buffer, whole = filled(300 * RATE_HZ, folder=tmp_path)
    out = np.zeros((500, 2), dtype=np.float32)
    most_held = 0
    for frame in (*range(0, len(whole), 500), 17_123, 299_400, 250, 150_001):
        buffer.jump(frame)
        while buffer.tend():
            pass
        most_held = max(most_held, buffer.n_bytes_held)
        n = buffer.read(frame, out)
        assert n == min(500, len(whole) - frame)
        assert np.array_equal(out[:n], whole[frame : frame + n])
    assert buffer.is_filed
    assert most_held <= 28 * RATE_HZ * 4  # 25 s around the position, and the two blocks at their ends
    assert list(tmp_path.iterdir()) == []  # the file has no name to be left behind
    buffer.close()


def test_what_is_not_there_yet_is_not_read(tmp_path: Path) -> None:
    buffer, whole = filled(300 * RATE_HZ, folder=tmp_path)
    out = np.zeros((500, 2), dtype=np.float32)
    assert buffer.read(200_000, out) == 0
    buffer.tend()
    assert buffer.read(200_000, out) == 500
    assert np.array_equal(out, whole[200_000:200_500])
    buffer.close()


def test_a_disk_that_is_full_leaves_the_song_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    buffer, whole = filled(60 * RATE_HZ, folder=tmp_path / "file" / "cache")
    out = np.zeros((60 * RATE_HZ, 2), dtype=np.float32)
    assert buffer.read(0, out) == len(whole)
    assert np.array_equal(out, whole)


def test_a_decoding_tends_its_buffer_until_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slideshow.song_buffer.SongBuffer.__init__.__kwdefaults__", {
        "whole_s": 4.0, "ahead_s": 3.0, "behind_s": 1.0, "folder": None,
    })  # fmt: skip
    decoding = Decoding(CLIP, folder=tmp_path)
    wait_until(lambda: decoding.is_over)
    buffer = decoding.buffer
    assert buffer.is_filed
    assert buffer.duration_s == pytest.approx(20.0, abs=0.1)
    out = np.zeros((1_000, 2), dtype=np.float32)
    for t_s in (15.0, 2.0, 19.0, 0.0):
        frame = round(t_s * buffer.rate_hz)
        buffer.jump(frame)
        wait_until(partial(is_read, buffer, frame, out))
        assert buffer.n_bytes_held < 8 * buffer.rate_hz * 4
    decoding.stop()
    decoding.thread.join(timeout=5)
    assert not decoding.thread.is_alive()


def test_a_song_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_text("no song")
    decoding = Decoding(bad)
    wait_until(lambda: decoding.is_over)
    assert decoding.error is not None
    assert decoding.has_rate
    decoding.thread.join(timeout=5)


def is_read(buffer: SongBuffer, frame: int, out: NDArray[np.float32]) -> bool:
    return buffer.read(frame, out) == len(out)


def wait_until(condition: object) -> None:
    end_s = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end_s
        time.sleep(0.01)
