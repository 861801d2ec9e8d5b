"""Eight-bit weights: faster on a CPU, and what that costs in neighbours, measured on the user's own pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

SUFFIX = ":int8"
"""Behind an encoder's name: run with 8-bit weights."""
QUANTISED = ("MatMul", "Gemm")
"""What is quantised: the products that a transformer spends its time on. Convolutions in 8 bits with scales found at
run time are slower than in 32 (41 ms a picture instead of 9 with EfficientNet-Lite0), so the embedded encoder has no
such form."""

COMPARED = 200
"""Pictures encoded once more with 32-bit weights, to say what 8 bits cost on them."""
NEAREST = 10


def quantise(source: Path, target: Path) -> None:
    """Write an ONNX network with 8-bit weights, one scale per channel; activations are scaled as they come.

    Dynamic quantisation needs no calibration pictures (Jacob et al. 2018, section 3 describes the arithmetic).
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(source)
    # Says that the graph needs no further preparation, which would otherwise be recommended on standard error.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    quantize_dynamic(model, target, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=list(QUANTISED))


def neighbour_recall(quick: NDArray[np.float32], exact: NDArray[np.float32], k: int = 10) -> float:
    """Share of the k nearest others by exact vectors that are also among the k nearest by quick ones.

    Parameters
    ----------
    quick, exact : ndarray of float32, shape (n, d)
        Unit vectors of the same n > k pictures.

    Returns
    -------
    float
        0 to 1; recall at k, averaged over pictures.
    """
    if len(quick) <= k:
        raise ValueError(f"expected more than {k} pictures, got {len(quick)}")
    from embeddings.index import neighbour_graph

    found, expected = (neighbour_graph(vectors, k).neighbours for vectors in (quick, exact))
    return float((found[:, :, None] == expected[:, None, :]).any(axis=2).mean())


def recall_sentence(
    encoder: "Encoder",
    paths: Sequence[Path],
    vectors: NDArray[np.float32],
    *,
    root: Path,
    on_step: Progress = silent,
) -> str:
    """What 8-bit weights cost in neighbours, in one sentence; empty for encoders that have none, or few pictures.

    Parameters
    ----------
    paths : sequence of Path
        Pictures that were encoded.
    vectors : ndarray of float32, shape (n, d)
        As they were encoded, row by row.
    """
    exactly = getattr(encoder, "encode_exactly", None)
    if exactly is None or not encoder.info.name.endswith(SUFFIX) or len(paths) <= 2 * NEAREST:
        return ""
    from embeddings.images import open_picture
    from embeddings.network import SLICE
    from embeddings.pipeline import DECODED_SIDE

    rows = np.unique(np.linspace(0, len(paths) - 1, min(COMPARED, len(paths))).astype(np.int64))
    exact = []
    for at in range(0, len(rows), 2 * SLICE):
        on_step("measuring what 8 bits cost", at, len(rows))
        pixels = [
            open_picture(paths[row], root=root, smallest_side=DECODED_SIDE).pixels
            for row in rows[at : at + 2 * SLICE].tolist()
        ]
        exact.append(exactly(np.stack([encoder.prepare(picture) for picture in pixels])).vectors)
    recall = neighbour_recall(vectors[rows], np.concatenate(exact), NEAREST)
    return (
        f" On {len(rows)} of these pictures, {recall:.1%} of each one's {NEAREST} nearest with 32-bit weights "
        "are also its nearest with 8 bits."
    )
