"""A trained version as a network that scores prepared pictures, exported once and kept."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.case import Arrays, Case
from tools.training.classifier import TOWER, classifier, probabilities, tower_of
from tools.training.head import scores_of

OUTPUT = "probabilities"
Scorer = Callable[[NDArray[np.generic], NDArray[np.float32]], NDArray[np.float64]]
"""Prepared pictures and their vectors by the case's encoder → probabilities."""


def exported_network(case: Case, weights: Arrays, classes: int, file: Path, *, on_step: Progress = silent) -> Path:
    """The whole network, from prepared pictures to ``probabilities``, in one ONNX file.

    Raises
    ------
    NotApplicable
        If the encoder, or its torch module, is not here.
    ExportFailed
        If ONNX cannot express it.
    """
    from embeddings.network import exported

    encoder = case.eyes.load_encoder()
    pixels = np.zeros((2, 300, 400, 3), np.uint8)
    pixels[0, ::7, ::3], pixels[1, :, 150:] = 255, (200, 120, 40)
    example = np.stack([encoder.prepare(picture) for picture in pixels])
    parents = weights["head.parents"].astype(np.int64)

    def module() -> object:
        return probabilities(classifier(tower_of(encoder), weights), parents, classes)

    return exported(file, module, example, (OUTPUT,), on_step=on_step)


def scorer(case: Case, weights: Arrays, classes: int, *, on_step: Progress = silent) -> Scorer:
    """How a version scores pictures: by its head on the case's vectors, or by its own network if that was trained."""
    if not any(name.startswith(TOWER) for name in weights):
        return lambda _, vectors: scores_of(weights, vectors, classes)
    from embeddings.network import OnnxNetwork

    digest = sha256()
    for name in sorted(weights):
        digest.update(name.encode() + np.ascontiguousarray(weights[name]).tobytes())
    file = case.settings.workspace / "models" / f"version-{digest.hexdigest()[:16]}.onnx"
    made = exported_network(case, weights, classes, file, on_step=on_step)
    network = OnnxNetwork(lambda: made, threads=case.settings.threads)
    return lambda pictures, _: network.run(pictures, (OUTPUT,))[0].astype(np.float64)
