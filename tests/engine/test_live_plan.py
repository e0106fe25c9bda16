"""The live plan tiles time, keeps what has begun, turns with the music, holds in silence, and forgets what is over."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.emotion import EmotionCurve
from engine.library import Catalog
from engine.listening import HORIZON_S, Heard
from engine.live_plan import COMMIT_S, KEPT_S, SILENT_HOLD_S, LivePlanner
from engine.plan import Plan
from engine.themes import theme_of
from engine.timing import MAX_HOLD_S, MIN_HOLD_S
from tests.engine.demo_catalog import demo_catalog, demo_encoders
from tests.engine.show_material import a_catalog, an_analysis, tiny_encoders

STEP_S = 0.75


def heard(t_s: float, *, valence: float, arousal: float, is_silent: bool = False) -> Heard:
    """What a listener would know at a time, of music whose beats come twice a second."""
    ranks = np.array([valence, arousal], dtype=np.float32)
    embedding = np.random.default_rng(int(100 * valence + 10_000 * arousal)).normal(0, 1, 512).astype(np.float32)
    beats_s = np.arange(np.ceil(2 * t_s) / 2, t_s + HORIZON_S, 0.5).astype(np.float32)
    analysis = replace(an_analysis(4.0), duration_s=t_s)
    times_s = np.array([t_s], dtype=np.float32)
    curve = EmotionCurve(times_s, ranks[None], ranks[None])
    return Heard(analysis, curve, ranks, embedding, beats_s if not is_silent else beats_s[:0], is_silent)


def plans(
    planner: LivePlanner, catalog: Catalog, *, from_s: float, to_s: float, valence: float = 0.5, arousal: float = 0.5,
    is_silent: bool = False,
) -> Iterator[tuple[float, Plan]]:  # fmt: skip
    for now_s in np.arange(from_s, to_s, STEP_S).tolist():
        plan = planner.plan(
            heard(now_s, valence=valence, arousal=arousal, is_silent=is_silent), catalog, now_s=now_s + 0.1
        )
        assert plan is not None
        yield now_s + 0.1, plan


def check(plan: Plan, *, now_s: float) -> None:
    for cue, after in itertools.pairwise(plan.cues):
        assert cue.end_s == after.start_s
        assert cue.photo != after.photo or after.fade_s == 0.0
        assert after.fade_s <= min(cue.hold_s, after.hold_s)
    assert plan.cues[0].start_s <= now_s
    assert plan.duration_s == plan.cues[-1].end_s >= now_s + HORIZON_S
    assert all(0 < cue.hold_s <= max(MAX_HOLD_S + 0.5, SILENT_HOLD_S) + 3.1 for cue in plan.cues)


def shown(plan: Plan, t_s: float) -> tuple[float, object]:
    cue = next(cue for cue in reversed(plan.cues) if cue.start_s <= t_s)
    return cue.start_s, cue.photo


def test_cues_tile_time_and_what_has_begun_stays() -> None:
    planner, catalog = LivePlanner(tiny_encoders()), a_catalog(200)
    rng = np.random.default_rng(5)
    begun: dict[float, object] = {}
    t_s = 3.0
    for _ in range(40):
        valence, arousal = rng.random(2)
        for now_s, plan in plans(
            planner, catalog, from_s=t_s, to_s=t_s + 6, valence=float(valence), arousal=float(arousal)
        ):
            check(plan, now_s=now_s)
            for cue in plan.cues:
                if cue.start_s in begun:
                    assert begun[cue.start_s] == cue.photo
                if cue.start_s <= now_s + COMMIT_S:
                    begun[cue.start_s] = cue.photo
            t_s = now_s + STEP_S
    assert len(begun) > 40


def test_it_turns_within_seconds_of_the_music() -> None:
    planner, catalog = LivePlanner(tiny_encoders()), a_catalog(200)
    *_, (turned_s, before) = plans(planner, catalog, from_s=3.0, to_s=30.0, valence=0.7, arousal=0.1)
    photo = shown(before, turned_s)[1]
    for now_s, plan in plans(planner, catalog, from_s=turned_s + STEP_S, to_s=turned_s + 6, valence=0.2, arousal=0.9):
        start_s, other = shown(plan, now_s)
        if other != photo and start_s > turned_s:
            break
    assert other != photo
    assert start_s - turned_s <= max(MIN_HOLD_S, STEP_S + COMMIT_S) + 1.5
    i = next(i for i, one in enumerate(catalog.photos) if one == other)
    ranks = (catalog.va < catalog.va[i]).mean(axis=0)
    assert ranks[1] > 0.6  # an energetic photo for energetic music


def test_cuts_lie_on_the_beats_and_calm_holds_longer() -> None:
    holds = []
    for arousal in (0.1, 0.9):
        planner, catalog = LivePlanner(tiny_encoders()), a_catalog(300)
        starts: set[float] = set()
        for now_s, plan in plans(planner, catalog, from_s=3.0, to_s=90.0, arousal=arousal):
            starts |= {cue.start_s for cue in plan.cues if 5.0 < cue.start_s <= now_s}
        cuts = np.array(sorted(starts))
        assert np.abs(cuts * 2 - np.round(cuts * 2)).max() < 1e-3
        holds.append(np.diff(cuts).mean())
    assert holds[0] > 1.7 * holds[1]


def test_a_silence_is_a_calm_hold_and_music_ends_it() -> None:
    planner, catalog = LivePlanner(tiny_encoders()), a_catalog(100)
    *_, (before_s, plan) = plans(planner, catalog, from_s=3.0, to_s=20.0, arousal=0.8)
    stays: set[object] = set()
    for now_s, plan in plans(planner, catalog, from_s=before_s + STEP_S, to_s=120.0, arousal=0.8, is_silent=True):
        check(plan, now_s=now_s)
        if now_s > 30:
            stays.add(shown(plan, now_s)[1])
    assert len(stays) == 1
    *_, (after_s, plan) = plans(planner, catalog, from_s=now_s + STEP_S, to_s=now_s + 6, arousal=0.8)
    assert shown(plan, after_s)[1] not in stays
    assert shown(plan, after_s)[0] - now_s < 4.0


def test_no_photo_comes_back_soon_and_siblings_are_kept_apart() -> None:
    planner, catalog = LivePlanner(tiny_encoders()), a_catalog(120, burst=4)
    seen: dict[float, int] = {}
    for now_s, plan in plans(planner, catalog, from_s=3.0, to_s=240.0, arousal=0.9):
        for cue in plan.cues:
            if cue.start_s <= now_s:
                seen[cue.start_s] = cue.photo.id
    ids = [seen[start_s] for start_s in sorted(seen)]
    assert len(ids) > 60
    assert all(len(set(ids[i : i + 50])) == len(ids[i : i + 50]) for i in range(len(ids)))
    groups = [(id_ - 10) // 4 for id_ in ids]
    assert all(a != b for a, b in itertools.pairwise(groups))


def test_hours_take_no_more_memory_than_a_minute() -> None:
    planner, catalog = LivePlanner(tiny_encoders()), a_catalog(500)
    rng = np.random.default_rng(2)
    sizes = []
    for now_s in np.arange(3.0, 6 * 3_600, 7.5).tolist():
        one = heard(now_s, valence=float(rng.random()), arousal=float(rng.random()), is_silent=rng.random() < 0.1)
        plan = planner.plan(one, catalog, now_s=now_s)
        assert plan is not None
        sizes.append(len(plan.cues) + len(planner._moods) + len(planner._cues))
    assert plan.cues[0].end_s >= now_s - KEPT_S - 10
    assert max(sizes) < 150
    assert len(planner._recent) <= 400


def test_another_photo_comes_when_asked_for() -> None:
    planner, catalog = LivePlanner(tiny_encoders()), a_catalog(50)
    *_, (now_s, plan) = plans(planner, catalog, from_s=3.0, to_s=15.0, arousal=0.0)
    photo = shown(plan, now_s + COMMIT_S)[1]
    planner.another(now_s)
    *_, (_, plan) = plans(planner, catalog, from_s=now_s, to_s=now_s + 2, arousal=0.0)
    assert shown(plan, now_s + 1.6)[1] != photo


def test_photos_are_matched_on_the_plane_as_it_is_shown() -> None:
    catalog = a_catalog(100)
    crowded = replace(catalog, va=(0.5 + 0.02 * (catalog.va - 0.5)).astype(np.float32))  # the same places in the order
    scores = []
    for one in (catalog, crowded):
        plan = LivePlanner(tiny_encoders()).plan(heard(3.0, valence=0.9, arousal=0.1), one, now_s=3.1)
        assert plan is not None
        scores.append([(cue.photo.id, round(cue.score, 5)) for cue in plan.cues])
    assert scores[0] == scores[1]


def followed(planner: LivePlanner, *, theme: str = "", share: float = 0.7, from_s: float = 3.0) -> dict[float, int]:
    """Rows of the demo's photos that a quarter of a minute of a live show brings, by the start of their cues."""
    seen: dict[float, int] = {}
    for now_s in np.arange(from_s, from_s + 25, STEP_S).tolist():
        one = heard(now_s, valence=0.6, arousal=0.6)
        plan = planner.plan(one, demo_catalog(), now_s=now_s, theme=theme, theme_share=share)
        assert plan is not None
        seen |= {cue.start_s: cue.photo.id for cue in plan.cues if cue.start_s <= now_s}
    return seen


def test_a_theme_brings_photos_of_it_first_and_none_changes_nothing() -> None:
    met = theme_of(demo_catalog().contents, "mountain", share=0.7)
    assert met is not None
    plain = followed(LivePlanner(demo_encoders()))
    assert plain == followed(LivePlanner(demo_encoders()), theme="mountain", share=0.0)
    assert plain == followed(LivePlanner(demo_encoders()), theme="no such thing")
    planner = LivePlanner(demo_encoders())
    mountains = followed(planner, theme="mountain")
    assert met.is_shown[list(mountains.values())].mean() > met.is_shown[list(plain.values())].mean() + 0.3
    assert planner.theme is not None
    said = [cue for cue in planner._cues if "a mountain, your theme" in cue.why]
    assert {cue.photo.id for cue in said} == {c.photo.id for c in planner._cues if met.is_shown[c.photo.id]}
    later = followed(planner, theme="dog", share=1.0, from_s=28.75)  # another theme: what has been shown stays
    assert {start_s: later[start_s] for start_s in mountains if start_s in later}.items() <= mountains.items()
    assert not planner.theme.is_shown[list(mountains.values())].any()
    assert planner.theme.is_shown[[row for start_s, row in later.items() if start_s not in mountains]].any()


def test_without_photos_there_is_no_plan_and_one_photo_is_enough() -> None:
    planner = LivePlanner(tiny_encoders())
    assert planner.plan(heard(3.0, valence=0.5, arousal=0.5), a_catalog(0), now_s=3.1) is None
    for now_s, plan in plans(planner, a_catalog(1), from_s=4.0, to_s=30.0):
        assert {cue.photo.id for cue in plan.cues} == {10}
        assert plan.duration_s >= now_s + HORIZON_S
        assert all(cue.zoom_to == after.zoom_from for cue, after in itertools.pairwise(plan.cues))
