"""The person's models: listed by what they learnt from, adopted, gone back from, deleted, found under another name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.bundle import REHEARSAL, open_bundle, write_bundle
from engine.errors import BrokenBundle
from slideshow.jobs import Jobs
from slideshow.model_files import Model, copy_model, find_models, place_of
from slideshow.models import Models
from slideshow.retraining import Retrained
from slideshow.session import Session
from slideshow.settings import SettingsStore
from tests.slideshow.personal_bundles import N_RATINGS, damage, teach


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def models(qtbot: QtBot, folder: Path, session: Session, jobs: Jobs, store: SettingsStore) -> Models:
    made = Models(folder, session, jobs, store)
    with qtbot.waitSignal(session.opened, timeout=20_000):
        session.open()
    return made


def report(progress: object) -> None:
    pass


def on_trial(qtbot: QtBot, models: Models, bundle: Path) -> None:
    made = Retrained(teach(bundle, models.new_place(N_RATINGS)), {"held_out": {}}, 12.0)
    with qtbot.waitSignal(models.changed, timeout=10_000, check_params_cb=lambda: models.on_trial is not None):
        models.put_on_trial(made)


def test_without_any_the_original_is_in_use(models: Models, bundle: Path) -> None:
    (only,) = models.all
    assert (only.name, only.state, only.is_original, only.path) == ("The original", "in use", True, bundle)
    assert models.on_trial is None


def test_trial_adoption_and_the_way_back(
    qtbot: QtBot, models: Models, store: SettingsStore, bundle: Path, session: Session
) -> None:
    on_trial(qtbot, models, bundle)
    trial = models.on_trial
    assert trial is not None
    assert (trial.name, trial.n_ratings, trial.seconds) == (f"From {N_RATINGS} ratings", N_RATINGS, 12.0)
    assert trial.report == {"held_out": {}}
    assert models.in_use is not None
    assert models.in_use.is_original
    with qtbot.waitSignal(models.adopted, timeout=20_000) as told:
        models.use(trial)
        assert models.coming is trial
    assert told.args is not None
    now, before = told.args
    assert now.id == trial.id
    assert before.is_original
    assert store.now.model_in_use == trial.id
    assert session.bundle_path == trial.path
    qtbot.waitUntil(lambda: [model.state for model in models.all] == ["in use", "kept"], timeout=10_000)
    assert models.all[0].report == {"held_out": {}}
    with qtbot.waitSignal(models.adopted, timeout=20_000):
        models.use(models.all[-1])
    assert store.now.model_in_use == ""
    assert store.now.model_before == trial.id
    assert [model.state for model in models.all] == ["kept", "in use"]


def test_the_library_keeps_what_the_original_and_the_last_two_say(
    qtbot: QtBot, models: Models, session: Session, bundle: Path, photo_folder: Path, jobs: Jobs
) -> None:
    with qtbot.waitSignal(session.indexing_finished, timeout=60_000):
        session.add_folders([photo_folder])
    assert session.library is not None
    first, second = (teach(bundle, models.folder / str(value), valence=value) for value in (0.1, 0.9))
    models.refresh()
    qtbot.waitUntil(lambda: len(models.all) == 3, timeout=10_000)
    ids = {model.path: model.id for model in models.all}
    for path in (first, second):
        model = next(model for model in models.all if model.path == path)
        with qtbot.waitSignal(models.adopted, timeout=20_000):
            models.use(model)
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=20_000)
    assert all(len(session.library.catalog(ids[path])) for path in (bundle, first, second))
    with qtbot.waitSignal(models.adopted, timeout=20_000):
        models.use(models.all[-1])
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=20_000)
    assert len(session.library.catalog(ids[first])) == 0
    assert all(len(session.library.catalog(ids[path])) for path in (bundle, second))


def test_at_the_next_start_the_model_is_found_whatever_its_folder_is_called(
    qtbot: QtBot, folder: Path, session: Session, jobs: Jobs, store: SettingsStore, bundle: Path
) -> None:
    made = teach(bundle, folder / "one")
    (model,) = find_models(folder, report=report)
    renamed = made.rename(folder / "éin Ordner")
    store.change(model_in_use=model.id)
    models = Models(folder, session, jobs, store)
    with qtbot.assertNotEmitted(models.lost), qtbot.waitSignal(session.opened, timeout=20_000):
        session.open()
    assert session.bundle_path == renamed
    qtbot.waitUntil(lambda: [m.state for m in models.all] == ["in use", "kept"], timeout=10_000)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_model_that_is_damaged_or_gone_is_told_and_the_original_used(
    qtbot: QtBot, folder: Path, session: Session, jobs: Jobs, store: SettingsStore, bundle: Path, is_there: bool
) -> None:
    made = teach(bundle, folder / "one")
    (model,) = find_models(folder, report=report)
    damage(made)
    if not is_there:
        made.rename(folder.parent / "elsewhere")
    store.change(model_in_use=model.id)
    models = Models(folder, session, jobs, store)
    with qtbot.waitSignals([models.lost, session.opened], timeout=20_000):
        session.open()
    assert session.bundle_path == bundle
    assert store.now.model_in_use == ""
    assert models.in_use is not None
    assert models.in_use.is_original


def test_a_model_named_on_the_command_line_is_begun_with(
    qtbot: QtBot, folder: Path, session: Session, jobs: Jobs, store: SettingsStore, bundle: Path
) -> None:
    teach(bundle, folder / "one")
    (model,) = find_models(folder, report=report)
    store.change(model_in_use=model.id)
    models = Models(folder, session, jobs, store, is_model_given=True)
    with qtbot.waitSignal(session.opened, timeout=20_000):
        session.open()
    assert session.bundle_path == bundle
    other = teach(bundle, folder / "two", valence=0.3)
    with qtbot.waitSignal(models.changed, timeout=10_000, check_params_cb=lambda: len(models.all) == 3):
        models.refresh()
    with qtbot.waitSignal(models.adopted, timeout=20_000) as told:
        models.use(next(one for one in models.all if one.path == other))
    assert told.args is not None
    assert told.args[1].path == bundle  # the way back leads to what was in use


def test_deleted_models_are_gone_and_those_in_use_stay(
    qtbot: QtBot, models: Models, bundle: Path, folder: Path
) -> None:
    on_trial(qtbot, models, bundle)
    trial, original = models.all
    models.delete(original)
    models.delete(trial)
    assert [model.is_original for model in models.all] == [True]
    qtbot.waitUntil(lambda: not any(folder.iterdir()), timeout=10_000)
    assert (bundle / "manifest.json").is_file()


def test_a_model_from_elsewhere_is_copied_once_and_a_broken_one_refused(
    qtbot: QtBot, models: Models, bundle: Path, tmp_path: Path
) -> None:
    source = teach(bundle, tmp_path / "download" / "theirs")
    for _ in range(2):
        with qtbot.waitSignal(models.changed, timeout=10_000):
            models.add_folder(source)
    qtbot.waitUntil(lambda: len(models.all) == 2, timeout=10_000)
    assert models.all[0].path.parent == models.folder
    damage(source)
    with qtbot.waitSignal(models.failed, timeout=10_000):
        models.add_folder(source)
    assert len(models.all) == 2


def test_a_damaged_folder_is_listed_as_such_and_leftovers_go(bundle: Path, folder: Path) -> None:
    made = teach(bundle, folder / "one", created=datetime(2024, 5, 1, tzinfo=UTC).isoformat())
    (made / "photo_head.onnx").unlink()
    (folder / "two").mkdir()
    (folder / "two" / "manifest.json").write_text("{")
    (folder / ".half-1234").mkdir()
    found = find_models(folder, report=report)
    assert [model.state for model in found] == ["damaged", "damaged"]
    assert "photo_head.onnx" in found[0].problem
    assert (folder / ".half-1234").is_dir()  # it may be another Moodreel at work
    assert place_of(folder, "none") is None


def with_date(source: Path, created: str) -> Path:
    manifest = source / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**entries, "created": created}), encoding="utf-8")
    return source


def test_a_model_whose_date_is_a_path_stays_among_the_models(bundle: Path, tmp_path: Path) -> None:
    source = with_date(teach(bundle, tmp_path / "download"), "../../evil")
    folder = tmp_path / "data" / "app" / "models"
    copied = copy_model(source, folder, report=report)
    assert copied.resolve().parent == folder
    assert [model.created for model in find_models(folder, report=report)] == [None]


@pytest.mark.parametrize("created", ["0001-01-01", "9999-12-31T23:59:59-14:00"])
def test_a_date_beyond_the_calendar_hides_no_model(bundle: Path, folder: Path, created: str) -> None:
    with_date(teach(bundle, folder / "one"), created)
    teach(bundle, folder / "two", valence=0.9)
    assert len(find_models(folder, report=report)) == 2


def test_a_model_whose_rehearsal_set_is_broken_is_refused(qtbot: QtBot, models: Models, bundle: Path) -> None:
    present = open_bundle(bundle)
    manifest = present.manifest
    files = {name: present.file_bytes(name) for name in manifest.files}
    broken = write_bundle(
        models.folder.parent / "broken",
        files=files | {REHEARSAL: b"PK\x03\x04 cut off"},
        name="theirs",
        created=manifest.created,
        photo=manifest.photo,
        music=manifest.music,
        sigma=manifest.sigma,
        corpora=(),
        scores={},
    )
    with qtbot.waitSignal(models.failed, timeout=10_000) as told:
        models.add_folder(broken.path)
    assert isinstance(told.args[0], BrokenBundle)  # type: ignore[index]
    with qtbot.waitSignal(models.failed, timeout=10_000) as told:
        models.use(Model("", broken.path, "theirs", None, "kept"))
    assert isinstance(told.args[0], BrokenBundle)  # type: ignore[index]
    assert models.in_use is not None
    assert models.in_use.is_original


def test_a_model_that_is_about_to_be_used_is_not_deleted(
    qtbot: QtBot, models: Models, bundle: Path, folder: Path
) -> None:
    on_trial(qtbot, models, bundle)
    trial = models.all[0]
    with qtbot.waitSignal(models.adopted, timeout=20_000):
        models.use(trial)
        models.delete(trial)
    assert trial.path.is_dir()
    assert models.in_use is not None
    assert models.in_use.id == trial.id
