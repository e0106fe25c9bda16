"""Ratings and what shows leave out, on the command line: what is printed, what is stored, what is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.library import Library
from slideshow.cli import main
from slideshow.messages import start_command

ASSETS = Path(__file__).resolve().parent.parent / "assets"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five small photos, one of them by its name a screenshot."""
    place = tmp_path / "photos"
    place.mkdir()
    for i, name in enumerate(("a.png", "b.png", "c.png", "d.png", "Screenshot 1.png")):
        blocks = np.random.default_rng(i).integers(0, 256, (4, 6, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize((60, 40), Image.Resampling.NEAREST).save(place / name)
    return place


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["--library", str(tmp_path / "library.sqlite"), "--bundle", str(ASSETS / "tiny_bundle")]


@pytest.fixture
def indexed(folder: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["index", str(folder), *options]) == 0
    capsys.readouterr()
    return folder


def out(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


class TestRatings:
    def test_read_from_a_file_written_and_counted(
        self, indexed: Path, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        own, written = tmp_path / "own.csv", tmp_path / "written.csv"
        own.write_text("path,valence,arousal\nphotos/a.png,0.25,0.75\nphotos/b.png,2,0\n")
        assert main(["ratings", "import", str(own), *options]) == 0
        text = out(capsys)
        assert "1 rating read: 1 new. 1 line with a problem." in text
        assert "Line 3: valence is “2”, which does not lie between 0 and 1" in text
        assert main(["ratings", "import", str(own), "--json", *options]) == 0
        done = json.loads(out(capsys))
        assert (done["new"], done["same"], done["problems"][0]["line"]) == (0, 1, 3)
        assert main(["ratings", "show", *options]) == 0
        assert out(capsys) == "1 rating, 0 comparisons, 0 moments of songs.\n"
        assert main(["ratings", "export", str(written), *options]) == 0
        assert str(indexed / "a.png") in written.read_text(encoding="utf-8-sig")

    def test_faults_are_sentences(self, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["ratings", "import", str(tmp_path / "none.csv"), *options]) == 1
        assert (
            "These ratings cannot be read. none.csv: it is not there. Nothing was changed." in capsys.readouterr().err
        )
        assert main(["ratings", "export", str(tmp_path / "a.jpg"), *options]) == 1
        assert "name ends with .csv" in capsys.readouterr().err
        with pytest.raises(SystemExit) as stop:
            main(["ratings", "export", *options])
        assert stop.value.code == 2
        assert "say which file to export" in capsys.readouterr().err


class TestLeftOut:
    def test_a_show_passes_a_screenshot_over_until_it_is_let_in(
        self, indexed: Path, options: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        def planned() -> tuple[set[str], str]:
            assert main(["plan", str(ASSETS / "jungle-20s.mp3"), "--repeats", "all", "--json", *options]) == 0
            captured = capsys.readouterr()
            return {Path(photo["path"]).name for photo in json.loads(captured.out)["photos"]}, captured.err

        names, said = planned()
        assert "Screenshot 1.png" not in names
        assert f"1 screenshot stays out of shows. `{start_command()} left-out` names them and lets them in." in said
        assert main(["left-out", *options]) == 0
        assert f"screenshot  {indexed / 'Screenshot 1.png'}" in out(capsys)
        assert main(["left-out", "--let-in", str(indexed / "Screenshot 1.png"), "--json", *options]) == 0
        [row] = json.loads(out(capsys))
        assert (row["kind"], row["is_left_out"]) == ("screenshot", False)
        names, said = planned()
        assert said == ""
        assert main(["left-out", "--leave-out", str(indexed / "Screenshot 1.png"), *options]) == 0
        assert main(["left-out", "--photos", str(indexed), *options]) == 0
        assert "1 screenshot stays out of shows." in out(capsys)

    def test_a_photo_that_is_not_known_is_named(
        self, indexed: Path, options: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["left-out", "--let-in", str(indexed / "z.png"), *options]) == 1
        assert "z.png is not in the library" in capsys.readouterr().err

    def test_nothing_but_screenshots_makes_no_show(
        self, indexed: Path, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        alone = tmp_path / "alone"
        alone.mkdir()
        (indexed / "Screenshot 1.png").rename(alone / "Screenshot 1.png")
        assert main(["plan", str(ASSETS / "jungle-20s.mp3"), "--photos", str(alone), *options]) == 1
        assert "No photos for this show. 1 screenshot stays out of shows." in capsys.readouterr().err

    def test_let_in_is_kept_in_the_library(self, indexed: Path, options: list[str]) -> None:
        assert main(["left-out", "--let-in", str(indexed / "Screenshot 1.png"), *options]) == 0
        with Library.open(Path(options[1])) as library:
            known = library.catalog(_bundle_id(), under=[indexed]).photos
        assert [photo.is_let_in for photo in known if photo.kind] == [True]


def _bundle_id() -> str:
    from engine.bundle import open_bundle

    return open_bundle(ASSETS / "tiny_bundle").id
