"""Songs of every format come out alike; what is no song is refused with a reason."""

from __future__ import annotations

import os
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio import (
    SAMPLE_RATE_HZ,
    SONG_SUFFIXES,
    load_song,
    missing_decoders,
    mono_blocks,
    probe_song,
    stereo_blocks,
)
from engine.errors import UnreadableSong

ASSETS = Path(__file__).parents[1] / "assets"
ENCODERS = {"ogg": "vorbis", "opus": "libopus", "wma": "wmav2"}


def write_wav(path: Path, planes: NDArray[np.floating], *, sr: int = 44_100) -> Path:
    """Write planes (n_channels, n) in [-1, 1] as 16-bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(planes))
        file.setsampwidth(2)
        file.setframerate(sr)
        file.writeframes(np.round(planes.T * 32767).astype("<i2").tobytes())
    return path


def tone(hz: float, seconds: float, *, sr: int = 44_100, level: float = 0.5) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * sr)) / sr)


def encode(path: Path, codec: str, *, sr: int = 48_000) -> Path:
    """Encode the FLAC asset as another format, which the assets leave out."""

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=sr, layout="stereo", options={"strict": "experimental"})
        stream.bit_rate = 160_000
        with av.open(str(ASSETS / "jungle-20s.flac")) as source:
            resampler = av.AudioResampler(stream.format, "stereo", sr, frame_size=stream.codec_context.frame_size)
            frames = [out for frame in source.decode(audio=0) for out in resampler.resample(frame)]
            for frame in [*frames, *resampler.resample(None), None]:
                container.mux(stream.encode(frame))
    return path


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Pearson correlation at the best shift of up to 0.1 s: encoders delay."""
    reach = SAMPLE_RATE_HZ // 10
    n = min(len(a), len(b)) - 2 * reach
    size = 1 << (n + 2 * reach).bit_length()
    middle, other = a[reach : reach + n], b[: n + 2 * reach]
    products = np.fft.irfft(np.fft.rfft(other, size) * np.conj(np.fft.rfft(middle, size)), size)[: 2 * reach + 1]
    shift = int(products.argmax())
    return float(np.corrcoef(middle, other[shift : shift + n])[0, 1])


@pytest.fixture(scope="module")
def reference() -> NDArray[np.float32]:
    return load_song(ASSETS / "jungle-20s.wav").y


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg", "opus", "wma"])
def test_every_format_decodes_to_the_same_sound(kind: str, tmp_path: Path, reference: NDArray[np.float32]) -> None:
    path = ASSETS / f"jungle-20s.{kind}"
    if not path.exists():
        path = encode(tmp_path / f"song.{kind}", ENCODERS[kind])
    recording = load_song(path)
    assert recording.sr == SAMPLE_RATE_HZ
    assert recording.y.dtype == np.float32
    assert recording.y.flags.c_contiguous
    assert recording.duration_s == pytest.approx(20, abs=0.1)
    assert probe_song(path).duration_s == pytest.approx(20, abs=0.1)
    assert correlation(recording.y, reference) > 0.99
    assert f".{kind}" in SONG_SUFFIXES


def test_no_decoder_is_missing() -> None:
    assert missing_decoders() == ()


def test_mono_is_the_mean_of_the_channels(tmp_path: Path) -> None:
    left, right = tone(440, 2), tone(660, 2, level=0.25)
    y = load_song(write_wav(tmp_path / "stereo.wav", np.stack([left, right]))).y
    expected = (tone(440, 2, sr=SAMPLE_RATE_HZ) + tone(660, 2, sr=SAMPLE_RATE_HZ, level=0.25)) / 2
    inner = slice(500, -500)  # the resampler's filter rings at the ends
    assert len(y) == len(expected)
    assert np.abs(y[inner] - expected[inner]).max() < 2e-3


@pytest.mark.parametrize("n_channels", [1, 2, 3, 6, 8])
def test_channels_with_the_same_sound_keep_its_level(n_channels: int, tmp_path: Path) -> None:
    y = load_song(write_wav(tmp_path / "song.wav", np.stack([tone(440, 1)] * n_channels))).y
    assert np.abs(y[500:-500]).max() == pytest.approx(0.5, abs=2e-3)


def test_eight_planes_of_a_codec_are_heard(tmp_path: Path) -> None:
    path = tmp_path / "surround.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=44_100, layout="7.1", format="s16")
        samples = np.round(np.repeat(tone(440, 1), 8) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="7.1")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert probe_song(path).n_channels == 8
    assert np.abs(load_song(path).y[500:-500]).max() == pytest.approx(0.5, abs=2e-3)
    assert sum(len(block) for block in stereo_blocks(path, sr=44_100)) == 44_100


@pytest.mark.parametrize("block_s", [0.013, 1.0, 2.5, 100.0])
def test_blocks_have_the_asked_length_and_join_to_the_song(block_s: float) -> None:
    path = ASSETS / "jungle-20s.mp3"
    blocks = list(mono_blocks(path, block_s=block_s))
    assert {len(block) for block in blocks[:-1]} <= {round(block_s * SAMPLE_RATE_HZ)}
    assert len(blocks[-1]) <= round(block_s * SAMPLE_RATE_HZ)
    np.testing.assert_array_equal(np.concatenate(blocks), load_song(path).y)


@pytest.mark.parametrize("sr", [44_100, 48_000])
@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "m4a"])
def test_playback_blocks_last_as_long_as_the_song(kind: str, sr: int) -> None:
    blocks = list(stereo_blocks(ASSETS / f"jungle-20s.{kind}", sr=sr))
    assert all(block.dtype == np.int16 and block.shape[1] == 2 and block.flags.c_contiguous for block in blocks)
    assert sum(len(block) for block in blocks) / sr == pytest.approx(20, abs=0.05)


def test_playback_keeps_the_two_sides_apart(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "sides.wav", np.stack([tone(440, 1), tone(660, 1, level=0.25)]))
    samples = np.concatenate(list(stereo_blocks(path, sr=44_100)))
    np.testing.assert_allclose(samples.T / 32767, [tone(440, 1), tone(660, 1, level=0.25)], atol=2e-4)


def test_a_mono_song_plays_from_both_sides_at_its_own_level(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "mono.wav", tone(440, 1)[None])
    samples = np.concatenate(list(stereo_blocks(path, sr=44_100)))
    np.testing.assert_allclose(samples.T / 32767, [tone(440, 1)] * 2, atol=2e-4)


def test_a_surround_song_is_mixed_down_without_clipping(tmp_path: Path) -> None:
    planes = np.stack([tone(hz, 1, level=0.99) for hz in (200, 200, 200, 60, 200, 200)])
    samples = np.concatenate(list(stereo_blocks(write_wav(tmp_path / "surround.wav", planes), sr=48_000)))
    assert len(samples) == pytest.approx(48_000, abs=50)
    assert (np.abs(samples.astype(int)) == 32767).mean() < 0.01
    assert samples.std(axis=0).min() > 5000


def test_tags_are_read_wherever_they_stand(tmp_path: Path) -> None:
    in_container = probe_song(ASSETS / "jungle-20s.mp3")
    assert (in_container.title, in_container.artist) == ("Jungle", "Shawn Parrotte")
    assert (in_container.sr, in_container.n_channels) == (44_100, 2)
    assert in_container.codec.startswith("mp3")
    demo = ASSETS.parents[1] / "resources" / "demo" / "songs" / "01-jungle-calm-to-lively.ogg"
    assert probe_song(demo).title == "Jungle"  # ogg keeps its tags in the stream


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("03-calm_to_lively.wav", "Calm to lively"),
        ("07 - Mr. Blue-Sky.wav", "Mr. Blue-Sky"),
        ("12. summer.wav", "Summer"),
        ("1999.wav", "1999"),
        ("été.wav", "Été"),
        ("--.wav", "--.wav"),
    ],
)
def test_a_song_without_tags_is_called_by_its_file(name: str, title: str, tmp_path: Path) -> None:
    assert probe_song(write_wav(tmp_path / name, tone(440, 0.5)[None])).title == title


def test_tags_are_lines_that_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "tags.flac"
    with av.open(str(path), "w") as container, av.open(str(ASSETS / "jungle-20s.flac")) as source:
        container.metadata.update({"title": "A" * 100_000, "artist": "  One\n\x1b[31mTwo\t "})
        stream = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    info = probe_song(path)
    assert info.title == "A" * 300
    assert info.artist == "One [31mTwo"


@pytest.mark.parametrize("name", ["http:song.mp3", "concat:a|b.wav", "100 % #1 'ü'.wav", "-i.wav", "no-suffix"])
def test_any_name_opens(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wav(tmp_path / name, tone(440, 0.5)[None])
    monkeypatch.chdir(tmp_path)
    assert len(load_song(path).y) == len(load_song(Path(name)).y) == SAMPLE_RATE_HZ // 2


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes there only")
def test_a_name_that_is_no_utf_8_opens(tmp_path: Path) -> None:
    path = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.wav"))
    (write_wav(tmp_path / "cafe.wav", tone(440, 0.5)[None])).rename(path)
    assert load_song(path).duration_s == pytest.approx(0.5)
    assert probe_song(path).duration_s == pytest.approx(0.5)
    assert probe_song(path).title == "Caf\N{REPLACEMENT CHARACTER}"  # a film and the library hold text only


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "wav"])
def test_of_a_truncated_song_what_decodes_counts(kind: str, tmp_path: Path) -> None:
    content = (ASSETS / f"jungle-20s.{kind}").read_bytes()
    path = tmp_path / f"half.{kind}"
    path.write_bytes(content[: len(content) // 2])
    y = load_song(path).y
    assert 8 < len(y) / SAMPLE_RATE_HZ < 12
    assert correlation(y[: 5 * SAMPLE_RATE_HZ], load_song(ASSETS / "jungle-20s.wav").y[: 5 * SAMPLE_RATE_HZ]) > 0.98


@pytest.mark.parametrize("kind", ["flac", "mp3"])
def test_a_damaged_stretch_is_skipped_in_silence(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray((ASSETS / f"jungle-20s.{kind}").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 3000] = b"x" * 3000
    path = tmp_path / f"hole.{kind}"
    path.write_bytes(content)
    assert load_song(path).duration_s == pytest.approx(20, abs=0.6)
    assert capfd.readouterr() == ("", "")


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    samples = tone(440, 0.5).astype("<f4")
    samples[1000:1010] = [np.nan, np.inf] * 5
    samples[2000:2010] = [1e30, -3e38] * 5  # as a file that was cut from something else may hold
    path = tmp_path / "float.wav"
    header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0\x01\0" + np.array([44_100, 176_400], "<u4").tobytes()
    path.write_bytes(header + b"\x04\0\x20\0data" + np.uint32(samples.nbytes).tobytes() + samples.tobytes())
    y = load_song(path, sr=44_100).y
    assert np.isfinite(y).all()
    assert np.abs(y).max() < 1
    np.testing.assert_allclose(y[:1000], samples[:1000], atol=1e-6)


@pytest.mark.parametrize(("kind", "codec", "second_sr"), [("ogg", "vorbis", 48_000), ("mp3", "libmp3lame", 24_000)])
def test_files_joined_end_to_end_are_heard_to_the_end(
    kind: str, codec: str, second_sr: int, tmp_path: Path, reference: NDArray[np.float32]
) -> None:
    first, second = (encode(tmp_path / f"{sr}.{kind}", codec, sr=sr) for sr in (48_000, second_sr))
    path = tmp_path / f"joined.{kind}"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    y = load_song(path).y
    assert len(y) / SAMPLE_RATE_HZ == pytest.approx(40, abs=0.2)
    assert correlation(y[20 * SAMPLE_RATE_HZ :], reference) > 0.98


def make_bad(kind: str, folder: Path) -> Path:
    path = folder / "song.mp3"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("This is a shopping list, not a song.\n" * 200)
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(0).integers(0, 256, 50_000, dtype=np.uint8).tobytes())
    elif kind == "no samples":
        write_wav(path, np.zeros((2, 0)))
    elif kind == "photo":
        photos = ASSETS.parents[1] / "resources" / "demo" / "photos"
        path.write_bytes((photos / "earthrise.jpg").read_bytes())
    elif kind == "playlist":
        path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.mp3\n#EXT-X-ENDLIST\n")
    elif kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no pipes in this file system")
        os.mkfifo(path)
    elif kind == "overlong name":
        path = folder / ("x" * 300 + ".mp3")
    elif kind == "header only":
        path.write_bytes((ASSETS / "jungle-20s.m4a").read_bytes()[:100])
    return path


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "does not exist"),
        ("folder", "a folder"),
        ("text", "not an audio file"),
        ("empty", "not an audio file"),
        ("noise", "not an audio file"),
        ("photo", "not an audio file"),
        ("playlist", "not an audio file"),
        ("header only", "not an audio file"),
        ("no samples", "no sound"),
        ("pipe", "not a file"),
        ("overlong name", "cannot be opened"),
    ],
)
def test_what_is_no_song_is_refused_with_a_reason(
    kind: str, reason: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = make_bad(kind, tmp_path)
    for read in (probe_song, load_song, lambda song: list(stereo_blocks(song, sr=48_000))):
        with pytest.raises(UnreadableSong, match=reason) as refused:
            read(path)
        assert refused.value.path == path
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_song_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "mine.wav", tone(440, 0.5)[None])
    path.chmod(0)
    with pytest.raises(UnreadableSong, match="cannot be opened"):
        load_song(path)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, width=64, height=64, pix_fmt="yuv420p")
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableSong, match="holds no sound"):
        probe_song(path)
