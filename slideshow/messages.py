"""Every fault in words for a person: what happened, in a sentence, and what to do next. Free of Qt: the command line
uses the same words."""

from __future__ import annotations

import platform
import sys
import traceback
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import (
    BrokenBundle,
    DiskFull,
    EngineError,
    ExportError,
    LibraryBusy,
    LibraryCorrupt,
    LibraryError,
    LibraryTooNew,
    ProjectError,
    RatingsError,
    TooFewPhotos,
    UnreadablePhoto,
    UnreadableSong,
)

NextStep = Literal["none", "choose_song", "add_folder", "export_again"]

FEW_PHOTOS = 30
"""With about this many photos, each moment of a song can find its own."""

TOAST_CHARS = 72
"""What a toast beside its action can hold in one line."""
KNOWN_BY = 16
"""So many characters of a long name, from both of its ends, still tell which file it is."""

MARK = "\N{REPLACEMENT CHARACTER}"
_UNSHOWN = frozenset({"Cs", "Cc", "Zl", "Zp"})
"""Unicode's categories of bytes that are no text, of control characters, and of line and paragraph ends."""
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of writing: a name must not make another of the words beside it."""

_NUMBER_WORDS = (
    "No",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)


def start_command(system: str = sys.platform) -> str:
    """What a person types before a command's name: Windows knows Python by its launcher, and by no name with a 3."""
    return "py start.py" if system == "win32" else "python3 start.py"


@dataclass(frozen=True, slots=True)
class Message:
    """A fault as a person reads it. `text` holds what happened and the advice; `details` is for the curious."""

    title: str
    text: str
    next_step: NextStep = "none"
    details: str = ""
    brief: str = ""
    """What happened, where it names the very thing that the title can only point at; it needs no title before it."""


def number_word(n: int) -> str:
    """A count at the start of a sentence: "Two", "1,204"."""
    return _NUMBER_WORDS[n] if 0 <= n < len(_NUMBER_WORDS) else f"{n:,}"


def count_of(n: int, noun: str) -> str:
    """A count within a sentence: "1 photo", "4,812 photos"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def readable(text: str) -> str:
    """Put a mark in the place of what cannot be shown: bytes that are no text, line breaks, turns of direction."""
    return "".join(MARK if unicodedata.category(c) in _UNSHOWN or c in _TURNS else c for c in text)


def name_of(path: Path) -> str:
    """A file's name that can always be shown and printed, whatever it holds."""
    return readable(path.name or str(path))


def path_text(path: Path) -> str:
    """A file's whole path, as `name_of` does its name."""
    return readable(str(path))


def message_of(error: EngineError) -> Message:
    """Word a known fault."""
    details = str(error).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    match error:
        case UnreadableSong():
            text = f"{_said_of(error.path, error.reason)}. Other songs will work."
            brief = f"{_said_of(error.path, error.reason, most=TOAST_CHARS - 1)}."
            return Message("This song cannot be read", text, "choose_song", details, brief)
        case UnreadablePhoto():
            brief = f"{_said_of(error.path, error.reason)}."
            return Message("This photo cannot be read", brief, "none", details, brief)
        case TooFewPhotos(reason=reason) if reason:
            return Message("No photos for this show", reason, "none", details)
        case TooFewPhotos(found=0):
            text = "Add a folder and Moodreel will find out how each photo feels. Your files stay where they are."
            return Message("No photos yet", text, "add_folder", details)
        case TooFewPhotos():
            text = f"{count_of(error.found, 'photo')} here, at least {error.needed} needed. Add a folder with more."
            return Message("Too few photos", text, "add_folder", details)
        case BrokenBundle():
            text = (
                f"The model at {path_text(error.path)} cannot be used: {_clause(error.reason)}. Install Moodreel "
                "again, or choose another model with --bundle. Your photos and songs are safe."
            )
            return Message("The mood model is damaged", text, "none", details)
        case LibraryTooNew():
            text = "It was written by a newer Moodreel. Update Moodreel to open it. Nothing in it was changed."
            return Message("This library is newer than the app", text, "none", details)
        case LibraryBusy():
            text = "Another Moodreel is writing to it. Close the other one, then try again."
            return Message("The photo library is in use", text, "none", details)
        case LibraryCorrupt():
            text = (
                f"{path_text(error.path)} is damaged: {_clause(error.reason)}. Move it away and Moodreel "
                "will start a new one. Your photos are not touched."
            )
            return Message("The photo library cannot be read", text, "none", details)
        case LibraryError():
            text = f"{path_text(error.path)}: {_clause(error.reason)}. Check the place and try again."
            return Message("The photo library cannot be used", text, "none", details)
        case DiskFull():
            is_film = error.path.suffix.lower() == ".mp4"
            kind, smaller = ("film", ", or make it smaller") if is_film else ("file", "")
            more = f"{size_text(error.missing_bytes)} more room" if error.missing_bytes else "more room"
            text = f"The {kind} needs {more}. Choose another place{smaller}."
            return Message(f"The {kind} could not be saved", text, "export_again", details)
        case ExportError():
            is_film = error.path.suffix.lower() == ".mp4"
            text = f"{name_of(error.path)}: {_clause(error.reason)}. Choose another name or place."
            return Message(f"The {'film' if is_film else 'file'} could not be saved", text, "export_again", details)
        case ProjectError():
            is_kept = " The backup beside it may still be whole." if error.backup is not None else ""
            text = f"{name_of(error.path)}: {_clause(error.reason)}. Nothing was changed.{is_kept}"
            return Message("This show cannot be opened or saved", text, "none", details)
        case RatingsError():
            text = f"{name_of(error.path)}: {_clause(error.reason)}. Nothing was changed."
            return Message("These ratings cannot be read", text, "none", details)
    return Message("That did not work", _clause(str(error)) + ".", "none", details)


def sentence(error: EngineError) -> str:
    """Word a known fault in one line, for the command line and for toasts."""
    message = message_of(error)
    return message.text if message.brief else f"{message.title}. {message.text}"


def short(message: Message) -> str:
    """The title and what happened, for a toast; the title alone where both are too long for one line."""
    if message.brief:
        return message.brief if len(message.brief) <= TOAST_CHARS else f"{message.title}."
    both = f"{message.title}. {message.text.partition('. ')[0].rstrip('.')}."
    return both if len(both) <= TOAST_CHARS else f"{message.title}."


def unread_photos(skipped: Sequence[tuple[Path, str]], *, n_found: int) -> str:
    """Say how many of the photos that were found could not be read."""
    n = len(skipped)
    who = "One photo" if n == 1 else f"{number_word(n)} photos"
    others = " The others are fine." if n_found > n else ""
    return f"{who} could not be read.{others}"


def skipped_details(skipped: Sequence[tuple[Path, str]]) -> str:
    """A paragraph for each photo that could not be read, with the reason."""
    return "\n\n".join(f"{path_text(path)}: {reason}" for path, reason in skipped)


def few_photos(n: int) -> str:
    """Say that a show of n photos will be short on choice; "" when there are enough."""
    if n == 0 or n >= FEW_PHOTOS:
        return ""
    who = "One photo makes" if n == 1 else f"{number_word(n)} photos make"
    return f"{who} a short show. With about {FEW_PHOTOS}, each moment can find its own."


def time_left(seconds: float) -> str:
    """Say roughly how long something will still take: "About 3 minutes left"."""
    if seconds < 8:
        return "A few seconds left"
    if seconds < 55:
        return f"About {round(seconds / 10) * 10 or 10} seconds left"
    minutes = round(seconds / 60)
    if minutes < 60:
        return "About a minute left" if minutes <= 1 else f"About {minutes} minutes left"
    hours = round(minutes / 60)
    return "About an hour left" if hours <= 1 else f"About {hours} hours left"


def size_text(n_bytes: int) -> str:
    """Say a file's size in the units of disks: "1.2 GB", "96 MB", at least "1 MB"."""
    megabytes = n_bytes / 1e6
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{max(1, round(megabytes))} MB"


def duration_text(seconds: float) -> str:
    """Say roughly how long something will take: "about 3 minutes"."""
    return time_left(seconds).removesuffix(" left").replace("A few seconds", "a few seconds").replace("About", "about")


def crash_report(error: BaseException) -> str:
    """Write what a developer needs to know about a bug; it names no photo and no song."""
    trace = "".join(traceback.format_exception(error))
    return f"Moodreel on {platform.platform()}, Python {sys.version.split()[0]}\n\n{trace}"


def _said_of(path: Path, reason: str, *, most: int = 0) -> str:
    """Join a file and what is wrong with it: "x.mp3 is too short", "x.jpg: the file is damaged".

    With `most` characters in all, a longer name loses its middle, if enough of it is left to know it by.
    """
    clause, name = _clause(reason), name_of(path)
    said = f" {clause[3:]}" if clause.startswith("it ") else f": {clause}"
    room = most - len(said)
    if KNOWN_BY <= room < len(name):
        name = f"{name[: room - room // 2 - 1]}…{name[-(room // 2) :]}"
    return name + said


def _clause(reason: str) -> str:
    return reason.strip().rstrip(".").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
