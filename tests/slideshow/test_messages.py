"""Every known fault has a sentence and a next step; nothing a person reads breaks on odd names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import errors
from engine.errors import EngineError
from slideshow import messages

PATH = Path("/music/Harbour Lights.m4a")
FAULTS = (
    errors.UnreadableSong(PATH, "it is shorter than one second"),
    errors.UnreadablePhoto(Path("/p/a.jpg"), "the file is damaged or cut short"),
    errors.TooFewPhotos(0),
    errors.TooFewPhotos(1, 2),
    errors.BrokenBundle(Path("/m"), "manifest.json is missing"),
    errors.LibraryTooNew(Path("/l"), "version 9"),
    errors.LibraryBusy(Path("/l"), "locked"),
    errors.LibraryCorrupt(Path("/l"), "it is no database"),
    errors.LibraryError(Path("/l"), "permission denied"),
    errors.DiskFull(Path("/f/x.mp4")),
    errors.ExportError(Path("/f/x.mp4"), "Permission denied"),
    errors.ProjectError(Path("/f/x.moodreel"), "it is damaged"),
    errors.RatingsError(Path("/f/x.csv"), "there is no column path"),
    EngineError("odd"),
)


def subclasses(kind: type) -> set[type]:
    return {kind} | {deeper for child in kind.__subclasses__() for deeper in subclasses(child)}


def test_every_kind_of_fault_is_worded() -> None:
    kinds = {kind for kind in subclasses(EngineError) if kind.__module__ == "engine.errors"}
    assert kinds <= {type(fault) for fault in FAULTS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_message_is_whole_sentences(fault: EngineError) -> None:
    message = messages.message_of(fault)
    assert message.title
    assert not message.title.endswith(".")
    assert message.text.endswith(".")
    assert ".." not in message.text
    whole = messages.sentence(fault)
    assert whole == (message.text if message.brief else f"{message.title}. {message.text}")
    assert message.text.startswith(message.brief)


def test_a_bad_song_is_named_with_what_is_wrong() -> None:
    message = messages.message_of(FAULTS[0])
    assert message.text == "Harbour Lights.m4a is shorter than one second. Other songs will work."
    assert message.next_step == "choose_song"


def test_a_bad_song_is_named_once() -> None:
    fault = errors.UnreadableSong(Path("/m/01. Song of songs.mp3"), "it is not an audio file, or it is damaged")
    assert messages.sentence(fault).lower().count("this song") == 0
    assert messages.sentence(fault).count("01. Song of songs.mp3") == 1
    brief = messages.short(messages.message_of(fault))
    assert brief == "01. Song of songs.mp3 is not an audio file, or it is damaged."
    long = messages.message_of(errors.UnreadableSong(Path(f"/m/One{'x' * 90}.mp3"), "it is damaged"))
    brief = messages.short(long)
    assert brief.startswith("Onexx")
    assert brief.endswith("xx.mp3 is damaged.")
    assert len(brief) == messages.TOAST_CHARS
    assert f"One{'x' * 90}.mp3 is damaged." in long.text  # where there is room it is told in full
    reason = f"it is {'very ' * 12}damaged"
    wordy = messages.message_of(errors.UnreadableSong(Path(f"/m/{'x' * 90}.mp3"), reason))
    assert messages.short(wordy) == "This song cannot be read."


def test_names_that_are_no_text_can_be_shown() -> None:
    path = Path(os.fsdecode(b"/photos/\xff\xfe.jpg"))
    for text in (
        messages.name_of(path),
        messages.sentence(errors.UnreadablePhoto(path, "it is not a file")),
        messages.message_of(errors.UnreadablePhoto(path, "x")).details,
        messages.skipped_details([(path, "damaged")]),
    ):
        text.encode("utf-8")


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, ""),
        (1, "One photo makes a short show. With about 30, each moment can find its own."),
        (5, "Five photos make a short show. With about 30, each moment can find its own."),
        (29, "29 photos make a short show. With about 30, each moment can find its own."),
        (30, ""),
    ],
)
def test_few_photos(n: int, text: str) -> None:
    assert messages.few_photos(n) == text


def test_unread_photos_are_counted_in_words() -> None:
    skipped = [(Path("a.jpg"), "damaged"), (Path("b.jpg"), "damaged")]
    assert messages.unread_photos(skipped, n_found=5) == "Two photos could not be read. The others are fine."
    assert messages.unread_photos(skipped[:1], n_found=2) == "One photo could not be read. The others are fine."
    assert messages.unread_photos(skipped, n_found=2) == "Two photos could not be read."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "A few seconds left"),
        (31, "About 30 seconds left"),
        (62, "About a minute left"),
        (178, "About 3 minutes left"),
        (3600, "About an hour left"),
        (9000, "About 2 hours left"),
    ],
)
def test_time_left(seconds: float, text: str) -> None:
    assert messages.time_left(seconds) == text


def test_a_crash_report_holds_the_trace() -> None:
    try:
        raise KeyError("lost")
    except KeyError as error:
        report = messages.crash_report(error)
    assert "KeyError: 'lost'" in report
    assert "test_messages.py" in report


def test_only_a_full_disk_asks_for_a_smaller_film() -> None:
    full = messages.message_of(errors.DiskFull(Path("/f/x.mp4"), 1_234_000_000))
    assert full.title == "The film could not be saved"
    assert full.text == "The film needs 1.2 GB more room. Choose another place, or make it smaller."
    assert "needs more room." in messages.message_of(errors.DiskFull(Path("/f/x.mp4"))).text
    curve = messages.message_of(errors.DiskFull(Path("/f/x.csv")))
    assert curve.title == "The file could not be saved"
    assert "smaller" not in curve.text
    other = messages.message_of(errors.ExportError(Path("/f/x.mp4"), "Permission denied"))
    assert "smaller" not in other.text


def test_sizes_and_waits_are_said_roughly() -> None:
    sizes = (0, 400_000, 96_400_000, 999_000_000, 1_240_000_000)
    assert [messages.size_text(n) for n in sizes] == ["1 MB", "1 MB", "96 MB", "999 MB", "1.2 GB"]
    waits = [messages.duration_text(s) for s in (3, 31, 130, 4000)]
    assert waits == ["a few seconds", "about 30 seconds", "about 2 minutes", "about an hour"]


def test_a_toast_says_why_where_there_is_room() -> None:
    full = messages.message_of(errors.DiskFull(Path("/f/x.mp4"), 300_000_000))
    assert messages.short(full) == "The film could not be saved. The film needs 300 MB more room."
    long_name = messages.message_of(errors.ExportError(Path("/f") / ("x" * 60 + ".mp4"), "no such thing"))
    assert messages.short(long_name) == "The film could not be saved."


def test_a_command_is_what_works_on_the_system() -> None:
    assert messages.start_command("win32") == "py start.py"
    assert messages.start_command("darwin") == messages.start_command("linux") == "python3 start.py"
