"""How a song feels and moves, where the model is unsure of it, and which photos suit the whole of it. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.emotion import Emotion, EmotionCurve, FloatArray
from slideshow import session_jobs
from slideshow.messages import count_of
from slideshow.mood_words import mood_changes, shown_word
from slideshow.song_bar import clock_text

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog, Library, Photo
    from engine.music import MusicAnalysis

UNSURE = 0.25
"""From this spread on, a quarter of all songs to either side, the mood's word would be a guess."""

N_BEST = 5
N_MOMENTS = 40
"""Moments at which photos are compared with a song; a long mix has no more."""

LEAST_MOMENT_S = 5.0
STEP_S = 1.0
MOST_TOLD = 3
"""Changes of mood that a sentence can name, and stretches of doubt."""

FLAT = 0.15
"""A song whose energy stays within this share of all songs hardly moves."""


def unsure_of(spread: FloatArray) -> str:
    """What a spread (2,) leaves unsure: "mood", "pleasantness", "energy", or "" where it is sure enough."""
    is_unsure = bool(spread[0] > UNSURE), bool(spread[1] > UNSURE)
    return {(True, True): "mood", (True, False): "pleasantness", (False, True): "energy"}.get(is_unsure, "")


@dataclass(frozen=True, slots=True)
class BestPhoto:
    """A photo that suits a whole song, with its mean score in [0, 1]."""

    photo: Photo
    mood: Emotion
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class SongReasons:
    """All that is told of a song. curve and spread (n, 2) are as the timeline shows them."""

    path: Path
    title: str
    artist: str
    duration_s: float
    tempo_bpm: float
    curve: EmotionCurve
    spread: FloatArray
    mood: Emotion
    absolute: Emotion
    best: tuple[BestPhoto, ...]

    @property
    def place(self) -> str:
        """Where the song lies among songs."""
        pleasant, energy = round(self.mood.valence * 100), round(self.mood.arousal * 100)
        return f"On the whole more pleasant than {pleasant} of 100 songs, and more energetic than {energy}."

    @property
    def movement(self) -> tuple[str, ...]:
        """How its mood moves, in sentences."""
        return (_changes_in_words(self.curve, self.duration_s), _extremes_in_words(self.curve))

    @property
    def doubts(self) -> str:
        """Where the model is unsure, in a sentence."""
        stretches = unsure_stretches(self.curve.times_s, self.spread, duration_s=self.duration_s)
        if not stretches:
            return "The model is sure enough of it throughout; the band round the line shows how far off it may be."
        total = sum(end_s - start_s for start_s, end_s, _ in stretches)
        if total > 0.9 * self.duration_s:
            what = {what for _, _, what in stretches}
            word = what.pop() if len(what) == 1 else "mood"
            return f"The song’s {word} is hard to tell throughout: take it as a hint."
        longest = sorted(stretches, key=lambda s: s[0] - s[1])[:MOST_TOLD]
        told = [
            f"its {what} from {clock_text(start_s)} to {clock_text(end_s)}" for start_s, end_s, what in sorted(longest)
        ]
        more = len(stretches) - len(told)
        rest = f", and in {count_of(more, 'other place')}" if more else ""
        return f"Hard to tell: {', '.join(told)}{rest}."


def explain_song(
    path: Path, catalog: Catalog | None, library: Library, encoders: Encoders, *, report: Any
) -> SongReasons:
    """Gather what is known of a song; one that was not heard before is listened to. Raises UnreadableSong."""
    parts: list[Any] = []
    growth = session_jobs.listen(path, library, encoders, report=report, deliver=parts.append)
    song, analysis = parts[0], growth.analysis
    felt = growth.felt
    va, own = analysis.curve.va, felt.va
    return SongReasons(
        path=path,
        title=song.title,
        artist=song.artist,
        duration_s=float(analysis.duration_s),
        tempo_bpm=float(analysis.tempo_bpm),
        curve=felt,
        spread=growth.spread if growth.spread is not None else np.zeros((0, 2), dtype=np.float32),
        mood=_mean(own),
        absolute=_mean(va),
        best=best_photos(analysis, catalog, encoders) if catalog is not None else (),
    )


def best_photos(
    analysis: MusicAnalysis, catalog: Catalog, encoders: Encoders, *, n: int = N_BEST
) -> tuple[BestPhoto, ...]:
    """The photos with the best mean score over a song, one of each group of siblings, best first."""
    from engine.moments import moment_scores, moments_at

    if len(catalog) == 0 or not analysis.windows:
        return ()
    duration_s = float(analysis.duration_s)
    n_moments = min(N_MOMENTS, max(1, int(duration_s / LEAST_MOMENT_S)))
    edges = np.linspace(0, duration_s, n_moments + 1).tolist()
    moments = moments_at(list(pairwise(edges)), analysis, catalog, encoders)
    scores = moment_scores(moments, catalog, encoders).mean(axis=0)
    moods = session_jobs.photo_moods(catalog)
    best: list[BestPhoto] = []
    groups: set[int] = set()
    for row in np.argsort(-scores, kind="stable").tolist():
        group = int(catalog.groups[row])
        if group in groups:
            continue
        groups.add(group)
        photo = catalog.photos[row]
        best.append(BestPhoto(photo, moods[photo.id], float(scores[row])))
        if len(best) == n:
            break
    return tuple(best)


def unsure_stretches(
    times_s: FloatArray, spread: FloatArray, *, duration_s: float
) -> tuple[tuple[float, float, str], ...]:
    """Stretches in which the mood is unsure: start, end, and what of it ("mood", "pleasantness", "energy")."""
    if len(spread) != len(times_s) or not len(times_s):
        return ()
    found: list[tuple[float, float, str]] = []
    edges = [0.0, *((times_s[:-1] + times_s[1:]) / 2).tolist(), duration_s]
    for i in range(len(times_s)):
        what = unsure_of(spread[i])
        if not what:
            continue
        start_s, end_s = float(edges[i]), float(edges[i + 1])
        if found and found[-1][2] == what and found[-1][1] == start_s:
            found[-1] = (found[-1][0], end_s, what)
        else:
            found.append((start_s, end_s, what))
    return tuple(stretch for stretch in found if stretch[1] - stretch[0] >= STEP_S)


def _mean(va: FloatArray) -> Emotion:
    if not len(va):
        return Emotion(0.5, 0.5)
    valence, arousal = (float(value) for value in va.mean(axis=0))
    return Emotion(valence, arousal)


def _changes_in_words(curve: EmotionCurve, duration_s: float) -> str:
    changes = mood_changes(curve, duration_s=duration_s)
    if not changes:
        return ""
    first, last = changes[0][1].lower(), changes[-1][1].lower()
    if len(changes) == 1:
        return f"It feels {first} throughout."
    if len(changes) <= MOST_TOLD:
        between = "".join(f", turns {word.lower()} at {clock_text(t_s)}" for t_s, word in changes[1:-1])
        return f"It begins {first}{between} and ends {last}, from {clock_text(changes[-1][0])} on."
    how = f"It begins and ends {first}" if first == last else f"It begins {first} and ends {last}"
    return f"{how}; between, its mood changes {len(changes) - 1} times."


def _extremes_in_words(curve: EmotionCurve) -> str:
    if not len(curve.times_s):
        return ""
    energy = curve.va[:, 1]
    if float(energy.max() - energy.min()) < FLAT:
        return "Its energy hardly changes."
    top, low = (clock_text(float(curve.times_s[i])) for i in (int(energy.argmax()), int(energy.argmin())))
    bright = clock_text(float(curve.times_s[int(curve.va[:, 0].argmax())]))
    return f"Most energetic at {top}, calmest at {low}, most pleasant at {bright}."


def summary(reasons: SongReasons) -> str:
    """Length and tempo in a line."""
    parts = [clock_text(reasons.duration_s)]
    if reasons.tempo_bpm > 0:
        parts.append(f"{reasons.tempo_bpm:.0f} beats a minute")
    return " · ".join(part for part in (reasons.artist, *parts) if part)


def mood_in_words(reasons: SongReasons) -> str:
    """The word for the whole song."""
    return shown_word(reasons.mood)
