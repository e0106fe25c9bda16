from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import TooFewPhotos
from engine.frames import layers_at
from engine.library import Photo
from engine.plan import COMMITTED_S, MAX_ZOOM, Cue, Plan, PlanOptions, _why, extend_plan, make_plan
from tests.engine.show_material import a_catalog, an_analysis, encoders_with_rehearsal, steady_beats, tiny_encoders


def assert_laws(plan: Plan, n_photos: int) -> None:
    """What holds for every plan: tiling, holds, fades, zoom, and no photo again while unused ones remain."""
    assert plan.cues[0].start_s == 0
    assert plan.cues[-1].end_s == plan.duration_s
    for before, cue in pairwise(plan.cues):
        assert before.end_s == cue.start_s
        assert 0 <= cue.fade_s <= min(before.hold_s, cue.hold_s) / 2
        assert n_photos == 1 or cue.photo != before.photo
    if plan.duration_s >= plan.options.min_hold_s:
        assert min(cue.hold_s for cue in plan.cues) >= plan.options.min_hold_s
        assert max(cue.hold_s for cue in plan.cues) <= plan.options.max_hold_s
    shown: dict[Photo, int] = {}
    for cue in plan.cues:
        assert 0 <= cue.score <= 1
        assert min(cue.zoom_from, cue.zoom_to) >= 1
        assert max(cue.zoom_from, cue.zoom_to) <= MAX_ZOOM
        least = min(shown.values()) if len(shown) == n_photos else 0
        assert shown.get(cue.photo, 0) == least
        shown[cue.photo] = least + 1


@settings(deadline=None, max_examples=40)
@given(
    duration_s=st.floats(1.2, 120),
    n_photos=st.integers(1, 40),
    bpm=st.one_of(st.none(), st.floats(50, 180)),
    seed=st.integers(0, 4),
    bounds=st.sampled_from([(2.0, 8.0), (1.0, 3.0)]),
    mood=st.sampled_from(["relative", "absolute"]),
)
def test_every_plan_keeps_the_laws(duration_s, n_photos, bpm, seed, bounds, mood) -> None:  # type: ignore[no-untyped-def]
    beats_s = None if bpm is None else steady_beats(duration_s, bpm)
    analysis = an_analysis(duration_s, beats_s=beats_s, seed=seed)
    catalog = a_catalog(n_photos)
    options = PlanOptions(min_hold_s=bounds[0], max_hold_s=bounds[1], seed=seed, mood=mood)
    plan = make_plan(analysis, catalog, tiny_encoders(), options=options)
    assert_laws(plan, n_photos)
    assert plan == make_plan(analysis, catalog, tiny_encoders(), options=options)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@settings(deadline=None, max_examples=30)
@given(
    heard_s=st.floats(2, 100),
    played_s=st.floats(0, 100),
    n_photos=st.integers(1, 40),
    more_photos=st.integers(0, 10),
)
def test_a_plan_that_grows_keeps_what_has_begun_and_the_laws(
    heard_s: float, played_s: float, n_photos: int, more_photos: int
) -> None:
    duration_s = 100.0
    va = an_analysis(duration_s).va
    begun = make_plan(
        an_analysis(duration_s, va=va[: int(np.ceil(heard_s / 2))], heard_s=heard_s),
        a_catalog(n_photos),
        tiny_encoders(),
    )
    assert_laws(begun, n_photos)
    whole = an_analysis(duration_s, va=va, beats_s=steady_beats(duration_s, 110))
    grown = extend_plan(begun, whole, a_catalog(n_photos), tiny_encoders(), played_s=played_s)
    assert_laws(grown, n_photos)
    kept = [cue for cue in begun.cues if cue.start_s <= played_s + COMMITTED_S]
    assert list(grown.cues[: len(kept)]) == kept
    ahead = [cue.start_s for cue in grown.cues[len(kept) + 1 :]]
    beats_s = whole.beat_times_s
    assert all(np.abs(beats_s - start_s).min() < 1e-3 for start_s in ahead)
    more = extend_plan(begun, whole, a_catalog(n_photos + more_photos), tiny_encoders(), played_s=played_s)
    assert list(more.cues[: len(kept)]) == kept
    assert more.cues[-1].end_s == duration_s


def test_a_song_that_turns_out_shorter_or_longer_is_tiled_again() -> None:
    begun = make_plan(an_analysis(60, heard_s=20), a_catalog(30), tiny_encoders())
    for duration_s in (58.9, 59.99, 60.02, 63.0):
        grown = extend_plan(begun, an_analysis(duration_s), a_catalog(30), tiny_encoders(), played_s=55)
        assert grown.duration_s == duration_s
        assert_laws(grown, 30)


def test_another_seed_gives_another_plan_on_the_same_cuts() -> None:
    analysis, catalog = an_analysis(90, beats_s=steady_beats(90, 120)), a_catalog(200)
    plans = [make_plan(analysis, catalog, tiny_encoders(), options=PlanOptions(seed=seed)) for seed in (0, 1)]
    assert [cue.start_s for cue in plans[0].cues] == [cue.start_s for cue in plans[1].cues]
    assert [cue.photo for cue in plans[0].cues] != [cue.photo for cue in plans[1].cues]
    means = [np.mean([cue.score for cue in plan.cues]) for plan in plans]
    assert means[0] > means[1] > means[0] - 0.03


@pytest.mark.parametrize("mood", ["relative", "absolute"])
def test_photos_follow_the_song(mood: str) -> None:
    va = np.full((45, 2), 0.35, np.float32)
    va[15:30] = (0.65, 0.75)
    analysis = an_analysis(90, beats_s=steady_beats(90, 120), va=va)
    catalog = a_catalog(400)
    plan = make_plan(analysis, catalog, tiny_encoders(), options=PlanOptions(mood=mood))  # type: ignore[arg-type]
    va_of = dict(zip((photo.id for photo in catalog.photos), catalog.va, strict=True))
    lively = np.mean([va_of[cue.photo.id] for cue in plan.cues if is_lively(cue.start_s)], axis=0)
    calm = np.mean([va_of[cue.photo.id] for cue in plan.cues if is_calm(cue.start_s)], axis=0)
    assert np.all(lively - calm > 0.2)
    holds = [np.mean([c.hold_s for c in plan.cues if inside(c.start_s)]) for inside in (is_lively, is_calm)]
    assert holds[0] + 2 < holds[1]
    assert plan.cues[len(plan.cues) // 2].fade_s < plan.cues[1].fade_s


def test_crossfades_are_slow_in_calm_music_and_quick_in_energetic() -> None:
    options = PlanOptions(min_hold_s=4.0, max_hold_s=8.0)  # so that no hold is too short for its fade
    fades = []
    for arousal in (0.2, 0.48, 0.8):
        va = np.tile(np.array([0.5, arousal], np.float32), (30, 1))
        cues = make_plan(an_analysis(60, va=va), a_catalog(30), tiny_encoders(), options=options).cues
        fades.append([cue.fade_s for cue in cues[1:]])
        assert cues[0].fade_s == 0
    assert min(fades[0]) > 1.5
    assert max(fades[2]) < 0.5
    assert 0.8 < np.mean(fades[1]) < 1.2


def test_the_peak_of_a_song_has_the_first_choice() -> None:
    va = np.full((30, 2), 0.5, np.float32)
    va[12:18, 1] = 0.56
    catalog = a_catalog(40)
    # One photo fits the song, the rest even better than the peak; all others are equally far from it.
    photos_va = np.full((40, 2), 0.1, np.float32)
    photos_va[20] = 0.5
    catalog = replace(catalog, embeddings=np.zeros((40, 512), np.float32), va=photos_va)
    plan = make_plan(an_analysis(60, va=va), catalog, tiny_encoders(), options=PlanOptions(mood="absolute"))
    shown_s = [cue.start_s for cue in plan.cues if cue.photo == catalog.photos[20]]
    assert len(shown_s) == 1
    assert 24 < shown_s[0] < 36


def is_lively(t_s: float) -> bool:
    return 32 < t_s < 56


def is_calm(t_s: float) -> bool:
    return not 26 < t_s < 64


def test_a_flat_song_asks_for_one_mood_all_the_time() -> None:
    va = 0.48 + np.random.default_rng(0).normal(0, 0.01, (60, 2)).astype(np.float32)
    catalog = a_catalog(3000)
    plan = make_plan(an_analysis(120, va=va), catalog, tiny_encoders())
    va_of = dict(zip((photo.id for photo in catalog.photos), catalog.va, strict=True))
    chosen = np.array([va_of[cue.photo.id] for cue in plan.cues])
    assert chosen.std(axis=0).max() < 0.5 * catalog.va.std(axis=0).min()


def test_a_song_is_judged_among_the_bundles_songs(tmp_path: Path) -> None:
    catalog = a_catalog(400)
    va_of = dict(zip((photo.id for photo in catalog.photos), catalog.va, strict=True))
    song = an_analysis(60, va=np.full((30, 2), 0.4, np.float32))
    shown, holds = [], []
    for low, high in [(0.0, 0.35), (0.45, 0.8)]:  # the song is livelier than all of these, and calmer than all of those
        percentiles = np.linspace(low, high, 101, dtype=np.float32)[:, None].repeat(2, axis=1)
        encoders = encoders_with_rehearsal(tmp_path / f"{low}", reference_percentiles=percentiles)
        plan = make_plan(song, catalog, encoders)
        shown.append(np.mean([va_of[cue.photo.id] for cue in plan.cues], axis=0))
        holds.append(np.mean([cue.hold_s for cue in plan.cues]))
    assert np.all(shown[0] > shown[1] + 0.3)
    assert holds[0] < 3 < 6 < holds[1]


def test_one_photo_moves_in_and_out_without_a_jump() -> None:
    plan = make_plan(an_analysis(40), a_catalog(1), tiny_encoders())
    zooms = [layers_at(plan, t_s)[0].zoom for t_s in np.arange(0, 40, 0.02)]
    assert np.abs(np.diff(zooms)).max() < 0.0004
    assert all(len(layers_at(plan, t_s)) == 1 for t_s in np.arange(0, 40, 0.1))


def test_no_photos_make_no_plan() -> None:
    empty = replace(a_catalog(1), photos=(), embeddings=np.zeros((0, 512), np.float32), va=np.zeros((0, 2), np.float32))
    with pytest.raises(TooFewPhotos):
        make_plan(an_analysis(20), empty, tiny_encoders())


def test_every_cue_says_why_in_a_sentence() -> None:
    plan = make_plan(an_analysis(60), a_catalog(20), tiny_encoders())
    assert all(cue.why.endswith("here.") for cue in plan.cues)


@pytest.mark.parametrize(
    ("music", "photo", "sentence"),
    [
        ((0.9, 0.5), (0.95, 0.55), "It feels happy, as the song does here."),
        ((0.5, 0.58), (0.43, 0.4), "A touch calmer than the song here."),
        ((0.4, 0.4), (0.6, 0.45), "A touch brighter than the song here."),
        ((0.9, 0.4), (0.3, 0.5), "Clearly darker than the song here."),
        ((0.5, 0.1), (0.5, 0.9), "Clearly livelier than the song here."),
    ],
)
def test_the_reason_is_the_way_from_the_song_to_the_photo(
    music: tuple[float, float], photo: tuple[float, float], sentence: str
) -> None:
    assert _why(np.array(music, np.float32), np.array(photo, np.float32)) == sentence


def test_names_that_are_no_text_survive_json() -> None:
    photo = Photo(1, Path("/photos/caf\udce9.jpg"), 4, 3, "2024-05-01T10:00:00", "hash")
    plan = Plan(Path("s\udcff.mp3"), 4.0, (Cue(photo, 0.0, 4.0, 0.93, 0.0, 1.0, 1.03, "Why."),), "b")
    text = json.dumps(plan.to_json(), allow_nan=False)
    assert Plan.from_json(json.loads(text)) == plan
    assert json.loads(text)["cues"][0] == {
        "photo": "/photos/caf\udce9.jpg",
        "start_s": 0.0,
        "end_s": 4.0,
        "score": 0.93,
        "fade_s": 0.0,
        "zoom_from": 1.0,
        "zoom_to": 1.03,
        "why": "Why.",
    }


def test_anything_but_a_plan_is_refused() -> None:
    good = make_plan(an_analysis(20), a_catalog(3), tiny_encoders()).to_json()
    damaged = [
        {},
        {**good, "version": 99},
        {**good, "cues": [{}]},
        {**good, "photos": []},
        {**good, "photos": 3},
        {key: value for key, value in good.items() if key != "song"},
        {**good, "options": {"speed": 3}},
        {**good, "options": {"min_hold_s": 9.0}},
    ]
    for data in damaged:
        with pytest.raises(ValueError, match=r"plan|holds"):
            Plan.from_json(data)


@pytest.mark.parametrize("options", [{"min_hold_s": 5.0}, {"mood": "odd"}, {"seed": -1}])
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"holds|mood|seed"):
        PlanOptions(**options)  # type: ignore[arg-type]
