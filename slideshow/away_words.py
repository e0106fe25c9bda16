"""What is said of photos that cannot be had now: their drive is away, their folder was moved, or all folders rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slideshow import messages
from slideshow.drives import FolderState

if TYPE_CHECKING:
    from slideshow.session_photos import SessionPhotos


def sentence_of(state: FolderState, n_photos: int) -> str:
    """What a folder that was moved or may not be opened says of itself; "" where its drive says it for all."""
    kept = f"Its {n_photos:,} photos are kept" if n_photos > 1 else "What is known of it is kept"
    if n_photos == 1:
        kept = "Its one photo is kept"
    match state.kind:
        case "gone":
            return f"It is not where it was. {kept}. If you have moved it, add it where it is now."
        case "denied":
            return f"It may not be opened: permission is denied. {kept}, and back as soon as it may."
        case "unreadable":
            return f"It cannot be read: {messages.readable(state.reason)}. {kept}."
    return ""


def drive_words(state: FolderState, n_photos: int) -> tuple[str, str]:
    """Heading and sentence for a drive that is away with all its folders."""
    name = f" “{state.drive}”" if state.drive else ""
    waiting = f"{messages.number_word(n_photos)} photos are waiting on it. " if n_photos else ""
    back = "they will come back by themselves" if n_photos else "its photos will come back by themselves"
    if n_photos == 1:
        waiting, back = "One photo is waiting on it. ", "it will come back by itself"
    if state.kind == "silent":
        return f"The drive{name} does not answer", f"{waiting}When it does, {back}."
    return f"The drive{name} is not connected", f"{waiting}Connect it and {back}."


def no_photos_words(session: SessionPhotos, *, is_show_made: bool = False) -> tuple[str, str]:
    """Heading and sentence where shows have no photo to choose from: why that is.

    is_show_made is whether there is a show whose photos these were.
    """
    away = [folder for folder in session.folders if not session.drives.state_of(folder).is_there]
    if session.offline_ids and away:
        largest = max(away, key=lambda folder: session.folder_infos[folder].n_photos)
        state = session.drives.state_of(largest)
        if state.kind in ("away", "silent"):
            return drive_words(state, len(session.offline_ids))
        sentence = sentence_of(state, len(session.offline_ids))
        return f"The folder {messages.name_of(largest)} cannot be reached", sentence
    if session.of_kinds:
        text = "They look like screenshots, scans or spoilt photos. On the Library page you can use them after all."
        return "No photo is meant for shows", text
    if session.folders and all(str(folder) in session.folders_at_rest for folder in session.folders):
        return "All your folders are at rest", "Use one of them again on the Library page, or add another."
    if is_show_made:
        text = "Add the folder in which they are now, and the show goes on as you left it."
        return "The photos of this show were not found", text
    return (
        "No photos yet",
        "Add a folder and Moodreel will find out how each photo feels. Your files stay where they are.",
    )
