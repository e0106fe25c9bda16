"""A photo head with a person's correction built in: the bundle's own head as it is, and the correction behind it.

Works on any bundle's ONNX file, whatever its head is made of. The embedding moves with valence and arousal, along the
directions in which the bundle's embeddings of other photos and songs change when theirs do, so that both stages of
matching hear of the correction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.emotion import FloatArray
from engine.encoders import run_network
from trainer.errors import ParityError, TrainerError
from trainer.parity import PARITY_BATCHES, PARITY_TOLERANCE
from trainer.personal import STRAIGHT, Correction

PREFIX: Final = "personal."

Array = NDArray[np.float64]

PROBE: Final = 0.15
"""How far embeddings are moved to see what the head's own predictor makes of it: a usual correction."""


def run_head(content: bytes, features: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Embeddings (n, 512) and VA (n, 2) that a head's ONNX file gives for features (n, F)."""
    names = [output.name for output in onnx.load_from_string(content).graph.output]
    outputs = dict(
        zip(names, run_network(content, {"features": np.ascontiguousarray(features)}, n_threads=1), strict=True)
    )
    return outputs["embedding"], outputs["va"]


def mood_directions(content: bytes, embeddings: FloatArray, va: FloatArray) -> FloatArray:
    """Directions (2, 512) in which embeddings (n, 512) change when valence or arousal (n, 2) rises by one.

    Those of a linear fit, made so long that the head's own predictor of VA, where it reads the embedding, sees on
    average the change that was meant.
    """
    design = np.concatenate([np.ones((len(va), 1)), va.astype(np.float64) - 0.5], axis=1)
    # A touch of ridge: with few photos, or all of one mood, the fit has no single answer.
    gram = design.T @ design + 1e-3 * np.diag([0.0, 1.0, 1.0])
    directions = np.linalg.solve(gram, design.T @ embeddings.astype(np.float64))[1:]
    predictor = _va_of_embedding(content)
    if predictor is None:
        return np.ascontiguousarray(directions, dtype=np.float32)
    rows = []
    for axis in range(2):
        step = np.float32(PROBE) * directions[axis].astype(np.float32)
        up, down = (run_network(predictor, {"embedding": embeddings + sign * step}, n_threads=1)[0] for sign in (1, -1))
        rows.append((up - down).mean(axis=0) / (2 * PROBE))
    response = np.stack(rows).astype(np.float64)  # row: the direction moved along; column: valence, arousal seen
    if np.linalg.det(response) > 1e-2:
        directions = np.linalg.solve(response, directions)
    return np.ascontiguousarray(directions, dtype=np.float32)


def with_correction(content: bytes, correction: Correction, directions: FloatArray) -> bytes:
    """Build the ONNX file of a head that corrects what another one gives. Raises ParityError, TrainerError."""
    model = onnx.load_from_string(content)
    graph = model.graph
    if {output.name for output in graph.output} != {"embedding", "va"} or len(graph.input) != 1:
        raise TrainerError("the bundle's photo head does not give embedding and va from features alone")
    if any(tensor.name.startswith(PREFIX) for tensor in graph.initializer):
        raise TrainerError("the bundle's photo head is a personal one already")
    _rename(graph, {"embedding": PREFIX + "base_embedding", "va": PREFIX + "base_va"})
    arrays: dict[str, NDArray[np.generic]] = {
        "half": np.array(0.5, np.float32),
        "zero": np.array(0.0, np.float32),
        "one": np.array(1.0, np.float32),
        "slope": correction.slope.astype(np.float32),
        "offset": correction.offset.astype(np.float32),
        "directions": directions,
    }
    nodes = [
        _node("Sub", ["base_va", "half"], "centred"),
        _node("MatMul", ["centred", "slope"], "sloped"),
        _node("Add", ["sloped", "offset"], "use_of_scale"),
        _node("Add", ["base_va", "use_of_scale"], "shifted"),
    ]
    wanted = "shifted"
    if len(correction.support):
        arrays |= {
            "mean": correction.mean.astype(np.float32),
            "scale": correction.scale.astype(np.float32),
            "support": np.ascontiguousarray(correction.support.T, dtype=np.float32),
            "weights": correction.weights.astype(np.float32),
            "axis": np.array([1], np.int64),
            "least": np.array(1e-9, np.float32),
            "straight": np.array(STRAIGHT, np.float32),
            "curved": np.array(1 - STRAIGHT, np.float32),
        }
        nodes += [
            helper.make_node("Sub", [graph.input[0].name, PREFIX + "mean"], [PREFIX + "off_mean"]),
            _node("Mul", ["off_mean", "scale"], "points"),
            _node("ReduceL2", ["points", "axis"], "lengths"),
            _node("Max", ["lengths", "least"], "divisors"),
            _node("Div", ["points", "divisors"], "directions_of_photos"),
            _node("MatMul", ["directions_of_photos", "support"], "cosines"),
            _node("Mul", ["cosines", "curved"], "curved_cosines"),
            _node("Add", ["curved_cosines", "straight"], "factors"),
            _node("Mul", ["cosines", "factors"], "nearness"),
            _node("MatMul", ["nearness", "weights"], "taste"),
            _node("Add", ["shifted", "taste"], "wanted"),
        ]
        wanted = "wanted"
    nodes += [
        helper.make_node("Clip", [PREFIX + wanted, PREFIX + "zero", PREFIX + "one"], ["va"]),
        helper.make_node("Sub", ["va", PREFIX + "base_va"], [PREFIX + "step"]),
        _node("MatMul", ["step", "directions"], "move"),
        helper.make_node("Add", [PREFIX + "base_embedding", PREFIX + "move"], ["embedding"]),
    ]
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(array, PREFIX + name) for name, array in arrays.items())
    for output in graph.output:
        output.name = output.name.removeprefix(PREFIX + "base_")
    onnx.checker.check_model(model)
    made: bytes = model.SerializeToString(deterministic=True)
    _check(content, made, correction, directions, width=len(correction.mean))
    return made


def _check(content: bytes, made: bytes, correction: Correction, directions: FloatArray, *, width: int) -> None:
    """Compare the new head with the old one and the correction, at batch 1, 2 and 7. Raises ParityError."""
    rng = np.random.default_rng(0)
    spread = np.divide(1.0, correction.scale, out=np.zeros(width), where=correction.scale > 0)
    features = (correction.mean + spread * rng.standard_normal((max(PARITY_BATCHES), width))).astype(np.float32)
    embeddings, va = run_head(content, features)
    corrected = correction.apply(features, va)
    moved = embeddings + (corrected - va) @ directions
    for n in PARITY_BATCHES:
        try:
            found = run_head(made, features[:n])
        except ValueError as fault:
            raise ParityError(f"the personal head does not run as ONNX: {fault}") from fault
        worst = max(float(np.abs(moved[:n] - found[0]).max()), float(np.abs(corrected[:n] - found[1]).max()))
        if not worst < PARITY_TOLERANCE * max(1.0, float(np.abs(moved).max())):
            raise ParityError(f"the personal head differs from its correction by {worst:.2g}")


def _node(kind: str, inputs: list[str], output: str) -> onnx.NodeProto:
    return helper.make_node(kind, [PREFIX + name for name in inputs], [PREFIX + output])


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Give values other names wherever they stand."""
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)


def _va_of_embedding(content: bytes) -> bytes | None:
    """The part of a head that reads VA from the embedding, as a file of its own; None where VA comes by another way."""
    model = onnx.load_from_string(content)
    graph = model.graph
    maker = {name: node for node in graph.node for name in node.output}
    needed: list[onnx.NodeProto] = []
    seen: set[str] = set()
    waiting = ["va"]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in {value.name for value in graph.input}:
            return None
        if name == "embedding" or name not in maker:
            continue
        needed.append(maker[name])
        waiting.extend(filter(None, maker[name].input))
    if "embedding" not in seen:
        return None
    kept = [node for node in graph.node if any(node is one for one in needed)]
    part = helper.make_graph(
        kept,
        "va_of_embedding",
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 512])],
        [value for value in graph.output if value.name == "va"],
        [tensor for tensor in graph.initializer if tensor.name in seen],
    )
    opset = [helper.make_opsetid(entry.domain, entry.version) for entry in model.opset_import]
    made: bytes = helper.make_model(part, opset_imports=opset, ir_version=model.ir_version).SerializeToString()
    return made
