"""A plan to a film: its frames painted as on the screen and handed to `engine.video`, photos loaded ahead."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio import probe_song
from engine.errors import UnreadablePhoto
from engine.frames import layers_at
from engine.plan import Plan
from engine.progress import Report, ignore
from engine.video import FilmReport, write_film
from slideshow.film_credits import CreditsCard, demo_credits, film_tags
from slideshow.film_options import FilmOptions
from slideshow.painting import PreparedPhoto, load_prepared, paint_image
from slideshow.worker_pools import end_pool

CUES_AHEAD = 2
"""Photos prepared before they are needed; with those on the screen at most four are in memory."""

LEAVE_S = 5.0
"""A photo that is still being read so long after its film hangs on its drive, and is left to itself."""


def export_film(
    plan: Plan,
    dest: Path,
    *,
    options: FilmOptions | None = None,
    report: Report = ignore,
) -> FilmReport:
    """Write a plan as an MP4. Needs no display and no application.

    The frames are the screen's; only where the plan uses the demo's photos or songs do their credits lie over the last
    seconds. A photo that cannot be read any more gives its time to its neighbour in the plan and is named in the
    report. Raises as `write_film`, and UnreadablePhoto when none can be read.
    """
    options = options or FilmOptions()
    size = options.size
    songs, photos = demo_credits(plan)
    card = CreditsCard(songs, photos, size=size, duration_s=plan.duration_s) if songs or photos else None
    info = probe_song(plan.song)
    pool = ThreadPoolExecutor(1, thread_name_prefix="photos")
    try:
        ahead = _PhotosAhead(plan, size, pool)

        def frame_at(t_s: float) -> NDArray[np.uint8]:
            layers = layers_at(plan, t_s)
            frame = paint_image(size, layers, ahead.ready([layer.cue_index for layer in layers]))
            if card is not None:
                card.lay_over(frame, t_s)
            return frame

        film = write_film(
            dest,
            song=plan.song,
            frame_at=frame_at,
            size=size,
            fps=options.fps,
            duration_s=plan.duration_s,
            preset=options.preset,
            encoder=options.encoder,
            tags=film_tags(title=info.title, artist=info.artist, songs=songs, photos=photos),
            report=report,
        )
        return replace(film, unreadable=tuple(ahead.unreadable))
    finally:
        end_pool(pool, limit_s=LEAVE_S)


class _PhotosAhead:
    """Prepares the photos of a plan in order, a few ahead of the frames, and forgets those that have passed."""

    def __init__(self, plan: Plan, size: tuple[int, int], pool: ThreadPoolExecutor) -> None:
        self.unreadable: dict[Path, None] = {}
        self._plan = plan
        self._size = size
        self._pool = pool
        self._loading: dict[int, Future[PreparedPhoto]] = {}

    def ready(self, cue_indices: list[int]) -> dict[int, PreparedPhoto]:
        """Give the prepared photos of these cues, waiting for those that are not ready yet."""
        first, last = cue_indices[0], cue_indices[-1]
        for cue_index in range(first, min(last + CUES_AHEAD + 1, len(self._plan.cues))):
            if cue_index not in self._loading:
                self._loading[cue_index] = self._pool.submit(self._load, cue_index)
        for passed in [cue_index for cue_index in self._loading if cue_index < first]:
            del self._loading[passed]
        return {cue_index: self._loading[cue_index].result() for cue_index in cue_indices}

    def _load(self, cue_index: int) -> PreparedPhoto:
        """Prepare what a cue shows. For what cannot be read the partner stands alone, or a neighbour steps in."""
        for candidate in self._by_nearness(cue_index):
            cue = self._plan.cues[candidate]
            while shown := [photo for photo in (cue.photo, cue.partner) if photo and photo.path not in self.unreadable]:
                try:
                    return load_prepared(shown[0], size=self._size, partner=shown[1] if len(shown) > 1 else None)
                except UnreadablePhoto as fault:
                    self.unreadable[fault.path] = None
        raise UnreadablePhoto(self._plan.cues[cue_index].photo.path, "no photo of the plan can be read")

    def _by_nearness(self, cue_index: int) -> Iterator[int]:
        """The cue itself, then its neighbours, the one before first."""
        yield cue_index
        for distance in range(1, len(self._plan.cues)):
            for neighbour in (cue_index - distance, cue_index + distance):
                if 0 <= neighbour < len(self._plan.cues):
                    yield neighbour
