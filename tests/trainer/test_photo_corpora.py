"""IAPS, NAPS, EMOTIC and personal ratings on small made-up trees of the real layouts. OASIS is in test_corpora."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from tests.trainer.test_tables import xls_bytes
from trainer.errors import CorpusMissing
from trainer.photo_corpora import read_emotic, read_iaps, read_naps, read_ratings
from trainer.records import PhotoRecord, Unusable

IAPS_PREAMBLE = ["IAPS Technical Report", "", "All subjects, sets 1-20", "", "mn = mean, sd = deviation", ""]
IAPS_HEADER = "desc\tIAPS\tvalmn\tvalsd\taromn\tarosd\tdom1mn\tdom1sd\tdom2mn\tdom2sd\tset"


def make_images(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not opened by the reader")


def iaps(folder: Path, rows: list[str], *, end: str = "\r\n") -> Path:
    (folder / "IAPS Tech Report").mkdir(parents=True)
    table = folder / "IAPS Tech Report" / "AllSubjects_1-20.txt"
    table.write_bytes(end.join([*IAPS_PREAMBLE, IAPS_HEADER, *rows]).encode())
    return folder


def test_iaps_with_preamble_two_sets_and_series(tmp_path: Path) -> None:
    folder = iaps(
        tmp_path,
        [
            "Snake\t1050\t3.46\t2.15\t6.87\t1.68\t3.08\t2.22\t.\t.\t1",
            "Mutilation \t3053\t1.0 \t0.9\t9.0\t2.1\t.\t.\t2.1\t1.2\t4",
            "Kiss\t2352.1\t7.0\t1.0\t5.0\t2.0\t5\t1\t.\t.\t2",
            "Blood\t2352.2\t2.0\t1.0\t6.0\t2.0\t5\t1\t.\t.\t2",
            "Snake\t1050\t4.54\t2.15\t6.13\t1.68\t.\t.\t3.0\t2.0\t8",
            "",
        ],
        end="\r",
    )
    make_images(folder, ["IAPS 1-20 Images/1050.jpg", "IAPS 1-20 Images/3053.JPG", "2352.1.jpg", "2352.2.JPG"])
    problems: list[Unusable] = []
    records = {record.path.name: record for record in read_iaps(folder, on_unusable=problems.append)}
    assert problems == []
    assert records["1050.jpg"].valence == pytest.approx(3 / 8)
    assert records["1050.jpg"].arousal == pytest.approx(5.5 / 8)
    assert (records["3053.JPG"].valence, records["3053.JPG"].arousal) == (0.0, 1.0)
    assert records["2352.1.jpg"].group == records["2352.2.JPG"].group == "2352"
    assert records["2352.1.jpg"].valence > records["2352.2.JPG"].valence


def test_iaps_reports_what_it_cannot_use(tmp_path: Path) -> None:
    folder = iaps(
        tmp_path, ["A\t1\t.\t.\t5\t1", "B\t2\t5\t1\t5\t1", "C\t3\t5\t1\t50\t1", "D\t4\t5\t1\t5\t1", "E\t5\tx\t1\t5\t1"]
    )
    make_images(folder, ["1.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"])
    problems: list[Unusable] = []
    assert [record.group for record in read_iaps(folder, on_unusable=problems.append)] == ["4"]
    assert {problem.item: problem.reason for problem in problems} == {
        "1": "valence is missing",
        "2": "labelled, but there is no image of it",
        "3": "arousal 50 lies outside the scale 1 to 9",
        "5": "valence is 'x', not a number",
        "6.jpg": "an image without a label",
    }


NAPS_TITLES = [
    ["", "", "Women", "", "", "", "", "", "Men", "", "", "", "", "", "All", "", "", "", "", ""],
    ["", "", *(title for _ in range(3) for title in ("Valence", "", "Approach-avoidance", "", "Arousal", ""))],
    ["ID", "Category", *(["M", "SD"] * 9)],
]


def naps_row(name: str, *, valence: float | str, arousal: float | str) -> list[str | float]:
    of_sexes: list[str | float] = [1.5, 1.0] * 6
    return [name, "Animals", *of_sexes, valence, 1.0, 5.0, 1.0, arousal, 1.0]


def test_naps_as_a_workbook(tmp_path: Path) -> None:
    rows = [
        *NAPS_TITLES,
        naps_row("Animals_001_h", valence=5.0, arousal=9.0),
        naps_row("Faces_002_v", valence=3.0, arousal="."),
    ]
    table = tmp_path / "Valence, arousal and approach-avoidance ratings (Marchewka et al., 2014).xls"
    table.write_bytes(xls_bytes(rows))
    make_images(tmp_path, ["Animals/Animals_001_h.jpg", "Faces/Faces_002_v.jpg", "Objects/Objects_003_h.jpg"])
    problems: list[Unusable] = []
    (animal,) = read_naps(tmp_path, on_unusable=problems.append)
    assert animal == PhotoRecord(tmp_path / "Animals" / "Animals_001_h.jpg", "animals_001_h", 0.5, 1.0)
    assert {problem.item for problem in problems} == {"Faces_002_v", "Objects_003_h.jpg"}


def text_of(rows: list[list[str | float]], separator: str) -> str:
    return "\r\n".join(separator.join(str(cell) for cell in row) for row in rows)


def test_naps_saved_as_text_with_a_decimal_comma(tmp_path: Path) -> None:
    rows = [*NAPS_TITLES, naps_row("Animals_001_h", valence="5,0", arousal="7,0")]
    (tmp_path / "Valence ratings.csv").write_text(text_of(rows, ";"))
    make_images(tmp_path, ["Animals_001_h.jpg"])
    (animal,) = read_naps(tmp_path)
    assert (animal.valence, animal.arousal) == (0.5, 0.75)


def test_naps_without_titles_takes_the_usual_places_and_without_all_both_sexes(tmp_path: Path) -> None:
    make_images(tmp_path, ["Animals_001_h.jpg"])
    table = tmp_path / "Valence.csv"
    rows = [["Ratings"], [""], NAPS_TITLES[2], naps_row("Animals_001_h", valence=5.0, arousal=7.0)]
    table.write_text(text_of(rows, "\t"))
    assert [(record.valence, record.arousal) for record in read_naps(tmp_path)] == [(0.5, 0.75)]
    titles = [
        ["", "Women", "", "", "", "Men", "", "", ""],
        ["", "Valence", "", "Arousal", "", "Valence", "", "Arousal", ""],
    ]
    table.write_text(text_of([*titles, ["ID", *(["M", "SD"] * 4)], ["Animals_001_h", 4, 1, 3, 1, 6, 1, 5, 1]], ","))
    assert [(record.valence, record.arousal) for record in read_naps(tmp_path)] == [(0.5, 0.375)]


def person(valence: float, arousal: float) -> dict[str, object]:
    return {
        "body_bbox": [1, 2, 3, 4],
        "annotations_categories": {"categories": ["Peace"]},
        "annotations_continuous": {"valence": valence, "arousal": arousal, "dominance": 5.0},
        "gender": "Male",
        "age": "Adult",
    }


def struct_array(entries: list[dict[str, object]]) -> np.ndarray:
    array = np.empty(len(entries), dtype=[(name, object) for name in entries[0]])
    for i, entry in enumerate(entries):
        array[i] = tuple(entry.values())
    return array


def image(folder: str, filename: str, people: object) -> dict[str, object]:
    return {"filename": filename, "folder": folder, "original_database": {"name": "made up"}, "person": people}


def test_emotic_of_matlab(tmp_path: Path) -> None:
    several = {
        **person(1, 1),
        "combined_categories": ["Peace"],
        "combined_continuous": {"valence": 10.0, "arousal": 1.0},
    }
    several["annotations_continuous"] = struct_array(
        [{"valence": 2.0, "arousal": 8.0}, {"valence": 4.0, "arousal": 8.0}]
    )
    alone = {**several, "combined_continuous": []}
    train = [
        image("mscoco/images", "COCO_1.jpg", struct_array([person(1, 10), person(5.5, 10)])),
        image("framesdb/images", "frame_2.jpg", person(np.nan, 5)),
        image("mscoco/images", "COCO_gone.jpg", person(5, 5)),
    ]
    test = [image("ade20k/images", "ADE_3.jpg", several), image("ade20k/images", "ADE_4.jpg", alone)]
    (tmp_path / "Annotations").mkdir()
    savemat(
        tmp_path / "Annotations" / "Annotations.mat",
        {
            "train": struct_array(train),
            "val": struct_array([image("emodb_small/images", "e.jpg", person(10, 5.5))]),
            "test": struct_array(test),
        },
    )
    images = ["mscoco/images/COCO_1.jpg", "framesdb/images/frame_2.jpg", "ade20k/images/ADE_3.jpg"]
    images += ["ade20k/images/ADE_4.jpg", "emodb_small/images/e.jpg", "ade20k/images/ADE_extra.jpg"]
    make_images(tmp_path / "emotic", images)
    problems: list[Unusable] = []
    records = {record.path.name: record for record in read_emotic(tmp_path, on_unusable=problems.append)}
    labels = {name: (record.valence, record.arousal) for name, record in records.items()}
    assert labels == {
        "COCO_1.jpg": (0.25, 1.0),  # the mean over two people
        "ADE_3.jpg": (1.0, 0.0),  # what its raters agreed on
        "ADE_4.jpg": (pytest.approx(2 / 9), pytest.approx(7 / 9)),  # the mean over its raters
        "e.jpg": (1.0, 0.5),
    }
    assert {problem.item: problem.reason for problem in problems} == {
        "framesdb/images/frame_2.jpg": "a person's valence is missing",
        "mscoco/images/COCO_gone.jpg": "labelled, but there is no image of it",
        "ade20k/images/ADE_extra.jpg": "an image without a label",
    }


def test_emotic_converted(tmp_path: Path) -> None:
    header = "Index,Folder,Filename,Image Size,BBox,Categorical_Labels,Continuous_Labels,Gender,Age\n"
    (tmp_path / "train.csv").write_text(
        header
        + '0,mscoco/images,a.jpg,"[640, 480]","[1, 2, 3, 4]","[\'Peace\', \'Joy\']","[5.5, 1.0, 7.0]",Male,Adult\n'
        + '1,mscoco\\images,a.jpg,"[640, 480]","[1, 2, 3, 4]","[\'Fear\']","[10, 1, 7]",Male,Kid\n'
    )
    (tmp_path / "val.csv").write_text(
        header
        + '0,framesdb/images,b.jpg,"[640, 480]","[1, 2, 3, 4]","[\'Peace\']","[[1, 10, 3], [nan, 1, 3]]",Female,Adult\n'
        + '1,framesdb/images,c.jpg,"[640, 480]","[1, 2, 3, 4]","[\'Peace\']","[nan, nan, nan]",Female,Adult\n'
    )
    make_images(tmp_path, ["mscoco/images/a.jpg", "framesdb/images/b.jpg", "framesdb/images/c.jpg"])
    problems: list[Unusable] = []
    b, a = read_emotic(tmp_path, on_unusable=problems.append)
    assert (a.path.name, a.valence, a.arousal) == ("a.jpg", 0.75, 0.0)
    assert (b.path.name, b.valence, b.arousal) == ("b.jpg", 0.0, 0.5)
    assert [problem.item for problem in problems] == ["framesdb/images/c.jpg"]


def test_ratings_of_a_person(tmp_path: Path) -> None:
    table = tmp_path / "ratings.csv"
    table.write_text(
        "\ufeffpath,valence,arousal,rated\nsea.jpg,0.2,0.1,2024\n/abs/storm.JPG,1,.75,2024\nsea.jpg,0.3,0.1,2025\n"
        ",0.5,0.5,\nsong.mp3,0.5,0.5,\ndog.jpg,1.2,0.5,\ncat.jpg,nice,0.5,\nd\0g.jpg,0.5,0.5,\n\n",
        encoding="utf-8",
    )
    problems: list[Unusable] = []
    storm, sea = read_ratings(table, on_unusable=problems.append)
    assert storm == PhotoRecord(Path("/abs/storm.JPG"), "/abs/storm.JPG", 1.0, 0.75)
    assert (sea.path, sea.valence, sea.arousal) == (tmp_path / "sea.jpg", 0.3, 0.1)
    assert [problem.reason.split()[0] for problem in problems] == ["a", "not", "valence", "valence", "not"]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    for read, words in ((read_iaps, "AllSubjects"), (read_naps, "Valence"), (read_emotic, "Annotations.mat")):
        with pytest.raises(CorpusMissing, match=words):
            read(tmp_path / "nowhere")
    (tmp_path / "Annotations.mat").write_bytes(b"MATLAB 5.0 MAT-file, but torn")
    with pytest.raises(CorpusMissing, match=r"Annotations\.mat: not a MATLAB file"):
        read_emotic(tmp_path)
    for held in (np.arange(3), struct_array([{"filename": "a.jpg", "person": person(1, 2)}])):
        savemat(tmp_path / "Annotations.mat", {"train": held})
        with pytest.raises(CorpusMissing, match="a record lacks its folder"):
            read_emotic(tmp_path)
    with pytest.raises(CorpusMissing, match="both a label and an image"):
        read_iaps(iaps(tmp_path / "iaps", ["A\t1\t5\t1\t5\t1"]))
    (tmp_path / "Valence.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CorpusMissing, match="no column ID"):
        read_naps(tmp_path)
    (tmp_path / "Valence.csv").write_text("ID,M\nAnimals_001_h,2\n")
    with pytest.raises(CorpusMissing, match="no columns M"):
        read_naps(tmp_path)
    (tmp_path / "ratings.csv").write_text("path,valence\nx.jpg,1\n")
    with pytest.raises(CorpusMissing, match="no column arousal"):
        read_ratings(tmp_path / "ratings.csv")
    with pytest.raises(CorpusMissing, match=r"gone\.csv"):
        read_ratings(tmp_path / "gone.csv")
