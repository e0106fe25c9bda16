"""The mood colour scale: anchors are met, neighbours blend, everything can be told from its surface."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from engine.emotion import EmotionCurve
from slideshow.mood_colours import (
    ANCHORS,
    TABLE_SIZE,
    Scale,
    mood_colour,
    mood_table,
    oklab_of_srgb,
    ring_gradient,
    song_gradient,
    srgb_of_oklab,
)
from slideshow.theme import DARK, LIGHT

SCALES: tuple[Scale, ...] = ("dark", "light")


def contrast(one: QColor, other: QColor) -> float:
    """WCAG's contrast ratio."""

    def luminance(colour: QColor) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scale", SCALES)
def test_the_nine_anchors_are_met(scale: Scale) -> None:
    for row, column in itertools.product(range(3), range(3)):
        assert mood_colour(column / 2, row / 2, scale=scale).name().upper() == ANCHORS[scale][row][column]


@pytest.mark.parametrize("tokens", [DARK, LIGHT])
def test_anchors_stand_out_from_every_surface(tokens: object) -> None:
    assert tokens in (DARK, LIGHT)
    theme = DARK if tokens is DARK else LIGHT
    least = 3.9 if theme.is_dark else 3.2
    for anchor in itertools.chain.from_iterable(ANCHORS[theme.name]):
        for surface in (theme.window, theme.panel, theme.raised):
            assert contrast(QColor(anchor), QColor(surface)) >= least - 0.05


@pytest.mark.parametrize("tokens", [DARK, LIGHT])
def test_text_can_be_read_on_every_surface(tokens: object) -> None:
    theme = DARK if tokens is DARK else LIGHT
    for surface in (theme.window, theme.panel, theme.raised):
        assert contrast(QColor(theme.text), QColor(surface)) >= 13.6
        assert contrast(QColor(theme.text_2), QColor(surface)) >= 7.5 - 0.1
        assert contrast(QColor(theme.text_3), QColor(surface)) >= 5.0 - 0.1
        for tone in (theme.danger, theme.warn, theme.ok):
            assert contrast(QColor(tone), QColor(surface)) >= 5.7 - 0.1
    assert contrast(QColor(theme.on_accent), QColor(theme.accent)) >= 15.6 - 0.1


@pytest.mark.parametrize("scale", SCALES)
def test_colours_change_smoothly(scale: Scale) -> None:
    lab = oklab_of_srgb(mood_table(scale) / 255)
    assert mood_table(scale).shape == (TABLE_SIZE, TABLE_SIZE, 3)
    for axis in (0, 1):
        assert np.linalg.norm(np.diff(lab, axis=axis), axis=-1).max() < 0.04


def test_the_stretch_shows_hue_near_the_centre() -> None:
    # d = 0.09 is half the stretch radius: k = 1.3, so the colour is that of a point 1.3 times as far without stretch.
    point, centre = mood_colour(0.59, 0.5), mood_colour(0.5, 0.5)
    lab = [oklab_of_srgb(np.array(c.getRgbF()[:3])) for c in (point, centre)]
    anchors = [oklab_of_srgb(np.array(QColor(ANCHORS["dark"][1][i]).getRgbF()[:3])) for i in (1, 2)]
    wanted = anchors[0] + (anchors[1] - anchors[0]) * (1.3 * 0.09 / 0.5)
    assert np.linalg.norm(lab[0] - wanted) < 0.01
    assert np.linalg.norm(lab[1] - anchors[0]) < 0.005


def test_oklab_there_and_back() -> None:
    colours = np.random.default_rng(1).random((50, 3))
    assert np.abs(srgb_of_oklab(oklab_of_srgb(colours)) - colours).max() < 1e-6
    assert np.allclose(oklab_of_srgb(np.ones(3)), [1, 0, 0], atol=1e-4)


@pytest.mark.parametrize("scale", SCALES)
def test_corners_stay_apart_for_colour_blind_eyes(scale: Scale) -> None:
    # Viénot, Brettel and Mollon 1999: protanopia and deuteranopia in linear RGB.
    matrices = (
        np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),
        np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),
    )
    corners = np.array([QColor(ANCHORS[scale][r][c]).getRgbF()[:3] for r, c in itertools.product((0, 2), (0, 2))])
    linear = np.where(corners <= 0.04045, corners / 12.92, ((corners + 0.055) / 1.055) ** 2.4)
    for matrix in matrices:
        seen = np.clip(linear @ matrix.T, 0, 1)
        srgb = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
        lab = oklab_of_srgb(srgb)
        for one, other in itertools.combinations(lab, 2):
            assert np.linalg.norm(one - other) >= 0.11


def test_coordinates_beyond_the_plane_are_clamped() -> None:
    assert mood_colour(2.0, -1.0) == mood_colour(1.0, 0.0)


def test_the_ring_has_each_direction_in_its_colour() -> None:
    stops = dict(ring_gradient(QPointF(0, 0)).stops())
    assert stops[0.0].name().upper() == ANCHORS["dark"][1][2]  # right: pleasant
    assert stops[0.25].name().upper() == ANCHORS["dark"][2][1]  # up: energetic
    assert stops[0.5].name().upper() == ANCHORS["dark"][1][0]


def test_a_song_has_a_stop_about_every_four_seconds() -> None:
    va = np.array([[0.1, 0.9], [0.9, 0.1]], dtype=np.float32)
    curve = EmotionCurve(np.array([0.0, 40.0], dtype=np.float32), va, va)
    stops = song_gradient(curve, start_s=0, end_s=40, left_px=0, right_px=100).stops()
    assert len(stops) == 11
    assert stops[0][1] == mood_colour(0.1, 0.9)
    assert stops[-1][1] == mood_colour(0.9, 0.1)
