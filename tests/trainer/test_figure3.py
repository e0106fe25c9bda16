"""Figure 3: the lowest and the highest song, the best photos for them, none twice, and a picture that shows them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.audio import load_song
from engine.bundle import open_bundle
from engine.encoders import Encoders
from engine.features import window_features
from engine.images import load_image
from tests.trainer.small_corpora import tone_in_noise, write_wav
from trainer.__main__ import main
from trainer.errors import CorpusMissing
from trainer.figure3 import PANEL_PX, WIDTH_PX, Match, draw_figure, match_songs

TINY = Path(__file__).parents[1] / "assets" / "tiny_bundle"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for i in range(10):
        pixels = np.tile(rng.integers(0, 256, 3), (40, 60, 1)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{i}.png")
    (folder / "songs").mkdir()
    for i, mood in enumerate((0.1, 0.5, 0.9)):
        y = tone_in_noise(mood, mood, seconds=17.0, rng=rng)
        write_wav(folder / "songs" / f"{i}.wav", y)
    return folder


def test_lowest_and_highest_song_with_their_best_photos(demo: Path) -> None:
    encoders = Encoders(open_bundle(TINY))
    low, high = match_songs(encoders, photos=demo / "photos", songs=demo / "songs")
    others = [path for path in (demo / "songs").iterdir() if path not in (low.song, high.song)]
    assert len(others) == 1
    assert low.va.mean() <= high.va.mean()
    for match in (low, high):
        assert len(set(match.photos)) == len(match.photos) == len(match.chosen_va) == 8
        assert match.va.shape == (9, 2)
    alone, _ = match_songs(encoders, photos=demo / "photos", songs=demo / "songs", n_moments=1)
    means = [mean_similarity(encoders, photo, alone.song) for photo in sorted((demo / "photos").iterdir())]
    assert alone.similarity[0] == pytest.approx(max(means), abs=1e-5)
    assert alone.photos[0].stem == str(int(np.argmax(means)))


def mean_similarity(encoders: Encoders, photo: Path, song: Path) -> float:
    image = encoders.photo_input(load_image(photo)[0])
    music = encoders.music_heads(encoders.music_features(window_features(load_song(song).y)))[0]
    return float(encoders.similarity(encoders.photo_heads(encoders.photo_features(image[None]))[0], music).mean())


def test_the_picture_shows_both_curves_and_the_photos(demo: Path) -> None:
    photos = tuple(sorted((demo / "photos").iterdir())[:8])
    rng = np.random.default_rng(1)
    match = Match(
        Path("song.ogg"), *(rng.random((20, 2), np.float32), photos), rng.random((8, 2), np.float32), np.ones(8)
    )
    figure = np.asarray(draw_figure([match, match]))
    assert figure.shape == (2 * PANEL_PX, WIDTH_PX, 3)
    assert np.array_equal(figure[100:PANEL_PX], figure[PANEL_PX + 100 :]), "but for the title, both panels are alike"
    for photo in photos:
        colour = np.asarray(Image.open(photo))[0, 0]
        assert (np.abs(figure.astype(int) - colour).max(axis=2) <= 2).sum() > 1000, photo


def test_the_command(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--bundle", str(TINY), "--photos", str(demo / "photos"), "--songs", str(demo / "songs")]
    assert main(["figure3", *folders, "-o", str(tmp_path / "figure.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["kind"] == "drawn"
    with Image.open(tmp_path / "figure.png") as image:
        assert image.size == (WIDTH_PX, 2 * PANEL_PX)
    assert main(["figure3", *folders[:4], "--songs", str(tmp_path / "none"), "-o", str(tmp_path / "f.png")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_too_few_songs_are_told(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_bytes((demo / "songs" / "0.wav").read_bytes())
    with pytest.raises(CorpusMissing, match="two songs"):
        match_songs(Encoders(open_bundle(TINY)), photos=demo / "photos", songs=tmp_path)
