"""The command line: every journey without a window. Exit status 0 done, 1 a known fault in a sentence, 2 usage."""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.emotion import MOOD_ANGLES_DEG, Emotion, emotion_of_word
from engine.errors import Cancelled, EngineError
from slideshow import messages, places
from slideshow.cli_library import catalog_for, no_folder, opened
from slideshow.cli_output import PROGRAM, ProgressLine, check_output, ended_gently, mute_output, print_json, print_table
from slideshow.cli_ratings import add_ratings_commands
from slideshow.cli_show import add_show_commands

if TYPE_CHECKING:
    from engine.encoders import Encoders

SHOW_SUFFIX = ".moodreel"
"""As `engine.project.SUFFIX`, which is not imported before it is needed."""

MAX_SKIPPED_SHOWN = 20
"""A folder that went away mid-way would else fill the screen; --json names them all."""

# The engine is imported inside each command: usage errors and the window must not wait for librosa and ONNX Runtime.


def main(argv: Sequence[str]) -> int:
    """Run one command, or the app where none is named; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # replaced by tests and some launchers
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # names may hold invalid bytes
    parser = build_parser()
    if len(argv) == 1 and argv[0].lower().endswith(SHOW_SUFFIX):
        argv = ["--show", argv[0]]  # a show that was clicked twice in a file manager
    arguments = parser.parse_args(argv)
    is_window = arguments.run is open_app
    try:
        with nullcontext() if is_window else ended_gently():
            status: int = arguments.run(arguments)
            sys.stdout.flush()
    except EngineError as error:
        print(messages.sentence(error), file=sys.stderr)
        return 1
    except (Cancelled, KeyboardInterrupt):
        print("Stopped. What was done so far is kept.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in `find --word calm | head`
        mute_output()
        return 1
    except OSError as error:
        logging.getLogger(__name__).exception("the system refused")
        mute_output()
        name = f"{messages.readable(str(error.filename))}: " if error.filename is not None else ""
        print(f"That did not work. {name}{error.strerror or error}.", file=sys.stderr)
        return 1
    return status


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    common = common_options()
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        parents=[common_options()],
        description="Plays a song and shows your photos that feel the way it does.",
    )
    parser.set_defaults(
        run=open_app,
        library=None,
        bundle=places.DEFAULT_BUNDLE,
        json=False,
        photos=None,
        song=None,
        show=None,
        play=False,
    )
    parser.add_argument("--photos", type=Path, metavar="DIR", help="add this folder")
    parser.add_argument("--song", type=Path, metavar="FILE", help="open this song")
    parser.add_argument("--show", type=Path, metavar="FILE", help="open this show (a .moodreel file)")
    parser.add_argument("--play", action="store_true", help="play it full screen at once")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands (none opens the app)")

    index = commands.add_parser("index", parents=[common], help="get to know the photos of folders")
    index.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    index.set_defaults(run=run_index)

    emotion = commands.add_parser("emotion", parents=[common], help="valence and arousal of photos and songs")
    emotion.add_argument("files", nargs="+", metavar="FILE")
    emotion.set_defaults(run=run_emotion)

    curve = commands.add_parser("curve", parents=[common], help="a song's emotion over time")
    curve.add_argument("song", type=Path, metavar="SONG")
    curve.add_argument("-o", "--output", type=Path, metavar="FILE", help=".json, .csv or .png")
    curve.set_defaults(run=run_curve)

    find = commands.add_parser("find", parents=[common], help="the photos that feel like a mood, or show something")
    find.add_argument(
        "--word", type=str.lower, choices=sorted(MOOD_ANGLES_DEG), metavar="WORD", help=", ".join(MOOD_ANGLES_DEG)
    )
    find.add_argument("--valence", type=unit_interval, metavar="V", help="0 unpleasant to 1 pleasant")
    find.add_argument("--arousal", type=unit_interval, metavar="A", help="0 calm to 1 energetic")
    find.add_argument("--shows", metavar="WORD", help="only photos that surely show this, such as beach or dog")
    find.add_argument("-n", dest="count", type=positive, default=20, metavar="N", help="how many (default 20)")
    find.set_defaults(run=run_find, parser=find)

    add_show_commands(commands, common)
    add_ratings_commands(commands, common)

    model = commands.add_parser("model", parents=[common], help="what the model is, and whether it is whole")
    model.add_argument("action", choices=("info", "verify"))
    model.set_defaults(run=run_model)

    doctor = commands.add_parser("doctor", parents=[common], help="sound, codecs, model, library, versions")
    doctor.set_defaults(run=run_doctor)
    return parser


def common_options() -> argparse.ArgumentParser:
    """What every command takes.

    The whole program has a set of its own: its defaults would else become those of the commands, which then overwrite
    what was said before the command's name.
    """
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--library", type=Path, metavar="FILE", help="the photo library (default: your own)")
    common.add_argument("--bundle", type=Path, metavar="DIR", help="the model bundle (default: the one shipped)")
    common.add_argument("--json", action="store_true", help="print JSON")
    return common


def unit_interval(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def open_app(arguments: argparse.Namespace) -> int:
    if not has_display():  # Qt would end the whole process
        said = f"There is no display here to open a window on. `{PROGRAM} make SONG -o show.mp4` makes a film."
        print(said, file=sys.stderr)
        return 1
    from slideshow.app import run_app

    return run_app(
        library=arguments.library,
        bundle=arguments.bundle,
        photos=arguments.photos,
        song=arguments.song,
        play=arguments.play,
        project=arguments.show,
    )


def has_display() -> bool:
    """Whether Qt can be asked for a window; only Linux and the BSDs run without a desktop as a matter of course."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in names)


def run_index(arguments: argparse.Namespace) -> int:
    from engine.indexing import index_folders

    with opened(arguments) as (library, encoders), ProgressLine(is_on=not arguments.json) as line:
        report = index_folders(library, arguments.folders, encoders, report=line)
    if arguments.json:
        skipped = [{"path": str(path), "reason": reason} for path, reason in report.skipped]
        counts = {
            "found": report.found,
            "indexed": report.indexed,
            "unchanged": report.unchanged,
            "recognised": report.recognised,
            "missing": report.missing,
        }
        print_json({**counts, "skipped": skipped, "seconds": round(report.seconds, 2)})
    else:
        parts = [
            (report.indexed, "new or changed"),
            (report.unchanged, "known"),
            (report.recognised, "moved or copied"),
        ]
        kinds = ", ".join(f"{count:,} {what}" for count, what in parts if count)
        print(f"{messages.count_of(report.found, 'photo')} found{': ' if kinds else ''}{kinds}.")
        if report.missing:
            print(f"{messages.count_of(report.missing, 'photo')} no longer there.")
        for path, reason in report.skipped[:MAX_SKIPPED_SHOWN]:
            print(f"Skipped {messages.name_of(path)}: {reason}")
        if len(report.skipped) > MAX_SKIPPED_SHOWN:
            print(f"Skipped {len(report.skipped) - MAX_SKIPPED_SHOWN:,} more; --json names them all.")
    strange = [folder for folder in arguments.folders if not folder.is_dir()]
    for folder in strange:
        print(messages.sentence(no_folder(folder)), file=sys.stderr)
    return 1 if strange else 0


def run_emotion(arguments: argparse.Namespace) -> int:
    from engine.bundle import open_bundle
    from engine.encoders import Encoders

    encoders = Encoders(open_bundle(arguments.bundle))
    status = 0
    for name in arguments.files:
        try:
            kind, emotion = emotion_of_file(Path(name), encoders)
        except EngineError as error:  # the other files still have their say
            print(messages.sentence(error), file=sys.stderr)
            status = 1
            continue
        if arguments.json:
            row = {"path": name, "kind": kind, "valence": round(emotion.valence, 4)}
            print_json({**row, "arousal": round(emotion.arousal, 4)})
        else:
            print(f"{emotion.valence:.2f} {emotion.arousal:.2f}  {emotion.word:<10}  {messages.readable(name)}")
    return status


def emotion_of_file(path: Path, encoders: Encoders) -> tuple[str, Emotion]:
    """("photo" or "song", its emotion); a song's is the mean over its windows."""
    from engine.images import PHOTO_SUFFIXES, load_image
    from engine.music import analyse_song

    if path.suffix.lower() not in PHOTO_SUFFIXES:  # songs have many endings, a film's among them
        valence, arousal = (float(x) for x in analyse_song(path, encoders).va.mean(axis=0))
        return "song", Emotion(valence, arousal)
    image, _ = load_image(path, min_side_px=encoders.bundle.manifest.photo.input_px)
    _, va = encoders.photo_heads(encoders.photo_features(encoders.photo_input(image)[None]))
    return "photo", Emotion(float(va[0, 0]), float(va[0, 1]))


def run_curve(arguments: argparse.Namespace) -> int:
    from engine.bundle import open_bundle
    from engine.encoders import Encoders
    from engine.matching import reference_moods
    from engine.music import analyse_song
    from slideshow.curve_files import SUFFIXES, check_picture, curve_as_dict, write_curve

    if arguments.output:
        check_output(arguments.output, what="a curve", suffixes=SUFFIXES, song=arguments.song)
        check_picture(arguments.output)
    bundle = open_bundle(arguments.bundle)
    with ProgressLine(is_on=not arguments.json) as line:
        analysis = analyse_song(arguments.song, Encoders(bundle), report=line)
    curve = curve_as_dict(analysis)
    if arguments.output:
        write_curve(arguments.output, analysis, reference_va=reference_moods(bundle))
    if arguments.json:
        print_json(curve)
    elif not arguments.output:
        rows = [(f"{t:6.1f} s", f"{v:.2f}", f"{a:.2f}", Emotion(v, a).word) for t, v, a in curve_rows(curve)]
        print_table(("time", "valence", "arousal", "mood"), rows)
    else:
        print(f"The curve is in {arguments.output}.")
    return 0


def curve_rows(curve: dict[str, object]) -> Iterator[tuple[float, float, float]]:
    smoothed = curve["smoothed"]
    assert isinstance(smoothed, list)
    for point in smoothed:
        yield point["start_s"], point["valence"], point["arousal"]


def run_find(arguments: argparse.Namespace) -> int:
    from engine.content import meaning_of, shares_of, shows
    from engine.matching import find_photos

    is_placed = arguments.valence is not None and arguments.arousal is not None
    meaning = None if arguments.shows is None else meaning_of(arguments.shows)
    if arguments.word is None and not is_placed and arguments.shows is None:
        arguments.parser.error("say --word WORD, --shows WORD, or both --valence and --arousal")
    if arguments.shows is not None and meaning is None:
        arguments.parser.error(f"--shows {arguments.shows}: there is no such word for what a photo shows")
    with opened(arguments) as (library, encoders):
        catalog = catalog_for(arguments, library, encoders)
    if meaning is not None:
        catalog = catalog.of_rows(shows(catalog.contents, meaning).nonzero()[0])
    if arguments.word is None and not is_placed:
        assert meaning is not None
        shares = shares_of(catalog.contents, meaning)
        order = (-shares).argsort(kind="stable")[: arguments.count]
        found = [(catalog.photos[row], float(shares[row])) for row in order]
    else:
        emotion = emotion_of_word(arguments.word) if arguments.word else Emotion(arguments.valence, arguments.arousal)
        found = find_photos(catalog, emotion, sigma=encoders.bundle.manifest.sigma, n=arguments.count)
    if arguments.json:
        print_json([{"path": str(photo.path), "score": round(score, 4)} for photo, score in found])
    else:
        print_table(("match", "photo"), [(f"{score:.0%}", str(photo.path)) for photo, score in found])
    return 0


def run_model(arguments: argparse.Namespace) -> int:
    from engine.bundle import open_bundle, verify_bundle

    if arguments.action == "verify":
        problems = verify_bundle(arguments.bundle)
        if arguments.json:
            print_json({"path": str(arguments.bundle), "whole": not problems, "problems": problems})
        else:
            print("\n".join(problems) if problems else "The model is whole: every file matches its hash.")
        return 1 if problems else 0
    bundle = open_bundle(arguments.bundle)
    if arguments.json:
        print_json({"path": str(bundle.path), "id": bundle.id, **bundle.manifest.to_json()})
    else:
        card = bundle.path / "model_card.md"
        print(
            card.read_text(encoding="utf-8", errors="replace")
            if card.exists()
            else f"{bundle.manifest.name} {bundle.id}"
        )
    return 0


def run_doctor(arguments: argparse.Namespace) -> int:
    from slideshow.doctor import examine

    findings = examine(library=arguments.library or places.default_library(), bundle=arguments.bundle)
    if arguments.json:
        print_json({finding.name: {"ok": finding.is_well, "detail": finding.detail} for finding in findings})
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.is_well else 'FAIL'}  {finding.name:<12} {finding.detail}")
    return 0 if all(finding.is_well for finding in findings) else 1
