"""Why a photo feels as it does and fits where it stands: what the model knows, gathered for the person. No widgets.

Moods are told as the app's circles show them, by a photo's place among the photos of the library; beside it the model's
own figures.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.emotion import Emotion, FloatArray, ranks_among
from engine.moments import reason
from slideshow import messages
from slideshow.song_bar import clock_text

if TYPE_CHECKING:
    from engine.cues import PlanOptions
    from engine.encoders import Encoders
    from engine.library import Catalog, Library, Photo
    from engine.music import MusicAnalysis

N_ALIKE = 3

SURE, FAIRLY_SURE = 0.18, 0.32
"""Up to which reach of the ellipse, a share of the library to either side, the model is called so."""

MATCH_WORDS = ((0.9, "very close match"), (0.8, "close match"), (0.65, "good match"), (0.5, "fair match"))
"""From which score on a match is called so; below all of them it is a loose one."""


_BY_MOOD = re.compile(r"(It feels|A touch|Clearly) [^.]* here\.")
"""How `engine.moments.reason` words the mood's say in a choice."""


def match_word(score: float) -> str:
    """Say a score in words: by the percent beside which they stand, so that one number has one word."""
    return next((word for least, word in MATCH_WORDS if round(score * 100) >= round(least * 100)), "loose match")


def reason_shown(why: str, song: Emotion, photo: Emotion, *, is_drawn: bool) -> str:
    """Word a cue's reason by where song and photo lie on the circle that is shown beside it.

    A plan words it by the photos that it could choose from, of which there may have been fewer, or by the model's own
    scale. What a person or a theme has decided stays.
    """
    first = _BY_MOOD.match(why)
    if first is None:
        return why
    return reason(_point(song), _point(photo), is_drawn=is_drawn) + why[first.end() :]


@dataclass(frozen=True, slots=True)
class Alike:
    """A photo that the model finds like another; said is how the person rated it, None where they have not."""

    photo: Photo
    mood: Emotion
    said: Emotion | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Where the truth about a photo may lie: an ellipse on the circle that holds it in 68 of 100 cases."""

    centre: Emotion
    valence: float
    arousal: float
    """Semi-axes, in shares of the library."""

    @property
    def sentence(self) -> str:
        """How sure the model is, in plain words."""
        reach = (self.valence + self.arousal) / 2
        how = "quite sure" if reach <= SURE else "fairly sure" if reach <= FAIRLY_SURE else "not very sure"
        surer = ""
        if self.valence > 1.5 * self.arousal:
            surer = " It knows the energy better than the pleasantness."
        elif self.arousal > 1.5 * self.valence:
            surer = " It knows the pleasantness better than the energy."
        return (
            f"The model is {how}. For about seven of ten such photos, people’s own judgement lies within the dashed "
            f"line.{surer} Teach draws the same line on the model’s own scale, where it has another size."
        )


@dataclass(frozen=True, slots=True)
class SongMoment:
    """The show's song at the moment that is asked about; catalog holds the photos which the show may use."""

    analysis: MusicAnalysis
    catalog: Catalog
    options: PlanOptions
    start_s: float
    end_s: float
    song: Emotion
    """As the circle shows it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a photo fits a moment of the song: its score, how many photos of how many fit better, and the reason."""

    score: float
    n_better: int
    n_photos: int
    t_s: float
    song: Emotion
    why: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The same in words."""
        word, percent = match_word(self.score), round(self.score * 100)
        return (f"{percent}%, a {word} for the song at {clock_text(self.t_s)}.", self.why, self._others())

    def _others(self) -> str:
        if self.n_photos < 2:
            return ""
        if self.n_better == 0:
            return "No other photo fits better here."
        they = "One photo fits" if self.n_better == 1 else f"{messages.number_word(self.n_better)} photos fit"
        return (
            f"{they} better, of {self.n_photos:,}. They may stand elsewhere: the photos of a whole song are chosen at "
            "once."
        )


@dataclass(frozen=True, slots=True)
class PhotoReasons:
    """All that is told of a photo. said is the person's own rating."""

    photo: Photo
    mood: Emotion
    absolute: Emotion
    place: str
    doubt: Doubt
    fit: Fit | None
    no_fit: str
    """Why nothing is said of the song, where nothing is."""
    alike: tuple[Alike, ...]
    rated: tuple[Alike, ...]
    said: Emotion | None
    shows: tuple[str, ...] = ()
    """What is seen in it, the surest first."""


def explain_photo(
    photo: Photo, catalog: Catalog, moment: SongMoment | None, library: Library, encoders: Encoders, *, report: Any
) -> PhotoReasons | None:
    """Gather what is known of a photo; None where it is no longer in the catalog. 0.2 s over 50,000 photos."""
    from engine.content import words_of

    row = next((i for i, known in enumerate(catalog.photos) if known.id == photo.id), None)
    if row is None:
        return None
    felt = ranks_among(catalog.va, catalog.va)
    mood = _emotion(felt[row])
    said_by_row = _said(catalog, library)
    closeness = _closeness(catalog, row)
    others = np.flatnonzero(catalog.groups != catalog.groups[row])
    rated = [i for i in said_by_row if i != row]
    return PhotoReasons(
        photo=catalog.photos[row],
        mood=mood,
        absolute=_emotion(catalog.va[row]),
        place=place_in_words(mood, n_photos=len(catalog)),
        doubt=doubt_at(catalog, row, encoders),
        fit=None if moment is None else fit_at(catalog.photos[row], mood, moment, encoders),
        no_fit=_why_no_fit(photo, moment),
        alike=tuple(_alike(catalog, felt, i, said_by_row) for i in _best(closeness, others)),
        rated=tuple(_alike(catalog, felt, i, said_by_row) for i in _best(closeness, np.array(rated, dtype=np.int64))),
        said=said_by_row.get(row),
        shows=words_of(catalog.contents, row),
    )


def place_in_words(mood: Emotion, *, n_photos: int) -> str:
    """Say where a photo lies among the others of the library."""
    if n_photos < 2:
        return "It is the only photo of the library, so there is nothing to compare it with."
    pleasant, energy = round(mood.valence * 100), round(mood.arousal * 100)
    return f"More pleasant than {pleasant} of 100 of your photos, and more energetic than {energy}."


def doubt_at(catalog: Catalog, row: int, encoders: Encoders) -> Doubt:
    """Where the truth about a photo of the catalog may lie, on the circle: its place among the true moods of all."""
    from engine.doubt import RADIUS_68, photo_spread

    va = catalog.va[row]
    spread = photo_spread(encoders, catalog.va[row : row + 1])[0]
    low, high = [], []
    for axis in range(2):
        known = catalog.va[:, axis].astype(np.float64)
        # The truth spreads wider than what is predicted of it: among true moods the photo is less of an exception.
        truth = NormalDist(float(known.mean()), math.hypot(float(known.std()), float(spread[axis])))
        reach = RADIUS_68 * float(spread[axis])
        low.append(truth.cdf(float(va[axis]) - reach))
        high.append(truth.cdf(float(va[axis]) + reach))
    middle = Emotion((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    return Doubt(middle, (high[0] - low[0]) / 2, (high[1] - low[1]) / 2)


def fit_at(photo: Photo, mood: Emotion, moment: SongMoment, encoders: Encoders) -> Fit | None:
    """How a photo of a mood fits a moment of the song, as plans judge it; None where the show may not use it."""
    from engine.moments import moment_scores, moments_at

    catalog, options = moment.catalog, moment.options
    row = next((i for i, known in enumerate(catalog.photos) if known.id == photo.id), None)
    if row is None or not moment.analysis.windows:
        return None
    moments = moments_at(
        [(moment.start_s, moment.end_s)], moment.analysis, catalog, encoders, mood=options.mood, arc=options.arc
    )
    scores = moment_scores(moments, catalog, encoders)[0]
    return Fit(
        score=float(scores[row]),
        n_better=int((scores > scores[row]).sum()),
        n_photos=len(catalog),
        t_s=(moment.start_s + moment.end_s) / 2,
        song=moment.song,
        why=reason(_point(moment.song), _point(mood), is_drawn=bool(options.arc)),
    )


def _why_no_fit(photo: Photo, moment: SongMoment | None) -> str:
    if moment is None:
        return "Once a song is open, it is told here how well the photo fits it."
    if all(known.id != photo.id for known in moment.catalog.photos):
        return "The show does not use this photo now."
    return ""


def _said(catalog: Catalog, library: Library) -> dict[int, Emotion]:
    """Rows of the photos that the person has rated, with what was said: the very place on the circle of Teach."""
    said = {rating.content_hash: Emotion(rating.valence, rating.arousal) for rating in library.ratings.photos()}
    if not said:
        return {}
    return {i: said[photo.content_hash] for i, photo in enumerate(catalog.photos) if photo.content_hash in said}


def _closeness(catalog: Catalog, row: int) -> FloatArray:
    """How like one photo all are in the model's space, (n_photos,): the cosine."""
    vectors = catalog.embeddings
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    closeness: FloatArray = vectors @ vectors[row] / np.maximum(lengths * lengths[row], np.float32(1e-12))
    return closeness


def _best(closeness: FloatArray, rows: NDArray[np.int64]) -> list[int]:
    best = rows[np.argsort(-closeness[rows], kind="stable")[:N_ALIKE]]
    return [int(i) for i in best]


def _alike(catalog: Catalog, felt: FloatArray, row: int, said: dict[int, Emotion]) -> Alike:
    return Alike(catalog.photos[row], _emotion(felt[row]), said.get(row))


def _point(mood: Emotion) -> FloatArray:
    return np.array((mood.valence, mood.arousal), dtype=np.float32)


def _emotion(point: FloatArray) -> Emotion:
    valence, arousal = (float(value) for value in point)
    return Emotion(valence, arousal)
