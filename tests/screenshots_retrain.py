"""Pictures of every state of retraining: python -m tests.screenshots_retrain FOLDER [--only NAME] [--theme dark]."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from slideshow import places
from slideshow.main_window import MainWindow
from slideshow.retraining import Fault, Step
from slideshow.sheets import Sheet
from tests.screenshots import THEMES, Studio, settle, wait_for

SIZES_PX = ((1280, 800), (1920, 1080))
N_RATED = 30


def rate(window: MainWindow, n: int) -> None:
    """Rate photos as someone would who likes few of them and is easily excited."""
    catalog = window.session.whole_catalog
    assert catalog is not None
    chosen = np.random.default_rng(3).permutation(len(catalog))[:n]
    for row in chosen:
        valence, arousal = catalog.va[row]
        said = (float(np.clip(1.8 * valence - 0.6, 0.02, 0.98)), float(np.clip(1.5 * arousal - 0.1, 0.02, 0.98)))
        window.teaching.rate(catalog.photos[row], said)
    wait_for(lambda: window.teaching.n_ratings == n)


def retraining(studio: Studio, choice: str, size: tuple[int, int], library: Path, scale: float) -> None:
    """Take every state in one theme and size."""
    options = {"library": library, "is_welcomed": True, "text_scale": scale}
    with studio.window(choice, size, **options) as window:  # type: ignore[arg-type]
        if scale != 1:
            studio.suffix += f"-{round(100 * scale)}"
        window.start()
        wait_for(lambda: window.session.is_open)
        if not window.session.n_photos:
            window.session.add_folders([places.DEMO_PHOTOS.resolve()])
            wait_for(lambda: window.session.n_photos > 0 and not window.session.indexing.is_running)
        assert window.session.library is not None
        window.session.library.ratings.forget_all()
        window.teaching.refresh()
        window.show_page("teach")
        panel, models = window.retraining.panel, window.models
        wait_for(lambda: window.teaching.n_ratings == 0)
        settle(1500)
        studio.take(window, "retrain-nothing")
        rate(window, 3)
        settle(300)
        studio.take(window, "retrain-few")
        rate(window, N_RATED)
        settle(300)
        studio.take(window, "retrain-ready")
        panel.start()
        wait_for(lambda: panel.retraining.step.share > 0)
        panel._say("Learning from your ratings", 0.62)
        studio.take(window, "retrain-running")
        wait_for(lambda: panel.state == "report")
        settle(1500)
        studio.take(window, "retrain-report")
        panel.ask_to_discard()
        settle(300)
        studio.take(window, "retrain-discard")
        for sheet in window.findChildren(Sheet):
            sheet.close()
        panel.buttons["Adopt"].click()
        wait_for(lambda: panel.state == "adopted")
        settle(600)
        studio.take(window, "retrain-adopted")
        panel._on_stopped()
        studio.take(window, "retrain-stopped")
        panel._on_failed(Fault("The disk is full", "There is no room left to write the new model.", "No space left"))
        studio.take(window, "retrain-failed")
        panel._show_running("adopting", panel._row(("Stop", "outlined", models.stay)))
        panel._say("Fitting your photos to it", 0.4)
        found = list(models.all)
        now = found[0].created
        assert now is not None
        older = [
            replace(found[0], name="From 84 ratings", created=now - timedelta(days=50), state="kept", id="1"),
            replace(found[0], name="From 1,240 ratings", created=now - timedelta(days=400), state="kept", id="2"),
            replace(found[0], name="A model", created=None, state="damaged", id="3"),
            replace(found[0], name="My own training of last winter", n_ratings=0, state="kept", id="4"),
        ]
        panel.list.lock(is_locked=False)
        panel.list.show_models([*found[:1], *older, found[-1]])
        settle(300)
        studio.take(window, "retrain-models")
        window.retraining.training._show_corpora()
        settle(300)
        studio.take(window, "retrain-corpora")
        window.retraining.training._show_missing()
        settle(300)
        studio.take(window, "retrain-missing")
        window.retraining.training._show_progress()
        window.retraining.training._on_step(Step("Training, epoch 12", 0.55))
        settle(300)
        studio.take(window, "retrain-training")
        for model in models.all:
            if not model.is_original:
                models.use(models.all[-1])
                wait_for(lambda: models.coming is None)
                models.delete(model)
                settle(200)


def main(arguments: list[str]) -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--size", type=int)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--library", type=Path)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    studio = Studio(app, options.folder, places.DEFAULT_BUNDLE, options.only)
    library = options.library or Path(tempfile.mkdtemp()) / "library.sqlite"
    for choice, size in itertools.product([options.theme] if options.theme else THEMES, SIZES_PX):
        if options.size in (None, size[0]):
            retraining(studio, choice, size, library, options.scale)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
