"""Evaluation on small made-up folders in the layouts of OASIS and DEAM: demo photos and songs under other names."""

from __future__ import annotations

import json
import math
import shutil
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.audio import SAMPLE_RATE_HZ, load_song
from engine.bundle import REQUIRED_FILES, ModelBundle, open_bundle, write_bundle
from engine.emotion import va_similarity
from engine.encoders import Encoders
from engine.errors import BrokenBundle
from engine.features import WINDOW_S
from trainer.corpora import Unusable, read_deam, read_oasis
from trainer.encoded import encode_photos, encode_songs
from trainer.errors import CorpusMissing
from trainer.evaluation import EvaluationReport, evaluate_bundle
from trainer.pair_scores import embedding_distances
from trainer.pairs import split_of
from trainer.report import PREDICTORS, markdown_report
from trainer.sources import Sources

ROOT = Path(__file__).resolve().parent.parent.parent
TINY = ROOT / "tests" / "assets" / "tiny_bundle"
DEMO = ROOT / "resources" / "demo"

N_SONGS = 40
RESAMPLES = 60

OASIS_TABLE = "OASIS.csv"
DEAM_TABLE = Path("annotations/annotations averaged per song/song_level/static_annotations_averaged_songs_1_2000.csv")


@dataclass(frozen=True)
class Corpora:
    oasis: Path
    deam: Path

    @property
    def sources(self) -> Sources:
        return Sources({"oasis": self.oasis}, {"deam": self.deam})


def theme_of(i: int) -> str:
    return f"{chr(ord('A') + i // 3 % 26)}{'xyz'[i // 78]} {i % 3 + 1}"


def write_oasis(folder: Path, va: np.ndarray) -> None:
    rows = [",Theme,Category,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"]
    rows += [
        f"I{i},{theme_of(i)} ,Scene,{1 + 6 * v!r},1,100,{1 + 6 * a!r},1,100" for i, (v, a) in enumerate(va.tolist())
    ]
    (folder / OASIS_TABLE).write_text("\r".join(rows))


def write_deam(folder: Path, va: np.ndarray) -> None:
    (folder / DEAM_TABLE).parent.mkdir(parents=True, exist_ok=True)
    rows = ["song_id, valence_mean, valence_std, arousal_mean, arousal_std"]
    # Songs up to 1000 stand in DEAM's own table with valence and arousal exchanged.
    rows += [f"{i + 2}, {1 + 8 * a!r}, 1, {1 + 8 * v!r}, 1" for i, (v, a) in enumerate(va.tolist())]
    (folder / DEAM_TABLE).write_text("\n".join(rows))


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Corpora:
    """Labels are what the tiny bundle predicts, so a right evaluation finds it perfect. Songs are one window long."""
    root = tmp_path_factory.mktemp("corpora")
    oasis, deam = root / "OASIS", root / "DEAM"
    (oasis / "Images").mkdir(parents=True)
    (deam / "MEMD_audio").mkdir(parents=True)
    n_photos = 0
    for photo in sorted((DEMO / "photos").glob("*.jpg")):
        with Image.open(photo) as image:
            small = image.resize((60, 40))
        for brightness in (0.6, 1.0, 1.4):
            ImageEnhance.Brightness(small).enhance(brightness).save(oasis / "Images" / f"{theme_of(n_photos)}.jpg")
            n_photos += 1
    y = np.concatenate([load_song(song).y for song in sorted((DEMO / "songs").glob("*.ogg"))])
    n = int(WINDOW_S * SAMPLE_RATE_HZ)
    for i in range(N_SONGS):
        with wave.open(str(deam / "MEMD_audio" / f"{i + 2}.wav"), "wb") as file:
            file.setparams((1, 2, SAMPLE_RATE_HZ, n, "NONE", ""))
            start = i * len(y) // N_SONGS
            file.writeframes((32767 * y[start : start + n]).astype("<i2").tobytes())
    encoders = Encoders(open_bundle(TINY), n_threads=1)
    write_oasis(oasis, np.full((n_photos, 2), 0.5))
    write_deam(deam, np.full((N_SONGS, 2), 0.5))
    photo_va = {
        r.path: va for r, va in zip(read_oasis(oasis), encode_photos(encoders, read_oasis(oasis)).va, strict=True)
    }
    song_va = {r.path: va for r, va in zip(read_deam(deam), encode_songs(encoders, read_deam(deam)).va, strict=True)}
    write_oasis(oasis, np.array([photo_va[oasis / "Images" / f"{theme_of(i)}.jpg"] for i in range(n_photos)]))
    write_deam(deam, np.array([song_va[deam / "MEMD_audio" / f"{i + 2}.wav"] for i in range(N_SONGS)]))
    return Corpora(oasis, deam)


def relabelled(corpora: Corpora, dest: Path, *, photo_va: np.ndarray, song_va: np.ndarray) -> Corpora:
    copies = Corpora(
        Path(shutil.copytree(corpora.oasis, dest / "OASIS")), Path(shutil.copytree(corpora.deam, dest / "DEAM"))
    )
    write_oasis(copies.oasis, photo_va)
    write_deam(copies.deam, song_va)
    return copies


def tiny_with(dest: Path, extra: dict[str, bytes]) -> ModelBundle:
    tiny = open_bundle(TINY)
    m = tiny.manifest
    files = {name: tiny.file_bytes(name) for name in REQUIRED_FILES} | extra
    return write_bundle(
        dest, files=files, name="x", created="", photo=m.photo, music=m.music, sigma=m.sigma, corpora=[], scores={}
    )


@pytest.fixture(scope="module")
def report(corpora: Corpora) -> EvaluationReport:
    return evaluate_bundle(open_bundle(TINY), corpora.sources, n_resamples=RESAMPLES, n_threads=1)


def test_a_bundle_that_knows_the_truth_is_found_perfect(report: EvaluationReport) -> None:
    for branch in (report.photos, report.songs_excerpt, report.songs_window):
        for scores in (branch.valence, branch.arousal):
            assert scores.r.value == pytest.approx(1, abs=1e-4)
            assert scores.ccc.low > 0.999
            assert scores.mae.value < 1e-3
    assert report.similarity.mse["model"].value < 1e-5
    assert report.similarity.mse["oracle"].value == 0
    assert report.similarity.r.value > 0.999
    assert report.similarity.mse_below_constant_percent.value > 99
    assert all(share == 1 for name, share in report.similarity.p_better.items() if name != "predicted_va")
    assert report.retrieval.gap_closed_percent["model"].value > 99
    assert report.retrieval.ndcg.value > 0.999
    assert report.distance_spearman.high < -0.99
    assert report.baselines == "training split"
    assert report.n_unusable == 0


def test_only_groups_of_the_test_split_are_scored(corpora: Corpora, report: EvaluationReport) -> None:
    photos = [r for r in read_oasis(corpora.oasis) if split_of(r.group) == "test"]
    songs = [r for r in read_deam(corpora.deam) if split_of(r.group) == "test"]
    assert (report.n_photos, report.n_songs, report.n_windows) == (len(photos), len(songs), len(songs))
    assert report.n_themes == len({record.group for record in photos})


def test_predictors_by_their_definitions(corpora: Corpora, tmp_path: Path) -> None:
    """With labels that have nothing to do with the media, figures are still those of the definitions."""
    rng = np.random.default_rng(0)
    n_photos = len(read_oasis(corpora.oasis))
    other = relabelled(
        corpora, tmp_path, photo_va=rng.uniform(size=(n_photos, 2)), song_va=rng.uniform(size=(N_SONGS, 2))
    )
    bundle = open_bundle(TINY)
    report = evaluate_bundle(bundle, other.sources, n_resamples=RESAMPLES, n_threads=1)
    sigma = bundle.manifest.sigma
    photo_records, song_records = read_oasis(other.oasis), read_deam(other.deam)
    encoders = Encoders(bundle, n_threads=1)
    photos, songs = encode_photos(encoders, photo_records), encode_songs(encoders, song_records)

    def rows(records: list, split: str) -> np.ndarray:
        return np.array([i for i, record in enumerate(records) if split_of(record.group) == split])

    truth = va_similarity(photos.true_va, songs.true_va, sigma=sigma).astype(np.float64)
    test = truth[np.ix_(rows(photo_records, "test"), rows(song_records, "test"))]
    train = truth[np.ix_(rows(photo_records, "train"), rows(song_records, "train"))]
    predicted = va_similarity(photos.va, songs.va, sigma=sigma)[
        np.ix_(rows(photo_records, "test"), rows(song_records, "test"))
    ]
    mse = {name: figure.value for name, figure in report.similarity.mse.items()}
    assert mse["constant"] == pytest.approx(np.mean((train.mean() - test) ** 2))
    assert mse["model"] == pytest.approx(np.mean((predicted - test) ** 2), rel=1e-4)
    assert mse["predicted_va"] == pytest.approx(mse["model"], rel=1e-4)
    k = min(10, len(test))
    tops = {
        "model": np.mean([test[np.argsort(-predicted[:, j])[:k], j].mean() for j in range(test.shape[1])]),
        "oracle": np.mean(-np.sort(-test, axis=0)[:k]),
        "random": test.mean(),
    }
    for name, top in tops.items():
        assert report.retrieval.top_mean[name].value == pytest.approx(top, rel=1e-4)
    gap = 100 * (tops["model"] - tops["random"]) / (tops["oracle"] - tops["random"])
    assert report.retrieval.gap_closed_percent["model"].value == pytest.approx(gap, rel=1e-3, abs=1e-2)
    assert mse["model"] > mse["constant"]
    assert report.similarity.p_better["constant"] < 0.5
    for interval in report.similarity.mse.values():
        assert interval.low <= interval.value <= interval.high


def test_all_scores_everything_with_baselines_across_folds(corpora: Corpora) -> None:
    report = evaluate_bundle(open_bundle(TINY), corpora.sources, split="all", n_resamples=10, n_threads=1)
    assert report.n_photos == len(read_oasis(corpora.oasis))
    assert report.n_songs == N_SONGS
    assert report.baselines.startswith("folds")
    # Labels follow the features, so who sees one side beats who sees none.
    assert report.similarity.mse["photo_only"].value < report.similarity.mse["constant"].value


def test_a_bundle_that_recorded_its_training_is_scored_on_all_it_never_met(corpora: Corpora, tmp_path: Path) -> None:
    known = [record.group for record in read_deam(corpora.deam)][:15]
    splits = {"OASIS": {"another theme": "train"}, "DEAM": dict.fromkeys(known, "train")}
    bundle = tiny_with(tmp_path / "bundle", {"splits.json": json.dumps(splits).encode()})
    report = evaluate_bundle(bundle, corpora.sources, n_resamples=5, n_threads=1)
    assert report.n_photos == len(read_oasis(corpora.oasis))
    assert report.n_songs == N_SONGS - 15
    assert report.baselines.startswith("folds")


def test_faulty_splits_and_faulty_networks_are_a_broken_bundle(corpora: Corpora, tmp_path: Path) -> None:
    with pytest.raises(BrokenBundle, match="splits"):
        evaluate_bundle(tiny_with(tmp_path / "a", {"splits.json": b"[]"}), corpora.sources)
    with pytest.raises(BrokenBundle, match=r"music_head\.onnx"):
        evaluate_bundle(tiny_with(tmp_path / "b", {"music_head.onnx": b"no network"}), corpora.sources)


def test_nothing_to_score_is_told(corpora: Corpora, tmp_path: Path) -> None:
    groups = {record.group for record in read_oasis(corpora.oasis)}
    splits = {"OASIS": dict.fromkeys(groups, "train"), "DEAM": {}}
    bundle = tiny_with(tmp_path / "bundle", {"splits.json": json.dumps(splits).encode()})
    with pytest.raises(CorpusMissing, match="no photo"):
        evaluate_bundle(bundle, corpora.sources, n_threads=1)


def test_unreadable_media_are_left_out_and_told(corpora: Corpora, tmp_path: Path) -> None:
    photo, song = read_oasis(corpora.oasis)[0], read_deam(corpora.deam)[0]
    copies = Corpora(
        Path(shutil.copytree(corpora.oasis, tmp_path / "OASIS")), Path(shutil.copytree(corpora.deam, tmp_path / "DEAM"))
    )
    (copies.oasis / "Images" / photo.path.name).write_text("no photo")
    with wave.open(str(copies.deam / "MEMD_audio" / song.path.name), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes(bytes(2 * SAMPLE_RATE_HZ // 2))
    told: list[Unusable] = []
    report = evaluate_bundle(
        open_bundle(TINY), copies.sources, split="all", n_resamples=2, n_threads=1, on_unusable=told.append
    )
    assert report.n_unusable == 2
    assert {unusable.item for unusable in told} == {photo.path.name, song.path.name}
    assert report.n_songs == N_SONGS - 1


def test_the_report_as_json_and_as_markdown(report: EvaluationReport) -> None:
    entries = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert entries["photos"]["valence"]["r"]["value"] == pytest.approx(report.photos.valence.r.value)
    assert set(entries["similarity"]["mse"]) >= {"model", "constant", "photo_only", "song_only", "oracle"}
    text = markdown_report(report)
    for name in PREDICTORS.values():
        assert name in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len(tables) == 6 + 2 + 8 + 2 + 8 + 2
    assert all(math.isfinite(score) for score in report.manifest_scores().values())


def test_embedding_distances_by_definition() -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.normal(size=(n, 512)).astype(np.float32) for n in (4, 6))
    np.testing.assert_allclose(embedding_distances(a, b), np.linalg.norm(a[:, None] - b[None], axis=2), rtol=1e-5)
    np.testing.assert_allclose(np.diag(embedding_distances(a, a)), 0, atol=1e-5)
