"""Turns trained networks into a model bundle: one ONNX file a part, each compared with its network."""

from __future__ import annotations

import copy
import io
import json
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.bundle import (
    EMBEDDING_WIDTH,
    MODEL_CARD,
    MUSIC_BACKBONE,
    MUSIC_HEAD,
    N_CONTENT_CLASSES,
    PHOTO_BACKBONE,
    PHOTO_HEAD,
    REHEARSAL,
    SIMILARITY,
    SPLITS,
    ModelBundle,
    MusicSpec,
    PhotoSpec,
    SpreadLines,
    Triple,
    write_bundle,
)
from engine.emotion import FloatArray
from engine.encoders import run_network
from engine.features import N_FRAMES, N_ROWS
from trainer.errors import ParityError
from trainer.parity import PARITY_BATCHES, PARITY_TOLERANCE

OPSET = 18


def export_bundle(
    dest: Path,
    *,
    photo_backbone: nn.Module | bytes,
    photo_head: nn.Module,
    music_backbone: nn.Module,
    music_head: nn.Module,
    similarity: nn.Module,
    name: str,
    input_px: int,
    mean: Triple,
    std: Triple,
    row_mean: FloatArray,
    row_std: FloatArray,
    sigma: float,
    corpora: Sequence[str],
    scores: Mapping[str, float],
    model_card: str,
    rehearsal: Mapping[str, NDArray[Any]] | None = None,
    split_seed: int = 0,
    splits: Mapping[str, Mapping[str, str]] | None = None,
    has_content: bool = False,
    photo_spread: SpreadLines | None = None,
    created: str | None = None,
) -> ModelBundle:
    """Export five networks to ONNX, check each against torch at batch 1, 2 and 7, and write the bundle in one step.

    photo_backbone takes images (n, 3, input_px, input_px) and gives features (n, F), with `has_content` also the
    probabilities (n, 1000) of what the photos show; given as bytes it is an ONNX file, checked when it was made, and
    goes along as it is. music_backbone takes standardised windows (n, 193, 87) and gives (n, G); each head gives
    (embedding (n, 512), va (n, 2)); similarity takes (photo_embedding, music_embedding), both (n, 512), and gives (n,).
    The networks are copied to the CPU and set to evaluation; the caller's stay as they are.
    rehearsal's arrays hold numbers or text. splits tells, by corpus ("OASIS", "DEAM") and group, "train" or
    "validation"; a group not named there was never seen. Raises ParityError.
    """
    generator = torch.Generator().manual_seed(0)
    n = max(PARITY_BATCHES)
    images = torch.randn((n, 3, input_px, input_px), generator=generator)
    windows = torch.randn((n, N_ROWS, N_FRAMES), generator=generator)
    seen = ["features", "content"] if has_content else ["features"]
    if isinstance(photo_backbone, bytes):
        photo_onnx = photo_backbone
        photo_features = [torch.from_numpy(found) for found in run_network(photo_onnx, {"images": images.numpy()})]
    else:
        photo_features, photo_onnx = export_checked(PHOTO_BACKBONE, photo_backbone, {"images": images}, seen)
    music_features, music_onnx = export_checked(MUSIC_BACKBONE, music_backbone, {"windows": windows}, ["features"])
    heads = ["embedding", "va"]
    photo_heads, photo_head_onnx = export_checked(PHOTO_HEAD, photo_head, {"features": photo_features[0]}, heads)
    music_heads, music_head_onnx = export_checked(MUSIC_HEAD, music_head, {"features": music_features[0]}, heads)
    pair = {"photo_embedding": photo_heads[0], "music_embedding": music_heads[0]}
    scored, similarity_onnx = export_checked(SIMILARITY, similarity, pair, ["similarity"])
    if has_content:
        _check_shape(PHOTO_BACKBONE, photo_features[1:], [(n, N_CONTENT_CLASSES)])
    _check_shape(PHOTO_HEAD, photo_heads, [(n, EMBEDDING_WIDTH), (n, 2)])
    _check_shape(MUSIC_HEAD, music_heads, [(n, EMBEDDING_WIDTH), (n, 2)])
    _check_shape(SIMILARITY, scored, [(n,)])
    files = {
        PHOTO_BACKBONE: photo_onnx,
        PHOTO_HEAD: photo_head_onnx,
        MUSIC_BACKBONE: music_onnx,
        MUSIC_HEAD: music_head_onnx,
        SIMILARITY: similarity_onnx,
        MODEL_CARD: model_card.encode(),
    }
    if rehearsal is not None:
        files[REHEARSAL] = _npz_bytes(rehearsal)
    if splits is not None:
        files[SPLITS] = json.dumps(splits, sort_keys=True).encode()
    return write_bundle(
        dest,
        files=files,
        name=name,
        created=created or datetime.now(UTC).isoformat(timespec="seconds"),
        photo=PhotoSpec(input_px, mean, std, photo_features[0].shape[1], has_content),
        music=MusicSpec(row_mean, row_std, music_features[0].shape[1]),
        sigma=sigma,
        corpora=corpora,
        scores=scores,
        split_seed=split_seed,
        photo_spread=photo_spread,
    )


def onnx_bytes(module: nn.Module, inputs: Mapping[str, Tensor], output_names: Sequence[str]) -> bytes:
    """Export one network with a free batch axis; inputs (n, ...) by name are samples. Holds nothing of this machine.

    The module must be on the CPU and in evaluation mode.
    """
    batch = torch.export.Dim("n")
    with warnings.catch_warnings():
        # The exporter's own use of torch's internals, and its note that two inputs share one batch axis.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(output_names),
            dynamic_shapes=tuple({0: batch} for _ in inputs),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise ParityError("torch exported nothing")
    model = program.model_proto
    _strip(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def largest_difference(module: nn.Module, content: bytes, inputs: Mapping[str, Tensor]) -> float:
    """Largest absolute difference between a network and its ONNX file over the first 1, 2 and 7 rows of the inputs."""
    worst = 0.0
    for n in PARITY_BATCHES:
        rows = {name: tensor[:n] for name, tensor in inputs.items()}
        expected = _outputs(module, rows)
        found = run_network(content, {name: tensor.numpy() for name, tensor in rows.items()})
        for ours, theirs in zip(expected, found, strict=True):
            difference = np.abs(ours.numpy() - theirs)
            # A comparison with NaN is false: a network that gives NaN must not pass as equal.
            worst = max(worst, float(difference.max()) if np.isfinite(difference).all() else float("inf"))
    return worst


def export_checked(
    name: str, module: nn.Module, inputs: Mapping[str, Tensor], output_names: Sequence[str]
) -> tuple[list[Tensor], bytes]:
    """The network's own outputs for seven inputs, and its ONNX file, which gives the same. Raises ParityError."""
    still = copy.deepcopy(module).cpu().eval()
    content = onnx_bytes(still, inputs, output_names)
    try:
        difference = largest_difference(still, content, inputs)
    except ValueError as fault:
        raise ParityError(f"{name} does not run as ONNX: {fault}") from fault
    if difference >= PARITY_TOLERANCE:
        raise ParityError(f"{name} differs from its network by {difference:.2g}, allowed is {PARITY_TOLERANCE:g}")
    return _outputs(still, inputs), content


@torch.no_grad()
def _outputs(module: nn.Module, inputs: Mapping[str, Tensor]) -> list[Tensor]:
    outputs = module(*inputs.values())
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


def _check_shape(name: str, outputs: Sequence[Tensor], shapes: Sequence[tuple[int, ...]]) -> None:
    found = [tuple(output.shape) for output in outputs]
    if found != list(shapes):
        raise ValueError(f"{name} gives {found}, not {list(shapes)}")


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes about its source: stack traces hold the paths of this machine."""
    del model.metadata_props[:]
    model.doc_string = ""
    graphs = [model.graph]
    for graph in graphs:
        del graph.metadata_props[:]
        graph.doc_string = ""
        for noted in (*graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output):
            del noted.metadata_props[:]
            noted.doc_string = ""
        graphs.extend(
            attribute.g for node in graph.node for attribute in node.attribute if attribute.type == attribute.GRAPH
        )
    if len(model.functions):
        raise ParityError("the exported network calls functions of its own, which other runtimes need not know")


def _npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name} holds Python objects, which a bundle must not carry")
    buffer = io.BytesIO()
    named: dict[str, Any] = dict(arrays)
    np.savez_compressed(buffer, **named)
    return buffer.getvalue()
