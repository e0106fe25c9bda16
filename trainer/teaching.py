"""What a library holds of a person's teaching, with the photos' features; and which photos a new head moves most.

Ratings are of contents, so they find their photo wherever it lies now; its features are the library's stored ones.
Marks are of a song's sound, and find the song where the library has met it last.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio import SAMPLE_RATE_HZ, mono_blocks
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import UnreadablePhoto, UnreadableSong
from engine.features import WINDOW_S, window_features, windows_of
from engine.images import load_image
from engine.library import Library
from engine.progress import Progress, Report, ignore
from engine.ratings import Comparison, SongMark
from engine.song_keys import where_now
from trainer.errors import CorpusMissing
from trainer.evidence import Answers
from trainer.personal_head import run_head
from trainer.ratings import RatedPhotos, Taught
from trainer.records import OnUnusable, Unusable, ignore_unusable

READ_AT_ONCE: Final = 2_048
"""Photos whose features are in memory together: 6 MB."""

NEAR_MARK_S: Final = 1.6
"""A mark is about the windows whose centre lies so near: one or two of 2 s."""

N_MOVERS: Final = 12
"""Photos that moved most: a row or two of a page."""


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """A photo of the library that a retraining moved: its valence and arousal before and after."""

    content_hash: str
    path: str
    before: tuple[float, float]
    after: tuple[float, float]


class Contents:
    """The photos of a library by content: where each lies and its features for one photo backbone."""

    def __init__(self, library: Library, encoders: Encoders) -> None:
        self._library, self._encoders = library, encoders
        self._backbone_id = encoders.bundle.photo_backbone_id
        self._width = encoders.bundle.manifest.photo.feature_width
        self._paths: dict[str, Path] = {}
        self._with_features: dict[str, Path] = {}
        for place, known in library.known_photos(self._backbone_id).items():
            if known.problem is None:
                path = Path(os.fsdecode(place))
                self._paths.setdefault(known.content_hash, path)
                if known.has_features:
                    self._with_features.setdefault(known.content_hash, path)

    def path(self, content_hash: str) -> Path | None:
        """Where a photo of this content lies or lay last."""
        return self._with_features.get(content_hash) or self._paths.get(content_hash)

    def features(
        self, hashes: Sequence[str], *, report: Report = ignore, on_unusable: OnUnusable = ignore_unusable
    ) -> dict[str, FloatArray]:
        """Features (F,) of contents: stored ones, else computed from the file. What has neither is told and absent."""
        places = {content: self._with_features[content] for content in hashes if content in self._with_features}
        stored = self._library.photo_features(list(places.values()), backbone_id=self._backbone_id)
        found = {content: stored[path] for content, path in places.items() if path in stored}
        found = {content: row for content, row in found.items() if row.shape == (self._width,)}
        lacking = [content for content in dict.fromkeys(hashes) if content not in found]
        for i, content in enumerate(lacking):
            report(Progress("photos", i, len(lacking)))
            path = self._paths.get(content)
            if path is None:
                on_unusable(Unusable(content[:12], "no photo of the library has this content"))
                continue
            try:
                image, _ = load_image(path, min_side_px=self._encoders.bundle.manifest.photo.input_px)
            except UnreadablePhoto as fault:
                on_unusable(Unusable(str(path), fault.reason))
                continue
            found[content] = self._encoders.photo_features(self._encoders.photo_input(image)[None])[0]
        report(Progress("photos", len(lacking), len(lacking)))
        return found

    def movers(self, before: bytes, after: bytes, *, n_wanted: int = N_MOVERS, report: Report = ignore) -> list[Mover]:
        """Photos that move most from one head's ONNX file to another, the farthest first. A second for 10,000."""
        found = list(self._with_features.items())
        best: list[tuple[float, Mover]] = []
        for first in range(0, len(found), READ_AT_ONCE):
            report(Progress("movers", first, len(found)))
            part = found[first : first + READ_AT_ONCE]
            stored = self._library.photo_features([path for _, path in part], backbone_id=self._backbone_id)
            rows = [(content, path) for content, path in part if path in stored]
            if not rows:
                continue
            features = np.stack([stored[path] for _, path in rows])
            was, now = (run_head(head, features)[1] for head in (before, after))
            best += [(length, _mover(rows[row], was[row], now[row])) for row, length in _farthest(was, now, n_wanted)]
            best = sorted(best, key=lambda pair: -pair[0])[:n_wanted]
        report(Progress("movers", len(found), len(found)))
        return [mover for _, mover in best]


def library_teaching(
    library: Library,
    contents: Contents,
    encoders: Encoders,
    *,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> Taught:
    """All that a person has said in the library: ratings oldest first, answers, and marks of songs that can be heard.

    Photos and songs that are not to be found any more are told and left out. Raises CorpusMissing where nothing can be
    learnt from.
    """
    ratings, comparisons = library.ratings.photos(), library.ratings.comparisons()
    marks = where_now(library.ratings.marks(), library)
    if not (ratings or comparisons or marks):
        raise CorpusMissing(f"{library.path}: no photo has been rated yet")
    hashes = [rating.content_hash for rating in ratings]
    hashes += [content for answer in comparisons for content in (answer.first_hash, answer.second_hash)]
    found = contents.features(list(dict.fromkeys(hashes)), report=report, on_unusable=on_unusable)
    kept = [rating for rating in ratings if rating.content_hash in found]
    answered = [answer for answer in comparisons if answer.first_hash in found and answer.second_hash in found]
    windows, marked, songs = marked_windows(marks, encoders, report=report, on_unusable=on_unusable)
    if not (kept or answered or songs):
        raise CorpusMissing("nothing that was rated can be found any more")
    place = {rating.content_hash: row for row, rating in enumerate(kept)}
    for answer in answered:
        for content in (answer.first_hash, answer.second_hash):
            place.setdefault(content, len(place))
    features = np.zeros((len(place), encoders.bundle.manifest.photo.feature_width), dtype=np.float32)
    for content, row in place.items():
        features[row] = found[content]
    rated = RatedPhotos(
        tuple(contents.path(rating.content_hash) or Path(rating.content_hash) for rating in kept),
        features[: len(kept)],
        np.array([[rating.valence, rating.arousal] for rating in kept], dtype=np.float32).reshape(-1, 2),
        tuple(rating.content_hash for rating in kept),
    )
    return Taught(rated, features[len(kept) :], _answers(answered, place), windows, marked, songs)


def _answers(answered: Sequence[Comparison], place: Mapping[str, int]) -> Answers:
    """Answers by row: what is calmer has less arousal, what is happier has more valence."""
    table = np.array(
        [
            (
                place[answer.first_hash],
                place[answer.second_hash],
                1 if answer.question == "calmer" else 0,
                {"first": 1, "second": -1, "same": 0}[answer.answer] * (-1 if answer.question == "calmer" else 1),
            )
            for answer in answered
        ],
        dtype=np.intp,
    ).reshape(-1, 4)
    return Answers(*(np.ascontiguousarray(column) for column in table.T))


def marked_windows(
    marks: Sequence[SongMark],
    encoders: Encoders,
    *,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Music features (m, G) of the windows about marked moments, what was said of them (m, 2), and their songs (m,).

    A curve is smoothed, so a mark is about the windows within NEAR_MARK_S of it. Songs are heard as far as their last
    mark only; each second of sound takes some ten milliseconds. What cannot be heard is told.
    """
    by_song: dict[str, list[SongMark]] = {}
    for mark in marks:
        by_song.setdefault(mark.song_key, []).append(mark)
    features: list[FloatArray] = []
    said: list[tuple[float, float]] = []
    songs: list[str] = []
    for i, (song, of_song) in enumerate(by_song.items()):
        path = of_song[-1].path
        report(Progress("songs", i, len(by_song), path.name))
        try:
            y = _heard(path, until_s=max(mark.t_s for mark in of_song) + 2 * WINDOW_S + NEAR_MARK_S)
        except UnreadableSong as fault:
            on_unusable(Unusable(str(path), fault.reason))
            continue
        centres_s = np.array([window.centre_s for window in windows_of(len(y))])
        near = [np.flatnonzero(np.abs(centres_s - mark.t_s) <= NEAR_MARK_S) for mark in of_song]
        if not any(map(len, near)):
            on_unusable(Unusable(str(path), "the marked moments lie behind its end"))
            continue
        pooled = encoders.music_features(window_features(y))
        for mark, rows in zip(of_song, near, strict=True):
            features.append(pooled[rows])
            said += [(mark.valence, mark.arousal)] * len(rows)
            songs += [song] * len(rows)
    report(Progress("songs", len(by_song), len(by_song)))
    width = encoders.bundle.manifest.music.feature_width
    joined = np.concatenate([np.zeros((0, width), np.float32), *features])
    return joined, np.array(said, dtype=np.float32).reshape(-1, 2), tuple(songs)


def _heard(path: Path, *, until_s: float) -> FloatArray:
    """The first seconds of a song. Raises UnreadableSong."""
    blocks: list[FloatArray] = []
    n_samples = 0
    for block in mono_blocks(path):
        blocks.append(block)
        n_samples += len(block)
        if n_samples >= until_s * SAMPLE_RATE_HZ:
            break
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)


def moved_ratings(
    rated: RatedPhotos, before: FloatArray, after: FloatArray, *, n_wanted: int = N_MOVERS
) -> list[Mover]:
    """The rated photos that moved most, for where there is no library; before and after (n, 2) by photo."""
    hashes = rated.hashes or ("",) * len(rated)
    rows = list(zip(hashes, rated.paths, strict=True))
    return [_mover(rows[row], before[row], after[row]) for row, _ in _farthest(before, after, n_wanted)]


def _farthest(before: FloatArray, after: FloatArray, n: int) -> list[tuple[int, float]]:
    lengths: NDArray[np.floating] = np.linalg.norm(after - before, axis=1)
    return [(int(row), float(lengths[row])) for row in np.argsort(-lengths, kind="stable")[:n] if lengths[row] > 0]


def _mover(row: tuple[str, Path], before: FloatArray, after: FloatArray) -> Mover:
    # A name may hold bytes that are no text, which JSON and a pipe cannot carry.
    path = os.fsencode(row[1]).decode(errors="replace")
    first, second = ((round(float(va[0]), 4), round(float(va[1]), 4)) for va in (before, after))
    return Mover(row[0], path, first, second)
