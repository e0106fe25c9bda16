"""Every error the engine raises on purpose: the world's faults, each to be worded for a person by the caller."""

from __future__ import annotations

from pathlib import Path


class EngineError(Exception):
    """Root of all errors that come from the world (files, disks, devices) and not from a bug."""


class UnreadableSong(EngineError):
    """A song that cannot be opened, decoded or that holds no sound."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class UnreadablePhoto(EngineError):
    """A photo that cannot be opened or decoded, or that is refused (a decompression bomb)."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class TooFewPhotos(EngineError):
    """A show was asked for with fewer photos than it needs. reason is a sentence, where there is more to say."""

    def __init__(self, found: int, needed: int = 1, *, reason: str = "") -> None:
        super().__init__(reason or f"{found} photos found, {needed} needed")
        self.found = found
        self.needed = needed
        self.reason = reason


class BrokenBundle(EngineError):
    """A model bundle that is missing, incomplete, of an unknown format, or whose files do not match their hashes."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class LibraryError(EngineError):
    """The photo library (its SQLite file) cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class LibraryTooNew(LibraryError):
    """The library was written by a newer Moodreel."""


class LibraryBusy(LibraryError):
    """Another program holds the library's write lock."""


class LibraryCorrupt(LibraryError):
    """The library file is damaged or is no library."""


class ExportError(EngineError):
    """A film or another file could not be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class DiskFull(ExportError):
    """There is not enough room for what was to be written; missing_bytes is an estimate, 0 where there is none."""

    def __init__(self, path: Path, missing_bytes: int = 0) -> None:
        super().__init__(path, "the disk is full")
        self.missing_bytes = missing_bytes


class ProjectError(EngineError):
    """A project file that cannot be read or written; backup is a copy beside it that may still be whole."""

    def __init__(self, path: Path, reason: str, *, backup: Path | None = None) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.backup = backup


class RatingsError(EngineError):
    """A file that was said to hold ratings and cannot be read as such."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Cancelled(BaseException):
    """The person asked to stop. Not an Exception, so no handler for faults swallows it."""
