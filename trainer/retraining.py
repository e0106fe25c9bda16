"""Retraining on a person's ratings: a new bundle with the same backbones and a photo head that has learnt from them.

It needs the bundle alone, no checkpoint and no corpus: heads are corrected in their ONNX files (see `personal` and
`personal_head`). A bundle retrained before is taken back to its own head first, so ratings never count twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.bundle import MODEL_CARD, MUSIC_HEAD, PHOTO_HEAD, ModelBundle, write_bundle
from engine.encoders import Encoders
from engine.progress import Progress, Report, ignore
from trainer.before_after import DIMENSIONS, Comparison, compare, without_nan
from trainer.encoded import encode_photos
from trainer.errors import TrainerError
from trainer.metrics import N_RESAMPLES
from trainer.personal import KEEP, MAX_RATINGS, Strengths
from trainer.personal_head import run_head
from trainer.photo_corpora import read_oasis
from trainer.ratings import RatedPhotos, Taught
from trainer.records import OnUnusable, ignore_unusable
from trainer.taught_heads import (
    BASE_HEAD,
    BASE_MUSIC_HEAD,
    PersonalHead,
    base_head,
    base_music_head,
    known_music,
    known_photos,
    original_test_photos,
    seen_groups,
    taught_head,
)
from trainer.teaching import Mover, moved_ratings

MIN_RATINGS: Final = 5
"""Fewer ratings and answers than this teach nothing that could be checked."""

MIN_MARKED_WINDOWS: Final = 3
"""Fewer marked windows than this, and the music head stays as it is: two or three marks are enough."""

MIN_SONGS: Final = 3
"""With marks in fewer songs, single windows are held out instead of songs, or nothing could be checked."""

FindMovers = Callable[[bytes, bytes], Sequence[Mover]]
"""From the ONNX files of the head before and after to the photos that move most."""


@dataclass(frozen=True, slots=True)
class RetrainReport:
    """What a retraining did. `held_out` scores each rated photo by a head that saw neither it nor its like, `songs`
    each marked window by one that saw nothing of its song; None where nothing was rated or marked.

    `known` are the photos of the bundle's rehearsal set with the labels they were taught with, `original` those of the
    original test set, which the bundle carries or whose data was given. strengths: of valence and of arousal. `movers`
    are the photos that moved most from what the bundle said of them, the farthest first.
    """

    bundle_id: str
    n_ratings: int
    n_left_out: int
    n_answers: int
    n_marked_windows: int
    strengths: tuple[Strengths, Strengths] | None
    moved: tuple[float, float]
    held_out: Comparison | None
    songs: Comparison | None
    known: Comparison | None
    original: Comparison | None
    movers: tuple[Mover, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON; a figure that is not defined is null."""
        cleaned: dict[str, Any] = without_nan(asdict(self))
        return cleaned


def retrain(
    bundle: ModelBundle,
    dest: Path,
    taught: Taught | RatedPhotos,
    *,
    name: str = "personal",
    keep: float = KEEP,
    use_rehearsal: bool = True,
    oasis: Path | None = None,
    created: str | None = None,
    find_movers: FindMovers | None = None,
    n_resamples: int = N_RESAMPLES,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> RetrainReport:
    """Write to dest a bundle that has learnt what a person said, and tell what that changed.

    Ratings and answers correct the photo head, marks of songs the music head; all backbones and the similarity
    predictor stay as they are, so the library need not look at any photo again. `keep` bounds how much of the
    correlation with what the bundle was taught may be lost; use_rehearsal=False leaves its rehearsal set unread (and
    nothing guards then). `oasis` gives the original test photos, where the bundle carries none. find_movers finds the
    photos that move most between two heads; without it only rated ones are looked at. dest is written in one step, or
    not at all. Raises TrainerError, EngineError.
    """
    if dest.resolve() == bundle.path.resolve():
        raise TrainerError(f"{dest}: is the bundle to learn from; choose another folder for the new one")
    said = Taught.of_photos(taught) if isinstance(taught, RatedPhotos) else taught
    made, made_music = _photo_part(bundle, said, use_rehearsal, keep, report), None
    if len(said.marks) >= MIN_MARKED_WINDOWS:
        made_music = _music_part(bundle, said, use_rehearsal, keep, report)
    if made is None and made_music is None:
        raise TrainerError(f"{said.n_said_of_photos} ratings are too few to learn from, {MIN_RATINGS} are the least")
    head = base_head(bundle)
    new_head = head if made is None else made.content
    held_out = None if made is None else made.comparison(n_resamples=n_resamples)
    songs = None if made_music is None else made_music.comparison(n_resamples=n_resamples)
    of_known = None
    if use_rehearsal and made is not None and (known := known_photos(bundle, head)) is not None:
        after = run_head(new_head, known.features)[1]
        rows = list(range(len(known.labels)))
        of_known = compare(known.va, after, known.labels, rows, n_resamples=n_resamples)
    original = None
    if oasis is not None:
        original = _original_test(
            bundle, head, new_head, oasis, n_resamples=n_resamples, report=report, on_unusable=on_unusable
        )
    elif use_rehearsal and made is not None and (tests := original_test_photos(bundle, head)) is not None:
        photos, themes = tests
        after = run_head(new_head, photos.features)[1]
        original = compare(photos.va, after, photos.labels, themes, n_resamples=n_resamples)
    movers = _movers(bundle, said.rated, new_head, find_movers)
    report(Progress("write", 0, 1))
    written = _written(dest, bundle, said, made, made_music, held_out, songs, of_known, name=name, created=created)
    report(Progress("write", 1, 1))
    moved = np.zeros(2) if made is None or not len(made.after) else np.abs(made.after - made.before).mean(axis=0)
    n_ratings = 0 if made is None else len(made.ratings)
    return RetrainReport(
        bundle_id=written.id,
        n_ratings=n_ratings,
        n_left_out=len(said.rated) - n_ratings,
        n_answers=0 if made is None else len(said.answers),
        n_marked_windows=0 if made_music is None else len(said.marks),
        strengths=None if made is None else made.strengths,
        moved=(float(moved[0]), float(moved[1])),
        held_out=held_out,
        songs=songs,
        known=of_known,
        original=original,
        movers=tuple(movers),
    )


def _photo_part(
    bundle: ModelBundle, said: Taught, use_rehearsal: bool, keep: float, report: Report
) -> PersonalHead | None:
    """The photo head after ratings and answers, of which only the latest are used; None where there are too few."""
    if said.n_said_of_photos < MIN_RATINGS:
        return None
    latest = said.latest(MAX_RATINGS)
    head = base_head(bundle)
    known = known_photos(bundle, head) if use_rehearsal else None
    features = np.concatenate([latest.rated.features, latest.others])
    return taught_head(head, features, latest.rated.va, answers=latest.answers, known=known, keep=keep, report=report)


def _music_part(bundle: ModelBundle, said: Taught, use_rehearsal: bool, keep: float, report: Report) -> PersonalHead:
    """The music head after marks; windows of one song are held out together where there are some songs."""
    head = base_music_head(bundle)
    known = known_music(bundle, head) if use_rehearsal else None
    groups = np.unique(np.array(said.songs), return_inverse=True)[1].astype(np.intp)
    if len(set(said.songs)) < MIN_SONGS:
        groups = np.arange(len(said.songs))
    return taught_head(head, said.windows, said.marks, groups=groups, known=known, keep=keep, report=report)


def _written(
    dest: Path,
    bundle: ModelBundle,
    said: Taught,
    made: PersonalHead | None,
    made_music: PersonalHead | None,
    held_out: Comparison | None,
    songs: Comparison | None,
    of_known: Comparison | None,
    *,
    name: str,
    created: str | None,
) -> ModelBundle:
    """Write the new bundle beside what the old one holds."""
    manifest = bundle.manifest
    files = {file: bundle.file_bytes(file) for file in manifest.files}
    head = base_head(bundle)
    files |= {PHOTO_HEAD: head if made is None else made.content, BASE_HEAD: head}
    if made_music is not None or BASE_MUSIC_HEAD in files:
        music_head = base_music_head(bundle)
        files |= {MUSIC_HEAD: music_head if made_music is None else made_music.content, BASE_MUSIC_HEAD: music_head}
    card = files.get(MODEL_CARD, b"").decode(errors="replace").partition(CARD_HEADING)[0].rstrip()
    n_ratings = 0 if made is None else len(made.ratings)
    files[MODEL_CARD] = (card + _card(said, n_ratings, held_out, songs, of_known)).encode()
    scores = {key: value for key, value in manifest.scores.items() if not key.startswith("personal_")}
    scores["personal_ratings"] = float(n_ratings)
    if held_out is not None:
        scores["personal_mse_before"] = round(held_out.figures["mse"].before.value, 4)
        scores["personal_mse_after"] = round(held_out.figures["mse"].after.value, 4)
    return write_bundle(
        dest,
        files=files,
        name=name,
        created=created or datetime.now(UTC).isoformat(timespec="seconds"),
        photo=manifest.photo,
        music=manifest.music,
        sigma=manifest.sigma,
        corpora=manifest.corpora,
        scores=scores,
        split_seed=manifest.split_seed,
        like=bundle,
        photo_spread=manifest.photo_spread,
    )


def _movers(
    bundle: ModelBundle, rated: RatedPhotos, new_head: bytes, find_movers: FindMovers | None
) -> Sequence[Mover]:
    """Photos that moved most from what the bundle says now, which may be what older ratings taught it."""
    head = bundle.file_bytes(PHOTO_HEAD)
    if find_movers is not None:
        return find_movers(head, new_head)
    if not len(rated):
        return ()
    return moved_ratings(rated, *(run_head(content, rated.features)[1] for content in (head, new_head)))


def _original_test(
    bundle: ModelBundle,
    head: bytes,
    new_head: bytes,
    oasis: Path,
    *,
    n_resamples: int,
    report: Report,
    on_unusable: OnUnusable,
) -> Comparison:
    """Score both heads on the photos of OASIS that the bundle was never taught with, by their original labels."""
    seen = seen_groups(bundle)
    records = [record for record in read_oasis(oasis, on_unusable=on_unusable) if record.group not in seen]
    if not records:
        raise TrainerError(f"{oasis}: the bundle was taught with all photos here, none is left to test it on")
    photos = encode_photos(Encoders(bundle, n_threads=1), records, report=report, on_unusable=on_unusable)
    before, after = (run_head(content, photos.features)[1] for content in (head, new_head))
    return compare(before, after, photos.true_va, photos.groups, n_resamples=n_resamples)


CARD_HEADING: Final = "\n## Learnt from a person's ratings"


def _card(
    said: Taught, n_ratings: int, held_out: Comparison | None, songs: Comparison | None, known: Comparison | None
) -> str:
    lines = ["", CARD_HEADING, ""]
    if n_ratings or len(said.answers):
        lines += [
            f"{n_ratings} ratings and {len(said.answers)} answers corrected the photo head; everything else is as",
            "described above, and so are the scores above: those of the head before.",
        ]
    if held_out is not None:
        error = held_out.figures["mse"]
        lines += [
            "Squared error of valence and arousal on ratings held out:",
            f"{error.before.value:.4f} before, {error.after.value:.4f} after (P(better) {error.p_better:.2f}).",
        ]
    if known is not None:
        changes = (known.figures[f"{name}_r"] for name in DIMENSIONS)
        figures = ", ".join(f"{change.before.value:.3f} -> {change.after.value:.3f}" for change in changes)
        lines.append(f"Correlation of valence and arousal with what it was taught before: {figures}.")
    if songs is not None:
        error = songs.figures["mse"]
        lines += [
            f"{songs.n_photos} marked windows of {songs.n_groups} songs corrected the music head; squared error on",
            f"songs held out: {error.before.value:.4f} before, {error.after.value:.4f} after.",
        ]
    return "\n".join(lines) + "\n"
