"""DEAM's moments: windows from the 15th second, four samples each. Whole-song labels are in test_corpora."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.errors import CorpusMissing
from trainer.records import Unusable
from trainer.song_corpora import read_deam

STATIC = "annotations averaged per song/song_level/static_annotations_averaged_songs_1_2000.csv"
MOMENTS = "annotations averaged per song/dynamic (per second annotations)"


def make_deam(folder: Path, tables: dict[str, str], audio: list[str]) -> Path:
    (folder / "MEMD_audio").mkdir(parents=True)
    for name, text in tables.items():
        table = folder / "annotations" / name
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(text)
    for name in audio:
        (folder / "MEMD_audio" / name).write_bytes(b"not opened by the reader")
    return folder


def moments(rows: dict[int, list[float | str]], *, n: int = 9) -> str:
    header = ["song_id", *(f" sample_{15000 + 500 * k}ms" for k in range(n))]
    return "\n".join([",".join(header), *(",".join(map(str, [song, *cells])) for song, cells in rows.items())])


def test_windows_of_two_seconds_from_the_fifteenth(tmp_path: Path) -> None:
    folder = make_deam(
        tmp_path,
        {
            STATIC: "song_id, valence_mean, arousal_mean\n2,1,5\n3,9,5\n",
            f"{MOMENTS}/valence.csv": moments(
                {2: [-1, -1, 0, 0, 1, 1, 1, 1, 0.5], 3: [0, 0, 0, 0, 0, "", "", "", ""], 7: [0] * 9}
            ),
            f"{MOMENTS}/arousal.csv": moments(
                {2: [0, 0, 0, 0, 0.5, 0.5, 0.5, "nan", ""], 3: [1] * 5, 7: [1, 1, 1, 1, 0, 0, 0, 0]}
            ),
        },
        ["2.mp3", "3.ogg", "7.wav"],
    )
    two, three, seven = read_deam(folder)
    assert two.clips == ((15.0, 0.25, 0.5),)  # the second window has a sample that is no number
    assert (two.valence, two.arousal) == (0.5, 0.0)  # its own label stays that of the whole song
    assert three.clips == ((15.0, 0.5, 1.0),)
    assert seven.clips == ((15.0, 0.5, 1.0), (17.0, 0.5, 0.5))
    assert (seven.valence, seven.arousal) == (0.5, 0.75)  # not in the static table: the mean of its windows


def test_the_exchanged_columns_of_the_first_thousand_songs_are_put_right(tmp_path: Path) -> None:
    rows = "1000,3,7\n1001,3,7\n"
    folder = make_deam(tmp_path, {STATIC: f"song_id, valence_mean, arousal_mean\n{rows}"}, ["1000.mp3", "1001.mp3"])
    assert [(record.valence, record.arousal) for record in read_deam(folder)] == [(0.75, 0.25), (0.25, 0.75)]


def test_moments_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    folder = make_deam(
        tmp_path,
        {
            STATIC: "song_id, valence_mean, arousal_mean\n2,1,5\n3,9,5\n4,9,5\n",
            f"{MOMENTS}/valence.csv": moments({2: [0, 0, 0, 7], 3: [0] * 4, 4: [0] * 4, 5: [0] * 4}) + "\n4,1,1,1,1\n",
            f"{MOMENTS}/arousal.csv": moments({2: [0] * 4, 4: [0] * 4, 5: [0] * 4}),
        },
        ["2.mp3", "3.mp3", "4.mp3"],
    )
    problems: list[Unusable] = []
    records = read_deam(folder, on_unusable=problems.append)
    assert [(record.group, len(record.clips)) for record in records] == [("2", 0), ("3", 0), ("4", 1)]
    assert records[2].clips == ((15.0, 0.5, 0.5),)
    assert [(problem.item, problem.reason) for problem in problems] == [
        ("2", "1 moments of its valence lie outside the scale -1 to 1"),
        ("4", "stands twice in valence.csv; the first row counts"),
        ("3", "its moments have no arousal"),
        ("2", "its moments fill no 2 s window"),
        ("5", "labelled, but there is no audio of it"),
    ]


def test_one_table_of_moments_alone_is_told(tmp_path: Path) -> None:
    tables = {STATIC: "song_id, valence_mean, arousal_mean\n2,1,5\n", f"{MOMENTS}/valence.csv": moments({2: [0] * 4})}
    problems: list[Unusable] = []
    (record,) = read_deam(make_deam(tmp_path, tables, ["2.mp3"]), on_unusable=problems.append)
    assert record.clips == ()
    assert problems == [Unusable("valence.csv", "there is no arousal.csv beside it")]


def test_moments_without_whole_songs_are_enough(tmp_path: Path) -> None:
    tables = {f"{MOMENTS}/{axis}.csv": moments({2: [0] * 4}) for axis in ("valence", "arousal")}
    assert len(read_deam(make_deam(tmp_path, tables, ["2.mp3"]))) == 1
    with pytest.raises(CorpusMissing, match="static_annotations"):
        read_deam(make_deam(tmp_path / "none", {"readme.txt": ""}, []))
