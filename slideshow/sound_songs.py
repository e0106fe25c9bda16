"""The song that plays and the one that follows it, each decoded ahead; those that are done with are let go."""

from __future__ import annotations

import threading
from pathlib import Path

from slideshow.song_buffer import Decoding
from slideshow.sound_thread import join_all


class SoundSongs:
    """Holds the two songs of a sound. GUI thread."""

    def __init__(self, *, cache_folder: Path | None) -> None:
        self._cache_folder = cache_folder
        self._told_duration_s = 0.0
        self._next_told_duration_s = 0.0
        self._stopping: list[threading.Thread] = []
        self.now: Decoding | None = None
        self.next: Decoding | None = None
        self.next_path: Path | None = None
        self.is_told = False
        """Whether the end of the present song's decoding has been told."""

    @property
    def duration_s(self) -> float:
        """The present song's duration: as told by its file until it is decoded, exact from then on."""
        if self.now is not None and (self.now.is_over or self._told_duration_s == 0.0):
            return self.now.buffer.duration_s
        return self._told_duration_s

    @property
    def is_decoding(self) -> bool:
        """Whether anything is still to be heard of from a decoder."""
        return (self.now is not None and not self.is_told) or (self.next is not None and not self.next.is_over)

    def take(self, path: Path, *, duration_s: float) -> None:
        """Begin with another song, and with none after it."""
        self.choose_next(None)
        self._told_duration_s = duration_s
        self._decode(path, rate_hz=None)

    def take_at_rate(self, rate_hz: int) -> None:
        """Decode both songs anew: the device insists on a rate."""
        assert self.now is not None
        self._stop(self.next)
        self.next = None
        self._decode(self.now.path, rate_hz=rate_hz)

    def forget(self) -> None:
        """Drop both songs."""
        self.choose_next(None)
        self._stop(self.now)
        self.now, self._told_duration_s = None, 0.0

    def choose_next(self, path: Path | None, *, duration_s: float = 0.0) -> None:
        """Choose the song that follows, or none."""
        if self.now is not None:
            self.now.buffer.following = None
        self._stop(self.next)
        self.next, self.next_path, self._next_told_duration_s = None, path, duration_s
        self.prepare_next()

    def prepare_next(self) -> None:
        """Decode the next song once the present one is decoded, at its rate, and append it."""
        now = self.now
        is_wanted = self.next_path is not None and self.next is None
        if not is_wanted or now is None or not now.is_over or now.error is not None:
            return
        assert self.next_path is not None
        self.next = Decoding(self.next_path, rate_hz=now.buffer.rate_hz, folder=self._cache_folder)
        now.buffer.following = self.next.buffer

    def move_on(self) -> None:
        """Make the next song the present one."""
        assert self.next is not None
        self._stop(self.now)
        if self.now is not None:
            self.now.buffer.following = None  # else whoever holds the first song of a queue would hold them all
        self.now, self.next, self.next_path = self.next, None, None
        self._told_duration_s, self._next_told_duration_s = self._next_told_duration_s, 0.0
        self.is_told = False

    def shutdown(self, *, limit_s: float) -> None:
        """End all threads, waiting for them only so long."""
        self._stop(self.now)
        self._stop(self.next)
        join_all(self._stopping, limit_s=limit_s)

    def _decode(self, path: Path, *, rate_hz: int | None) -> None:
        self._stop(self.now)
        self.now = Decoding(path, rate_hz=rate_hz, folder=self._cache_folder)
        self.is_told = False

    def _stop(self, decoding: Decoding | None) -> None:
        if decoding is not None:
            decoding.stop()
            self._stopping = [*(thread for thread in self._stopping if thread.is_alive()), decoding.thread]
