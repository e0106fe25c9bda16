"""What files say of photos, written by Pillow and read back: captions of every standard, and none that is hostile."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from engine.images import PhotoInfo, load_image
from engine.photo_notes import MAX_CAPTION_CHARS, MAX_PACKET_BYTES

BLANK = Image.new("RGB", (12, 8), "teal")


def exif_with(tags: dict[int, object], camera: dict[int, object] | None = None) -> Image.Exif:
    exif = Image.Exif()
    exif.update(tags)
    exif.get_ifd(ExifTags.IFD.Exif).update(camera or {})
    return exif


def info_of(path: Path, **options: object) -> PhotoInfo:
    BLANK.save(path, **options)  # type: ignore[arg-type]
    return load_image(path)[1]


def xmp(description: str = "", title: str = "") -> bytes:
    def alternatives(name: str, text: str) -> str:
        items = f'<rdf:li xml:lang="de">anders</rdf:li><rdf:li xml:lang="x-default">{text}</rdf:li>'
        return f"<dc:{name}><rdf:Alt>{items}</rdf:Alt></dc:{name}>" if text else ""

    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"{alternatives('description', description)}{alternatives('title', title)}"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def iptc(**texts: bytes) -> bytes:
    """A Photoshop block as an APP13 segment holds it, with IPTC records (2, 120) caption and (2, 5) name."""
    numbers = {"caption": 120, "name": 5}
    records = b"".join(b"\x1c\x02" + bytes([numbers[k]]) + struct.pack(">H", len(v)) + v for k, v in texts.items())
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) % 2)
    return b"Photoshop 3.0\0" + resource


def with_app13(path: Path, block: bytes) -> Path:
    BLANK.save(path)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + data[2:])
    return path


class TestCaptions:
    @pytest.mark.parametrize("text", ["A walk by the sea", "Zürich, am See", "海の日 🌊"])
    def test_exif_description_in_any_writing(self, tmp_path: Path, text: str) -> None:
        exif = exif_with({ExifTags.Base.ImageDescription: text.encode("utf-8")})
        assert info_of(tmp_path / "a.jpg", exif=exif).caption == text

    @pytest.mark.parametrize("suffix", [".webp", ".png", ".tif", ".heic", ".avif"])
    def test_exif_description_in_any_format(self, tmp_path: Path, suffix: str) -> None:
        exif = exif_with({ExifTags.Base.ImageDescription: "By the sea"})
        path = tmp_path / f"a{suffix}"
        BLANK.resize((64, 48)).save(path, exif=exif)
        assert load_image(path)[1].caption == "By the sea"

    def test_older_programs_write_latin_1(self, tmp_path: Path) -> None:
        exif = exif_with({ExifTags.Base.ImageDescription: "Café".encode("latin-1")})
        assert info_of(tmp_path / "a.jpg", exif=exif).caption == "Café"

    def test_windows_title(self, tmp_path: Path) -> None:
        exif = exif_with({ExifTags.Base.XPTitle: "Großmutter\0".encode("utf-16-le")})
        assert info_of(tmp_path / "a.jpg", exif=exif).caption == "Großmutter"

    @pytest.mark.parametrize("suffix", [".jpg", ".webp", ".png", ".tif"])
    def test_xmp(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        options: dict[str, object] = {"xmp": xmp("The old harbour", "Harbour")}
        if suffix == ".png":
            text = PngInfo()
            text.add_itxt("XML:com.adobe.xmp", xmp("The old harbour").decode())
            options = {"pnginfo": text}
        elif suffix == ".tif":
            tags = ImageFileDirectory_v2()
            tags[700] = xmp("The old harbour")
            tags.tagtype[700] = 1
            options = {"tiffinfo": tags}
        assert info_of(path, **options).caption == "The old harbour"

    def test_xmp_title_alone_and_text_as_an_attribute(self, tmp_path: Path) -> None:
        assert info_of(tmp_path / "a.jpg", xmp=xmp(title="Harbour")).caption == "Harbour"
        short = b'<r xmlns:dc="http://purl.org/dc/elements/1.1/"><d dc:description="In short"/></r>'
        assert info_of(tmp_path / "b.jpg", xmp=short).caption == "In short"

    def test_iptc(self, tmp_path: Path) -> None:
        path = with_app13(tmp_path / "a.jpg", iptc(name=b"IMG", caption="Fête".encode()))
        assert load_image(path)[1].caption == "Fête"

    def test_png_text(self, tmp_path: Path) -> None:
        text = PngInfo()
        text.add_text("Title", "Our house")
        assert info_of(tmp_path / "a.png", pnginfo=text).caption == "Our house"

    def test_the_description_goes_before_the_title(self, tmp_path: Path) -> None:
        exif = exif_with({ExifTags.Base.ImageDescription: "said by EXIF"})
        assert info_of(tmp_path / "a.jpg", exif=exif, xmp=xmp("said by XMP", "title")).caption == "said by XMP"
        assert info_of(tmp_path / "b.jpg", exif=exif, xmp=xmp(title="title")).caption == "said by EXIF"

    @pytest.mark.parametrize(
        "text",
        ["OLYMPUS DIGITAL CAMERA         ", "DCIM\\100MEDIA\\DJI_0012.JPG", "IMG_2231", "  ", "Exif_JPEG_PICTURE", "-"],
    )
    def test_what_a_camera_says_of_itself_is_none(self, tmp_path: Path, text: str) -> None:
        assert info_of(tmp_path / "a.jpg", exif=exif_with({ExifTags.Base.ImageDescription: text})).caption is None

    def test_none(self, tmp_path: Path) -> None:
        assert info_of(tmp_path / "a.jpg") == PhotoInfo(12, 8)


class TestHostile:
    def test_controls_go_and_length_is_capped(self, tmp_path: Path) -> None:
        text = "one\r\n\ttwo\x1b[31m\u202e three\x00hidden" + "x" * 9
        exif = exif_with({ExifTags.Base.ImageDescription: text.encode()})
        assert info_of(tmp_path / "a.jpg", exif=exif).caption == "one two[31m three"
        exif = exif_with({ExifTags.Base.ImageDescription: "long " * 8_000})
        caption = info_of(tmp_path / "b.jpg", exif=exif).caption
        assert caption is not None
        assert MAX_CAPTION_CHARS - 5 < len(caption) <= MAX_CAPTION_CHARS

    @pytest.mark.parametrize(
        "packet",
        [
            b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>',
            ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>').encode("utf-16"),
            b"<x><unclosed>",
            b"\xff\xfe\x00",
            b"<x>" * 20_000 + b"</x>" * 20_000,
            b'<?xml version="1.0" encoding="no-such"?><x/>',
            xmp("x" * 10),
        ],
    )
    def test_xmp_that_is_none_or_grows(self, tmp_path: Path, packet: bytes) -> None:
        packet = packet if packet != xmp("x" * 10) else packet + b" " * MAX_PACKET_BYTES
        path = tmp_path / "a.webp"
        info = info_of(path, xmp=packet)
        assert (info.caption, info.width) == (None, 12)

    @pytest.mark.parametrize("block", [b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\xff\xff\xff\xff\x1c", iptc(caption=b"")])
    def test_iptc_that_is_cut(self, tmp_path: Path, block: bytes) -> None:
        info = load_image(with_app13(tmp_path / "a.jpg", block))[1]
        assert (info.caption, info.width) == (None, 12)

    def test_tags_of_the_wrong_type(self, tmp_path: Path) -> None:
        exif = exif_with({ExifTags.Base.ImageDescription: 7, ExifTags.Base.XPTitle: "text", ExifTags.Base.DateTime: 1})
        assert info_of(tmp_path / "a.jpg", exif=exif).width == 12


class TestCamera:
    def test_an_exposure_is_a_camera_and_a_name_alone_is_none(self, tmp_path: Path) -> None:
        assert info_of(tmp_path / "a.jpg", exif=exif_with({}, {ExifTags.Base.ExposureTime: 0.01})).is_from_camera
        assert not info_of(tmp_path / "b.jpg", exif=exif_with({ExifTags.Base.Make: "EPSON"})).is_from_camera

    def test_a_phone_names_its_screenshots(self, tmp_path: Path) -> None:
        exif = exif_with({ExifTags.Base.Make: "Phone"}, {ExifTags.Base.UserComment: b"ASCII\0\0\0Screenshot"})
        info = info_of(tmp_path / "a.png", exif=exif)
        assert (info.is_screenshot, info.is_from_camera) == (True, False)
