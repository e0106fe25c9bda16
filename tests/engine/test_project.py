"""Project files: there and back, moved, with photos and songs missing, damaged, hostile; nothing is lost on the way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import edits
from engine.errors import ProjectError
from engine.focus import Focus
from engine.frames import layers_at
from engine.library import Photo
from engine.plan import Plan, PlanOptions, make_plan
from engine.project import FORMAT_VERSION, Project, backup_of, open_project, save_project
from tests.engine.show_material import a_catalog, an_analysis, steady_beats, tiny_encoders


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with photos and a song; that they are no real ones does not matter here."""
    (tmp_path / "home/photos/trip").mkdir(parents=True)
    (tmp_path / "home/song.flac").write_bytes(b"song")
    return tmp_path / "home"


@pytest.fixture
def plan(home: Path) -> Plan:
    catalog = a_catalog(30)
    options = PlanOptions(seed=2, arc=((0.0, 0.2, 0.3), (40.0, 0.8, 0.9)), sad="fewer")
    made = make_plan(an_analysis(40.0, beats_s=steady_beats(40.0, 120)), catalog, tiny_encoders(), options=options)
    cues = []
    for i, cue in enumerate(made.cues):
        path = home / "photos" / ("trip" if i % 2 else "") / f"{i}.jpg"
        path.write_bytes(b"photo %d" % i)
        cues.append(replace(cue, photo=replace(cue.photo, path=path), partner=None))
    return edits.pin(replace(made, song=home / "song.flac", cues=tuple(cues)), 1)


def photos_of(plan: Plan) -> list[Photo]:
    return [cue.photo for cue in plan.cues]


def test_a_project_comes_back_as_it_was(home: Path, plan: Plan) -> None:
    path = home / "show.moodreel"
    save_project(Project(plan, (1, 4), 12.5), path)
    found = open_project(path, known=photos_of(plan))
    assert found.project == Project(plan, (1, 4), 12.5)
    assert found.missing == ()
    assert not found.is_song_missing
    assert found.n_moved == 0
    assert [name.name for name in home.glob("*")].count("show.moodreel") == 1
    assert not list(home.glob(".show*"))


def test_the_choice_of_photos_comes_back_as_far_as_it_is_known(home: Path, plan: Plan, tmp_path: Path) -> None:
    path = home / "show.moodreel"
    chosen = tuple(photos_of(plan)[:4])
    save_project(Project(plan, choice=chosen), path)
    found = open_project(path, known=photos_of(plan))
    assert found.project.choice == chosen
    assert found.n_unchosen == 0
    elsewhere = replace(chosen[1], id=900, path=tmp_path / "sorted" / "moved.jpg")
    found = open_project(path, known=[chosen[0], elsewhere])
    assert found.project.choice == (chosen[0], elsewhere)  # by its content
    assert found.n_unchosen == 2
    moved = home.rename(tmp_path / "carried")
    inside = replace(chosen[2], id=901, content_hash="re-saved", path=moved / chosen[2].path.relative_to(home))
    found = open_project(moved / "show.moodreel", known=[inside])
    assert found.project.choice == (inside,)  # beside the file, wherever the two have gone
    save_project(Project(plan), moved / "show.moodreel")
    assert open_project(moved / "show.moodreel").project.choice is None


@pytest.mark.parametrize("choice", [7, "all", [3], [{"path": "a"}], [{"path": 1, "content_hash": "x"}], [{}]])
def test_a_choice_that_is_none_is_refused(home: Path, plan: Plan, choice: object) -> None:
    path = home / "show.moodreel"
    save_project(Project(plan), path)
    record = json.loads(path.read_text())
    record["choice"] = choice
    path.write_text(json.dumps(record))
    with pytest.raises(ProjectError, match="damaged"):
        open_project(path)


def test_paths_are_relative_to_the_project(home: Path, plan: Plan) -> None:
    save_project(Project(plan), home / "show.moodreel")
    record = json.loads((home / "show.moodreel").read_text())
    assert record["song"]["relative"] == "song.flac"
    assert {photo["relative"].split("/")[0] for photo in record["plan"]["photos"]} == {"photos"}


def test_a_folder_that_was_moved_with_its_project_opens(home: Path, plan: Plan, tmp_path: Path) -> None:
    save_project(Project(plan), home / "show.moodreel")
    moved = home.rename(tmp_path / "elsewhere")
    found = open_project(moved / "show.moodreel")
    assert found.missing == ()
    assert found.n_moved == len(plan.cues)
    assert found.project.plan.song == moved / "song.flac"
    assert all(cue.photo.path.is_relative_to(moved) for cue in found.project.plan.cues)
    ids = [cue.photo.id for cue in found.project.plan.cues]
    assert len(set(ids)) == len(ids)  # unknown photos keep apart
    assert max(ids) < 0


def test_a_project_that_was_moved_alone_finds_everything_where_it_was(home: Path, plan: Plan, tmp_path: Path) -> None:
    save_project(Project(plan), home / "show.moodreel")
    (tmp_path / "desk/deep").mkdir(parents=True)
    moved = shutil.move(home / "show.moodreel", tmp_path / "desk/deep/show.moodreel")
    found = open_project(Path(moved))
    assert found.missing == ()
    assert found.project.plan.song == home / "song.flac"


def test_photos_that_moved_are_found_by_content_and_by_name(home: Path, plan: Plan, tmp_path: Path) -> None:
    save_project(Project(plan), home / "show.moodreel")
    by_hash, by_name, gone = plan.cues[0].photo, plan.cues[1].photo, plan.cues[2].photo
    new_place = tmp_path / "library" / "renamed.jpg"
    new_place.parent.mkdir()
    by_hash.path.rename(new_place)
    (home / "sorted/2026/trip").mkdir(parents=True)
    (home / "sorted/other").mkdir(parents=True)
    (home / "sorted/other" / by_name.path.name).write_bytes(b"another of this name")
    by_name.path.rename(home / "sorted/2026/trip" / by_name.path.name)
    gone.path.unlink()
    known = replace(by_hash, id=77, path=new_place)
    found = open_project(home / "show.moodreel", known=[known])
    cues = found.project.plan.cues
    assert cues[0].photo == known
    assert cues[1].photo.path == home / "sorted/2026/trip" / by_name.path.name
    assert [(photo.path, n) for photo, n in found.missing] == [(gone.path, 1)]
    assert [photo.id for photo, _ in found.missing] == [cues[2].photo.id]
    assert found.n_moved == 2
    edits.check_laws(found.project.plan)


def test_a_song_that_is_missing_is_told(home: Path, plan: Plan) -> None:
    save_project(Project(plan), home / "show.moodreel")
    (home / "song.flac").unlink()
    found = open_project(home / "show.moodreel")
    assert found.is_song_missing
    assert found.project.plan.song == home / "song.flac"


def test_what_was_there_before_becomes_the_backup(home: Path, plan: Plan) -> None:
    path = home / "show.moodreel"
    save_project(Project(plan), path)
    assert not backup_of(path).exists()
    first = path.read_bytes()
    save_project(Project(edits.unpin(plan, 1)), path)
    assert backup_of(path).read_bytes() == first
    assert path.read_bytes() != first
    path.write_bytes(b"{")
    with pytest.raises(ProjectError) as fault:
        open_project(path)
    assert fault.value.backup == backup_of(path)
    assert open_project(backup_of(path)).project.plan.cues[1].is_pinned


def test_a_disk_that_refuses_leaves_the_old_file(home: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "show.moodreel"
    save_project(Project(plan), path)
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(ProjectError, match="No space"):
        save_project(Project(edits.unpin(plan, 1)), path)
    assert path.read_bytes() == before
    assert {entry.name for entry in home.iterdir()} == {"photos", "song.flac", "show.moodreel"}


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a file has the rights of its folder")
def test_a_new_file_has_the_rights_of_any_other(home: Path, plan: Plan) -> None:
    other, path = home / "other", home / "rights.moodreel"
    other.touch()
    save_project(Project(plan), path)
    assert path.stat().st_mode == other.stat().st_mode


def test_odd_names_come_back(home: Path, plan: Plan) -> None:
    odd = Path(os.fsdecode(os.fsencode(home) + b"/photos/\xff \xe6\x97\xa5.jpg"))
    odd.write_bytes(b"odd")
    cue = replace(plan.cues[0], photo=replace(plan.cues[0].photo, path=odd))
    save_project(Project(replace(plan, cues=(cue, *plan.cues[1:]))), home / "show.moodreel")
    assert open_project(home / "show.moodreel").project.plan.cues[0].photo.path == odd


def broken(record: dict) -> list[object]:  # type: ignore[type-arg]
    """Make a project's record wrong in many ways."""

    def with_plan(**changes: object) -> object:
        return {**record, "plan": {**record["plan"], **changes}}

    def with_cue(**changes: object) -> object:
        return with_plan(cues=[{**record["plan"]["cues"][0], **changes}, *record["plan"]["cues"][1:]])

    def with_photo(**changes: object) -> object:
        return with_plan(photos=[{**record["plan"]["photos"][0], **changes}, *record["plan"]["photos"][1:]])

    return [
        [], "moodreel", 7, None, {}, {"format": "moodreel-project"},
        {**record, "version": "1"}, {**record, "version": 0}, {**record, "plan": None}, {**record, "plan": []},
        {**record, "song": None}, {**record, "song": {"path": 5}}, {**record, "by_hand": None},
        {**record, "position_s": "x"}, with_plan(cues=None), with_plan(photos=[]), with_plan(cues=[{}]),
        with_plan(options={"seed": -1}), with_plan(options={"min_hold_s": "2"}), with_plan(options={"unknown": 1}),
        with_plan(options={"theme": 5}), with_plan(options={"theme_share": "x"}), with_plan(options={"theme_share": 2}),
        with_plan(duration_s=None), with_plan(duration_s=1.0), with_cue(start_s=3.0), with_cue(end_s="4"),
        with_cue(fade_s=99.0), with_cue(score=7), with_cue(transition="explode"), with_cue(is_pinned="yes"),
        with_cue(zoom_to=0), with_cue(photo="nowhere"), with_cue(surprise=1), with_photo(id="1"),
        with_photo(content_hash=None), with_photo(path=None), with_photo(focus=[1]), with_photo(look="x"),
        with_plan(duration_s=1e308), with_plan(heard_s="x"), with_plan(bundle_id=5), with_photo(look=1 << 64),
        with_photo(width=-1), with_plan(options={"arc": [[0, 1]]}), with_plan(options={"arc": [[0, "a", 1]]}),
    ]  # fmt: skip


def test_damaged_and_hostile_files_are_refused_in_a_sentence(home: Path, plan: Plan) -> None:
    path = home / "show.moodreel"
    save_project(Project(plan), path)
    record = json.loads(path.read_text())
    files = [json.dumps(wrong).encode() for wrong in broken(record)]
    text = path.read_bytes()
    files += [b"", b"\x00" * 100, text[: len(text) // 2], b"[" * 100_000, "\ufeffü".encode("utf-16")]
    files += [text.replace(b'"position_s": 0.0', b'"position_s": NaN'), text.replace(b"40.0", b"1e999")]
    files += [text.replace(b"40.0", b"4" * 5000)]
    for data in files:
        path.write_bytes(data)
        with pytest.raises(ProjectError) as fault:
            open_project(path)
        assert fault.value.reason
        assert "digits" not in fault.value.reason  # Python's words are for programmers
        assert path.read_bytes() == data
    path.write_text(json.dumps({**record, "version": FORMAT_VERSION + 1}))
    with pytest.raises(ProjectError, match="newer Moodreel"):
        open_project(path)
    with pytest.raises(ProjectError):
        open_project(home)
    with pytest.raises(ProjectError):
        open_project(home / "nothing.moodreel")


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a JSON value: what holds it and its key there; of long lists the first two."""
    keys = list(value) if isinstance(value, dict) else range(min(2, len(value))) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places_in(value[key])


@pytest.mark.parametrize("odd", [None, True, -1, 1e308, 2**70, "", "x\0", [[]], {"a": 1}], ids=repr)
def test_any_odd_value_is_refused_or_does_no_harm(home: Path, plan: Plan, odd: object) -> None:
    path = home / "show.moodreel"
    photo = replace(plan.cues[0].photo, focus=Focus(0.1, 0.2, 0.3, 0.4), look=7)
    plan = replace(plan, cues=(replace(plan.cues[0], photo=photo, partner=photo), *plan.cues[1:3]))
    save_project(Project(plan, (0,), 3.0), path)
    record = json.loads(path.read_text())
    for holder, key in places_in(record):
        old, holder[key] = holder[key], odd
        path.write_text(json.dumps(record))
        holder[key] = old
        with suppress(ProjectError):
            opened = open_project(path)
            assert layers_at(opened.project.plan, 1.0)
            assert len({hash(cue) for cue in opened.project.plan.cues}) == 3
            save_project(opened.project, home / "again.moodreel")


def test_names_that_no_file_can_have_are_missing_photos(home: Path, plan: Plan) -> None:
    path = home / "show.moodreel"
    save_project(Project(plan), path)
    record = json.loads(path.read_text())
    old = record["plan"]["photos"][0]["path"]
    for name in ("\0", "x" * 5000, "/dev/zero"):
        text = json.dumps(record).replace(json.dumps(old), json.dumps(name))
        path.write_text(text.replace(json.dumps("photos/0.jpg"), "null"))
        assert len(open_project(path).missing) == 1
