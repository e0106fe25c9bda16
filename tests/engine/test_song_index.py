"""Songs indexed by mood: found, heard once, resumed, left alone where they cannot be read, and sought for photos."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate

from engine.audio import SAMPLE_RATE_HZ, load_song, mono_excerpts, probe_song
from engine.bundle import open_bundle
from engine.emotion import va_similarity
from engine.encoders import Encoders
from engine.errors import Cancelled, UnreadableSong
from engine.library import Library
from engine.moments import RANK_SIGMA
from engine.music import analyse_song
from engine.progress import Progress
from engine.song_index import excerpt_mood, felt_songs, index_songs, mood_of, song_scores, songs_with
from engine.song_keys import song_key
from engine.songs import Song
from tests.engine.old_song_keys import as_of_an_older_library

ASSETS = Path(__file__).parents[1] / "assets"
DEMO = Path(__file__).parents[2] / "resources/demo/songs"


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(ASSETS / "tiny_bundle"), n_threads=1)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.sqlite") as opened:
        yield opened


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Three songs, one in a folder below, one file that is none, and one that is not looked at."""
    folder = tmp_path / "music"
    (folder / "below").mkdir(parents=True)
    for name in ("jungle-20s.mp3", "jungle-20s.m4a"):
        shutil.copy(ASSETS / name, folder)
    shutil.copy(ASSETS / "jungle-20s.wav", folder / "below")
    (folder / "broken.mp3").write_bytes(b"no music at all")
    (folder / "cover.jpg").write_bytes(b"a picture")
    return folder


def test_a_folder_is_heard_once(library: Library, music: Path, encoders: Encoders) -> None:
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in music.rglob("*") if path.is_file()}
    told: list[str] = []
    first = index_songs(library, [music], encoders, on_song=lambda song: told.append(song.path.name))
    assert (first.found, first.heard, first.unchanged) == (4, 3, 0)
    assert [path.name for path, _ in first.skipped] == ["broken.mp3"]
    assert sorted(told) == ["jungle-20s.m4a", "jungle-20s.mp3", "jungle-20s.wav"]
    again = index_songs(library, [music], encoders)
    assert (again.heard, again.unchanged) == (0, 3)
    assert [path.name for path, _ in again.skipped] == ["broken.mp3"]
    (folder,) = library.songs.count(encoders.bundle.music_id)
    assert (folder.n_songs, folder.n_heard, len(folder.unreadable)) == (3, 3, 1)
    catalog = library.songs.catalog(encoders.bundle.music_id)
    assert len(catalog) == 3
    assert catalog.embeddings.shape == (3, 512)
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in before} == set(before.values())


def test_what_was_cancelled_is_taken_up(library: Library, music: Path, encoders: Encoders) -> None:
    def stop_after_one(progress: Progress) -> None:
        if progress.total and progress.done >= 1 and len(library.songs.catalog(encoders.bundle.music_id)):
            raise Cancelled

    with pytest.raises(Cancelled):
        index_songs(library, [music], encoders, report=stop_after_one)
    assert len(library.songs.catalog(encoders.bundle.music_id)) == 1
    assert index_songs(library, [music], encoders).heard == 2


def test_gone_and_back_changed_and_forgotten(library: Library, music: Path, encoders: Encoders) -> None:
    index_songs(library, [music], encoders)
    song = music / "jungle-20s.mp3"
    aside = music.parent / "aside.mp3"
    song.rename(aside)
    assert index_songs(library, [music], encoders).missing == 1
    assert len(library.songs.catalog(encoders.bundle.music_id)) == 2
    aside.rename(song)
    back = index_songs(library, [music], encoders)
    assert back.heard == 0
    assert len(library.songs.catalog(encoders.bundle.music_id)) == 3
    shutil.copy(DEMO / "02-caribbean-energetic-happy.ogg", music / "jungle-20s.m4a")
    assert index_songs(library, [music], encoders).heard == 1
    music.rename(music.parent / "elsewhere")
    away = index_songs(library, [music], encoders)
    assert away.missing == 0  # the folder is out of reach: nothing is known to have gone
    assert len(away.skipped) == 1
    assert len(library.songs.catalog(encoders.bundle.music_id)) == 3
    library.songs.remove_folder(music)
    assert len(library.songs.catalog(encoders.bundle.music_id)) == 0
    library.songs.add_folder(music)
    assert len(library.songs.catalog(encoders.bundle.music_id)) == 3


def test_what_was_moved_renamed_or_tagged_anew_is_not_heard_again(
    library: Library, music: Path, encoders: Encoders
) -> None:
    index_songs(library, [music], encoders)
    before = {song.key: va for song, va in zip(*_songs(library, encoders), strict=True)}
    (music / "jungle-20s.mp3").rename(music / "below" / "another name.mp3")
    tagged = music / "jungle-20s.wav"
    (music / "below" / "jungle-20s.wav").rename(tagged)
    tagged.write_bytes(tagged.read_bytes() + b"LIST" + (4).to_bytes(4, "little") + b"INFO")
    again = index_songs(library, [music], encoders)
    assert (again.found, again.heard, again.unchanged, again.missing) == (4, 0, 3, 2)
    songs, va = _songs(library, encoders)
    assert {song.path.name for song in songs} == {"another name.mp3", "jungle-20s.m4a", "jungle-20s.wav"}
    assert {song.key for song in songs} == set(before)
    assert all(np.array_equal(before[song.key], row) for song, row in zip(songs, va, strict=True))


def test_songs_of_an_older_library_are_not_heard_again(library: Library, music: Path, encoders: Encoders) -> None:
    index_songs(library, [music], encoders)
    keys = {song.key for song in _songs(library, encoders)[0]}
    as_of_an_older_library(library)
    again = index_songs(library, [music], encoders)
    assert (again.heard, again.unchanged) == (0, 3)
    assert {song.key for song in _songs(library, encoders)[0]} == keys
    (music / "jungle-20s.mp3").rename(music / "moved.mp3")
    assert index_songs(library, [music], encoders).heard == 0


def _songs(library: Library, encoders: Encoders) -> tuple[tuple[Song, ...], np.ndarray]:
    catalog = library.songs.catalog(encoders.bundle.music_id)
    return catalog.songs, catalog.va


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "m4a"])
def test_an_excerpt_is_a_stretch_of_the_song(kind: str) -> None:
    path = ASSETS / f"jungle-20s.{kind}"
    whole = load_song(path).y
    first, second = mono_excerpts(path, [4.0, 12.0, 900.0], length_s=2.0)
    for start_s, found in ((4.0, first), (12.0, second)):
        assert len(found) == 2 * SAMPLE_RATE_HZ
        near = whole[int((start_s - 1.2) * SAMPLE_RATE_HZ) : int((start_s + 3.2) * SAMPLE_RATE_HZ)]
        # Somewhere near its place the song sounds exactly so, or half a sample of 22,050 Hz beside it.
        found = found[2000:-2000]
        likeness = correlate(near, found, mode="valid") / np.linalg.norm(found)
        summed = np.concatenate([[0.0], (near.astype(np.float64) ** 2).cumsum()])
        energy = np.sqrt(summed[len(found) :] - summed[: -len(found)])
        assert (likeness / energy).max() > 0.85
    with pytest.raises(UnreadableSong):
        list(mono_excerpts(path.with_suffix(".gone"), [0.0], length_s=1.0))


def test_excerpts_agree_with_the_whole(encoders: Encoders) -> None:
    path = DEMO / "03-rlyeh-dark-tense.ogg"
    whole = mood_of(analyse_song(path, encoders))
    part = excerpt_mood(probe_song(path), encoders)
    assert np.abs(whole.va - part.va).max() < 0.03
    cosine = float(whole.embedding @ part.embedding) / float(
        np.linalg.norm(whole.embedding) * np.linalg.norm(part.embedding)
    )
    assert cosine > 0.98
    assert not np.array_equal(whole.va, part.va)


def test_a_kept_analysis_is_used(library: Library, encoders: Encoders, music: Path) -> None:
    path = music / "jungle-20s.mp3"
    analysis = analyse_song(path, encoders)
    library.save_song_analysis(song_key(path, library), encoders.bundle.music_id, analysis.to_bytes())
    index_songs(library, [music], encoders)
    kept = library.songs.mood(song_key(path, library), encoders.bundle.music_id)
    assert kept is not None
    assert kept.va == pytest.approx(mood_of(analysis).va, abs=1e-6)


def test_songs_outside_the_folders_join_in(library: Library, music: Path, encoders: Encoders, tmp_path: Path) -> None:
    index_songs(library, [music / "below"], encoders)
    others = [music / "jungle-20s.mp3", music / "below" / "jungle-20s.wav", tmp_path / "gone.mp3", music / "broken.mp3"]
    catalog = songs_with(library, others, encoders)
    assert [song.path.name for song in catalog.songs] == ["jungle-20s.wav", "jungle-20s.mp3"]
    assert library.songs.mood(song_key(others[0], library), encoders.bundle.music_id) is not None
    assert len(songs_with(library, others, encoders)) == 2


def test_the_drives_of_known_songs_are_not_asked(
    library: Library, music: Path, encoders: Encoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_songs(library, [music / "below"], encoders)
    really, asked = os.path.realpath, list[object]()
    monkeypatch.setattr(os.path, "realpath", lambda path, **how: (asked.append(path), really(path, **how))[1])
    assert len(songs_with(library, [], encoders)) == 1
    assert asked == []


def test_scores_are_the_mirror_of_photos_for_a_song(library: Library, music: Path, encoders: Encoders) -> None:
    index_songs(library, [music], encoders)
    demo = sorted(DEMO.glob("*.ogg"))
    catalog = songs_with(library, demo, encoders)
    rng = np.random.default_rng(3)
    photos = rng.normal(size=(2, 512)).astype(np.float32)
    points = np.array([[0.2, 0.3], [0.8, 0.7]], dtype=np.float32)
    scores = song_scores(photos, points, catalog, encoders)
    n = len(catalog)
    expected = np.zeros(n)
    similar = [
        np.mean([encoders.similarity(photos[i : i + 1], catalog.embeddings[j : j + 1])[0, 0] for i in range(2)])
        for j in range(n)
    ]
    felt = felt_songs(catalog, encoders)
    for j in range(n):
        rank = 1 - sum(other > similar[j] for other in similar) / (n - 1)
        alike = np.mean([va_similarity(points[i : i + 1], felt[j : j + 1], sigma=RANK_SIGMA)[0, 0] for i in range(2)])
        expected[j] = (rank + alike) / 2
    assert scores == pytest.approx(expected, abs=1e-4)
    assert song_scores(photos[:0], points[:0], catalog, encoders).tolist() == [0.0] * n


def test_saved_moods_are_kept_renamed_and_forgotten(library: Library) -> None:
    moods = library.saved_moods
    moods.save("Sunday", "a")
    moods.save("Storm", "b")
    moods.save("Sunday", "c")
    assert list(moods.all().items()) == [("Sunday", "c"), ("Storm", "b")]
    assert not moods.rename("Sunday", "Storm")
    assert moods.rename("Sunday", "Monday")
    assert moods.remove("Monday") == "c"
    assert moods.remove("Monday") is None
    assert list(moods.all()) == ["Storm"]
