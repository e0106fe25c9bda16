"""Pictures of every explanation, for tests.screenshots."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QTextBrowser

from slideshow import places
from slideshow.main_window import MainWindow

if TYPE_CHECKING:
    from tests.screenshots import Studio


def explaining(
    studio: Studio,
    choice: str,
    size: tuple[int, int],
    *,
    wait_for: Callable[[Callable[[], bool]], None],
    settle: Callable[..., None],
) -> None:
    """A photo with and without ratings, a song, the model's card and its rows in the settings; at 150 % too."""
    names = ("explain-photo", "explain-song", "model-card", "model-settings", "inspector")
    if not studio.wants(*names, *(f"{name}-large-text" for name in names)):
        return
    library = Path(tempfile.mkdtemp()) / "library.sqlite"
    for scale, suffix in ((1.0, ""), (1.5, "-large-text")):
        with studio.window(choice, size, library=library, is_welcomed=True, text_scale=scale) as window:

            def is_ready(window: MainWindow = window) -> bool:
                return bool(window.session.runners_up) and not window.jobs.is_busy

            window.start()
            wait_for(lambda window=window: window.session.is_open)  # type: ignore[misc]
            window.session.add_folders([places.DEMO_PHOTOS])
            wait_for(lambda window=window: window.session.n_photos >= 30)  # type: ignore[misc]
            window.open_song(places.DEMO_SONGS / "03-rlyeh-dark-tense.ogg")
            wait_for(is_ready)
            _shown(studio, window, suffix, wait_for, settle)


def _shown(
    studio: Studio,
    window: MainWindow,
    suffix: str,
    wait_for: Callable[[Callable[[], bool]], None],
    settle: Callable[..., None],
) -> None:
    def opened(name: str) -> None:
        wait_for(lambda: window.explaining.sheet is not None)
        settle(900)
        studio.take(window, f"{name}{suffix}")

    window.create_page.seek(40.0)
    settle(600)
    studio.take(window, f"inspector{suffix}")
    window.create_page.hand.explain()
    opened("explain-photo")
    catalog, library = window.session.whole_catalog, window.session.library
    assert catalog is not None
    assert library is not None
    for row, photo in enumerate(catalog.photos[:8]):
        library.ratings.rate(photo.content_hash, 0.2 + 0.08 * row, 0.7 - 0.05 * row)
    window.explaining.explain_photo(catalog.photos[3])
    opened("explain-photo-rated")
    window.explaining.explain_song()
    opened("explain-song")
    window.explaining.show_model()
    opened("model-card")
    assert window.explaining.sheet is not None
    card = window.explaining.sheet.findChild(QTextBrowser)
    if card is not None:
        card.verticalScrollBar().setValue(560)
        settle(100)
        studio.take(window, f"model-card-tables{suffix}")
    window.explaining.sheet.close()
    window.show_page("settings")
    settle(600)
    studio.take(window, f"model-settings{suffix}")
    for photo in catalog.photos[:8]:
        library.ratings.restore(photo.content_hash, None)
