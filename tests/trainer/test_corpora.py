"""The readers on small made-up trees of the real layouts, quirks included."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.corpora import PhotoRecord, SongRecord, Unusable, oasis_group, read_deam, read_oasis
from trainer.errors import CorpusMissing

OASIS_HEADER = ",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"
STATIC = "annotations/annotations averaged per song/song_level/static_annotations_averaged_songs_1_2000.csv"
STATIC_2000 = "annotations/annotations averaged per song/song_level/static_annotations_averaged_songs_2000_2058.csv"


def make_oasis(folder: Path, rows: list[str], images: list[str]) -> Path:
    (folder / "Images").mkdir(parents=True)
    (folder / "OASIS.csv").write_bytes("\r".join([OASIS_HEADER, *rows]).encode())  # bare CR, as distributed
    for name in images:
        (folder / "Images" / name).write_bytes(b"not opened by the reader")
    return folder


def make_deam(folder: Path, tables: dict[str, str], audio: list[str]) -> Path:
    (folder / "MEMD_audio").mkdir(parents=True)
    for name, text in tables.items():
        table = folder / name
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(text)
    for name in audio:
        (folder / "MEMD_audio" / name).write_bytes(b"not opened by the reader")
    return folder


def test_oasis_with_bare_cr_empty_header_and_trailing_spaces(tmp_path: Path) -> None:
    folder = make_oasis(
        tmp_path,
        [
            "I1,Beach 2,Scene,Pixabay,7,1.2,100,1,0.6,25",
            "I2,War 2 ,Scene,Pixabay,1,1.2,100,7,1.2,100",
            "I3,Alcohol 1,Object,Pixabay,4,1.2,100,2.5,1.2,100",
        ],
        ["Beach 2.jpg", "War 2.jpg", "Alcohol 1.jpg"],
    )
    problems: list[Unusable] = []
    alcohol, beach, war = read_oasis(folder, on_unusable=problems.append)
    assert problems == []
    assert beach == PhotoRecord(
        folder / "Images" / "Beach 2.jpg",
        "beach",
        1.0,
        0.0,
        valence_se=pytest.approx(1.2 / 10 / 6),
        arousal_se=pytest.approx(0.6 / 5 / 6),
    )
    assert (war.group, war.valence, war.arousal) == ("war", 0.0, 1.0)
    assert (alcohol.valence, alcohol.arousal) == (0.5, 0.25)


def test_oasis_reports_what_it_cannot_use(tmp_path: Path) -> None:
    folder = make_oasis(
        tmp_path,
        [
            "I1,Dog 1,Animal,x,4,1,100,4,1,100",
            "I2,Dog 2,Animal,x,4,1,100,4,1,100",  # no image
            "I3,Dog 3,Animal,x,.,1,100,4,1,100",
            "I4,Dog 4,Animal,x,4,1,100,,1,100",
            "I5,Dog 5,Animal,x,NaN,1,100,4,1,100",
            "I6,Dog 6,Animal,x,7.5,1,100,4,1,100",
            "I7,Dog 1,Animal,x,5,1,100,4,1,100",
            "",
        ],
        ["Dog 1.jpg", "Dog 3.jpg", "Dog 4.jpg", "Dog 5.jpg", "Dog 6.jpg", "Cat 9.jpg", "notes.txt", "._Dog 1.jpg"],
    )
    problems: list[Unusable] = []
    records = read_oasis(folder, on_unusable=problems.append)
    assert [record.path.name for record in records] == ["Dog 1.jpg"]
    assert records[0].valence == 0.5
    reasons = {problem.item: problem.reason for problem in problems}
    assert sorted(reasons) == ["Cat 9.jpg", "Dog 1", "Dog 2", "Dog 3", "Dog 4", "Dog 5", "Dog 6"]
    assert "no image" in reasons["Dog 2"]
    assert reasons["Dog 3"] == "valence is missing"
    assert reasons["Dog 4"] == "arousal is missing"
    assert reasons["Dog 5"] == "valence is missing"
    assert "outside the scale 1 to 7" in reasons["Dog 6"]
    assert "without a label" in reasons["Cat 9.jpg"]


def test_oasis_themes_without_their_number() -> None:
    assert oasis_group("Beach 8") == oasis_group("Beach 12 ") == oasis_group("beach") == "beach"
    assert oasis_group("Sad face 10") == "sad face"


def test_deam_with_padded_header_and_both_tables(tmp_path: Path) -> None:
    folder = make_deam(
        tmp_path,
        {
            STATIC: "song_id, valence_mean, valence_std, arousal_mean, arousal_std\n10,3,0.9,9,0.6\n2,1,0.9,5,0.6\n",
            STATIC_2000: "song_id, valence_mean, valence_std, valence_ max_mean, valence_max_std, valence_min_mean, "
            "valence_min_std, arousal_mean, arousal_std, arousal_max_mean, arousal_max_std, arousal_min_mean, "
            "arousal_min_std\n2001,5,1,8,1,2,1,3,1,8,1,2,1\n",
        },
        ["2.mp3", "10.ogg", "2001.wav"],
    )
    assert read_deam(folder) == [
        SongRecord(folder / "MEMD_audio" / "2.mp3", "2", 0.5, 0.0),
        SongRecord(folder / "MEMD_audio" / "10.ogg", "10", 1.0, 0.25),
        SongRecord(folder / "MEMD_audio" / "2001.wav", "2001", 0.5, 0.25),
    ]


def test_deam_reports_what_it_cannot_use(tmp_path: Path) -> None:
    table = "song_id, valence_mean, arousal_mean\n1,5,5\n2,5,5\n3,10,5\nx,5,5\n\n"
    folder = make_deam(tmp_path, {STATIC: table}, ["1.ogg", "3.ogg", "4.ogg"])
    problems: list[Unusable] = []
    assert [record.group for record in read_deam(folder, on_unusable=problems.append)] == ["1"]
    assert sorted(problem.item for problem in problems) == ["2", "3", "4.ogg", "x"]


def test_missing_corpora_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match="nowhere: there is no such folder"):
        read_oasis(tmp_path / "nowhere")
    with pytest.raises(CorpusMissing, match=r"no file OASIS\.csv"):
        read_oasis(tmp_path)
    with pytest.raises(CorpusMissing, match="no folder MEMD_audio"):
        read_deam(tmp_path)
    (tmp_path / "OASIS.csv").write_text("Theme,Valence_mean\nDog 1,3\n")
    with pytest.raises(CorpusMissing, match="no folder Images"):
        read_oasis(tmp_path)
    (tmp_path / "Images").mkdir()
    with pytest.raises(CorpusMissing, match="no column arousal_mean"):
        read_oasis(tmp_path)
    folder = make_oasis(tmp_path / "empty", ["I1,Dog 1,Animal,x,4,1,100,4,1,100"], [])
    with pytest.raises(CorpusMissing, match="both a label and an image"):
        read_oasis(folder)
    with pytest.raises(CorpusMissing, match="static_annotations"):
        read_deam(make_deam(tmp_path / "deam", {"annotations/readme.txt": ""}, []))
