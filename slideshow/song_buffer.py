"""A song's samples for playing: decoded ahead by a thread of its own, and held in a fixed amount of memory.

Songs of a few minutes lie in memory whole. Of longer ones the rest waits in a file without a name, in the person's
cache folder, and only what is near the position is in memory: a seek stays exact to the sample in every format, which
seeking in a compressed file is not.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from bisect import bisect_right
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from engine.audio import probe_song, stereo_blocks
from engine.emotion import FloatArray
from engine.errors import UnreadableSong

COMMON_RATES_HZ = (44_100, 48_000)
"""Rates every device takes: the song's own where it is one of these, else the one it divides best."""

WHOLE_S = 480.0
"""Songs up to this length are held whole: 85 MB."""

AHEAD_S, BEHIND_S = 60.0, 10.0
"""Of a longer song so much is held around the position: 12 MB."""

TEND_EVERY_S = 0.25
TENDED_AT_ONCE = 16
"""Blocks of about a second read from the file before the thread looks whether the position has moved."""

BYTES_PER_FRAME = 4

log = logging.getLogger(__name__)


class SongBuffer:
    """The decoded song so far, int16 stereo at `rate_hz`: one thread appends and tends, others read, without a lock.

    A block is in the list before `n_frames` counts it, so a reader never sees half of one. `following` is the song
    whose first sample comes after this one's last.
    """

    def __init__(
        self,
        *,
        rate_hz: int,
        whole_s: float = WHOLE_S,
        ahead_s: float = AHEAD_S,
        behind_s: float = BEHIND_S,
        folder: Path | None = None,
    ) -> None:
        self.rate_hz = rate_hz
        self.n_frames = 0
        self.is_complete = False
        self.following: SongBuffer | None = None
        self.moved = threading.Event()
        """Set when the position has jumped, to wake the thread that tends."""
        self._whole_s, self._ahead_s, self._behind_s = whole_s, ahead_s, behind_s
        self._folder = folder
        self._starts: list[int] = []
        self._blocks: list[NDArray[np.int16] | None] = []
        self._held: set[int] = set()
        self._wanted_frame = 0
        self._file: IO[bytes] | None = None
        self._has_file_failed = False

    @property
    def duration_s(self) -> float:
        """Length of what is decoded."""
        return self.n_frames / self.rate_hz

    @property
    def n_bytes_held(self) -> int:
        """Memory that the samples take."""
        return sum(block.nbytes for block in tuple(self._blocks) if block is not None)

    @property
    def is_filed(self) -> bool:
        """Whether a part of the song waits in a file."""
        return self._file is not None

    def append(self, block: NDArray[np.int16]) -> None:
        """Add a block (n, 2) to the end."""
        if len(block) == 0:
            return
        self._held.add(len(self._blocks))
        self._blocks.append(block)
        self._starts.append(self.n_frames)
        self.n_frames += len(block)
        if not self._has_file_failed and (self._file is not None or self.duration_s > self._whole_s):
            self._put_in_file(block)
            self.tend()

    def finish(self) -> None:
        """Say that no more will come."""
        self.is_complete = True

    def jump(self, frame: int) -> None:
        """Say that reading goes on elsewhere."""
        self._wanted_frame = frame
        self.moved.set()

    def read(self, frame: int, out: FloatArray) -> int:
        """Copy samples from `frame` on into out (n, 2), still in int16's range, and return how many there were.

        Fewer than asked for at the end of what is decoded, and where samples are still being fetched from the file.
        """
        self._wanted_frame = frame
        n_wanted = max(0, min(len(out), self.n_frames - frame))
        n_done = 0
        while n_done < n_wanted:
            i = bisect_right(self._starts, frame + n_done) - 1
            block = self._blocks[i]
            if block is None:
                break
            part = block[frame + n_done - self._starts[i] :][: n_wanted - n_done]
            out[n_done : n_done + len(part)] = part
            n_done += len(part)
        return n_done

    def tend(self) -> bool:
        """Hold what is near the position, let go of the rest; whether there is more to fetch. The appending thread."""
        if self._file is None or self._has_file_failed:
            return False
        wanted = self._wanted_frame
        first = self._index_of(wanted - round(self._behind_s * self.rate_hz))
        now = self._index_of(wanted)
        last = self._index_of(wanted + round(self._ahead_s * self.rate_hz))
        for i in [i for i in self._held if not first <= i <= last]:
            self._blocks[i] = None
            self._held.discard(i)
        missing = [i for i in (*range(now, last + 1), *range(first, now)) if i not in self._held]
        for i in missing[:TENDED_AT_ONCE]:
            self._blocks[i] = self._from_file(i)
            self._held.add(i)
        return len(missing) > TENDED_AT_ONCE

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()

    def _index_of(self, frame: int) -> int:
        return max(0, bisect_right(self._starts, frame) - 1)

    def _put_in_file(self, block: NDArray[np.int16]) -> None:
        try:
            if self._file is None:
                if self._folder is not None:
                    self._folder.mkdir(parents=True, exist_ok=True)
                file = tempfile.TemporaryFile(prefix="moodreel-song-", dir=self._folder)  # noqa: SIM115  # closed in `close`
                for earlier in self._blocks:
                    assert earlier is not None
                    file.write(earlier.tobytes())
                self._file = file
            else:
                self._file.seek(0, 2)
                self._file.write(block.tobytes())
        except OSError as error:
            # What is in memory stays there; a full disk must not end the music.
            log.warning("a long song is held in memory, its file cannot be written: %s", error)
            self._has_file_failed = True
            self._fetch_all()

    def _fetch_all(self) -> None:
        for i, block in enumerate(self._blocks):
            if block is None:
                self._blocks[i] = self._from_file(i)

    def _from_file(self, i: int) -> NDArray[np.int16]:
        assert self._file is not None
        end = self._starts[i + 1] if i + 1 < len(self._starts) else self.n_frames
        n_frames = end - self._starts[i]
        samples = np.zeros((n_frames, 2), dtype=np.int16)
        try:
            self._file.seek(self._starts[i] * BYTES_PER_FRAME)
            data = self._file.read(n_frames * BYTES_PER_FRAME)
        except OSError as error:
            log.warning("a part of a long song is lost and played as silence: %s", error)
            return samples
        found = np.frombuffer(data[: len(data) // BYTES_PER_FRAME * BYTES_PER_FRAME], dtype=np.int16).reshape(-1, 2)
        samples[: len(found)] = found
        return samples


class Decoding:
    """Decodes a song into a buffer in a thread of its own, then keeps the buffer tended until it is stopped."""

    def __init__(self, path: Path, *, rate_hz: int | None = None, folder: Path | None = None) -> None:
        """Start. Without a rate the song's own is taken where it is a common one."""
        self.path = path
        self.buffer = SongBuffer(rate_hz=rate_hz or COMMON_RATES_HZ[0], folder=folder)
        self.error: UnreadableSong | None = None
        self.is_over = False
        """Whether the song is decoded, broken off or failed."""
        self._may_choose_rate = rate_hz is None
        self._is_stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="sound-decoder", daemon=True)
        self.thread.start()

    @property
    def has_rate(self) -> bool:
        """Whether decoding has begun, which settles the buffer's rate."""
        return self.buffer.n_frames > 0 or self.buffer.is_complete

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        self._is_stopped.set()
        self.buffer.moved.set()

    def _run(self) -> None:
        buffer = self.buffer
        try:
            self._decode()
        except UnreadableSong as error:
            if buffer.n_frames == 0:
                self.error = error
            else:
                log.warning("the song breaks off: %s", error)
        finally:
            if buffer.n_frames == 0 and self.error is None and not self._is_stopped.is_set():
                self.error = UnreadableSong(self.path, "it cannot be decoded")  # or its end would be waited for
            buffer.finish()
            self.is_over = True
        while buffer.is_filed and not self._is_stopped.is_set():
            if not buffer.tend():
                buffer.moved.wait(TEND_EVERY_S)
                buffer.moved.clear()
        buffer.close()

    def _decode(self) -> None:
        if self._may_choose_rate:
            sr = probe_song(self.path).sr
            self.buffer.rate_hz = sr if sr in COMMON_RATES_HZ else COMMON_RATES_HZ[sr % 8_000 == 0]
        for block in stereo_blocks(self.path, sr=self.buffer.rate_hz):
            if self._is_stopped.is_set():
                return
            self.buffer.append(block)
