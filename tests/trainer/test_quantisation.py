"""An int8 backbone: small, nearly the same, and measured through the same head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.encoders import run_network
from trainer.photo_file import int8_of
from trainer.quantisation import Quantised, features_only, markdown_table


def convolution(*, with_content: bool = False) -> bytes:
    """Images (n, 3, 16, 16) -> features (n, 24): a convolution and a mean; also something else that is not wanted."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((24, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["images", "weights"], ["maps"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["maps"], ["above"]),
        helper.make_node("GlobalAveragePool", ["above"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
    ]
    outputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 24])]
    if with_content:
        nodes.append(helper.make_node("Softmax", ["features"], ["content"], name="softmax"))
        outputs.append(helper.make_tensor_value_info("content", TensorProto.FLOAT, ["n", 24]))
    graph = helper.make_graph(
        nodes,
        "backbone",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, 16, 16])],
        outputs,
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(model.SerializeToString())


def test_only_the_features_are_quantised() -> None:
    whole = features_only(convolution(with_content=True))
    assert [output.name for output in onnx.load_from_string(whole).graph.output] == ["features"]
    images = np.random.default_rng(1).standard_normal((3, 3, 16, 16)).astype(np.float32)
    np.testing.assert_allclose(
        run_network(whole, {"images": images}, n_threads=1)[0],
        run_network(convolution(), {"images": images}, n_threads=1)[0],
    )
    assert features_only(convolution()) == convolution()


@pytest.mark.filterwarnings("ignore")
def test_int8_says_nearly_the_same() -> None:
    images = np.random.default_rng(1).uniform(-1, 1, (16, 3, 16, 16)).astype(np.float32)
    small = int8_of(convolution(), images)
    whole, quantised = (run_network(content, {"images": images}, n_threads=1)[0] for content in (convolution(), small))
    assert np.corrcoef(whole.ravel(), quantised.ravel())[0, 1] > 0.999
    assert not np.array_equal(whole, quantised)


def test_what_photos_show_is_left_as_it_is() -> None:
    images = np.random.default_rng(1).uniform(-1, 1, (8, 3, 16, 16)).astype(np.float32)
    model = onnx.load_from_string(int8_of(convolution(with_content=True), images))
    assert [output.name for output in model.graph.output] == ["features", "content"]
    (softmax,) = (node for node in model.graph.node if node.op_type == "Softmax")
    assert softmax.input[0] == "features"
    assert {node.op_type for node in model.graph.node} > {"QuantizeLinear", "DequantizeLinear"}


def test_the_table() -> None:
    found = Quantised(
        113, (17.4, 4.9), (0.76, 0.763), (0.52, 0.521), (0.997, 0.996), (0.008, 0.007), (20, 27), (14, 17)
    )
    text = markdown_table(found)
    assert "| r of valence, 113 test photos | 0.760 | 0.763 |" in text
    assert "0.997 (valence) and 0.996 (arousal)" in text


def test_scratch_files_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    int8_of(convolution(), np.zeros((8, 3, 16, 16), np.float32))
    assert list(tmp_path.iterdir()) == []
