"""How well whole shows match by people's own labels: Moodreel beside a random, a greedy and an all-knowing show.

Ten songs, each joined from 24 excerpts of DEAM that the bundle has not seen, over the photos of OASIS that it has not
seen, in absolute mood. A show's figure is the mean over its cues of Eq. 1 on the true labels. All shows stand on the
same cues; "moodreel" and "oracle" keep every law of a show, "greedy" takes each cue's best photo, again and again.

python tests/bench/bench_composition.py --data DIR [--bundle DIR] [--table FILE] prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.audio import SAMPLE_RATE_HZ, load_song  # noqa: E402
from engine.bundle import SPLITS, ModelBundle, open_bundle  # noqa: E402
from engine.emotion import FloatArray, va_similarity  # noqa: E402
from engine.encoders import Encoders  # noqa: E402
from engine.images import load_image  # noqa: E402
from engine.library import Catalog, Photo  # noqa: E402
from engine.moments import moment_scores, moments_at  # noqa: E402
from engine.music import MusicAnalysis, analyse_song  # noqa: E402
from engine.plan import Plan, PlanOptions, make_plan  # noqa: E402
from engine.selection import FREE, SIBLING_GAP, Seats, choose_photos  # noqa: E402
from engine.siblings import perceptual_hash, sibling_groups  # noqa: E402
from trainer.corpora import PhotoRecord, SongRecord, read_deam, read_oasis  # noqa: E402
from trainer.encoded import encode_photos  # noqa: E402
from trainer.pairs import split_of  # noqa: E402

N_SONGS, N_EXCERPTS, EXCERPT_S = 10, 24, 10.0
N_RANDOM = 200


def is_unseen(bundle: ModelBundle, corpus: str, group: str) -> bool:
    """Whether a group was left out of the bundle's training, as the trainer's evaluation tells it."""
    if SPLITS in bundle.manifest.files:
        return json.loads(bundle.file_bytes(SPLITS)).get(corpus, {}).get(group, "test") == "test"
    return split_of(group, seed=bundle.manifest.split_seed) == "test"


def catalog_of(records: list[PhotoRecord], encoders: Encoders) -> tuple[Catalog, FloatArray]:
    """The photos as a library would hold them, and their true VA (n, 2)."""
    encoded = encode_photos(encoders, records)
    if len(encoded.va) != len(records):
        raise SystemExit("some photos cannot be read")
    photos = []
    for i, record in enumerate(records):
        image, info = load_image(record.path, min_side_px=64)
        look = perceptual_hash(image)
        photos.append(Photo(i, record.path, info.width, info.height, None, str(i), None, look))
    groups = sibling_groups(photos)
    return Catalog(tuple(photos), encoded.embeddings, encoded.va, encoders.bundle.id, groups), encoded.true_va


def joined_song(records: list[SongRecord], place: Path) -> Path:
    """A song of EXCERPT_S of each record."""
    n_samples = round(EXCERPT_S * SAMPLE_RATE_HZ)
    parts = [np.resize(load_song(record.path).y, n_samples) for record in records]
    dest = place / "song.wav"
    with wave.open(str(dest), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.concatenate(parts).clip(-1, 1) * 32_767).astype("<i2").tobytes())
    return dest


def true_scores(plan: Plan, labels: FloatArray, photo_va: FloatArray, *, sigma: float) -> FloatArray:
    """True similarity of every photo with every cue, (n_cues, n_photos): the mean over the excerpts it stands in."""
    similarity = va_similarity(labels, photo_va, sigma=sigma)
    edges = EXCERPT_S * np.arange(len(labels))
    shares = np.array(
        [np.clip(np.minimum(edges + EXCERPT_S, c.end_s) - np.maximum(edges, c.start_s), 0, None) for c in plan.cues]
    )
    weighted: FloatArray = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32) @ similarity
    return weighted


def keeps_laws(plan: Plan, catalog: Catalog) -> bool:
    """No photo twice, no siblings within the gap, tiling, holds in bounds."""
    rows = [cue.photo.id for cue in plan.cues]
    partners = [cue.partner.id for cue in plan.cues if cue.partner is not None]
    apart = all(
        catalog.groups[rows[i]] != catalog.groups[rows[j]]
        for i in range(len(rows))
        for j in range(i + 1, min(len(rows), i + SIBLING_GAP + 1))
    )
    holds = [cue.hold_s for cue in plan.cues]
    edges = [cue.start_s for cue in plan.cues] + [plan.duration_s]
    tiles = edges[0] == 0 and all(cue.end_s == edge for cue, edge in zip(plan.cues, edges[1:], strict=True))
    bounds = plan.options.min_hold_s <= min(holds) and max(holds) <= plan.options.max_hold_s
    return len(set(rows + partners)) == len(rows + partners) and apart and tiles and bounds


def shows_of(
    analysis: MusicAnalysis, labels: FloatArray, catalog: Catalog, photo_va: FloatArray, encoders: Encoders
) -> dict[str, float]:
    """Mean true similarity of each kind of show over one song."""
    plan = make_plan(analysis, catalog, encoders, options=PlanOptions(mood="absolute", repeats="all"))
    relative = make_plan(analysis, catalog, encoders, options=PlanOptions(repeats="all"))  # on the same cuts
    truth = true_scores(plan, labels, photo_va, sigma=encoders.bundle.manifest.sigma)
    spans = [(cue.start_s, cue.end_s) for cue in plan.cues]
    scores = moment_scores(moments_at(spans, analysis, catalog, encoders, mood="absolute"), catalog, encoders)
    cues = np.arange(len(spans))
    rng = np.random.default_rng(0)
    drawn = [truth[cues, rng.permutation(len(catalog))[: len(cues)]].mean() for _ in range(N_RANDOM)]
    free: NDArray[np.intp] = np.full(len(cues), FREE, dtype=np.intp)
    seats = Seats(np.array([span[0] for span in spans]), free, np.zeros((0, 2), dtype=np.intp))
    chosen = [cue.photo.id for cue in plan.cues]
    return {
        "random": float(np.mean(drawn)),
        "greedy": float(truth[cues, scores.argmax(axis=1)].mean()),
        "moodreel": float(truth[cues, chosen].mean()),
        "moodreel_relative": float(truth[cues, [cue.photo.id for cue in relative.cues]].mean()),
        "oracle": float(truth[cues, choose_photos(truth, seats, groups=catalog.groups)].mean()),
        "cues": len(cues),
        "greedy_different_photos": len(set(scores.argmax(axis=1).tolist())),
        "laws_kept": float(keeps_laws(plan, catalog) and keeps_laws(relative, catalog)),
    }


COLUMNS = {
    "random": "random",
    "greedy": "greedy, with repeats",
    "moodreel": "Moodreel",
    "moodreel_relative": "Moodreel, relative mood",
    "oracle": "oracle",
}


def table_of(songs: list[dict[str, float]], mean: dict[str, float], bundle: str) -> str:
    """The figures as a Markdown table."""
    gain = mean["greedy"] - mean["random"]
    lines = [
        f"| song | cues | {' | '.join(COLUMNS.values())} |",
        "| --- | --- |" + " --- |" * len(COLUMNS),
        *(
            f"| {number} | {song['cues']:.0f} | " + " | ".join(f"{song[name]:.3f}" for name in COLUMNS) + " |"
            for number, song in [*enumerate(songs, 1), ("**mean**", mean)]
        ),
        "| gain over random, greedy = 100 % | | "
        + " | ".join(f"{100 * (mean[name] - mean['random']) / gain:.0f} %" for name in COLUMNS)
        + " |",
        "",
        f"Bundle `{bundle}`. The greedy show uses {mean['greedy_different_photos']:.0f} photos for its"
        f" {mean['cues']:.0f} cues on average, the others {mean['cues']:.0f}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds OASIS and DEAM")
    parser.add_argument("--bundle", type=Path, default=ROOT / "resources" / "models" / "default")
    parser.add_argument("--cache", type=Path, help="folder to keep analyses in between runs")
    parser.add_argument("--table", type=Path, help="file for the figures as a Markdown table")
    parser.add_argument("--draw", type=int, default=0, help="which songs: another number joins other excerpts")
    options = parser.parse_args()
    encoders = Encoders(open_bundle(options.bundle))
    unseen = [r for r in read_oasis(options.data / "OASIS") if is_unseen(encoders.bundle, "OASIS", r.group)]
    catalog, photo_va = catalog_of(unseen, encoders)
    excerpts = [r for r in read_deam(options.data / "DEAM") if is_unseen(encoders.bundle, "DEAM", r.group)]
    order = np.random.default_rng(options.draw).permutation(len(excerpts))
    songs = []
    for number in range(min(N_SONGS, len(excerpts) // N_EXCERPTS)):
        records = [excerpts[i] for i in order[number * N_EXCERPTS : (number + 1) * N_EXCERPTS]]
        labels = np.array([[record.valence, record.arousal] for record in records], dtype=np.float32)
        kept = (
            None
            if options.cache is None
            else options.cache / f"{encoders.bundle.id[:16]}-{options.draw}-{number}.analysis"
        )
        if kept is not None and kept.is_file():
            analysis = MusicAnalysis.from_bytes(kept.read_bytes())
        else:
            with tempfile.TemporaryDirectory() as place:
                analysis = analyse_song(joined_song(records, Path(place)), encoders)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(analysis.to_bytes())
        songs.append(shows_of(analysis, labels, catalog, photo_va, encoders))
    mean = {name: float(np.mean([song[name] for song in songs])) for name in songs[0]}
    if options.table is not None:
        options.table.write_text(table_of(songs, mean, encoders.bundle.manifest.name), encoding="utf-8")
    gain = mean["greedy"] - mean["random"]
    figures = {
        "bench": "composition",
        "bundle": encoders.bundle.manifest.name,
        "draw": options.draw,
        "songs": len(songs),
        "photos": len(catalog),
        "excerpts": len(songs) * N_EXCERPTS,
        **{name: round(value, 4) for name, value in mean.items()},
        "gain_share_of_greedy": round((mean["moodreel"] - mean["random"]) / gain, 3),
        "relative_share_of_greedy": round((mean["moodreel_relative"] - mean["random"]) / gain, 3),
        "oracle_share_of_greedy": round((mean["oracle"] - mean["random"]) / gain, 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
