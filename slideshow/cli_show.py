"""The commands `plan` and `make`: a show as a table, a plan, a timeline for an editor, a film."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from engine.errors import EngineError, UnreadableSong
from slideshow import messages
from slideshow.cli_library import opened, shown_catalog
from slideshow.cli_output import ProgressLine, check_output, print_json, print_table, write_file
from slideshow.film_options import FRAME_RATES, PRESETS, FilmOptions, size_named
from slideshow.mood_words import mood_changes

if TYPE_CHECKING:
    from engine.plan import Plan, PlanOptions

PROJECT_SUFFIX, TIMELINE_SUFFIX = ".moodreel", ".otio"

ENCODERS = ("auto", "libx264", *(f"h264_{name}" for name in ("amf", "mf", "nvenc", "qsv", "vaapi", "videotoolbox")))


def add_show_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    """Add `plan` and `make` with their options."""
    with_plan = argparse.ArgumentParser(add_help=False)
    with_plan.add_argument("song", type=Path, metavar="SONG", help="a song, or a show that was saved (.moodreel)")
    with_plan.add_argument("--photos", type=Path, metavar="DIR", help="use the photos of this folder only")
    group = with_plan.add_argument_group("the show")
    # Without defaults: a show that was saved has its own, and what is asked for must be told from what is not.
    add = partial(group.add_argument, default=None)
    add("--seed", type=seed, metavar="N", help="another number gives another good show")
    add("--mood", choices=("relative", "absolute"), help="match a song's mood by its place among songs, or as it is")
    add("--repeats", choices=("auto", "best", "all"), help="show good photos again, or every photo before any repeat")
    add("--sad", choices=("all", "fewer", "none"), help="how many sad or disturbing photos")
    add("--transition", choices=("auto", "crossfade", "cut", "dip", "slide"), help="how photos change")
    add("--theme", metavar="WORD", help="prefer photos that show this, such as beach or dog")
    add("--theme-share", dest="theme_share", type=share, metavar="X", help="0 mood alone to 1 theme alone (0.7)")
    add("--no-pairs", dest="has_pairs", action="store_false", help="never two portrait photos side by side")
    add("--min-hold", dest="min_hold_s", type=seconds, metavar="S", help="shortest time for a photo, in seconds")
    add("--max-hold", dest="max_hold_s", type=seconds, metavar="S", help="longest time for a photo, in seconds")

    plan = commands.add_parser("plan", parents=[common, with_plan], help="which photo is shown when")
    plan.add_argument("-o", "--output", type=Path, metavar="FILE", help=".json, or .otio for a video editor")
    plan.add_argument("--fps", type=int, choices=FRAME_RATES, default=30, help="frame rate of an .otio file")
    plan.set_defaults(run=run_plan, parser=plan)

    make = commands.add_parser("make", parents=[common, with_plan], help="make a film of a song and photos")
    make.add_argument("-o", "--output", type=Path, default=Path("show.mp4"), metavar="FILE.mp4")
    film = make.add_argument_group("the film")
    film.add_argument(
        "--size", type=frame_size, default=(1280, 720), metavar="SIZE", help="720p, 1080p, 1440p, 4k or WxH"
    )
    film.add_argument("--fps", type=int, choices=(24, 25, 30, 50, 60), default=30, help="frames a second")
    film.add_argument("--preset", choices=PRESETS, default="default", help="quick is larger, fine takes long")
    film.add_argument("--encoder", choices=ENCODERS, default="auto", metavar="NAME", help=", ".join(ENCODERS))
    make.set_defaults(run=run_make, parser=make)


def frame_size(text: str) -> tuple[int, int]:
    try:
        return size_named(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault


def seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 up")
    return int(text)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return value


def plan_options(arguments: argparse.Namespace) -> PlanOptions:
    """The options that were given, on the defaults; holds that do not go together are a fault of usage."""
    from engine.plan import PlanOptions

    names = (
        *("seed", "mood", "repeats", "sad", "transition", "theme", "theme_share"),
        *("has_pairs", "min_hold_s", "max_hold_s"),
    )
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    try:
        return PlanOptions(**given)
    except ValueError as fault:
        refuse(arguments, str(fault))


def refuse(arguments: argparse.Namespace, words: str) -> NoReturn:
    """End with a fault of usage: the command's usage, a sentence, exit status 2."""
    arguments.parser.error(words)
    raise SystemExit(2)


@dataclass(frozen=True, slots=True, eq=False)
class Show:
    """A plan, and the song's beats and moods where it was listened to, in the measure that the plan matches by."""

    plan: Plan
    beats_s: Sequence[float] = ()
    moods: Sequence[tuple[float, str]] = ()


def planned(arguments: argparse.Namespace) -> Show:
    """Plan a show, or open one that was saved."""
    options = plan_options(arguments)
    if arguments.song.suffix.lower() == PROJECT_SUFFIX:
        return Show(opened_project(arguments))
    from engine.audio import probe_song
    from engine.emotion import felt_curve
    from engine.matching import reference_moods
    from engine.music import analyse_song
    from engine.plan import make_plan
    from engine.themes import theme_note

    probe_song(arguments.song)  # a song that cannot be read is said before the photos are indexed
    with opened(arguments) as (library, encoders):
        catalog = shown_catalog(arguments, library, encoders)
    if options.theme:
        print(theme_note(catalog.contents, options.theme), file=sys.stderr)
    with ProgressLine(is_on=not arguments.json) as line:
        analysis = analyse_song(arguments.song, encoders, report=line)
    plan = make_plan(analysis, catalog, encoders, options=options)
    curve = analysis.curve
    if options.mood == "relative":
        curve = felt_curve(curve, reference_va=reference_moods(encoders.bundle))
    return Show(plan, analysis.beat_times_s.tolist(), mood_changes(curve, duration_s=plan.duration_s))


def opened_project(arguments: argparse.Namespace) -> Plan:
    """The plan of a project file, as it was saved. Raises ProjectError, UnreadableSong."""
    from engine.project import open_project

    names = {"has_pairs": "no-pairs", "min_hold_s": "min-hold", "max_hold_s": "max-hold", "theme_share": "theme-share"}
    for name in ("photos", "seed", "mood", "repeats", "sad", "transition", "theme", *names):
        if getattr(arguments, name) is not None:
            refuse(arguments, f"--{names.get(name, name)} plans anew; a saved show is taken as it is")
    shown = open_project(arguments.song)
    if shown.is_song_missing:
        raise UnreadableSong(shown.project.plan.song, "the file does not exist")
    if not shown.project.plan.cues:
        raise EngineError(f"{messages.name_of(arguments.song)} holds no show yet")
    return shown.project.plan


def run_plan(arguments: argparse.Namespace) -> int:
    if arguments.output:
        check_output(arguments.output, what="a plan", suffixes=(".json", TIMELINE_SUFFIX), song=arguments.song)
    show = planned(arguments)
    plan = show.plan
    if arguments.output:
        is_timeline = arguments.output.suffix.lower() == TIMELINE_SUFFIX
        data = timeline_of(show, fps=arguments.fps) if is_timeline else json.dumps(plan.to_json(), indent=1).encode()
        write_file(arguments.output, data)
    if arguments.json:
        print_json(plan.to_json())
    elif arguments.output:
        are = "cue is" if len(plan.cues) == 1 else "cues are"
        print(f"{len(plan.cues):,} {are} in {arguments.output}.")
    else:
        rows = [(f"{cue.start_s:6.1f} s", f"{cue.score:.0%}", cue.photo.path.name) for cue in plan.cues]
        print_table(("from", "match", "photo"), rows)
    return 0


def timeline_of(show: Show, *, fps: int) -> bytes:
    """An editor's timeline, with beats and moods marked where they are known."""
    from engine.audio import probe_song
    from engine.interchange import timeline_bytes

    title = probe_song(show.plan.song).title
    return timeline_bytes(show.plan, fps=fps, title=title, beats_s=show.beats_s, moods=show.moods)


def run_make(arguments: argparse.Namespace) -> int:
    from slideshow.exporting import export_film

    check_output(arguments.output, what="a film", suffixes=(".mp4",), song=arguments.song)
    plan = planned(arguments).plan
    options = FilmOptions(arguments.size, arguments.fps, arguments.preset, arguments.encoder)
    with ProgressLine(is_on=not arguments.json) as line:
        film = export_film(plan, arguments.output, options=options, report=line)
    check = film.check
    if arguments.json:
        print_json(
            {
                "path": str(arguments.output),
                "duration_s": round(plan.duration_s, 3),
                "cues": len(plan.cues),
                "encoder": film.encoder,
                "gave_up": film.gave_up,
                "frames": film.n_frames,
                "bytes": check.n_bytes,
                "seconds": round(film.seconds, 2),
                "unreadable": [str(path) for path in film.unreadable],
                "faults": list(check.faults),
            }
        )
        return 0
    n_photos = len({photo.path for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None})
    facts = (
        f"{plan.duration_s:.0f} s",
        f"{messages.count_of(n_photos, 'photo')} shown",
        messages.size_text(check.n_bytes),
        f"encoded by {film.encoder}",
    )
    print(f"The film is {arguments.output.resolve()}: {', '.join(facts)}.")
    if film.gave_up:
        print(f"{film.gave_up} does not work here.")
    if film.unreadable:
        skipped = [(path, "") for path in film.unreadable]
        print(messages.unread_photos(skipped, n_found=n_photos + len(skipped)))
    for fault in check.faults:
        print(fault)
    return 0
