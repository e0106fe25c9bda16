"""The files that the paper published: pairs, and labels of images without the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.errors import CorpusMissing
from trainer.pair_corpora import (
    read_imemnet_photos,
    read_published_pairs,
    read_published_va,
    rows_of_images,
    shared_songs,
)
from trainer.records import Unusable


def test_pairs_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "test_matching.txt"
    file.write_text(
        "2009-114 frame_fhs 0.75\n830-15 3053 1\n\n99999999999999999999-1 3053 0.5\n12 3053 0.5\n"
        "12-3 3053 1.5\n12-3 3053\n"
        "830-16 COCO_1 0\n"
    )
    problems: list[Unusable] = []
    pairs = read_published_pairs(file, on_unusable=problems.append)
    assert len(pairs) == 3
    assert pairs.songs.tolist() == [2009, 830, 830]
    assert pairs.clips.tolist() == [114, 15, 16]
    assert pairs.similarity.tolist() == [0.75, 1.0, 0.0]
    assert rows_of_images(pairs, ["COCO_1", "3053"]).tolist() == [1, 2]
    assert [problem.item.split()[-1] for problem in problems] == ["4", "5", "6", "7"]
    other = tmp_path / "val_matching.txt"
    other.write_text("830-2 a 0.1\n7-1 b 0.1\n")
    assert shared_songs(pairs, read_published_pairs(other)).tolist() == [830]


def test_labels_and_the_images_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "image_va.csv").write_text(
        ",img,valence,arousal\n0,3053,0.0,0.92\n1,2352.1,0.5,0.25\n2,frame_a,1.0,nan\n3,3053,0.1,0.1\n4,gone,0.1,0.1\n"
    )
    (tmp_path / "IAPS").mkdir()
    for name in ("IAPS/3053.JPG", "IAPS/2352.1.jpg", "IAPS/9999.jpg"):
        (tmp_path / name).write_bytes(b"not opened by the reader")
    assert read_published_va(tmp_path) == {"3053": (0.0, 0.92), "2352.1": (0.5, 0.25), "gone": (0.1, 0.1)}
    problems: list[Unusable] = []
    records = read_imemnet_photos(tmp_path, on_unusable=problems.append)
    assert [(record.path.name, record.valence) for record in records] == [("2352.1.jpg", 0.5), ("3053.JPG", 0.0)]
    assert [record.group for record in records] == ["2352", "3053"]
    assert [problem.item for problem in problems] == ["frame_a", "3053", "gone", "9999.jpg"]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match=r"image_va\.csv"):
        read_published_va(tmp_path)
    with pytest.raises(CorpusMissing, match=r"gone\.txt"):
        read_published_pairs(tmp_path / "gone.txt")
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(CorpusMissing, match="no line here is a pair"):
        read_published_pairs(tmp_path / "empty.txt")
    (tmp_path / "image_va.csv").write_text(",img,valence,arousal\n0,3053,0.0,0.92\n")
    with pytest.raises(CorpusMissing, match="put those of IAPS"):
        read_imemnet_photos(tmp_path)


def test_similarities_are_float32(tmp_path: Path) -> None:
    file = tmp_path / "pairs.txt"
    file.write_text("1-1 a 0.1\n")
    assert read_published_pairs(file).similarity.dtype == np.float32
