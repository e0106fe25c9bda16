from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import TooFewPhotos
from engine.focus import Focus
from engine.frames import layers_at
from engine.library import Catalog, Photo
from engine.moments import reason
from engine.plan import (
    COMMITTED_S,
    HORIZON_S,
    MAX_ZOOM,
    SAD_VALENCE,
    SOON_S,
    Cue,
    Plan,
    PlanOptions,
    Repeats,
    extend_plan,
    make_plan,
)
from engine.selection import SIBLING_GAP, effective_repeats
from tests.engine.show_material import a_catalog, an_analysis, encoders_with_rehearsal, steady_beats, tiny_encoders


def assert_tiled(plan: Plan, *, kept: Sequence[Cue] = ()) -> None:
    """The cues tile the song, holds are in bounds, transitions and zooms fit."""
    assert plan.cues[0].start_s == 0
    assert plan.cues[-1].end_s == plan.duration_s
    for before, cue in pairwise(plan.cues):
        assert before.end_s == cue.start_s
        assert 0 <= cue.fade_s <= min(before.hold_s, cue.hold_s) / 2
        assert (cue.transition == "cut") <= (cue.fade_s == 0)
    if plan.duration_s >= plan.options.min_hold_s:
        for hold_s in (cue.hold_s for cue in plan.cues if cue not in kept):
            assert plan.options.min_hold_s <= hold_s <= plan.options.max_hold_s
    for cue in plan.cues:
        assert 0 <= cue.score <= 1
        assert min(cue.zoom_from, cue.zoom_to) >= 1
        assert max(cue.zoom_from, cue.zoom_to) <= MAX_ZOOM
        assert not (cue.partner is not None and not cue.partner.height > cue.partner.width)


def assert_laws(plan: Plan, catalog: Catalog) -> None:
    """What holds for every plan: tiling, holds, no photo twice while unused ones remain, siblings apart."""
    assert_tiled(plan)
    n_photos = len(catalog)
    repeats = effective_repeats(plan.options.repeats, n_photos=n_photos, n_cues=len(plan.cues))
    if repeats == "all":
        shown: Counter[int] = Counter()
        for cue in plan.cues:
            for photo in (cue.photo, cue.partner):
                if photo is not None:
                    assert shown[photo.id] == (min(shown.values()) if len(shown) == n_photos else 0)
                    shown[photo.id] += 1
    for i, cue in enumerate(plan.cues):
        for later in plan.cues[i + 1 :]:
            if n_photos * plan.options.min_hold_s >= 90 and cue.photo.id == later.photo.id:
                assert later.start_s - cue.start_s >= (60 if repeats == "best" else 30)
    if n_photos > 1:
        assert all(before.photo.id != cue.photo.id for before, cue in pairwise(plan.cues))


def assert_siblings_apart(plan: Plan, catalog: Catalog) -> None:
    group_of = {photo.id: int(group) for photo, group in zip(catalog.photos, catalog.groups, strict=True)}
    shown = [[photo.id for photo in (cue.photo, cue.partner) if photo is not None] for cue in plan.cues]
    for i, photos in enumerate(shown):
        near = [photo for later in shown[i + 1 : i + 1 + SIBLING_GAP] for photo in later]
        for photo in photos:
            others = [other for other in (*photos, *near) if other != photo]
            assert group_of[photo] not in {group_of[other] for other in others}


@settings(deadline=None, max_examples=50)
@given(
    duration_s=st.floats(1.2, 120),
    n_photos=st.integers(1, 90),
    bpm=st.one_of(st.none(), st.floats(50, 180)),
    seed=st.integers(0, 4),
    bounds=st.sampled_from([(2.0, 8.0), (1.0, 3.0)]),
    mood=st.sampled_from(["relative", "absolute"]),
    repeats=st.sampled_from(["auto", "best", "all"]),
    portraits=st.sampled_from([0.0, 0.6]),
)
def test_every_plan_keeps_the_laws(duration_s, n_photos, bpm, seed, bounds, mood, repeats, portraits) -> None:  # type: ignore[no-untyped-def]
    beats_s = None if bpm is None else steady_beats(duration_s, bpm)
    analysis = an_analysis(duration_s, beats_s=beats_s, seed=seed)
    catalog = a_catalog(n_photos, portraits=portraits)
    options = PlanOptions(min_hold_s=bounds[0], max_hold_s=bounds[1], seed=seed, mood=mood, repeats=repeats)
    plan = make_plan(analysis, catalog, tiny_encoders(), options=options)
    assert_laws(plan, catalog)
    assert plan == make_plan(analysis, catalog, tiny_encoders(), options=options)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@settings(deadline=None, max_examples=30)
@given(
    duration_s=st.floats(5, 150),
    n_scenes=st.integers(90, 120),
    burst=st.integers(2, 9),
    seed=st.integers(0, 3),
    portraits=st.sampled_from([0.0, 0.7]),
    repeats=st.sampled_from(["best", "all"]),
)
def test_no_sibling_stands_within_ten_cues(duration_s, n_scenes, burst, seed, portraits, repeats) -> None:  # type: ignore[no-untyped-def]
    catalog = a_catalog(n_scenes * burst, seed=seed, burst=burst, portraits=portraits)
    options = PlanOptions(seed=seed, repeats=repeats)
    plan = make_plan(an_analysis(duration_s, seed=seed), catalog, tiny_encoders(), options=options)
    assert_laws(plan, catalog)
    assert_siblings_apart(plan, catalog)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 5),
    n_photos=st.integers(40, 200),
    picks=st.sets(st.integers(0, 30), max_size=6),
    is_old=st.booleans(),
    transition=st.sampled_from(["auto", "dip"]),
)
def test_kept_cues_stay_exactly_and_the_rest_keeps_the_laws(seed, n_photos, picks, is_old, transition) -> None:  # type: ignore[no-untyped-def]
    catalog = a_catalog(n_photos, burst=2, portraits=0.5)
    analysis = an_analysis(100, beats_s=steady_beats(100, 100), seed=seed)
    before = make_plan(analysis, catalog, tiny_encoders(), options=PlanOptions(seed=seed))
    kept = [replace(before.cues[i], is_pinned=True) for i in picks if i < len(before.cues)]
    gone = {kept[0].photo.id} if kept and is_old else set()
    rows = [row for row, photo in enumerate(catalog.photos) if photo.id not in gone]
    left = replace(
        catalog,
        photos=tuple(catalog.photos[row] for row in rows),
        embeddings=catalog.embeddings[rows],
        va=catalog.va[rows],
        groups=catalog.groups[rows],
    )
    song = an_analysis(100, beats_s=steady_beats(100, 100), seed=seed + 1)
    options = PlanOptions(transition=transition)
    plan = make_plan(song, left, tiny_encoders(), options=options, keep=kept)
    assert_tiled(plan, kept=[*kept, *_beside_gaps(plan, kept)])
    for cue in kept:
        [same] = [other for other in plan.cues if other.start_s == cue.start_s]
        assert same == cue
    shown = [photo.id for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None]
    if n_photos >= 80:
        assert len(set(shown)) == len(shown)
    grown = extend_plan(plan, song, left, tiny_encoders(), played_s=40)
    assert set(kept) <= set(grown.cues)


def _beside_gaps(plan: Plan, kept: Sequence[Cue]) -> list[Cue]:
    """Cues that alone fill a gap between kept ones that is shorter than the shortest hold."""
    edges = {cue.start_s for cue in kept} | {plan.duration_s}, {cue.end_s for cue in kept} | {0.0}
    return [cue for cue in plan.cues if cue.end_s in edges[0] and cue.start_s in edges[1]]


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
    options = PlanOptions(repeats="all")
    begun = make_plan(
        an_analysis(duration_s, va=va[: int(np.ceil(heard_s / 2))], heard_s=heard_s),
        a_catalog(n_photos),
        tiny_encoders(),
        options=options,
    )
    assert_laws(begun, a_catalog(n_photos))
    whole = an_analysis(duration_s, va=va, beats_s=steady_beats(duration_s, 110))
    grown = extend_plan(begun, whole, a_catalog(n_photos), tiny_encoders(), played_s=played_s)
    assert_laws(grown, a_catalog(n_photos))
    kept = [cue for cue in begun.cues if cue.start_s <= played_s + SOON_S]
    assert list(grown.cues[: len(kept)]) == kept
    first = [cue for cue in begun.cues if cue.start_s < COMMITTED_S and cue.end_s <= (begun.heard_s or 0)]
    assert list(grown.cues[: len(first)]) == first
    ahead = [cue.start_s for cue in grown.cues[max(len(kept), len(first)) + 1 :]]
    beats_s = whole.beat_times_s
    assert all(np.abs(beats_s - start_s).min() < 1e-3 for start_s in ahead)
    more = extend_plan(begun, whole, a_catalog(n_photos + more_photos), tiny_encoders(), played_s=played_s)
    assert list(more.cues[: len(kept)]) == kept
    assert more.cues[-1].end_s == duration_s


def test_while_a_long_mix_is_analysed_only_what_lies_ahead_is_planned() -> None:
    heard = an_analysis(7200, heard_s=60)
    catalog = a_catalog(600)
    begun = make_plan(heard, catalog, tiny_encoders())
    assert begun.cues[-1].end_s == HORIZON_S
    assert begun.heard_s == 60
    grown = extend_plan(begun, heard, catalog, tiny_encoders(), played_s=100)
    assert grown.cues[-1].end_s == 100 + HORIZON_S
    assert_laws(replace(grown, duration_s=100 + HORIZON_S), catalog)
    complete = extend_plan(grown, an_analysis(800), catalog, tiny_encoders(), played_s=100)
    assert complete.cues[-1].end_s == 800
    assert_laws(complete, catalog)


def test_a_song_that_turns_out_shorter_or_longer_is_tiled_again() -> None:
    begun = make_plan(an_analysis(60, heard_s=20), a_catalog(30), tiny_encoders())
    for duration_s in (58.9, 59.99, 60.02, 63.0):
        grown = extend_plan(begun, an_analysis(duration_s), a_catalog(30), tiny_encoders(), played_s=55)
        assert grown.duration_s == duration_s
        assert_laws(grown, a_catalog(30))


def test_another_seed_gives_another_plan_on_the_same_cuts() -> None:
    analysis, catalog = an_analysis(90, beats_s=steady_beats(90, 120)), a_catalog(200)
    plans = [make_plan(analysis, catalog, tiny_encoders(), options=PlanOptions(seed=seed)) for seed in (0, 1)]
    assert [cue.start_s for cue in plans[0].cues] == [cue.start_s for cue in plans[1].cues]
    assert [cue.photo for cue in plans[0].cues] != [cue.photo for cue in plans[1].cues]
    means = [np.mean([cue.score for cue in plan.cues]) for plan in plans]
    assert means[0] > means[1] > means[0] - 0.03
    assert np.mean([a.photo != b.photo for a, b in zip(*(plan.cues for plan in plans), strict=True)]) > 0.5


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
    options = PlanOptions(
        min_hold_s=4.0, max_hold_s=8.0, transition="crossfade"
    )  # so that no hold is too short for its fade
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
    empty = Catalog((), np.zeros((0, 512), np.float32), np.zeros((0, 2), np.float32), "bundle")
    with pytest.raises(TooFewPhotos):
        make_plan(an_analysis(20), empty, tiny_encoders())


def test_every_cue_says_why_in_a_sentence() -> None:
    plan = make_plan(an_analysis(60), a_catalog(20), tiny_encoders())
    assert all(cue.why.endswith("here.") for cue in plan.cues)


@pytest.mark.parametrize(
    ("music", "photo", "sentence"),
    [
        ((0.9, 0.5), (0.95, 0.55), "It feels happy, much as the song does here."),
        ((0.5, 0.58), (0.43, 0.4), "A touch calmer than the song here."),
        ((0.4, 0.4), (0.6, 0.45), "A touch brighter than the song here."),
        ((0.9, 0.4), (0.3, 0.5), "Clearly darker than the song here."),
        ((0.5, 0.1), (0.5, 0.9), "Clearly livelier than the song here."),
    ],
)
def test_the_reason_is_the_way_from_the_song_to_the_photo(
    music: tuple[float, float], photo: tuple[float, float], sentence: str
) -> None:
    places = np.array(music, np.float32), np.array(photo, np.float32)
    assert reason(*places) == sentence
    assert reason(*places, is_drawn=True) == sentence.replace("the song", "the mood you drew")


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
        "transition": "crossfade",
        "partner": None,
        "is_pinned": False,
    }


def test_everything_new_in_version_2_survives_json() -> None:
    focus = Focus(0.1, 0.2, 0.5, 0.6, is_face=True)
    first = Photo(1, Path("/photos/a.jpg"), 3, 4, None, "a", focus, 2**64 - 1)
    second = Photo(2, Path("/photos/b.jpg"), 3, 4, None, "b", None, 5)
    options = PlanOptions(
        repeats="best", sad="fewer", transition="slide", has_pairs=False, arc=((0.0, 0.2, 0.3), (60.0, 0.9, 0.4))
    )
    cue = Cue(first, 0.0, 4.0, 0.93, 0.0, 1.0, 1.03, "Why.", "dip", second, is_pinned=True)
    plan = Plan(Path("s.mp3"), 4.0, (cue,), "b", options, 4.0)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json(), allow_nan=False))) == plan


def test_a_plan_of_version_1_is_read() -> None:
    plan = make_plan(an_analysis(20), a_catalog(9), tiny_encoders(), options=PlanOptions(transition="crossfade"))
    data = plan.to_json()
    old = {key: value for key, value in data.items() if key != "heard_s"} | {"version": 1}
    old["options"] = {key: data["options"][key] for key in ("min_hold_s", "max_hold_s", "seed", "mood")}
    new = ("transition", "partner", "is_pinned")
    old["cues"] = [{key: value for key, value in cue.items() if key not in new} for cue in data["cues"]]
    old["photos"] = [{k: v for k, v in photo.items() if k not in ("focus", "look")} for photo in data["photos"]]
    assert Plan.from_json(old) == replace(plan, options=PlanOptions())


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


@pytest.mark.parametrize(
    "options",
    [
        {"min_hold_s": 5.0},
        {"mood": "odd"},
        {"seed": -1},
        {"repeats": "mood"},
        {"sad": "mood"},
        {"transition": "mood"},
        {"arc": ((5.0, 0.5, 0.5), (4.0, 0.5, 0.5))},
        {"arc": ((5.0, 1.5, 0.5),)},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"holds|mood|seed|arc"):
        PlanOptions(**options)  # type: ignore[arg-type]


def moods_of(plan: Plan, catalog: Catalog) -> np.ndarray:
    va_of = dict(zip((photo.id for photo in catalog.photos), catalog.va, strict=True))
    return np.array([va_of[cue.photo.id] for cue in plan.cues])


def test_sad_photos_are_fewer_or_none() -> None:
    analysis, catalog = an_analysis(120), a_catalog(200)
    counts = {}
    for sad in ("all", "fewer", "none"):
        plan = make_plan(analysis, catalog, tiny_encoders(), options=PlanOptions(sad=sad))  # type: ignore[arg-type]
        assert_tiled(plan)
        counts[sad] = int(np.sum(moods_of(plan, catalog)[:, 0] < SAD_VALENCE))
    assert counts["all"] > 5
    assert 0 < counts["fewer"] < 0.6 * counts["all"]
    assert counts["none"] == 0


def test_siblings_of_a_kept_photo_that_is_left_out_as_sad_keep_their_distance() -> None:
    catalog = a_catalog(120, burst=2)
    va = 0.5 + 0.4 * catalog.va
    va[0], va[1] = (0.1, 0.5), (0.95, 0.95)  # siblings: the one sad, the other just what the mood asks for
    catalog = replace(catalog, va=va.astype(np.float32))
    options = PlanOptions(sad="none", mood="absolute", arc=((0.0, 0.95, 0.95), (26.0, 0.95, 0.95)), has_pairs=False)
    before = make_plan(an_analysis(26), catalog, tiny_encoders(), options=options)
    assert len(before.cues) <= 10
    assert catalog.photos[1].id in {cue.photo.id for cue in before.cues}
    kept = replace(before.cues[2], photo=catalog.photos[0], is_pinned=True)
    plan = make_plan(an_analysis(26), catalog, tiny_encoders(), options=options, keep=[kept])
    assert kept in plan.cues
    assert catalog.photos[1].id not in {cue.photo.id for cue in plan.cues}


def test_a_library_of_sad_photos_alone_says_so() -> None:
    catalog = a_catalog(30)
    sad = replace(catalog, va=np.full((30, 2), 0.2, np.float32))
    with pytest.raises(TooFewPhotos, match="sad"):
        make_plan(an_analysis(20), sad, tiny_encoders(), options=PlanOptions(sad="none"))
    fewer = make_plan(
        an_analysis(20),
        replace(catalog, va=sad.va + 1e-4 * catalog.va),
        tiny_encoders(),
        options=PlanOptions(sad="fewer"),
    )
    assert_tiled(fewer)


def test_an_arc_by_hand_replaces_the_songs_mood() -> None:
    analysis, catalog = an_analysis(90, va=np.full((45, 2), 0.48, np.float32)), a_catalog(500)
    arc = ((0.0, 0.1, 0.1), (45.0, 0.1, 0.1), (46.0, 0.9, 0.9), (90.0, 0.9, 0.9))
    plan = make_plan(analysis, catalog, tiny_encoders(), options=PlanOptions(arc=arc))
    moods = moods_of(plan, catalog)
    is_late = np.array([cue.start_s > 45 for cue in plan.cues])
    assert np.all(moods[is_late].mean(axis=0) - moods[~is_late].mean(axis=0) > 0.25)
    holds = np.array([cue.hold_s for cue in plan.cues])
    assert holds[~is_late].mean() > holds[is_late].mean() + 2


def test_portraits_stand_in_pairs_where_there_are_photos_enough() -> None:
    analysis, catalog = an_analysis(120), a_catalog(600, portraits=0.6, burst=3)
    plan = make_plan(analysis, catalog, tiny_encoders())
    pairs = [(cue.photo, cue.partner) for cue in plan.cues if cue.partner is not None]
    assert len(pairs) > 2
    assert all(photo.height > photo.width for pair in pairs for photo in pair)
    assert_siblings_apart(plan, catalog)
    alone = make_plan(analysis, catalog, tiny_encoders(), options=PlanOptions(has_pairs=False))
    assert [cue.photo for cue in alone.cues] == [cue.photo for cue in plan.cues]
    assert all(cue.partner is None for cue in alone.cues)
    none_left = make_plan(analysis, a_catalog(20, portraits=1.0), tiny_encoders())
    assert all(cue.partner is None for cue in none_left.cues)


def test_a_transition_by_hand_overrides_all() -> None:
    analysis = an_analysis(60, beats_s=steady_beats(60, 100))
    for kind in ("cut", "dip", "slide", "crossfade"):
        options = PlanOptions(transition=kind)  # type: ignore[arg-type]
        cues = make_plan(analysis, a_catalog(40), tiny_encoders(), options=options).cues
        assert {cue.transition for cue in cues[1:]} == {kind}
        assert all((cue.fade_s > 0) == (kind != "cut") for cue in cues[1:])


@pytest.mark.parametrize("n_photos", [1, 2, 3, 7])
def test_few_photos_or_siblings_alone_make_a_show(n_photos: int) -> None:
    catalog = a_catalog(n_photos, burst=100)
    plan = make_plan(an_analysis(60), catalog, tiny_encoders(), options=PlanOptions(repeats="all"))
    assert_laws(plan, catalog)


def test_absurd_dates_do_no_harm() -> None:
    catalog = a_catalog(60, burst=2)
    dates = [None, "", "yesterday", "0000-00-00T00:00:00", "9999-12-31T23:59:59"]
    photos = tuple(replace(photo, taken_at=dates[i % 5]) for i, photo in enumerate(catalog.photos))
    plan = make_plan(an_analysis(60), replace(catalog, photos=photos), tiny_encoders())
    assert_laws(plan, catalog)


def test_cues_to_keep_must_fit() -> None:
    plan = make_plan(an_analysis(30), a_catalog(20), tiny_encoders())
    overlapping = [plan.cues[1], replace(plan.cues[2], start_s=plan.cues[1].start_s + 0.5)]
    for keep in (overlapping, [replace(plan.cues[-1], end_s=31.0)]):
        with pytest.raises(ValueError, match="kept"):
            make_plan(an_analysis(30), a_catalog(20), tiny_encoders(), keep=keep)


@pytest.mark.parametrize("longer_s", [0.3, 1.5, -0.4, -1.5])
def test_the_photo_on_the_screen_stays_where_the_song_ends_otherwise_than_stated(longer_s: float) -> None:
    catalog = a_catalog(60)
    stated = replace(an_analysis(100.0, seed=1), is_complete=False)
    plan = make_plan(stated, catalog, tiny_encoders(), options=PlanOptions(seed=4))
    last = plan.cues[-1]
    grown = extend_plan(
        plan, an_analysis(100.0 + longer_s, seed=2), catalog, tiny_encoders(), played_s=last.start_s + 0.2
    )
    assert grown.cues[-1].end_s == grown.duration_s == 100.0 + longer_s
    assert grown.cues[: len(plan.cues) - 1] == plan.cues[:-1]
    on_screen = grown.cues[len(plan.cues) - 1]
    assert (on_screen.photo, on_screen.start_s) == (last.photo, last.start_s)
    assert on_screen.fade_s <= on_screen.hold_s / 2


def test_with_fewer_sad_photos_a_lone_sad_photo_is_shown() -> None:
    catalog = replace(a_catalog(1), va=np.array([[SAD_VALENCE / 2, 0.5]], np.float32))
    plan = make_plan(an_analysis(20), catalog, tiny_encoders(), options=PlanOptions(sad="fewer"))
    assert {cue.photo for cue in plan.cues} == set(catalog.photos)


@pytest.mark.parametrize("repeats", ["all", "best"])
def test_what_the_songs_before_have_shown_counts_as_shown(repeats: Repeats) -> None:
    catalog = a_catalog(300, burst=2, portraits=0.9)
    first, second = an_analysis(100, seed=3), an_analysis(60, seed=3)
    options = PlanOptions(repeats=repeats)
    shown = [cue.photo for cue in make_plan(first, catalog, tiny_encoders(), options=options).cues]
    alone = make_plan(second, catalog, tiny_encoders(), options=options)
    after = make_plan(second, catalog, tiny_encoders(), options=options, shown=shown)
    photos = [photo for cue in after.cues for photo in (cue.photo, cue.partner) if photo is not None]
    assert {cue.photo for cue in alone.cues} & set(shown)
    if repeats == "all":
        assert not set(photos) & set(shown)
    assert not set(photos[:4]) & set(shown[-6:])
    assert [cue.start_s for cue in after.cues] == [cue.start_s for cue in alone.cues]
    assert all(cue.photo.height > cue.photo.width for cue in after.cues if cue.partner is not None)
    assert any(cue.partner is not None for cue in after.cues)
    beside = {catalog.groups[catalog.photos.index(photo)] for photo in (shown[-1], shown[-2])}
    assert not beside & {catalog.groups[catalog.photos.index(photo)] for photo in photos[:6]}
    grown = extend_plan(after, second, catalog, tiny_encoders(), played_s=10, shown=shown)
    assert repeats == "best" or not {cue.photo for cue in grown.cues} & set(shown)


def test_a_pinned_cue_near_the_horizon_leaves_no_stub_behind_it() -> None:
    catalog, song = a_catalog(40), an_analysis(2000.0)
    pinned = replace(make_plan(song, catalog, tiny_encoders()).cues[0], start_s=HORIZON_S - 7, end_s=HORIZON_S - 1)
    growing = replace(song, is_complete=False)
    plan = make_plan(growing, catalog, tiny_encoders(), keep=[replace(pinned, is_pinned=True)])
    assert plan.cues[-1].end_s == HORIZON_S - 1
    assert all(cue.hold_s >= plan.options.min_hold_s for cue in plan.cues)
