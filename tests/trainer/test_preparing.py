"""The build of IMEMNet from small corpora: splits, clips, pairs, table 1, and going on after a stop."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.emotion import FloatArray, va_similarity
from engine.progress import Progress
from tests.trainer.small_corpora import make_deam, make_oasis, tone_in_noise, write_wav
from trainer.data import PhotoInput
from trainer.errors import CorpusMissing, TrainerError
from trainer.pairs import SPLITS, split_of
from trainer.preparing import Prepared, prepare, table_1
from trainer.records import Unusable

SPEC = PhotoInput(12, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
DYNAMIC = "annotations/annotations averaged per song/dynamic (per second annotations)"


def features_of(images: FloatArray) -> FloatArray:
    return images.mean(axis=(2, 3))


def build(folder: Path, dest: Path, **options: Any) -> Prepared:
    return prepare(
        dest,
        photos=options.pop("photos", {"oasis": folder / "oasis"}),
        songs={"deam": folder / "deam"},
        cache=options.pop("cache", folder / "cache"),
        features_of=features_of,
        backbone_name="means",
        spec=SPEC,
        n_views=2,
        **options,
    )


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    make_oasis(folder / "oasis", n_themes=40, per_theme=2)
    make_deam(folder / "deam", n_songs=30, seconds=4.5)
    # One song of the full corpus: long enough, with rated moments, of which one lies behind its end.
    rng = np.random.default_rng(0)
    write_wav(folder / "deam" / "MEMD_audio" / "31.wav", tone_in_noise(0.5, 0.5, seconds=20.2, rng=rng))
    (folder / "deam" / DYNAMIC).mkdir(parents=True)
    header = "song_id," + ",".join(f"sample_{15000 + 500 * k}ms" for k in range(12))
    for axis, value in (("valence", 0.5), ("arousal", -0.5)):
        (folder / "deam" / DYNAMIC / f"{axis}.csv").write_text(f"{header}\n31{f',{value}' * 12}\n")
    (folder / "deam" / "MEMD_audio" / "99.wav").write_bytes(b"torn")
    return folder


def test_what_is_written_fits_together(corpora: Path, tmp_path: Path) -> None:
    problems: list[Unusable] = []
    made = build(corpora, tmp_path, on_unusable=problems.append)
    photos, songs, clips = (rows_of(tmp_path / name) for name in ("photos.csv", "songs.csv", "clips.csv"))
    assert (len(photos), len(songs)) == (80, 31)
    assert [photo["split"] for photo in photos] == [split_of(photo["group"]) for photo in photos]
    assert [song["split"] for song in songs] == [split_of(song["group"]) for song in songs]
    assert all(clip["split"] == songs[int(clip["song"])]["split"] for clip in clips)
    # Short songs from their beginning, two windows in 4.5 s; the long one from the 15th second, by its own labels.
    starts = {song: [float(clip["start_s"]) for clip in clips if clip["song"] == song] for song in ("0", "30")}
    assert starts == {"0": [0.0, 2.0], "30": [15.0, 17.0]}
    assert [clip["valence"] for clip in clips if clip["song"] == "30"] == ["0.75", "0.75"]
    features = np.load(tmp_path / "photo_features.npy", mmap_mode="r")
    assert isinstance(features, np.memmap)
    assert features.shape == (80, 2, 3)
    va = np.array([[float(photo["valence"]), float(photo["arousal"])] for photo in photos], np.float32)
    np.testing.assert_allclose(features[:, 0, 0] * 0.5 + 0.5, va[:, 0], atol=0.03)  # red is pleasant
    clip_va = np.array([[float(clip["valence"]), float(clip["arousal"])] for clip in clips], np.float32)
    train = np.flatnonzero([photo["split"] == "train" for photo in photos])
    train_clips = np.flatnonzero([clip["split"] == "train" for clip in clips])
    distances = np.linalg.norm(va[train][:, None] - clip_va[train_clips][None], axis=2)
    assert made.sigma == pytest.approx(distances.mean(), rel=1e-5)
    with np.load(tmp_path / "pairs.npz") as pairs:
        for split in SPLITS:
            if split not in pairs:
                continue
            rows, similarity = pairs[split], pairs[f"{split}_similarity"]
            assert {photos[i]["split"] for i in rows[:, 0]} == {clips[i]["split"] for i in rows[:, 1]} == {split}
            table = va_similarity(va[rows[:, 0]], clip_va[rows[:, 1]], sigma=made.sigma)
            np.testing.assert_allclose(similarity, table.diagonal(), rtol=1e-5)
            assert made.counts[split].pairs == len(rows)
    n_train = made.counts["train"]
    assert n_train.pairs == round(0.1 * min(50, n_train.images) * n_train.clips)
    reasons = {row["item"]: row["reason"] for row in rows_of(tmp_path / "unusable.csv")}
    assert reasons == {problem.item: problem.reason for problem in problems}
    assert reasons["99.wav"] == "audio without a label"
    assert "behind the end" in reasons["31.wav"]
    manifest = json.loads((tmp_path / "imemnet.json").read_text())
    assert manifest["sigma"] == made.sigma
    assert manifest["splits"]["train"]["clips"] == n_train.clips
    assert manifest["photo_corpora"]["oasis"]["photos"] == 80


def test_table_1_adds_up(corpora: Path, tmp_path: Path) -> None:
    made = build(corpora, tmp_path)
    lines = table_1(made).splitlines()
    cells = {line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:6]] for line in lines[2:6]}
    assert cells["Images"][3] == "80"
    assert cells["Songs"][3] == "31"
    for numbers in cells.values():
        *splits, total = (int(number.replace(",", "")) for number in numbers)
        assert sum(splits) == total
    assert "a tenth" in lines[-1]


def test_all_pairs_need_no_list(corpora: Path, tmp_path: Path) -> None:
    made = build(corpora, tmp_path, pairs="all")
    assert made.counts["train"].pairs == made.counts["train"].images * made.counts["train"].clips
    assert not (tmp_path / "pairs.npz").exists()


def test_minmax_reaches_from_0_to_1(corpora: Path, tmp_path: Path) -> None:
    build(corpora, tmp_path, normalise="minmax")
    for name in ("photos.csv", "clips.csv"):
        for axis in ("valence", "arousal"):
            values = [float(row[axis]) for row in rows_of(tmp_path / name)]
            assert (min(values), max(values)) == (0.0, 1.0)


def test_stopped_anywhere_it_goes_on_to_the_same(corpora: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    steps: list[Progress] = []
    build(corpora, whole, report=steps.append)
    last = next(i for i, step in enumerate(steps) if step.stage == "write")
    for stop, cache in ((5, "new"), (40, "new"), (last, "old")):  # while songs, photos, and files are made
        left = iter(range(stop))

        def report(progress: Progress, left=left) -> None:  # type: ignore[no-untyped-def]
            if next(left, None) is None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            build(
                corpora,
                tmp_path / "new",
                report=report,
                cache=tmp_path / "cache" if cache == "new" else corpora / "cache",
            )
        assert not (tmp_path / "new" / "imemnet.json").exists()
    build(corpora, tmp_path / "new")
    for file in sorted(whole.iterdir()):
        if file.name != "pairs.npz":  # an archive that holds the time of writing
            assert (tmp_path / "new" / file.name).read_bytes() == file.read_bytes(), file.name
    with np.load(whole / "pairs.npz") as one, np.load(tmp_path / "new" / "pairs.npz") as other:
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_personal_ratings_join_a_corpus(corpora: Path, tmp_path: Path) -> None:
    photo = next((corpora / "oasis" / "Images").iterdir())
    (tmp_path / "ratings.csv").write_text(f"path,valence,arousal\n{photo},0.25,0.75\n")
    made = build(corpora, tmp_path / "new", photos={"oasis": corpora / "oasis", "ratings": tmp_path / "ratings.csv"})
    assert sum(counts.images for counts in made.counts.values()) == 81
    last = rows_of(tmp_path / "new" / "photos.csv")[-1]
    assert (last["corpus"], last["path"], last["valence"]) == ("ratings", str(photo), "0.25")


def test_bad_input_is_said(corpora: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match="one of songs"):
        build(corpora, tmp_path, photos={})
    (tmp_path / "in the way").write_bytes(b"")
    with pytest.raises(TrainerError, match="cannot be written"):
        build(corpora, tmp_path / "in the way")
