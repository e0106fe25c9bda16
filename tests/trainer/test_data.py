"""The feature cache, and the views, gains, masks and windows that training draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.emotion import FloatArray
from engine.errors import Cancelled
from engine.features import CHROMA, CONTRAST, MEL, N_FRAMES, N_ROWS, TONNETZ, song_features
from engine.progress import Progress
from tests.trainer.small_corpora import make_deam, make_oasis, tone_in_noise, write_wav
from trainer.corpora import PhotoRecord, Unusable, read_deam, read_oasis
from trainer.data import (
    SHARD_RECORDS,
    PhotoInput,
    PhotoSet,
    apply_gain,
    cache_photos,
    cache_songs,
    even_windows,
    mask_windows,
    photo_views,
    random_windows,
    write_atomically,
)
from trainer.errors import CorpusMissing, TrainerError

SPEC = PhotoInput(16, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


class MeanColour:
    """Stands for a backbone: the mean of each channel; counts the photos it was asked about."""

    def __init__(self) -> None:
        self.n_photos = 0

    def __call__(self, images: FloatArray) -> FloatArray:
        self.n_photos += 1
        means: FloatArray = images.mean(axis=(2, 3))
        return means


def photos_of(folder: Path, cache: Path, backbone: MeanColour, **options: object) -> PhotoSet:
    records = read_oasis(folder)
    return cache_photos(records, backbone, cache, backbone_name="mean", spec=SPEC, n_views=3, **options)


def test_photos_are_computed_once(tmp_path: Path) -> None:
    folder, backbone = make_oasis(tmp_path / "oasis", n_themes=35), MeanColour()
    first = photos_of(folder, tmp_path / "cache", backbone)
    assert first.features.shape == (70, 3, 3)
    assert backbone.n_photos == 70
    again = photos_of(folder, tmp_path / "cache", backbone)
    assert backbone.n_photos == 70
    assert np.array_equal(first.features, again.features)
    # The red channel is the valence, by way of JPEG.
    assert np.corrcoef(first.features[:, 0, 0], first.va[:, 0])[0, 1] > 0.99
    assert np.all(first.se > 0)
    assert first.take(np.array([3, 1])).records == (first.records[3], first.records[1])


def test_a_stopped_run_goes_on_and_a_torn_shard_is_made_again(tmp_path: Path) -> None:
    folder, backbone = make_oasis(tmp_path / "oasis", n_themes=35), MeanColour()

    def stop(progress: Progress) -> None:
        if progress.done == SHARD_RECORDS + 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        photos_of(folder, tmp_path / "cache", backbone, report=stop)
    assert backbone.n_photos == SHARD_RECORDS + 3
    photos_of(folder, tmp_path / "cache", backbone)
    assert backbone.n_photos == SHARD_RECORDS + 3 + (70 - SHARD_RECORDS)
    shards = sorted((tmp_path / "cache").iterdir())
    shards[0].write_bytes(shards[0].read_bytes()[:100])
    before = backbone.n_photos
    assert len(photos_of(folder, tmp_path / "cache", backbone).va) == 70
    assert backbone.n_photos > before


def test_unreadable_photos_and_songs_are_left_out_and_reported(tmp_path: Path) -> None:
    oasis, deam = make_oasis(tmp_path / "oasis", n_themes=3), make_deam(tmp_path / "deam", n_songs=4)
    broken = sorted((oasis / "Images").iterdir())[2]
    broken.write_text("no image")
    (deam / "MEMD_audio" / "2.wav").write_text("no song")
    write_wav(deam / "MEMD_audio" / "3.wav", np.zeros(2000, np.float32))
    problems: list[Unusable] = []
    photos = photos_of(oasis, tmp_path / "cache", MeanColour(), on_unusable=problems.append)
    songs = cache_songs(read_deam(deam), tmp_path / "cache", on_unusable=problems.append)
    assert broken not in [record.path for record in photos.records]
    assert len(photos.va) == 5
    assert songs.groups == ["1", "4"]
    assert [problem.item for problem in problems] == [broken.name, "2.wav", "3.wav"]
    assert problems[2].reason == "shorter than a window"
    from_cache: list[Unusable] = []
    photos_of(oasis, tmp_path / "cache", MeanColour(), on_unusable=from_cache.append)
    again = cache_songs(read_deam(deam), tmp_path / "cache", on_unusable=from_cache.append)
    assert from_cache == problems
    assert again.groups == ["1", "4"]
    assert np.array_equal(again.frames[1], songs.frames[1])


def test_a_name_that_is_too_long_is_a_file_that_is_not_there(tmp_path: Path) -> None:
    oasis = make_oasis(tmp_path / "oasis", n_themes=1)
    records = [*read_oasis(oasis), PhotoRecord(tmp_path / f"{'a' * 4000}.jpg", "a", 0.5, 0.5)]
    problems: list[Unusable] = []
    made = cache_photos(
        records,
        MeanColour(),
        tmp_path / "cache",
        backbone_name="mean",
        spec=SPEC,
        n_views=1,
        on_unusable=problems.append,
    )
    assert len(made.va) == 2
    assert len(problems) == 1


def test_nothing_readable_is_a_missing_corpus(tmp_path: Path) -> None:
    oasis = make_oasis(tmp_path / "oasis", n_themes=1)
    for image in (oasis / "Images").iterdir():
        image.write_text("no image")
    with pytest.raises(CorpusMissing, match="can be read"):
        photos_of(oasis, tmp_path / "cache", MeanColour())


def test_cached_songs_are_the_engines_features(tmp_path: Path) -> None:
    from engine.audio import load_song

    deam = make_deam(tmp_path / "deam", n_songs=2, seconds=4.0)
    songs = cache_songs(read_deam(deam), tmp_path / "cache")
    expected = song_features(load_song(deam / "MEMD_audio" / "1.wav").y)
    assert songs.frames[0].shape[1] == N_ROWS
    assert np.allclose(songs.frames[0][: expected.shape[1]].T.astype(np.float32), expected, atol=0.1, rtol=1e-3)
    mean, std = songs.row_statistics()
    everything = np.concatenate([frames.astype(np.float64) for frames in songs.frames])
    assert mean == pytest.approx(everything.mean(axis=0), abs=1e-3)
    assert std == pytest.approx(np.maximum(everything.std(axis=0), 1e-3), rel=1e-3)


def test_gain_changes_the_rows_as_louder_sound_does() -> None:
    rng = np.random.default_rng(0)
    y = tone_in_noise(0.5, 0.9, seconds=3.0, rng=rng)
    windows = torch.from_numpy(song_features(y)[None, :, 20:107])
    for gain_db in (-6.0, 4.5):
        louder = torch.from_numpy(song_features((y * 10 ** (gain_db / 20)).astype(np.float32))[None, :, 20:107])
        found = apply_gain(windows, torch.tensor([gain_db]))
        assert torch.allclose(found, louder, atol=2e-2)
        assert not torch.allclose(windows[:, MEL], louder[:, MEL], atol=1.0)
        for rows in (CHROMA, CONTRAST, TONNETZ):
            assert torch.equal(found[:, rows], windows[:, rows])
        assert torch.equal(found[:, 1:40], windows[:, 1:40])


def test_masks_blank_runs_and_leave_the_rest() -> None:
    windows = torch.ones(200, N_ROWS, N_FRAMES)
    masked = mask_windows(windows, generator=torch.Generator().manual_seed(0), rows=24, frames=12)
    assert set(masked.unique().tolist()) == {0.0, 1.0}
    rows = (masked == 0).all(dim=2).sum(dim=1)
    frames = (masked == 0).all(dim=1).sum(dim=1)
    assert int(rows.max()) == 24
    assert int(frames.max()) == 12
    assert int(rows.min()) == int(frames.min()) == 0
    assert torch.equal(mask_windows(windows, generator=torch.Generator(), rows=0, frames=0), windows)
    assert float(windows.min()) == 1.0, "the input stays as it is"


def test_windows_are_pieces_of_their_song(tmp_path: Path) -> None:
    songs = cache_songs(read_deam(make_deam(tmp_path / "deam", n_songs=3)), tmp_path / "cache")
    rows = np.array([2, 0, 2])
    windows = random_windows(songs, rows, np.random.default_rng(0)).numpy()
    assert windows.shape == (3, N_ROWS, N_FRAMES)
    for window, row in zip(windows, rows, strict=True):
        frames = songs.frames[row].astype(np.float32).T
        starts = range(frames.shape[1] - N_FRAMES + 1)
        assert any(np.array_equal(window, frames[:, start : start + N_FRAMES]) for start in starts)
    even = even_windows(songs, n_windows=2).numpy()
    assert np.array_equal(even[1, 0], songs.frames[1][:N_FRAMES].T)
    assert np.array_equal(even[1, 1], songs.frames[1][-N_FRAMES:].T)


def test_views_begin_with_the_picture_and_its_mirror_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    views = photo_views(image, n_views=6, seed=1)
    assert len(views) == 6
    assert np.array_equal(views[0], image)
    assert np.array_equal(views[1], image[:, ::-1])
    for view in views[2:]:
        assert 0.4 * image.size < view.size <= image.size
    assert all(np.array_equal(a, b) for a, b in zip(views, photo_views(image, n_views=6, seed=1), strict=True))
    assert photo_views(image[:1, :1], n_views=3, seed=0)[2].shape == (1, 1, 3)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
    with pytest.raises(TrainerError, match="file: not a folder; name another one"):
        write_atomically(path / "below a file", b"x")
    if Path("/dev/full").exists():
        full = tmp_path / "full"
        full.mkdir()
        (full / ".checkpoint.part").symlink_to("/dev/full")
        with pytest.raises(TrainerError, match="No space left"):
            write_atomically(full / "checkpoint", b"x")
        assert list(full.iterdir()) == []
