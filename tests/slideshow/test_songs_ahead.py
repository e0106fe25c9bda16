"""The next song of a queue: planned ahead with photos that the songs before it have not shown."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.cues import Plan, PlanOptions
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.songs_ahead import SongAhead

LIMIT_MS = 30_000


@pytest.fixture
def show(qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path) -> Session:
    """A session whose show of a song needs three of eight photos."""
    with qtbot.waitSignal(opened.indexing_finished, timeout=LIMIT_MS):
        opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)
    opened.first_options = PlanOptions(min_hold_s=6.0, max_hold_s=12.0, has_pairs=False, repeats="all")
    opened.open_song(clip)
    qtbot.waitUntil(lambda: bool(opened.runners_up), timeout=LIMIT_MS)
    return opened


def photos_of(plan: Plan | None) -> list[int]:
    assert plan is not None
    return [cue.photo.id for cue in plan.cues]


def prepared(qtbot: QtBot, ahead: SongAhead, jobs: Jobs, song: Path) -> list[int]:
    """Photos of the next song's show, once it is planned."""
    ahead.prepare(song)
    qtbot.waitUntil(lambda: ahead.growth is not None and not jobs.is_busy, timeout=LIMIT_MS)
    assert ahead.growth is not None
    return photos_of(ahead.growth.plan)


def test_songs_of_a_queue_avoid_each_others_photos(
    qtbot: QtBot, show: Session, jobs: Jobs, clip: Path, tmp_path: Path
) -> None:
    songs = [Path(shutil.copy(clip, tmp_path / f"{name}.mp3")) for name in ("second", "third")]
    first = photos_of(show.plan)
    assert 2 <= len(first) <= 3
    ahead = SongAhead(show, jobs)
    second = prepared(qtbot, ahead, jobs, songs[0])
    assert not set(second) & set(first)
    assert ahead.hand_over(songs[0])
    assert photos_of(show.plan) == second
    third = prepared(qtbot, ahead, jobs, songs[1])
    n_left = 8 - len(first) - len(second)
    assert not set(third[:n_left]) & (set(first) | set(second))  # the first song counts still
    qtbot.waitUntil(lambda: bool(show.runners_up), timeout=LIMIT_MS)
    show.editing.change_options(min_hold_s=4.0, max_hold_s=8.0)
    qtbot.waitUntil(lambda: show.plan is not None and show.plan.options.min_hold_s == 4.0, timeout=LIMIT_MS)
    assert len(photos_of(show.plan)) <= 8 - len(first)
    assert not set(photos_of(show.plan)) & set(first)  # and so it does when the second is planned anew


def test_the_next_show_follows_what_is_chosen_meanwhile(
    qtbot: QtBot, show: Session, jobs: Jobs, clip: Path, tmp_path: Path
) -> None:
    song = Path(shutil.copy(clip, tmp_path / "second.mp3"))
    ahead = SongAhead(show, jobs)
    prepared(qtbot, ahead, jobs, song)
    show.editing.draw_arc(((0.0, 0.2, 0.2), (20.0, 0.8, 0.8)))
    show.editing.change_options(min_hold_s=4.0, max_hold_s=8.0)

    def is_planned_anew() -> bool:
        plan = ahead.growth.plan if ahead.growth is not None else None
        return plan is not None and plan.options.min_hold_s == 4.0 and not jobs.is_busy

    qtbot.waitUntil(is_planned_anew, timeout=LIMIT_MS)
    growth = ahead.growth
    show.editing.toggle_pin(0)  # that is no other choice
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)
    assert ahead.growth is growth
    assert ahead.hand_over(song)
    assert show.options.max_hold_s == 8.0
    assert not show.options.arc
