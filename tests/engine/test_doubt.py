"""How sure a bundle is of a photo: by its manifest where that tells, and the same everywhere where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import BundleFile, ModelBundle, SpreadLines, open_bundle, write_bundle
from engine.doubt import LEAST_SPREAD, MOST_SPREAD, RADIUS_68, photo_spread, spread_at
from engine.encoders import Encoders
from engine.errors import BrokenBundle

TINY = Path(__file__).parents[1] / "assets" / "tiny_bundle"
LINES: SpreadLines = ((-2.0, 0.5, -1.0), (-3.0, 0.0, 0.0))
PLACES = np.array([[0.5, 0.5], [0.9, 0.1], [0.0, 1.0]], np.float32)


def with_spread(dest: Path, lines: SpreadLines) -> ModelBundle:
    tiny = open_bundle(TINY)
    manifest = tiny.manifest
    return write_bundle(
        dest,
        files={name: tiny.file_bytes(name) for name in manifest.files},
        name="tiny",
        created=manifest.created,
        photo=manifest.photo,
        music=manifest.music,
        sigma=manifest.sigma,
        corpora=(),
        scores={},
        photo_spread=lines,
    )


def test_the_manifest_tells_the_spread_at_each_place(tmp_path: Path) -> None:
    bundle = with_spread(tmp_path / "bundle", LINES)
    assert bundle.manifest.photo_spread == LINES
    expected = np.exp([[-2.0, -3.0], [-2.0 + 0.5 * 0.4 + 0.4, -3.0], [-2.0 - 0.25 - 0.5, -3.0]])
    for model in (bundle.manifest, Encoders(bundle, n_threads=1)):
        spread = photo_spread(model, PLACES)
        assert spread.dtype == np.float32
        np.testing.assert_allclose(spread, expected, rtol=1e-5)


def test_an_older_bundle_is_as_unsure_everywhere() -> None:
    manifest = open_bundle(TINY).manifest
    assert replace(manifest, files={"a": BundleFile("", 0)}).photo_spread is None
    spread = photo_spread(manifest, PLACES)
    assert (spread == spread[0]).all()
    assert 0.15 < spread[0, 0] < 0.2
    assert 0.08 < spread[0, 1] < 0.13
    assert photo_spread(manifest, np.zeros((0, 2), np.float32)).shape == (0, 2)


def test_no_line_leads_out_of_reason() -> None:
    steep: SpreadLines = ((-2.0, 30.0, 0.0), (-2.0, -30.0, 0.0))
    np.testing.assert_allclose(
        spread_at(steep, np.array([[1.0, 0.5]], np.float32)), [[MOST_SPREAD, LEAST_SPREAD]], rtol=1e-6
    )


def test_the_radius_holds_68_of_100() -> None:
    errors = np.random.default_rng(0).standard_normal((100_000, 2))
    assert (np.square(errors).sum(axis=1) <= RADIUS_68**2).mean() == pytest.approx(0.68, abs=0.005)


@pytest.mark.parametrize("text", ["[[1, 2, 3]]", "[[1, 2], [3, 4]]", '[[1, 2, "x"], [1, 2, 3]]', "3"])
def test_a_spread_that_makes_no_sense_is_a_broken_bundle(tmp_path: Path, text: str) -> None:
    bundle = with_spread(tmp_path / "bundle", LINES)
    manifest = bundle.path / "manifest.json"
    content = manifest.read_text()
    start = content.index('"photo_spread"')
    end = content.index('"files"')
    manifest.write_text(f'{content[:start]}"photo_spread": {text},\n {content[end:]}')
    with pytest.raises(BrokenBundle, match="photo_spread"):
        open_bundle(bundle.path)
