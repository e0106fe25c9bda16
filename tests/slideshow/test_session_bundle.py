"""Another model in the session: the old one works until it is there, the song stays heard, the way back is exact."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from pytestqt.qtbot import QtBot

from engine import indexing
from engine.bundle import PHOTO_BACKBONE, open_bundle, write_bundle
from engine.edits import EditedPlan
from engine.encoders import Encoders
from engine.library import Library
from engine.music import MusicAnalysis
from engine.plan import Plan
from slideshow import session_jobs
from slideshow.drives import Drives
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.session_jobs import Growth, Moment
from tests.slideshow.personal_bundles import damage, teach


@pytest.fixture
def personal(bundle: Path, tmp_path: Path) -> Path:
    return teach(bundle, tmp_path / "models" / "personal")


def index(qtbot: QtBot, session: Session, folder: Path) -> None:
    with qtbot.waitSignal(session.indexing_finished, timeout=60_000):
        session.add_folders([folder])
    qtbot.waitUntil(lambda: session.n_photos > 0, timeout=10_000)


def test_photos_move_and_come_back_exactly(
    qtbot: QtBot, opened: Session, photo_folder: Path, personal: Path, bundle: Path
) -> None:
    index(qtbot, opened, photo_folder)
    before = opened.whole_catalog
    assert before is not None
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(personal)
        assert opened.is_changing_bundle
        assert opened.whole_catalog is before
        assert opened.bundle_path == bundle
    now = opened.whole_catalog
    assert now is not None
    assert opened.bundle_path == personal
    assert now.photos == before.photos
    assert now.va[:, 0].mean() > before.va[:, 0].mean() + 0.05
    assert opened.mood_of(now.photos[0]) is not None
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(bundle)
    back = opened.whole_catalog
    assert back is not None
    np.testing.assert_array_equal(back.va, before.va)
    np.testing.assert_array_equal(back.embeddings, before.embeddings)
    np.testing.assert_array_equal(back.groups, before.groups)
    assert back.bundle_id == before.bundle_id


def test_the_song_is_not_heard_again_and_pins_stay(
    qtbot: QtBot,
    opened: Session,
    photo_folder: Path,
    clip: Path,
    personal: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index(qtbot, opened, photo_folder)
    with qtbot.waitSignal(opened.runners_up_changed, timeout=60_000):
        opened.open_song(clip)
    opened.editing.toggle_pin(0)
    assert opened.plan is not None
    pinned = opened.plan.cues[0]
    analysis = opened.analysis

    def heard(*_: object, **__: object) -> None:
        raise AssertionError("the song was heard again")

    monkeypatch.setattr("engine.music.analyse_song", heard)
    with qtbot.waitSignals([opened.bundle_changed, opened.plan_changed, opened.runners_up_changed], timeout=20_000):
        opened.use_bundle(personal)
    assert opened.analysis is analysis
    assert opened.plan is not None
    assert opened.plan.cues[0].photo == pinned.photo
    assert opened.plan.cues[0].is_pinned
    qtbot.waitUntil(lambda: opened.plan is not None and opened.plan.bundle_id == opened.encoders.bundle.id)  # type: ignore[union-attr]
    # Also another session with the new model looks the song up.
    growth = session_jobs.listen(
        clip,
        opened.library,  # type: ignore[arg-type]
        opened.encoders,  # type: ignore[arg-type]
        report=lambda progress: None,
        deliver=lambda part: None,
    )
    assert growth.analysis.is_complete


def test_what_cannot_be_used_leaves_all_as_it_is(
    qtbot: QtBot, opened: Session, personal: Path, tmp_path: Path, bundle: Path
) -> None:
    damage(personal)
    for path in (personal, tmp_path / "nowhere"):
        with qtbot.waitSignal(opened.bundle_failed, timeout=20_000):
            opened.use_bundle(path)
        assert opened.bundle_path == bundle
        assert not opened.is_changing_bundle


def test_stopping_stays_with_the_old_one(qtbot: QtBot, opened: Session, personal: Path, bundle: Path) -> None:
    with qtbot.assertNotEmitted(opened.bundle_changed, wait=500):
        opened.use_bundle(personal)
        opened.leave_bundle()
    assert opened.bundle_path == bundle


def test_a_lost_model_gives_way_to_the_original_at_the_start(
    qtbot: QtBot, jobs: Jobs, tmp_path: Path, bundle: Path, personal: Path
) -> None:
    damage(personal)
    session = Session(jobs, library_path=tmp_path / "library.sqlite", bundle_path=bundle)
    session.begin_with(personal)
    with qtbot.waitSignals([session.bundle_lost, session.opened], timeout=20_000):
        session.open()
    assert session.bundle_path == bundle
    assert session.open_error is None
    jobs.shutdown()
    session.close()


def test_a_catalog_read_for_the_old_model_does_not_come_back(
    qtbot: QtBot, opened: Session, photo_folder: Path, personal: Path
) -> None:
    index(qtbot, opened, photo_folder)
    assert opened.library is not None
    assert opened.encoders is not None
    old = session_jobs.read_photos(opened.library, opened.encoders.bundle.id, (), report=lambda progress: None)
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(personal)
    with qtbot.waitSignal(opened.catalog_changed, timeout=20_000):
        opened._on_refreshed(old)
    assert opened.whole_catalog is not None
    assert opened.whole_catalog.bundle_id == opened.encoders.bundle.id


def test_a_model_with_other_ears_hears_the_song_again(
    qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path, bundle: Path, tmp_path: Path
) -> None:
    index(qtbot, opened, photo_folder)
    with qtbot.waitSignal(opened.runners_up_changed, timeout=60_000):
        opened.open_song(clip)
    before = opened.analysis
    assert before is not None
    present = open_bundle(bundle)
    manifest = present.manifest
    other = write_bundle(
        tmp_path / "other",
        files={name: present.file_bytes(name) for name in manifest.files},
        name="other ears",
        created=manifest.created,
        photo=manifest.photo,
        music=replace(manifest.music, row_std=manifest.music.row_std * 2),
        sigma=manifest.sigma,
        corpora=manifest.corpora,
        scores=manifest.scores,
    )
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(other.path)
    qtbot.waitUntil(
        lambda: opened.analysis is not None and opened.analysis.is_complete and opened.analysis.bundle_id == other.id,
        timeout=60_000,
    )
    qtbot.waitUntil(lambda: opened.plan is not None and opened.plan.bundle_id == other.id, timeout=20_000)
    assert not np.array_equal(opened.analysis.embeddings, before.embeddings)  # type: ignore[union-attr]
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(bundle)
    qtbot.waitUntil(lambda: opened.analysis is not None and opened.analysis.bundle_id == present.id, timeout=20_000)
    np.testing.assert_array_equal(opened.analysis.embeddings, before.embeddings)  # type: ignore[union-attr]


def test_a_show_from_a_file_stays_while_its_song_is_still_heard(
    qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path, personal: Path, jobs: Jobs
) -> None:
    index(qtbot, opened, photo_folder)
    with qtbot.waitSignal(opened.runners_up_changed, timeout=60_000):
        opened.open_song(clip)
    assert opened.plan is not None
    saved = EditedPlan(opened.plan)
    with qtbot.waitSignal(opened.runners_up_changed, timeout=60_000):
        opened.open_song(clip, restored=saved)
    whole = opened.analysis
    assert whole is not None
    opened.analysis = replace(whole, is_complete=False)
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(personal)
    opened._on_followed(Growth(whole, opened.felt, None))
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=20_000)
    assert opened.plan is saved.plan


def test_a_model_with_other_eyes_waits_for_no_drive_that_hangs(
    qtbot: QtBot, opened: Session, photo_folder: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "share"
    silent.mkdir()
    index(qtbot, opened, photo_folder)
    with qtbot.waitSignal(opened.indexing_finished, timeout=60_000):
        opened.add_folders([silent])
    qtbot.waitUntil(lambda: silent in opened.folders, timeout=10_000)
    present = open_bundle(bundle)
    manifest = present.manifest
    files = {name: present.file_bytes(name) for name in manifest.files}
    graph = onnx.load_from_string(files[PHOTO_BACKBONE])
    graph.doc_string = "other eyes"
    other = write_bundle(
        tmp_path / "other",
        files=files | {PHOTO_BACKBONE: graph.SerializeToString()},
        name="other eyes",
        created=manifest.created,
        photo=manifest.photo,
        music=manifest.music,
        sigma=manifest.sigma,
        corpora=(),
        scores={},
    )
    monkeypatch.setattr(Drives, "away", frozenset({silent}))
    walked: list[Path] = []

    def index_folders(library: Library, folders: list[Path], *args: object, **options: object) -> object:
        walked.extend(folders)
        return real(library, folders, *args, **options)  # type: ignore[arg-type]

    real = indexing.index_folders
    monkeypatch.setattr(indexing, "index_folders", index_folders)
    with qtbot.waitSignal(opened.bundle_changed, timeout=30_000):
        opened.use_bundle(other.path)
    assert walked == [photo_folder]
    assert opened.n_photos > 0


def test_photos_that_come_while_another_model_is_made_ready_are_not_lost(
    qtbot: QtBot, opened: Session, photo_folder: Path, personal: Path, jobs: Jobs
) -> None:
    last = sorted(photo_folder.iterdir())[-1]
    aside = last.rename(photo_folder.with_name("aside.jpg"))
    index(qtbot, opened, photo_folder)
    aside.rename(last)
    assert opened.library is not None
    assert opened.encoders is not None
    indexing.index_folders(opened.library, [photo_folder], opened.encoders)  # as another window would
    may_read = threading.Event()
    jobs.submit("short", lambda *, report: may_read.wait(20))
    opened.refresh()
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(personal)
        qtbot.waitUntil(lambda: opened._coming is not None, timeout=20_000)
        may_read.set()
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=20_000)
    assert opened.n_photos == 8
    assert opened.whole_catalog is not None
    assert opened.whole_catalog.bundle_id == open_bundle(personal).id


def test_a_song_of_which_nothing_is_heard_yet_is_planned_by_the_model_in_use(
    qtbot: QtBot,
    opened: Session,
    photo_folder: Path,
    clip: Path,
    personal: Path,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index(qtbot, opened, photo_folder)
    planned_by: list[str] = []
    really = session_jobs.plan_show

    def plan_show(analysis: MusicAnalysis, encoders: Encoders, now: Moment) -> Plan | None:
        planned_by.append(encoders.bundle.id)
        return really(analysis, encoders, now)

    monkeypatch.setattr(session_jobs, "plan_show", plan_show)
    may_hear = threading.Event()
    jobs.submit("interactive", lambda *, report: may_hear.wait(20))
    opened.open_song(clip)
    with qtbot.waitSignal(opened.bundle_changed, timeout=20_000):
        opened.use_bundle(personal)
    may_hear.set()
    qtbot.waitUntil(lambda: opened.plan is not None and not jobs.is_busy, timeout=60_000)
    assert planned_by[-1] == open_bundle(personal).id
