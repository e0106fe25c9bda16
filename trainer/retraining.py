"""Retraining on a person's ratings: a new bundle with the same backbones and a photo head that has learnt from them.

It needs the bundle alone, no checkpoint and no corpus: heads are corrected in their ONNX files (see `personal` and
`personal_head`). A bundle retrained before is taken back to its own head first, so ratings never count twice.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.bundle import MODEL_CARD, PHOTO_HEAD, ModelBundle, write_bundle
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import BrokenBundle
from engine.progress import Progress, Report, ignore
from trainer.encoded import encode_photos
from trainer.errors import TrainerError
from trainer.export import SPLITS
from trainer.metrics import N_RESAMPLES, Interval, correlation_of_means, interval_of, share_better
from trainer.personal import KEEP, MAX_RATINGS, Known, Strengths, fit_correction
from trainer.personal_head import mood_directions, run_head, with_correction
from trainer.photo_corpora import read_oasis
from trainer.ratings import RatedPhotos
from trainer.records import OnUnusable, ignore_unusable

BASE_HEAD: Final = "photo_head_base.onnx"
"""The photo head as it was before any rating, kept in a personal bundle."""

MIN_RATINGS: Final = 5
"""Fewer ratings than this teach nothing that could be checked."""

DIMENSIONS: Final = ("valence", "arousal")


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after, each with its interval, and how probable it is that it became better."""

    before: Interval
    after: Interval
    p_better: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How well a set of photos is predicted before and after, by figure.

    Figures: mse and mae, of valence and arousal together, and valence_mse, valence_r, arousal_mse, arousal_r.
    """

    n_photos: int
    n_groups: int
    figures: dict[str, Change]


@dataclass(frozen=True, slots=True)
class RetrainReport:
    """What a retraining did. `held_out` scores each rated photo by a head that saw neither it nor photos like it.

    `known` are the photos of the bundle's rehearsal set with the labels they were taught with, `original` those of the
    original test set where its data was given. strengths: of valence and of arousal.
    """

    bundle_id: str
    n_ratings: int
    n_left_out: int
    strengths: tuple[Strengths, Strengths]
    moved: tuple[float, float]
    held_out: Comparison
    known: Comparison | None
    original: Comparison | None

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON; a figure that is not defined is null."""
        cleaned: dict[str, Any] = _without_nan(asdict(self))
        return cleaned


def known_photos(bundle: ModelBundle, head: bytes) -> Known | None:
    """What the bundle's rehearsal set tells of the photos it was taught with, under a head; None without a set.

    Raises BrokenBundle where the set cannot be read.
    """
    if bundle.rehearsal_path is None:
        return None
    try:
        with np.load(bundle.rehearsal_path, allow_pickle=False) as stored:
            features, labels = stored["photo_features"].astype(np.float32), stored["photo_va"].astype(np.float32)
    except (OSError, ValueError, KeyError) as fault:
        raise BrokenBundle(bundle.path, f"{bundle.rehearsal_path.name} cannot be read") from fault
    if features.shape != (len(labels), bundle.manifest.photo.feature_width) or labels.shape[1:] != (2,):
        raise BrokenBundle(bundle.path, f"{bundle.rehearsal_path.name} does not fit the bundle's photo features")
    return Known(features, run_head(head, features)[1], labels) if len(labels) else None


def base_head(bundle: ModelBundle) -> bytes:
    """The bundle's photo head as it was before any rating."""
    return bundle.file_bytes(BASE_HEAD if BASE_HEAD in bundle.manifest.files else PHOTO_HEAD)


def personal_head(
    head: bytes, rated: RatedPhotos, *, known: Known | None, keep: float = KEEP, report: Report = ignore
) -> PersonalHead:
    """Teach a head some ratings; `known` photos guard what it knew. Raises TrainerError with too few ratings."""
    if len(rated) < MIN_RATINGS:
        raise TrainerError(f"{len(rated)} ratings are too few to learn from, {MIN_RATINGS} are the least")
    features, ratings = rated.features[-MAX_RATINGS:], rated.va[-MAX_RATINGS:]
    embeddings, va = run_head(head, features)
    fit = fit_correction(features, va, ratings, known=known, keep=keep, report=report)
    # Where the rehearsal set may not be used, the person's own photos tell how embeddings go with moods.
    reference = (embeddings, va) if known is None else (run_head(head, known.features)[0], known.va)
    content = with_correction(head, fit.correction, mood_directions(head, *reference))
    return PersonalHead(content, fit.strengths, va, run_head(content, features)[1], ratings, fit.held_out, fit.groups)


@dataclass(frozen=True, slots=True, eq=False)
class PersonalHead:
    """A head that learnt ratings: its ONNX file, and of each photo rated (n, 2) the VA before, after, as rated, and
    held out; groups (n,) of photos that are alike.
    """

    content: bytes
    strengths: tuple[Strengths, Strengths]
    before: FloatArray
    after: FloatArray
    ratings: FloatArray
    held_out: FloatArray
    groups: NDArray[np.intp]


def retrain(
    bundle: ModelBundle,
    dest: Path,
    rated: RatedPhotos,
    *,
    name: str = "personal",
    keep: float = KEEP,
    use_rehearsal: bool = True,
    oasis: Path | None = None,
    created: str | None = None,
    n_resamples: int = N_RESAMPLES,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> RetrainReport:
    """Write to dest a bundle that has learnt a person's ratings, and tell what that changed.

    All backbones, the music head and the similarity predictor stay as they are, so the library need not look at any
    photo again. `keep` bounds the share of the correlation with what the bundle was taught that may be lost;
    use_rehearsal=False leaves its rehearsal set unread (and nothing guards then). `oasis` gives the original test
    photos. dest is written in one step, or not at all. Raises TrainerError, EngineError.
    """
    if dest.resolve() == bundle.path.resolve():
        raise TrainerError(f"{dest}: is the bundle to learn from; choose another folder for the new one")
    head = base_head(bundle)
    known = known_photos(bundle, head) if use_rehearsal else None
    made = personal_head(head, rated, known=known, keep=keep, report=report)
    held_out = compare(made.before, made.held_out, made.ratings, made.groups.tolist(), n_resamples=n_resamples)
    of_known = None
    if known is not None:
        after = run_head(made.content, known.features)[1]
        rows = list(range(len(known.labels)))
        of_known = compare(known.va, after, known.labels, rows, n_resamples=n_resamples)
    original = None
    if oasis is not None:
        original = _original_test(
            bundle, head, made.content, oasis, n_resamples=n_resamples, report=report, on_unusable=on_unusable
        )
    report(Progress("write", 0, 1))
    files = {file: bundle.file_bytes(file) for file in bundle.manifest.files}
    files |= {PHOTO_HEAD: made.content, BASE_HEAD: head}
    card = files.get(MODEL_CARD, b"").decode(errors="replace").partition(CARD_HEADING)[0].rstrip()
    files[MODEL_CARD] = (card + _card(made, held_out, of_known)).encode()
    manifest = bundle.manifest
    scores = dict(manifest.scores) | {
        "personal_mse_before": round(held_out.figures["mse"].before.value, 4),
        "personal_mse_after": round(held_out.figures["mse"].after.value, 4),
        "personal_ratings": float(len(made.ratings)),
    }
    written = write_bundle(
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
    )
    report(Progress("write", 1, 1))
    moved = np.abs(made.after - made.before).mean(axis=0)
    return RetrainReport(
        bundle_id=written.id,
        n_ratings=len(made.ratings),
        n_left_out=len(rated) - len(made.ratings),
        strengths=made.strengths,
        moved=(float(moved[0]), float(moved[1])),
        held_out=held_out,
        known=of_known,
        original=original,
    )


def compare(
    before: FloatArray,
    after: FloatArray,
    labels: FloatArray,
    groups: Sequence[int | str],
    *,
    n_resamples: int = N_RESAMPLES,
) -> Comparison:
    """Score two predictions (n, 2) of the same labels (n, 2); the same resamples of whole groups serve all figures."""
    names, index = np.unique(np.array([str(group) for group in groups]), return_inverse=True)
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=n_resamples)
    counts = np.concatenate([np.ones((1, len(names))), drawn]).astype(np.float64)
    sizes = counts @ np.bincount(index).astype(np.float64)

    def means(values: ArrayLike) -> NDArray[np.float64]:
        sums = np.bincount(index, weights=np.asarray(values, dtype=np.float64))
        return np.asarray(counts @ sums / sizes, dtype=np.float64)

    def scores(predicted: FloatArray) -> dict[str, NDArray[np.float64]]:
        found = {"mse": np.zeros(1 + n_resamples), "mae": np.zeros(1 + n_resamples)}
        for axis, name in enumerate(DIMENSIONS):
            p, t = predicted[:, axis].astype(np.float64), labels[:, axis].astype(np.float64)
            found[f"{name}_mse"] = means((p - t) ** 2)
            found["mse"] = found["mse"] + found[f"{name}_mse"]
            found["mae"] = found["mae"] + means(np.abs(p - t))
            # About their means, since the difference of large squares would cost digits.
            p, t = p - p.mean(), t - t.mean()
            of_pairs = [means(values) for values in (p, t, p * p, t * t, p * t)]
            found[f"{name}_r"] = correlation_of_means(np.stack(of_pairs, axis=1))
        return found

    was, now = scores(before), scores(after)
    figures = {
        name: Change(interval_of(was[name]), interval_of(now[name]), _p_better(name, now[name], was[name]))
        for name in was
    }
    return Comparison(len(labels), len(names), figures)


def _p_better(name: str, now: NDArray[np.float64], was: NDArray[np.float64]) -> float:
    """Share of resamples in which a figure became better: a correlation larger, an error smaller; ties count half."""
    return share_better(now, was) if name.endswith("_r") else share_better(-now, -was)


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


def seen_groups(bundle: ModelBundle) -> frozenset[str]:
    """Themes of OASIS that the bundle was taught with, as it recorded them. Raises BrokenBundle, TrainerError."""
    if SPLITS not in bundle.manifest.files:
        raise TrainerError(f"{bundle.path}: does not tell what it was taught with ({SPLITS}), so no test set is known")
    try:
        return frozenset(json.loads(bundle.file_bytes(SPLITS)).get("OASIS", {}))
    except (ValueError, AttributeError):
        raise BrokenBundle(bundle.path, f"{SPLITS} does not tell the split of each group") from None


CARD_HEADING: Final = "\n## Learnt from a person's ratings"


def _card(made: PersonalHead, held_out: Comparison, known: Comparison | None) -> str:
    error = held_out.figures["mse"]
    lines = [
        "",
        CARD_HEADING,
        "",
        f"{len(made.ratings)} ratings corrected the photo head; everything else is as described above, and so are the",
        "scores above: those of the head before. Squared error of valence and arousal on ratings held out:",
        f"{error.before.value:.4f} before, {error.after.value:.4f} after (P(better) {error.p_better:.2f}).",
    ]
    if known is not None:
        changes = (known.figures[f"{name}_r"] for name in DIMENSIONS)
        figures = ", ".join(f"{change.before.value:.3f} -> {change.after.value:.3f}" for change in changes)
        lines.append(f"Correlation of valence and arousal with what it was taught before: {figures}.")
    return "\n".join(lines) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
