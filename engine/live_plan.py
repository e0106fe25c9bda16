"""The plan of a live show: cues a few seconds to half a minute ahead, laid anew with every window that is heard.

A cue is committed as it begins, and a little before, for its photo must be ready; what lies further ahead follows the
music. Cues that are long over are forgotten, so that hours take no more memory than a minute.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.content import Contents
from engine.emotion import Emotion, FloatArray, ranks_among
from engine.encoders import Encoders
from engine.library import Catalog, Photo
from engine.listening import HORIZON_S, LIVE, Heard
from engine.moments import RANK_SIGMA, Moments, moment_scores
from engine.plan import MAX_ZOOM, ZOOM_PER_S, Cue, Plan
from engine.themes import Theme, theme_of
from engine.timing import MAX_HOLD_S, MIN_HOLD_S, VALENCE_WEIGHT, wanted_holds
from engine.transitions import fade_length_s

COMMIT_S: Final = 1.0
"""A cue that begins this soon stays: its photo is being prepared."""

TURN: Final = 0.25
"""The music has changed where its mood lies this far, in ranks of songs, from the one a photo was chosen for."""

SNAP_S: Final = 0.4
"""A cut goes to a beat within this reach."""

SILENT_HOLD_S: Final = 12.0
"""In silence the photo stays; its slow motion turns about as often."""

KEPT_S: Final = 30.0
"""Cues are forgotten so long after their end."""

LOYALTY: Final = 0.05
"""A photo that was laid out for a cue ahead stays while none is better by more than this: it may be loaded already."""

SHORTLIST: Final = 64
"""Best photos of a moment that cues are filled from."""

N_RECENT: Final = 400
"""Photos shown lately that are not shown again while there are others."""

LIBRARY_SHARE: Final = 0.5
"""Of a small library at most this part is held back as shown lately."""


class LivePlanner:
    """Lays out the show of what a `Listener` hears."""

    def __init__(self, encoders: Encoders) -> None:
        self._encoders = encoders
        self._cues: list[Cue] = []
        self._moods: dict[float, FloatArray] = {}  # the mood a cue was chosen for, by its start
        self._recent: deque[int] = deque(maxlen=N_RECENT)
        self._n_committed = 0
        self._met: tuple[Contents, str, float] | None = None
        self.theme: Theme | None = None
        """The theme that the last plan was made with, where there are photos of one."""

    def plan(
        self, heard: Heard, catalog: Catalog, *, now_s: float, theme: str = "", theme_share: float = 0.0
    ) -> Plan | None:
        """Give the plan from half a minute ago to half a minute ahead of now_s; None where there is no photo.

        A theme and its share are as in `PlanOptions`; another one counts for the cues that are not committed yet.
        """
        if len(catalog) == 0:
            return None
        ranks = _calmed(heard.ranks) if heard.is_silent else heard.ranks
        shares = ranks_among(catalog.va, catalog.va)
        moment = Moments(heard.embedding[None], ranks[None], ranks[None], shares, RANK_SIGMA)
        scores = moment_scores(moment, catalog, self._encoders)[0]
        self._meet(catalog.contents, theme, theme_share)
        self._commit(now_s)
        ahead = self._cues[self._n_committed :]
        del self._cues[self._n_committed :]
        if heard.is_silent and self._cues:
            self._hold(now_s)
        else:
            self._turn(heard, ranks, now_s)
            self._lay_out(heard, ranks, now_s, scores, catalog, shares, ahead)
        self._moods = {cue.start_s: self._moods[cue.start_s] for cue in self._cues if cue.start_s in self._moods}
        return Plan(LIVE, self._cues[-1].end_s, tuple(self._cues), self._encoders.bundle.id)

    def another(self, now_s: float) -> None:
        """End the present cue as soon as the next photo can be there: someone has asked for another one."""
        self._commit(now_s)
        self._cut(now_s + COMMIT_S)

    # Within

    def _meet(self, contents: Contents, word: str, share: float) -> None:
        """Meet the theme with the photos, anew only where one of them has changed."""
        met = self._met
        if met is None or met[0] is not contents or met[1:] != (word, share):
            self._met = (contents, word, share)
            self.theme = theme_of(contents, word, share=share)

    def _commit(self, now_s: float) -> None:
        """Settle the cues that have begun or soon will, and forget those long over."""
        n_over = sum(cue.end_s < now_s - KEPT_S for cue in self._cues)
        del self._cues[:n_over]
        self._n_committed = max(0, self._n_committed - n_over)
        while self._n_committed < len(self._cues) and self._cues[self._n_committed].start_s <= now_s + COMMIT_S:
            self._recent.append(self._cues[self._n_committed].photo.id)
            self._n_committed += 1

    def _turn(self, heard: Heard, ranks: FloatArray, now_s: float) -> None:
        """Cut the present cue short where the music has changed since its photo was chosen, or has begun again."""
        if not self._cues:
            return
        last = self._cues[-1]
        chosen_for = self._moods.get(last.start_s)  # none was chosen for a silence
        if chosen_for is not None and float(np.hypot(*((ranks - chosen_for) * (VALENCE_WEIGHT, 1.0)))) < TURN:
            return
        earliest_s = max(now_s + COMMIT_S, last.start_s + MIN_HOLD_S)
        if earliest_s < last.end_s - SNAP_S:
            self._cut(_on_beat(earliest_s + SNAP_S, heard.next_beats_s, reach_s=SNAP_S))

    def _cut(self, t_s: float) -> None:
        """End the last committed cue at t_s, its motion going on as it was up to there."""
        del self._cues[self._n_committed :]
        if not self._cues or not self._cues[-1].start_s + COMMIT_S < t_s < self._cues[-1].end_s:
            return
        last = self._cues[-1]
        share = (t_s - last.start_s) / last.hold_s
        zoom_to = last.zoom_from + share * (last.zoom_to - last.zoom_from)
        self._cues[-1] = replace(last, end_s=t_s, zoom_to=zoom_to)

    def _hold(self, now_s: float) -> None:
        """Let the present photo stay, moving to and fro."""
        while self._cues[-1].end_s < now_s + HORIZON_S:
            last = self._cues[-1]
            zoom_to = 1.0 if last.zoom_to > (1 + MAX_ZOOM) / 2 else MAX_ZOOM
            why = "It is quiet, so this photo stays."
            start_s, end_s = last.end_s, last.end_s + SILENT_HOLD_S
            self._cues.append(Cue(last.photo, start_s, end_s, last.score, 0.0, last.zoom_to, zoom_to, why))

    def _lay_out(
        self,
        heard: Heard,
        ranks: FloatArray,
        now_s: float,
        scores: FloatArray,
        catalog: Catalog,
        shares: FloatArray,
        ahead: Sequence[Cue],
    ) -> None:
        """Fill the time from the last committed cue to the horizon."""
        n_held_back = min(N_RECENT, int(LIBRARY_SHARE * len(catalog)))
        recent = set(list(self._recent)[-n_held_back:]) if n_held_back else set()
        theme = self.theme
        wanted = scores if theme is None else theme.blended(scores)
        order = np.argsort(-wanted, kind="stable")
        row_of_id = {photo.id: row for row, photo in enumerate(catalog.photos)}
        laid_out = deque(cue.photo for cue in ahead)
        groups = {int(catalog.groups[row_of_id[c.photo.id]]) for c in self._cues[-3:] if c.photo.id in row_of_id}
        arousal = float(ranks[1])
        wanted_s = float(wanted_holds(np.array([arousal]), min_hold_s=MIN_HOLD_S, max_hold_s=MAX_HOLD_S)[0])
        used: set[int] = set()
        while not self._cues or self._cues[-1].end_s < now_s + HORIZON_S:
            start_s = self._cues[-1].end_s if self._cues else 0.0
            end_s = _on_beat(
                max(start_s, now_s if not self._cues else start_s) + wanted_s, heard.next_beats_s, reach_s=SNAP_S
            )
            row = _choose(order, wanted, catalog, recent | used, groups, row_of_id, laid_out)
            photo = catalog.photos[row]
            used.add(photo.id)
            groups.add(int(catalog.groups[row]))
            self._moods[start_s] = ranks
            why = _why(ranks, shares[row])
            if theme is not None and theme.is_shown[row]:
                why = theme.reason(why)
            self._cues.append(self._next(photo, start_s, end_s, float(scores[row]), arousal, why))

    def _next(self, photo: Photo, start_s: float, end_s: float, score: float, arousal: float, why: str) -> Cue:
        hold_s = end_s - start_s
        zoomed = min(MAX_ZOOM, 1 + ZOOM_PER_S * hold_s)
        is_inwards = not self._cues or self._cues[-1].zoom_to < self._cues[-1].zoom_from
        zooms = (1.0, zoomed) if is_inwards else (zoomed, 1.0)
        if not self._cues:
            return Cue(photo, start_s, end_s, score, 0.0, *zooms, why)
        last = self._cues[-1]
        if last.photo == photo:
            return Cue(photo, start_s, end_s, score, 0.0, last.zoom_to, 1.0 if last.zoom_to > 1 else zoomed, why)
        fade_s = fade_length_s("crossfade", arousal, hold_s=hold_s, hold_before_s=last.hold_s)
        return Cue(photo, start_s, end_s, score, fade_s, *zooms, why)


def _choose(
    order: NDArray[np.intp],
    scores: FloatArray,
    catalog: Catalog,
    shown: set[int],
    groups: set[int],
    row_of_id: dict[int, int],
    laid_out: deque[Photo],
) -> int:
    """The best photo that was not shown lately and is no sibling of its neighbours; loyal to what was laid out."""
    best = -1
    for is_strict in (True, False):
        for row in order[: SHORTLIST if is_strict else None].tolist():
            is_new = catalog.photos[row].id not in shown
            if is_new and (not is_strict or int(catalog.groups[row]) not in groups):
                best = row
                break
        if best >= 0:
            break
    if best < 0:
        best = int(order[0])
    while laid_out:
        row = row_of_id.get(laid_out.popleft().id, -1)
        if row >= 0 and catalog.photos[row].id not in shown and scores[row] >= scores[best] - LOYALTY:
            return row
    return best


def _on_beat(t_s: float, beats_s: FloatArray, *, reach_s: float) -> float:
    """The beat nearest to a time within reach, else the time itself."""
    i = bisect_left(beats_s, t_s)
    near = [float(beat) for beat in beats_s[max(0, i - 1) : i + 1] if abs(float(beat) - t_s) <= reach_s]
    return min(near, key=lambda beat: abs(beat - t_s)) if near else t_s


def _calmed(ranks: FloatArray) -> FloatArray:
    return np.array([max(0.5, float(ranks[0])), 0.15], dtype=np.float32)


def _why(music: FloatArray, photo: FloatArray) -> str:
    word = Emotion(float(photo[0]), float(photo[1])).word
    heard = Emotion(float(music[0]), float(music[1])).word
    return f"It feels {word}, as the music does now." if word == heard else f"It feels {word}; the music {heard} now."
