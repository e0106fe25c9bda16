from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.focus import Focus
from engine.plan import MAX_ZOOM
from slideshow.placing import Placed, is_pair_shown, pair_canvases, placed

WIDE = (1998, 1124)
PHOTOS = st.tuples(st.integers(1, 5000), st.integers(1, 5000))
CANVASES = st.sampled_from([(1998, 1124), (1124, 1998), (1124, 1124), (333, 188)])


@st.composite
def focuses(draw: st.DrawFn, least: float = 0.01, most: float = 1.0) -> Focus:
    width, height = draw(st.floats(least, most)), draw(st.floats(least, most))
    left, top = draw(st.floats(0, 1 - width)), draw(st.floats(0, 1 - height))
    return Focus(left, top, min(1.0, left + width), min(1.0, top + height), draw(st.booleans()))


def seen(place: Placed, canvas: tuple[int, int], zoom: float) -> tuple[float, float, float, float]:
    """The part of the canvas that a frame shows at a zoom: left, top, right, bottom in px."""
    share = zoom / MAX_ZOOM  # of the canvas's own size at which it is drawn, relative to the largest
    width, height = canvas[0] / (share * MAX_ZOOM), canvas[1] / (share * MAX_ZOOM)
    left, top = (canvas[0] - width) * place.anchor[0], (canvas[1] - height) * place.anchor[1]
    return left, top, left + width, top + height


def box(place: Placed, focus: Focus) -> tuple[float, float, float, float]:
    return (
        place.left + focus.left * place.width,
        place.top + focus.top * place.height,
        place.left + focus.right * place.width,
        place.top + focus.bottom * place.height,
    )


@settings(deadline=None)
@given(photo=PHOTOS, canvas=CANVASES, focus=st.none() | focuses())
def test_a_photo_keeps_its_shape_and_leaves_no_edge_bare(
    photo: tuple[int, int], canvas: tuple[int, int], focus: Focus | None
) -> None:
    place = placed(*photo, canvas=canvas, focus=focus)
    assert place.width / place.height == pytest.approx(photo[0] / photo[1])
    assert 0 <= place.anchor[0] <= 1
    assert 0 <= place.anchor[1] <= 1
    if place.has_backdrop:  # whole within the canvas
        assert place.left >= -1e-6
        assert place.top >= -1e-6
        assert place.left + place.width <= canvas[0] + 1e-6
        assert place.top + place.height <= canvas[1] + 1e-6
    else:
        assert place.left <= 1e-6
        assert place.top <= 1e-6
        assert place.left + place.width >= canvas[0] - 1e-6
        assert place.top + place.height >= canvas[1] - 1e-6


@settings(deadline=None)
@given(photo=PHOTOS, canvas=CANVASES, focus=focuses())
def test_no_crop_cuts_a_face(photo: tuple[int, int], canvas: tuple[int, int], focus: Focus) -> None:
    face = Focus(focus.left, focus.top, focus.right, focus.bottom, is_face=True)
    place = placed(*photo, canvas=canvas, focus=face)
    left, top, right, bottom = box(place, face)
    assert left >= -1e-6
    assert top >= -1e-6
    assert right <= canvas[0] + 1e-6
    assert bottom <= canvas[1] + 1e-6


@settings(deadline=None)
@given(photo=PHOTOS, canvas=CANVASES, focus=focuses(most=0.7), zoom=st.floats(1, MAX_ZOOM))
def test_a_focus_of_moderate_size_is_in_view_at_every_zoom(
    photo: tuple[int, int], canvas: tuple[int, int], focus: Focus, zoom: float
) -> None:
    place = placed(*photo, canvas=canvas, focus=focus)
    left, top, right, bottom = box(place, focus)
    frame = seen(place, canvas, zoom)
    assert frame[0] <= left + 1e-3
    assert frame[1] <= top + 1e-3
    assert frame[2] >= right - 1e-3
    assert frame[3] >= bottom - 1e-3


def test_the_crop_moves_no_further_than_the_focus_asks() -> None:
    middle = placed(1500, 1000, canvas=WIDE)
    assert middle.top == pytest.approx((1124 - 1332) / 2)
    assert placed(1500, 1000, canvas=WIDE, focus=Focus(0.4, 0.4, 0.6, 0.6)).top == middle.top
    high = placed(1500, 1000, canvas=WIDE, focus=Focus(0.4, 0.0, 0.6, 0.3, is_face=True))
    assert high.top == 0
    low = placed(1500, 1000, canvas=WIDE, focus=Focus(0.4, 0.8, 0.6, 1.0))
    assert low.top == pytest.approx(1124 - 1332)
    assert low.left == pytest.approx(0)


def test_a_face_as_high_as_the_photo_is_shown_whole() -> None:
    crowd = Focus(0.1, 0.02, 0.9, 0.98, is_face=True)
    assert placed(1500, 1000, canvas=WIDE, focus=crowd).has_backdrop
    assert not placed(1500, 1000, canvas=WIDE, focus=Focus(0.1, 0.02, 0.9, 0.98)).has_backdrop
    assert not placed(1920, 1080, canvas=(1997, 1124), focus=crowd).has_backdrop


def test_the_zoom_keeps_the_focus_in_its_place() -> None:
    place = placed(1920, 1080, canvas=(1997, 1124), focus=Focus(0.6, 0.2, 0.8, 0.4))
    assert place.anchor == (pytest.approx(0.7, abs=0.001), pytest.approx(0.3, abs=0.001))
    assert placed(1920, 1080, canvas=(1997, 1124)).anchor == (0.5, 0.5)


@pytest.mark.parametrize(
    ("size", "is_shown"),
    [((1920, 1080), True), ((1024, 768), True), ((1080, 1080), False), ((1080, 1920), False), ((1, 1), False)],
)
def test_pairs_need_a_landscape_frame(size: tuple[int, int], is_shown: bool) -> None:
    assert is_pair_shown(size) == is_shown


@given(st.integers(20, 4000), st.integers(1, 3000))
def test_the_halves_and_the_gap_make_the_whole(width: int, height: int) -> None:
    first, second, gap = pair_canvases((width, height))
    assert first[0] + gap + second[0] == width
    assert abs(first[0] - second[0]) <= 1
    assert first[1] == second[1] == height
    assert gap >= 1
