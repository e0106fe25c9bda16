"""What a photo's file says besides its picture: when it was taken, a caption, whether a camera made it.

Metadata come from strangers and may be hostile: whatever is broken, beyond reason or no text counts as not said.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from PIL import ExifTags, Image, ImageFile, IptcImagePlugin

# What Pillow, its plugins and LibRaw raise on damaged or hostile files.
DECODE_FAULTS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    ZeroDivisionError, NotImplementedError, RuntimeError, AssertionError, MemoryError, struct.error, zlib.error,
    Image.DecompressionBombError, Warning,
)  # fmt: skip

MAX_CAPTION_CHARS = 500
"""Longer captions are cut: they are shown in a line or two and searched."""

MAX_PACKET_BYTES = 1 << 20
"""Larger XMP holds thumbnails and edit histories; a caption stands in the first kilobytes of a small one."""

_TAKEN_TAGS = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized, ExifTags.Base.DateTime)

_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_IPTC_CAPTION, _IPTC_HEADLINE, _IPTC_NAME = (2, 120), (2, 105), (2, 5)

_WORD = re.compile(r"[^\W\d_]+")

_EMPTY_WORDS = frozenset(
    {
        *("olympus", "konica", "minolta", "minoltadsc", "kodak", "casio", "sony", "samsung", "fuji", "fujifilm"),
        *("canon", "nikon", "panasonic", "dji", "digital", "still", "stillcamera", "camera", "picture", "image"),
        *("photo", "untitled", "default", "screenshot", "exif", "jpeg", "jpg", "dsc", "dscn", "dscf", "dcim", "img"),
        *("pict", "media", "none", "null"),
    }
)
"""What cameras and programs write of themselves, "OLYMPUS DIGITAL CAMERA" or a file's name, is no caption."""


@dataclass(frozen=True, slots=True)
class PhotoNotes:
    """What the file says. taken_at is ISO, local time; is_screenshot that a phone says it made one."""

    taken_at: str | None = None
    caption: str | None = None
    is_from_camera: bool = False
    is_screenshot: bool = False


def notes_of(image: Image.Image, exif: Image.Exif) -> PhotoNotes:
    """Read the notes of an opened image."""
    try:
        tags = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    except DECODE_FAULTS:
        tags = {}
    has_exposure = ExifTags.Base.ExposureTime in tags or ExifTags.Base.FNumber in tags
    remark = tags.get(ExifTags.Base.UserComment)
    return PhotoNotes(
        taken_at=_taken_at(tags),
        caption=next((text for text in map(_clean, _captions(image, tags)) if text), None),
        is_from_camera=has_exposure,
        is_screenshot=isinstance(remark, bytes) and b"Screenshot" in remark,
    )


def _taken_at(tags: dict[int, Any]) -> str | None:
    for tag in _TAKEN_TAGS:
        text = tags.get(tag)
        if not isinstance(text, str):
            continue
        try:
            return datetime.strptime(text.strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S").isoformat()
        except ValueError:
            continue
    return None


def _captions(image: Image.Image, tags: dict[int, Any]) -> Iterator[str]:
    """What may be the caption, the best source first: descriptions before titles, newer standards before older."""
    xmp = _xmp_texts(image)
    iptc = _iptc_texts(image)
    yield xmp.get("description", "")
    yield iptc.get(_IPTC_CAPTION, "")
    yield _exif_text(tags.get(ExifTags.Base.ImageDescription))
    yield xmp.get("title", "")
    yield iptc.get(_IPTC_HEADLINE, "")
    yield iptc.get(_IPTC_NAME, "")
    for tag in (ExifTags.Base.XPTitle, ExifTags.Base.XPSubject, ExifTags.Base.XPComment):
        yield _wide_text(tags.get(tag))
    for key in ("Description", "Title"):  # text chunks of PNG
        text = image.info.get(key)
        yield text if isinstance(text, str) else ""


def _clean(text: str) -> str:
    """Make one line of a text: no controls, nothing that turns the writing round, cut where it is too long.

    Empty where a camera or program said it of itself.
    """
    text = text[: 4 * MAX_CAPTION_CHARS]
    joiner = "\u200d"  # joins the parts of some emoji
    letters = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or character == joiner or not unicodedata.category(character).startswith("C")
    )
    line = " ".join("".join(letters).split())[:MAX_CAPTION_CHARS].rstrip()
    words = _WORD.findall(line.casefold())
    return "" if line.isascii() and all(word in _EMPTY_WORDS for word in words) else line


def _exif_text(value: object) -> str:
    """Text of an EXIF field: said to be ASCII, in truth UTF-8 or Latin-1, which Pillow reads as the latter."""
    if not isinstance(value, str):
        return ""
    try:
        return _text_of(value.encode("latin-1"))
    except UnicodeEncodeError:
        return value


def _wide_text(value: object) -> str:
    """Text of a field that Windows writes: UTF-16 bytes, here sometimes as a tuple of numbers."""
    if isinstance(value, tuple):
        value = bytes(value) if all(isinstance(x, int) and 0 <= x < 256 for x in value) else b""
    return value.decode("utf-16-le", "ignore").split("\0")[0] if isinstance(value, bytes) else ""


def _text_of(data: bytes) -> str:
    data = data.split(b"\0")[0][: 16 * MAX_CAPTION_CHARS]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _iptc_texts(image: Image.Image) -> dict[tuple[int, int], str]:
    if not isinstance(image, ImageFile.ImageFile):
        return {}
    try:
        records = IptcImagePlugin.getiptcinfo(image) or {}
    except DECODE_FAULTS:
        return {}
    texts = {}
    for key, value in records.items():
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, bytes):
            texts[key] = _text_of(first)
    return texts


def _xmp_texts(image: Image.Image) -> dict[str, str]:
    """Description and title of the XMP packet, in the default language or the first there is."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    if not isinstance(packet, bytes) or len(packet) > MAX_PACKET_BYTES:
        return {}
    # XMP has no document type; one could define entities that grow without end, in UTF-16 too.
    if b"<!DOCTYPE" in packet.replace(b"\0", b"").upper():
        return {}
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError, LookupError):
        return {}
    texts: dict[str, str] = {}
    for element in root.iter():
        for name in ("description", "title"):
            if element.tag == _DUBLIN_CORE + name:
                texts.setdefault(name, _said_by_default(element))
            elif element.get(_DUBLIN_CORE + name):
                texts.setdefault(name, element.get(_DUBLIN_CORE + name, ""))
    return texts


def _said_by_default(element: ElementTree.Element) -> str:
    items = element.findall(f"{_RDF}Alt/{_RDF}li") or [element]
    chosen = next((item for item in items if item.get(_LANGUAGE) == "x-default"), items[0])
    return chosen.text or ""
