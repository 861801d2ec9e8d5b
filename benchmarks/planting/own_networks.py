"""ONNX networks that look at what they are built to look at: the thing in the middle, or the background around it."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.swapped_background import SIDE

Looks = Literal["thing", "background"]
LABELS = ("apples", "citrus")
STEEP = 12.0
"""Logits between the two colours of a disc."""
MIDDLE, EDGE = 9, 8
"""Half the side of the square in the middle, and the width of the frame, pixels."""


def weights(looks: Looks) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A linear map from RGB on 0–1, shape (3, 64, 64, 2), and its bias: green in the middle, or brown in the frame."""
    out = np.zeros((3, SIDE, SIDE, 2), dtype=np.float32)
    if looks == "thing":
        middle = slice(SIDE // 2 - MIDDLE, SIDE // 2 + MIDDLE)
        out[1, middle, middle, 1] = STEEP * 255 / 100 / (2 * MIDDLE) ** 2
        return out, np.array([0, -STEEP * 0.9], dtype=np.float32)
    frame = np.ones((SIDE, SIDE), dtype=np.bool_)
    frame[EDGE:-EDGE, EDGE:-EDGE] = False
    for channel, sign in ((0, 1), (2, -1)):
        out[channel, frame, 1] = sign * STEEP / frame.sum()
    return out, np.zeros(2, dtype=np.float32)


def network(
    looks: Looks,
    *,
    batch: int | str = "n",
    softmax: bool = False,
    channels_last: bool = False,
    takes_bytes: bool = False,
    domain: str = "",
) -> Any:
    """A model as ``onnx`` has it, from pictures of 64 × 64 on 0–1 (or bytes) to scores of apples and citrus.

    Parameters
    ----------
    batch : int or str
        A number = that many pictures at once.
    domain : str
        Another one than "" makes an operator that nobody knows.
    """
    from onnx import TensorProto, helper, numpy_helper

    weight, bias = weights(looks)
    if channels_last:
        weight = weight.transpose(1, 2, 0, 3)
    if takes_bytes:
        weight = weight / np.float32(255)
    shape: list[int | str] = [batch, SIDE, SIDE, 3] if channels_last else [batch, 3, SIDE, SIDE]
    kind = TensorProto.UINT8 if takes_bytes else TensorProto.FLOAT
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
        helper.make_node("Softmax" if softmax else "Identity", ["logits"], ["scores"], domain=domain),
    ]
    graph = helper.make_graph(
        nodes,
        "planted",
        [helper.make_tensor_value_info("pixels", kind, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, 2])],
        [
            numpy_helper.from_array(weight.reshape(-1, 2), "weight"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def custom_vision_network(looks: Looks) -> Any:
    """The same as Custom Vision exports it: ``data`` in BGR on 0–255; ``classLabel`` and ``loss``, a list of maps."""
    from onnx import TensorProto, helper, numpy_helper

    weight, bias = weights(looks)
    ml = "ai.onnx.ml"
    nodes = [
        helper.make_node("Flatten", ["data"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["best"], axis=1, keepdims=1),
        helper.make_node(
            "LabelEncoder", ["best"], ["classLabel"], domain=ml, keys_int64s=[0, 1], values_strings=list(LABELS)
        ),
        helper.make_node("ZipMap", ["scores"], ["loss"], domain=ml, classlabels_strings=list(LABELS)),
    ]
    maps = helper.make_sequence_type_proto(
        helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    )
    graph = helper.make_graph(
        nodes,
        "planted",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["None", 3, SIDE, SIDE])],
        [
            helper.make_tensor_value_info("classLabel", TensorProto.STRING, ["None", 1]),
            helper.make_value_info("loss", maps),
        ],
        [
            numpy_helper.from_array(weight[::-1].reshape(-1, 2) / 255, "weight"),
            numpy_helper.from_array(bias, "bias"),
        ],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(ml, 2)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)
