"""What the int8 photo backbone costs and brings, beside its network at full precision (docs/quantisation.md)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import onnx
from onnx.utils import Extractor

from engine.bundle import PHOTO_BACKBONE, PHOTO_HEAD, ModelBundle, open_bundle
from engine.emotion import FloatArray
from engine.encoders import Encoders, run_network
from engine.errors import UnreadablePhoto
from engine.images import load_image
from engine.progress import Progress, Report, ignore
from trainer.errors import CorpusMissing, TrainerError
from trainer.metrics import pearson_r
from trainer.output import Output
from trainer.personal_head import run_head
from trainer.photo_corpora import read_oasis
from trainer.records import PhotoRecord
from trainer.taught_heads import seen_groups

BATCH: Final = 8

TIMED_RUNS: Final = 4
"""The fastest counts: beside other work a mean tells of that work."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """fp32 beside int8: megabytes of the backbone, r on test photos, photos a second (backbone, and with decoding).

    correlation: of the single predictions of both, and mean_moved how far a prediction moves, valence and arousal.
    """

    n_test: int
    megabytes: tuple[float, float]
    r_valence: tuple[float, float]
    r_arousal: tuple[float, float]
    correlation: tuple[float, float]
    mean_moved: tuple[float, float]
    backbone_per_s: tuple[float, float]
    indexing_per_s: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """The figures for JSON."""
        return asdict(self)


def add_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add quantise to the trainer's commands; `shared` are the options all commands have."""
    command = commands.add_parser(
        "quantise",
        parents=[shared],
        help="measure what the int8 photo backbone loses and gains",
        description="Compare a bundle's int8 photo backbone with its network at full precision: size, r on the test "
        "photos through the bundle's head, single predictions, speed on one processor. Nothing is written.",
    )
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    command.add_argument("--oasis", type=Path, required=True, metavar="DIR", help="OASIS: OASIS.csv and Images/")
    command.set_defaults(run_command=run_quantise)


def run_quantise(options: argparse.Namespace, output: Output) -> None:
    """Compare and print."""
    # Imported here, since it imports torch, which other commands can do without.
    from trainer.config import make_config
    from trainer.photo_file import backbone_onnx, frozen_backbone, photo_input, with_affect

    records = read_oasis(options.oasis, on_unusable=output.unusable)
    bundle, config = open_bundle(options.bundle), make_config("default")
    if bundle.manifest.photo.input_px != photo_input(config).input_px:
        raise TrainerError(f"{options.bundle}: its photo backbone is not that of the default settings")
    output.report(Progress("backbone", 0, 1))
    input_px = photo_input(config).input_px
    whole = with_affect(backbone_onnx(frozen_backbone(config), input_px, tells_affect=True))
    output.report(Progress("backbone", 1, 1))
    found = compare_quantised(bundle, whole, records, report=output.report)
    output.unusable_summary()
    output.line("quantised", found.to_dict(), sentence=markdown_table(found))


def compare_quantised(
    bundle: ModelBundle, whole: bytes, records: Sequence[PhotoRecord], *, report: Report = ignore
) -> Quantised:
    """Compare `whole`, a backbone at full precision, with the bundle's on photos that the bundle never met.

    `whole` gives features as wide as the bundle's. Raises CorpusMissing without such photos.
    """
    seen = seen_groups(bundle)
    tested = [record for record in records if record.group not in seen]
    encoders = Encoders(bundle, n_threads=1)
    pixels, kept = _inputs(encoders, tested, report)
    whole, small = features_only(whole), features_only(bundle.file_bytes(PHOTO_BACKBONE))
    truth = np.array([[record.valence, record.arousal] for record in kept], dtype=np.float32)
    head = bundle.file_bytes(PHOTO_HEAD)
    va = [run_head(head, _features(content, pixels))[1] for content in (whole, small)]
    decoding_s = _decoding_s(encoders, kept[: 2 * BATCH])
    backbone_s = [_fastest_s(content, pixels[:BATCH]) for content in (whole, small)]
    pairs = [tuple(pearson_r(said[:, k], truth[:, k]) for said in va) for k in range(2)]
    return Quantised(
        n_test=len(kept),
        megabytes=(len(whole) / 1e6, len(small) / 1e6),
        r_valence=(pairs[0][0], pairs[0][1]),
        r_arousal=(pairs[1][0], pairs[1][1]),
        correlation=(pearson_r(va[0][:, 0], va[1][:, 0]), pearson_r(va[0][:, 1], va[1][:, 1])),
        mean_moved=(float(np.abs(va[0] - va[1])[:, 0].mean()), float(np.abs(va[0] - va[1])[:, 1].mean())),
        backbone_per_s=(1 / backbone_s[0], 1 / backbone_s[1]),
        indexing_per_s=(1 / (backbone_s[0] + decoding_s), 1 / (backbone_s[1] + decoding_s)),
    )


def features_only(content: bytes) -> bytes:
    """A photo backbone that gives its features and nothing else."""
    model = onnx.load_from_string(content)
    if [output.name for output in model.graph.output] == ["features"]:
        return content
    part: bytes = Extractor(model).extract_model(["images"], ["features"]).SerializeToString(deterministic=True)
    return part


def markdown_table(found: Quantised) -> str:
    """The comparison as a Markdown table."""
    rows = [
        ("MB of the backbone (features alone)", found.megabytes, ".1f"),
        (f"r of valence, {found.n_test} test photos", found.r_valence, ".3f"),
        ("r of arousal", found.r_arousal, ".3f"),
        ("photos/s, backbone", found.backbone_per_s, ".1f"),
        ("photos/s with decoding", found.indexing_per_s, ".1f"),
    ]
    lines = ["| one processor | fp32 | int8 |", "|---|---|---|"]
    lines += [f"| {words} | {before:{form}} | {after:{form}} |" for words, (before, after), form in rows]
    lines.append("")
    lines.append(
        f"Single predictions of both correlate {found.correlation[0]:.3f} (valence) and {found.correlation[1]:.3f} "
        f"(arousal); a prediction moves by {found.mean_moved[0]:.3f} and {found.mean_moved[1]:.3f} on average."
    )
    return "\n".join(lines)


def _inputs(encoders: Encoders, records: Sequence[PhotoRecord], report: Report) -> tuple[FloatArray, list[PhotoRecord]]:
    found, kept = [], []
    for i, record in enumerate(records):
        report(Progress("photos", i, len(records), record.path.name))
        try:
            image, _ = load_image(record.path, min_side_px=encoders.bundle.manifest.photo.input_px)
        except UnreadablePhoto:
            continue
        found.append(encoders.photo_input(image))
        kept.append(record)
    if not kept:
        raise CorpusMissing("there is no photo that can be read and that the bundle never met")
    return np.stack(found), kept


def _features(content: bytes, pixels: FloatArray) -> FloatArray:
    parts = [
        run_network(content, {"images": pixels[first : first + BATCH]}, n_threads=1)[0]
        for first in range(0, len(pixels), BATCH)
    ]
    return np.concatenate(parts)


def _fastest_s(content: bytes, pixels: FloatArray) -> float:
    """Seconds a photo takes in the fastest of some runs, without loading the network."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    times = []
    for _ in range(TIMED_RUNS + 1):
        started = perf_counter()
        session.run(None, {"images": pixels})
        times.append(perf_counter() - started)
    return min(times[1:]) / len(pixels)


def _decoding_s(encoders: Encoders, records: Sequence[PhotoRecord]) -> float:
    """Seconds it takes to read a photo and bring it to the network's size; the fastest of some."""
    times = []
    for record in records:
        started = perf_counter()
        image, _ = load_image(record.path, min_side_px=encoders.bundle.manifest.photo.input_px)
        encoders.photo_input(image)
        times.append(perf_counter() - started)
    return float(np.median(times))
