"""Several corpora at once: read by name, normalised each by itself, joined with their features, and scored."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.bundle import open_bundle
from tests.trainer.small_corpora import make_deam, make_oasis
from tests.trainer.test_command import SmallBackbone
from trainer import photo_file, shipping
from trainer.config import make_config
from trainer.errors import CorpusMissing
from trainer.evaluation import evaluate_bundle
from trainer.sources import Sources, add_sources, given_sources, read_photos

TINY = Path(__file__).parents[1] / "assets" / "tiny_bundle"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    make_oasis(folder / "oasis", n_themes=12, per_theme=2)
    make_deam(folder / "deam", n_songs=12)
    rows = ["path,valence,arousal"]
    for i in range(12):
        Image.fromarray(np.full((24, 32, 3), 20 * i, np.uint8)).save(folder / f"own{i}.png")
        rows.append(f"{folder / f'own{i}.png'},{0.3 + 0.03 * i:.2f},{0.7 - 0.03 * i:.2f}")
    (folder / "ratings.csv").write_text("\n".join(rows))
    return folder


def sources_of(folder: Path, *, normalise: str = "scale") -> Sources:
    parser = argparse.ArgumentParser()
    add_sources(parser)
    given = ["--oasis", folder / "oasis", "--ratings", folder / "ratings.csv", "--deam", folder / "deam"]
    return given_sources(parser.parse_args([*map(str, given), "--normalise", normalise]))


def test_each_corpus_is_normalised_by_itself(folder: Path) -> None:
    plain, stretched = (read_photos(sources_of(folder, normalise=how)) for how in ("scale", "minmax"))
    assert {name: len(records) for name, records in plain.items()} == {"oasis": 24, "ratings": 12}
    assert min(record.valence for record in plain["ratings"]) == pytest.approx(0.3)
    for records in stretched.values():
        for values in ([record.valence for record in records], [record.arousal for record in records]):
            assert (min(values), max(values)) == pytest.approx((0.0, 1.0))


def test_corpora_are_joined_with_their_features(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_file, "frozen_backbone", lambda config: SmallBackbone().eval())
    config = make_config("quick")
    corpora = shipping.load_corpora(config, sources_of(folder), cache=tmp_path)
    assert corpora.photos.features.shape == (36, 2, 12)
    assert list(corpora.photo_corpora) == ["OASIS"] * 24 + ["personal ratings"] * 12
    assert set(corpora.song_corpora) == {"DEAM"}
    assert [record.path.name for record in corpora.photos.records[24:]] == [f"own{i}.png" for i in range(12)]
    alone = shipping.load_corpora(
        config, Sources({"oasis": folder / "oasis"}, {"deam": folder / "deam"}), cache=tmp_path
    )
    assert np.array_equal(alone.photos.features, corpora.photos.features[:24])
    assert np.array_equal(alone.songs.va, corpora.songs.va)


def test_a_bundle_is_scored_on_several_corpora(folder: Path) -> None:
    report = evaluate_bundle(open_bundle(TINY), sources_of(folder), split="all", n_resamples=5, n_threads=1)
    assert (report.n_photos, report.n_songs) == (36, 12)
    assert report.n_themes == 24, "12 themes and 12 photos of one's own"


def test_the_preset_paper_normalises_as_the_paper_does(folder: Path) -> None:
    parser = argparse.ArgumentParser()
    add_sources(parser)
    given = ["--oasis", str(folder / "oasis"), "--deam", str(folder / "deam")]
    found = [given_sources(parser.parse_args(given), preset=preset).normalise for preset in ("default", "paper")]
    assert found == ["scale", "minmax"]
    assert given_sources(parser.parse_args([*given, "--normalise", "scale"]), preset="paper").normalise == "scale"


def test_photos_without_songs_are_not_enough(folder: Path) -> None:
    parser = argparse.ArgumentParser()
    add_sources(parser)
    with pytest.raises(CorpusMissing, match="one of songs"):
        given_sources(parser.parse_args(["--oasis", str(folder / "oasis")]))
