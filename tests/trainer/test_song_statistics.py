"""Statistics of a window are what their names say, alike at every volume and in every key, and finite for silence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.features import CHROMA, MEL, N_FRAMES, N_ROWS
from trainer.data import apply_gain
from trainer.export import largest_difference, onnx_bytes
from trainer.parity import PARITY_TOLERANCE
from trainer.song_statistics import (
    CHANGE_FRAMES,
    MODULATION_BANDS,
    N_ROW_STATISTICS,
    RHYTHM_LAGS,
    WIDTHS,
    chords,
    describe_rows,
    harmony,
    modulation,
    rhythm,
    row_statistics,
    texture,
)


def some_rows(n: int = 3, *, seed: int = 0) -> torch.Tensor:
    """Rows as the engine gives them: chroma in [0, 1], mel in dB."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(n, N_ROWS, N_FRAMES, generator=generator)
    rows[:, CHROMA] = torch.rand(n, 12, N_FRAMES, generator=generator) ** 3
    rows[:, MEL] = -40 + 8 * torch.randn(n, 128, N_FRAMES, generator=generator)
    return rows


def test_row_statistics_are_those_of_each_row() -> None:
    windows = torch.randn(2, N_ROWS, N_FRAMES)
    found = row_statistics(windows).reshape(2, N_ROW_STATISTICS, N_ROWS).numpy()
    rows = windows.numpy()
    expected = [rows.mean(axis=2), rows.std(axis=2), rows.max(axis=2), rows.min(axis=2)]
    expected += [np.sqrt(np.mean((rows[:, :, k:] - rows[:, :, :-k]) ** 2, axis=2)) for k in CHANGE_FRAMES]
    np.testing.assert_allclose(found, np.stack(expected, axis=1), atol=1e-4)


def test_widths_are_told() -> None:
    rows = some_rows()
    assert row_statistics(rows).shape == (3, WIDTHS[0])
    assert describe_rows(rows).shape == (3, sum(WIDTHS[1:]))
    assert harmony(rows).shape[1] + chords(rows).shape[1] == WIDTHS[1]
    assert rhythm(rows).shape[1] == WIDTHS[2]
    assert modulation(rows).shape[1] + texture(rows).shape[1] == WIDTHS[3]


@pytest.mark.parametrize("semitones", [1, 5, 11])
def test_another_key_changes_nothing(semitones: int) -> None:
    rows = some_rows()
    turned = rows.clone()
    turned[:, CHROMA] = rows[:, CHROMA].roll(semitones, dims=1)
    assert torch.allclose(harmony(rows), harmony(turned), atol=1e-4)
    assert torch.allclose(chords(rows), chords(turned), atol=1e-4)


def test_major_and_minor_are_told_apart_in_every_key() -> None:
    rows = torch.zeros(24, N_ROWS, N_FRAMES)
    for root in range(12):
        for first, third in ((0, 4), (12, 3)):
            rows[first + root, [40 + (root + step) % 12 for step in (0, third, 7)]] = 1.0
    told = harmony(rows)
    major, minor = told[:12], told[12:]
    assert torch.allclose(major, major[:1].expand(12, -1), atol=1e-4)
    assert torch.allclose(minor, minor[:1].expand(12, -1), atol=1e-4)
    assert (major[0] - minor[0]).abs().max() > 0.1


@pytest.mark.parametrize("gain_db", [-6.0, 9.0])
def test_another_volume_changes_nothing(gain_db: float) -> None:
    rows = some_rows()
    assert torch.allclose(describe_rows(rows), describe_rows(apply_gain(rows, torch.full((3,), gain_db))), atol=1e-4)


def test_rhythm_is_the_autocorrelation_of_onsets() -> None:
    rows = some_rows(1)
    rises = np.clip(np.diff(rows[0, MEL].double().numpy(), axis=1), 0, None).mean(axis=0)
    x = rises - rises.mean()
    whole = np.array([np.sum(x[lag:] * x[: len(x) - lag]) for lag in range(RHYTHM_LAGS + 1)])
    np.testing.assert_allclose(rhythm(rows)[0, :RHYTHM_LAGS], whole[1:] / (whole[0] + 0.1), atol=1e-4)


def test_a_beat_repeats_itself_at_its_distance() -> None:
    rows = torch.zeros(1, N_ROWS, N_FRAMES)
    rows[:, MEL] = -60.0
    rows[:, MEL, 4::20] = -20.0
    repeats = rhythm(rows)[0, :RHYTHM_LAGS]
    assert int(repeats[5:].argmax()) + 6 == 20


def test_modulation_finds_the_band_that_swells_and_how_fast() -> None:
    rows = torch.zeros(1, N_ROWS, N_FRAMES)
    rows[:, MEL] = -40.0
    rate = 43.07  # frames a second
    rows[:, 65:73] += 6 * torch.sin(2 * np.pi * 3.0 * torch.arange(N_FRAMES) / rate)  # the lowest band, at 3 Hz
    energy = modulation(rows).reshape(MODULATION_BANDS, -1)
    assert int(energy.max(dim=1).values.argmax()) == 0
    assert int(energy[0].argmax()) == 3  # 8 to 11 steps of .34 Hz: 2.7 to 3.7 Hz


def test_texture_is_the_correlation_of_bands() -> None:
    rows = some_rows(1)
    bands = rows[0, MEL].double().numpy().reshape(MODULATION_BANDS, 8, N_FRAMES).mean(axis=1)
    expected = np.corrcoef(bands)[np.triu_indices(MODULATION_BANDS, 1)]
    np.testing.assert_allclose(texture(rows)[0], expected, atol=5e-3)


def test_silence_and_extremes_are_finite() -> None:
    silent, loud = torch.zeros(1, N_ROWS, N_FRAMES), torch.zeros(1, N_ROWS, N_FRAMES)
    silent[:, MEL] = -100.0
    loud[:, MEL, ::2] = 120.0
    loud[:, CHROMA, ::3] = 1.0
    for rows in (silent, loud):
        assert torch.isfinite(describe_rows(rows)).all()


def test_its_file_computes_what_torch_does_of_music_and_of_silence() -> None:
    class Described(torch.nn.Module):
        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return describe_rows(rows)

    rows, silent = some_rows(7), torch.zeros(7, N_ROWS, N_FRAMES)
    silent[:, MEL] = -100.0
    content = onnx_bytes(Described(), {"rows": rows}, ["told"])
    for given in (rows, silent):
        assert largest_difference(Described(), content, {"rows": given}) < PARITY_TOLERANCE
