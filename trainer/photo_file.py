"""The photo backbone as the file that ships: made once, kept in the cache, and the source of all features learnt from.

An int8 file gives features a little other than its network's, so nothing is trained on any but the file's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import nn

from engine.bundle import PHOTO_BACKBONE
from engine.emotion import FloatArray
from engine.errors import UnreadablePhoto
from engine.images import load_image, model_input
from engine.progress import Progress, Report, ignore
from trainer.backbones import IMAGENET_MEAN, IMAGENET_STD, Lite2Backbone
from trainer.class_affect import class_affect
from trainer.config import TrainConfig
from trainer.content import Lite2WithContent
from trainer.data import PhotoInput, write_atomically
from trainer.errors import CorpusMissing
from trainer.export import export_checked
from trainer.pairs import split_of
from trainer.parity import PARITY_BATCHES
from trainer.records import PhotoRecord

N_CALIBRATION: Final = 96
"""Photos of the training split that set the ranges of an int8 network's activations."""

CALIBRATION_BATCH: Final = 8

LITE2_TRAINED_PX: Final = 260

SHARPNESS: Final = 1.15
"""At 300 px the classifier is less sure than at the size it was trained at: so much sharper it says nearly the same
(186 photos of the training split: divergence from what it says at 260 px .144 instead of .185)."""

FEATURES: Final = "features"
CONTENT: Final = "content"
AFFECT: Final = "affect"


def photo_input(config: TrainConfig) -> PhotoInput:
    """Input of the config's photo backbone: its normalisation is part of its ImageNet weights."""
    if config.photo_backbone == "resnet50":
        return PhotoInput(224, IMAGENET_MEAN, IMAGENET_STD)
    return PhotoInput(config.photo_px, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def frozen_backbone(config: TrainConfig) -> nn.Module:
    """The frozen photo backbone of a config, in evaluation mode."""
    return Lite2Backbone(stages=config.photo_backbone == "lite2-stages").eval()


class PhotoFile:
    """A config's frozen photo backbone as an ONNX file in the cache, made when it is first needed.

    records are the photos of all corpora: an int8 network takes its ranges from some of their training split.
    """

    def __init__(
        self, config: TrainConfig, records: Sequence[PhotoRecord], cache: Path, *, report: Report = ignore
    ) -> None:
        self._config = config
        taught = [record for record in records if split_of(record.group, seed=config.split_seed) == "train"]
        self._calibration = taught[:: max(1, len(taught) // N_CALIBRATION)][:N_CALIBRATION]
        told = [record.path.name for record in self._calibration] if config.photo_int8 else []
        known = class_affect().tolist() if config.n_affect else []
        key = json.dumps([config.photo_backbone, config.photo_px, config.photo_int8, SHARPNESS, known, *told])
        digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:20]
        self.path = cache / f"photo-backbone-{digest}.onnx"
        self._report = report
        self._features_of: Callable[[FloatArray], FloatArray] | None = None

    @property
    def name(self) -> str:
        """How the cache knows its features. A name with the file's hash makes the file."""
        if not (self._config.photo_int8 or self._config.n_affect):
            return self._config.photo_backbone
        kind = "int8" if self._config.photo_int8 else "affect"
        return f"{self._config.photo_backbone}-{kind}-{hashlib.sha256(self.content()).hexdigest()[:20]}"

    def content(self) -> bytes:
        """The file. Raises ParityError, CorpusMissing, TrainerError where it cannot be written."""
        if not self.path.exists():
            self._report(Progress("backbone", 0, 1))
            content = backbone_onnx(
                frozen_backbone(self._config),
                photo_input(self._config).input_px,
                tells_affect=self._config.n_affect > 0,
            )
            if self._config.photo_int8:
                content = int8_of(content, self._calibration_images())
            content = with_affect(content)
            write_atomically(self.path, content)
            self._report(Progress("backbone", 1, 1))
        return self.path.read_bytes()

    def features_of(self, images: FloatArray) -> FloatArray:
        """Features (n, F) of images (n, 3, px, px), by ONNX Runtime: several times as fast as torch on a CPU."""
        if self._features_of is None:
            self._features_of = onnx_features(self.content())
        return self._features_of(images)

    def _calibration_images(self) -> FloatArray:
        spec = photo_input(self._config)
        found = []
        for record in self._calibration:
            try:
                image, _ = load_image(record.path, min_side_px=spec.input_px)
            except UnreadablePhoto:
                continue
            found.append(model_input(image, input_px=spec.input_px, mean=spec.mean, std=spec.std))
        if not found:
            raise CorpusMissing("an int8 photo backbone needs photos of the training split to set its ranges by")
        return np.stack(found)


def backbone_onnx(backbone: nn.Module, input_px: int, *, tells_affect: bool = False) -> bytes:
    """A frozen backbone's ONNX file, compared with it; that of Lite2 also tells what photos show. Raises ParityError.

    Takes images (n, 3, px, px); gives features (n, F) and, of Lite2, content (n, 1000) and, if asked, affect (n, 2).
    """
    outputs = [FEATURES]
    if isinstance(backbone, Lite2Backbone):
        sharpness = 1.0 if input_px == LITE2_TRAINED_PX else SHARPNESS
        backbone = Lite2WithContent(backbone, sharpness=sharpness, tells_affect=tells_affect)
        outputs += [CONTENT, AFFECT] if tells_affect else [CONTENT]
    images = torch.randn((max(PARITY_BATCHES), 3, input_px, input_px), generator=torch.Generator().manual_seed(0))
    return export_checked(PHOTO_BACKBONE, backbone, {"images": images}, outputs)[1]


def onnx_features(content: bytes) -> Callable[[FloatArray], FloatArray]:
    """Make a function from images (n, 3, px, px) to features (n, F) of a photo backbone's file."""
    session_options = ort.SessionOptions()
    session_options.intra_op_num_threads = torch.get_num_threads()
    session = ort.InferenceSession(content, session_options, providers=["CPUExecutionProvider"])

    def features_of(images: FloatArray) -> FloatArray:
        features: FloatArray = session.run([FEATURES], {"images": images})[0]
        return features

    return features_of


def gives_content(content: bytes) -> bool:
    """Whether a photo backbone's file also tells what photos show."""
    return CONTENT in {output.name for output in onnx.load_from_string(content).graph.output}


def int8_of(content: bytes, images: FloatArray) -> bytes:
    """A photo backbone whose features are computed with weights (by channel) and activations as 8-bit integers.

    images (n, 3, px, px) set the ranges. Weights take 7 of their 8 bits: with all, processors without VNNI add two
    products in 16 bits, which overflow, and the same photo would feel otherwise on another machine. The classifier of
    content stays as it is: its weights are kept at half precision already.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter(range(0, len(images), CALIBRATION_BATCH))

        def get_next(self) -> dict[str, FloatArray] | None:
            first = next(self.batches, None)
            return None if first is None else {"images": images[first : first + CALIBRATION_BATCH]}

    with tempfile.TemporaryDirectory() as folder, _without_advice():
        source, dest = Path(folder) / "whole.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(content)
        quantize_static(
            source,
            dest,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=_beside_features(onnx.load_from_string(content)),
        )
        return dest.read_bytes()


def with_affect(content: bytes) -> bytes:
    """A photo backbone whose features end in what its affect says, (n, F + 2); one that tells none stays as it is.

    They are joined behind an 8-bit network: its features share one range, in which two small numbers would be lost.
    """
    model = onnx.load_from_string(content)
    graph = model.graph
    outputs = {output.name: output for output in graph.output}
    if AFFECT not in outputs:
        return content
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = ["stages" if name == FEATURES else name for name in names]
    graph.node.append(onnx.helper.make_node("Concat", ["stages", AFFECT], [FEATURES], name="with_affect", axis=1))
    width = outputs[FEATURES].type.tensor_type.shape.dim[1]
    width.dim_value += outputs[AFFECT].type.tensor_type.shape.dim[1].dim_value
    del graph.output[:]
    graph.output.extend(output for name, output in outputs.items() if name != AFFECT)
    onnx.checker.check_model(model)
    joined: bytes = model.SerializeToString()
    return joined


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Keep the quantiser from advising steps that the exporter has taken already."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _beside_features(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes that have no share in the features."""
    made_by = {output: node for node in model.graph.node for output in node.output}
    waiting, needed = [FEATURES], set()
    while waiting:
        node = made_by.get(waiting.pop())
        if node is not None and node.output[0] not in needed:
            needed.add(node.output[0])
            waiting.extend(node.input)
    return [node.name for node in model.graph.node if node.output[0] not in needed]
