"""Networks of users: what they take and give, batches, maps, and what their scores are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from benchmarks.planting.own_networks import custom_vision_network, network, weights
from embeddings.onnx_file import UnusableModel
from embeddings.own_model import (
    OwnNetwork,
    Port,
    as_probabilities,
    detected,
    guessed,
    picture_input,
    score_output,
)

PICTURES = np.random.default_rng(0).random((11, 3, 64, 64), dtype=np.float32)


def opened(model: Any) -> OwnNetwork:
    return OwnNetwork(model.SerializeToString)


@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_any_batch_gives_the_same_rows(batch: int | str) -> None:
    weight, bias = weights("thing")
    expected = PICTURES.reshape(11, -1) @ weight.reshape(-1, 2) + bias
    found, names = opened(network("thing", batch=batch)).run(PICTURES, "scores")
    assert names == ()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_bytes_with_channels_last() -> None:
    pixels = (PICTURES.transpose(0, 2, 3, 1) * 255).astype(np.uint8)
    own = opened(network("thing", channels_last=True, takes_bytes=True))
    found, _ = own.run(pixels, "scores")
    plain, _ = opened(network("thing")).run((pixels / np.float32(255)).transpose(0, 3, 1, 2), "scores")
    np.testing.assert_allclose(found, plain, atol=1e-4)
    preparation, notes = guessed(picture_input(own), {}, own.outputs)
    assert (preparation.layout, preparation.dtype, preparation.width) == ("nhwc", "uint8", 64)
    assert "bytes" in notes[-1]


def test_custom_vision_is_read_as_it_is_exported() -> None:
    own = opened(custom_vision_network("background"))
    assert score_output(own, None, 0).name == "loss"
    preparation, notes = guessed(picture_input(own), {}, own.outputs)
    assert (preparation.order, preparation.scaling, preparation.fit) == ("bgr", "0-255", "stretch")
    assert "Custom Vision" in notes[-1]
    found, names = own.run(PICTURES[:, ::-1] * 255, "loss")
    assert names == ("apples", "citrus")
    plain, _ = opened(network("background", softmax=True)).run(PICTURES, "scores")
    np.testing.assert_allclose(found, plain, atol=1e-4)


@pytest.mark.parametrize(
    ("metadata", "order", "scaling"),
    [
        ({"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"}, "bgr", "0-255"),
        ({"Image.BitmapPixelFormat": "Rgb8", "Image.NominalPixelRange": "Normalized_0_1"}, "rgb", "0-1"),
        ({"Image.NominalPixelRange": "Normalized_1_1"}, "rgb", "-1-1"),
        ({"author": "Ultralytics", "task": "classify"}, "rgb", "0-1"),
        ({}, "rgb", "imagenet"),
    ],
)
def test_notes_in_the_file_decide(metadata: dict[str, str], order: str, scaling: str) -> None:
    found, _ = guessed(Port("pixels", "tensor(float)", (None, 3, 64, 64)), metadata, ())
    assert (found.order, found.scaling) == (order, scaling)


def test_sizes_and_layouts_that_contradict_are_refused() -> None:
    with pytest.raises(UnusableModel, match="--layout"):
        guessed(Port("x", "tensor(float)", (None, None, None, None)), {}, ())
    with pytest.raises(UnusableModel, match="--layout"):
        guessed(Port("x", "tensor(float)", (None, 3, 64, 64)), {}, (), layout="nhwc")
    with pytest.raises(UnusableModel, match="64 × 64"):
        guessed(Port("x", "tensor(float)", (None, 3, 64, 64)), {}, (), size=224)
    found, notes = guessed(Port("x", "tensor(float)", (None, None, None, None)), {}, (), layout="nchw", size=96)
    assert found.width == found.height == 96
    assert "named" in notes[0]


def test_inputs_that_are_no_pictures_are_refused() -> None:
    model = network("thing")
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    model.graph.node.append(helper.make_node("Identity", ["more"], ["unused"]))
    with pytest.raises(UnusableModel, match="one input"):
        picture_input(opened(model))


def test_the_output_of_scores_is_found_or_asked_for() -> None:
    model = network("thing")
    model.graph.output.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 2]))
    model.graph.output.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, ["n", 12288]))
    own = opened(model)
    with pytest.raises(UnusableModel, match="--output"):
        score_output(own, None, 2)
    assert score_output(own, "logits", 2).name == "logits"
    assert score_output(own, None, 12288).name == "flat"
    with pytest.raises(UnusableModel, match="called nothing"):
        score_output(own, "nothing", 2)


def test_a_network_that_cannot_be_loaded_is_told() -> None:
    model = network("thing")
    model.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(UnusableModel, match="ONNX Runtime"):
        opened(model).open()


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(UnusableModel, match="--input-size"):
        opened(network("thing")).run(PICTURES[:, :, :32], "scores")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p, "probabilities"),
        (lambda p: np.log(p) + 3, "softmax"),
        (lambda p: np.log(p), "softmax"),
        (lambda p: 100 * p, "percent"),
        (lambda p: p * 0.7, "shares"),
    ],
)
def test_scores_are_recognised_and_undone(change: Callable[[np.ndarray], np.ndarray], expected: str) -> None:
    true = np.random.default_rng(0).dirichlet(np.ones(4), 20)
    raw = change(true)
    assert detected(raw) == expected
    np.testing.assert_allclose(as_probabilities(raw, detected(raw)), true, atol=1e-9)


def test_a_single_score_is_that_of_the_second_class() -> None:
    assert detected(np.array([[0.2], [0.9]])) == "one"
    assert detected(np.array([[-4.0], [3.0]])) == "one-logit"
    np.testing.assert_allclose(as_probabilities(np.array([[0.2]]), "one"), [[0.8, 0.2]])
    np.testing.assert_allclose(as_probabilities(np.array([[np.log(3)]]), "one-logit"), [[0.25, 0.75]])
    assert np.isfinite(as_probabilities(np.array([[-1e6], [1e6]]), "one-logit")).all()
