"""The person's models: bundles in a folder of the app, which is in use, which on trial, adopted, gone back to, deleted.

A model is known by its bundle's id, the hash of its manifest, so its folder may be renamed.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.errors import BrokenBundle
from engine.progress import Report
from slideshow.jobs import Jobs
from slideshow.messages import count_of
from slideshow.model_files import Model, State, copy_model, delete_model, find_models, id_of, place_of, write_about
from slideshow.retraining import Retrained
from slideshow.session import Session
from slideshow.settings import SettingsStore

if TYPE_CHECKING:
    from engine.library import Library

log = logging.getLogger(__name__)


class Models(QObject):
    """The list, and what can be done with it. Lives in the GUI thread; disks are touched in jobs."""

    changed = Signal()
    """The list, or which of them is in use."""
    adopted = Signal(object, object)
    """The Model that is in use now, and the one before it."""
    failed = Signal(object)
    """An Exception; the list stays as it is."""
    lost = Signal(str)
    """A sentence: the model in use could not be opened, and the original is used instead."""

    def __init__(
        self,
        folder: Path,
        session: Session,
        jobs: Jobs,
        store: SettingsStore,
        parent: QObject | None = None,
        *,
        is_model_given: bool = False,
    ) -> None:
        super().__init__(parent)
        self.folder = folder
        self._session, self._jobs, self._store = session, jobs, store
        self._found: tuple[Model, ...] = ()
        self._coming: Model | None = None
        self._original_id = self._last_id = ""
        # A model that the command line names is the original of this run, and is begun with.
        wanted = "" if is_model_given else store.now.model_in_use
        path = place_of(folder, wanted) if wanted else None
        if path is not None:
            session.begin_with(path)
        self._is_gone = bool(wanted) and path is None
        session.opened.connect(self._on_opened)
        session.bundle_lost.connect(self._on_lost)
        session.bundle_changed.connect(self._on_bundle_changed)
        session.bundle_failed.connect(self._on_bundle_failed)

    # The list

    @property
    def all(self) -> tuple[Model, ...]:
        """Every model, the newest first, the original last."""
        path = self._session.original_bundle_path
        state: State = "in use" if self._is_used(self._original_id) else "kept"
        original = Model(self._original_id, path, "The original", None, state, is_original=True)
        return (*(self._with_state(model) for model in self._found), original)

    @property
    def in_use(self) -> Model | None:
        """The model in use, None before one is open."""
        return next((model for model in self.all if model.state == "in use"), None)

    @property
    def on_trial(self) -> Model | None:
        """The newest model that is neither adopted nor discarded yet."""
        return next((model for model in self.all if model.state == "on trial"), None)

    @property
    def coming(self) -> Model | None:
        """The model that is being taken into use."""
        return self._coming

    def _is_used(self, bundle_id: str) -> bool:
        encoders = self._session.encoders
        return encoders is not None and bundle_id == encoders.bundle.id

    def _with_state(self, model: Model) -> Model:
        return replace(model, state="in use") if self._is_used(model.id) else model

    def refresh(self) -> None:
        """Look which models there are."""
        self._jobs.submit("short", partial(find_models, self.folder), on_done=self._take, on_failed=self.failed.emit)

    def _take(self, found: Sequence[Model]) -> None:
        self._found = tuple(found)
        self.changed.emit()

    # At the start

    def _on_opened(self) -> None:
        encoders = self._session.encoders
        assert encoders is not None
        self._last_id = encoders.bundle.id
        if encoders.bundle.path == self._session.original_bundle_path:
            self._original_id = encoders.bundle.id
        else:
            self._jobs.submit("short", partial(id_of, self._session.original_bundle_path), on_done=self._take_original)
        if self._is_gone:
            self._is_gone = False
            self._forget_use()
            self.lost.emit("Your own model is not where it was. The original is used.")
        self.refresh()

    def _take_original(self, bundle_id: str) -> None:
        self._original_id = bundle_id
        self.changed.emit()

    def _on_lost(self, error: BrokenBundle) -> None:
        log.warning("the model in use is lost: %s", error)
        self._forget_use()
        self.lost.emit("Your own model is damaged. The original is used; you can retrain at any time.")

    def _forget_use(self) -> None:
        self._store.change(model_in_use="", model_before="")

    # New ones

    def new_place(self, n_ratings: int = 0) -> Path:
        """Give a folder for a new model; its name is for people who look into the folder, and is new."""
        day = datetime.now().strftime("%Y-%m-%d")
        source = f"from {count_of(n_ratings, 'rating')}" if n_ratings else "trained"
        return self.folder / f"{day} {source} {secrets.token_hex(3)}"

    def put_on_trial(self, made: Retrained) -> None:
        """Keep a retraining's report with its model, which is on trial from now on; `changed` follows."""
        about = {"is_on_trial": True, "report": made.report, "seconds": made.seconds}
        self._keep_about(made.path, about)

    def _keep_about(self, path: Path, about: dict[str, Any]) -> None:
        self._jobs.submit("short", partial(write_about, path, about), on_failed=self.failed.emit)
        self.refresh()

    def add_folder(self, path: Path) -> None:
        """Copy a model from anywhere into the list, verified; `changed` follows, or `failed`."""
        self._jobs.submit(
            "short", partial(copy_model, path, self.folder), on_done=self._on_added, on_failed=self.failed.emit
        )

    def _on_added(self, _: object) -> None:
        self.refresh()

    # Use

    def use(self, model: Model) -> None:
        """Adopt a model, or go back to one; `adopted` follows, or `failed`, and until then all stays as it is."""
        if self._is_used(model.id):
            return
        self._coming = model
        self._session.use_bundle(model.path)
        self.changed.emit()

    def stay(self) -> None:
        """Take no other model into use after all."""
        self._coming = None
        self._session.leave_bundle()
        self.changed.emit()

    def _on_bundle_changed(self) -> None:
        encoders = self._session.encoders
        assert encoders is not None
        bundle_id = encoders.bundle.id
        coming, self._coming = self._coming, None
        if encoders.bundle.path == self._session.original_bundle_path:
            self._original_id = bundle_id
        # Not what the settings say: a model that the command line names is not kept there.
        before_id, self._last_id = self._last_id, bundle_id
        before = next((model for model in self.all if model.id == before_id), self.all[-1])
        self._store.change(
            model_in_use="" if bundle_id == self._original_id else bundle_id,
            model_before="" if before_id == self._original_id else before_id,
        )
        self._forget_others()
        if coming is not None and coming.report is not None and not coming.is_original:
            about = {"is_on_trial": False, "report": coming.report, "seconds": coming.seconds}
            self._keep_about(coming.path, about)
        self.changed.emit()
        now = self.in_use
        if now is not None:
            self.adopted.emit(now, before)

    def _on_bundle_failed(self, error: Exception) -> None:
        self._coming = None
        self.refresh()
        self.failed.emit(error)

    def _forget_others(self) -> None:
        """Let the library drop what other models say of photos; the original's and the last one's cost no time."""
        now = self._store.now
        keep = {self._original_id, now.model_in_use, now.model_before} - {""}
        if self._session.library is not None and self._original_id:
            # In the lane where models are made ready, so that neither ever meets the other's half.
            work = partial(_forget, self._session.library, frozenset(keep))
            self._jobs.submit("ahead", work, on_failed=self.failed.emit)

    # Away with them

    def delete(self, model: Model) -> None:
        """Delete a model that is neither in use nor about to be, for good; `changed` follows."""
        is_coming = self._coming is not None and self._coming.path == model.path
        if model.is_original or is_coming or self._is_used(model.id):
            return
        self._found = tuple(other for other in self._found if other.id != model.id)
        self.changed.emit()
        work = partial(delete_model, model.path)
        self._jobs.submit("short", work, on_done=self._on_added, on_failed=self._on_delete_failed)

    def _on_delete_failed(self, error: Exception) -> None:
        self.failed.emit(error)
        self.refresh()


def _forget(library: Library, keep: frozenset[str], *, report: Report) -> None:
    library.forget_embeddings(keep=keep, report=report)
