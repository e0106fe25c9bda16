"""Picture and sound of long films keep to the plan and the song; bench_sync.py does the same for every kind of song."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.slideshow.long_films import Sync, measure


def check(sync: Sync) -> None:
    assert sync.faults == ()
    assert sync.worst_cut_frames <= 1
    assert abs(sync.lag_start_ms) < 1
    assert abs(sync.lag_end_ms) < 1


def test_ten_minutes(tmp_path: Path) -> None:
    fps = 12
    sync = measure(tmp_path, "wav-44100", duration_s=600.0, fps=fps, size=(64, 36))
    check(sync)
    assert sync.n_cuts > 120
    assert sync.length_error_s <= 1 / fps


@pytest.mark.parametrize("kind", ["wav-48000", "mp3-44100", "m4a-44100", "m4a-48000", "flac-44100"])
def test_half_a_minute_of_other_songs(tmp_path: Path, kind: str) -> None:
    sync = measure(tmp_path, kind, duration_s=30.0)
    check(sync)
    assert sync.length_error_s <= 1 / 30
