"""What 8-bit weights cost: the share of neighbours that stay."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.encoder import Encoded, EncoderInfo
from embeddings.precision import neighbour_recall, recall_sentence
from tests.embeddings.pictures import encoded, scene, written


def on_circle(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_recall_by_hand() -> None:
    # Nearest other: of the picture at 0° the one at 10°, of 10° 0°, of 30° 10°, of 90° 30°.
    exact = on_circle(0, 10, 30, 90)
    assert neighbour_recall(exact, exact, 1) == 1
    # The second moved to 25°: nearest of 0° still it, of it 30° instead of 0°, of 30° it as before, of 90° 30°.
    assert neighbour_recall(on_circle(0, 25, 30, 90), exact, 1) == pytest.approx(3 / 4)
    # Two nearest, exactly: {10, 30}, {0, 30}, {10, 0}, {30, 10}. With the last at -60°: its own become {0, 10}.
    assert neighbour_recall(on_circle(0, 10, 30, -60), exact, 2) == pytest.approx((2 + 2 + 2 + 1) / 8)


def test_too_few_pictures_have_no_recall() -> None:
    with pytest.raises(ValueError, match="more than 10"):
        neighbour_recall(on_circle(*range(10)), on_circle(*range(10)))


class Rounded:
    """An encoder whose quick vectors lose what its exact ones keep."""

    def __init__(self, name: str) -> None:
        self.info = EncoderInfo(name, "f" * 64, 3, has_text=False)

    def prepare(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.reshape(-1, 3).mean(axis=0)

    def encode_exactly(self, batch: Any) -> Encoded:
        return Encoded(self.unit(batch), np.zeros((len(batch), 0), np.float32))

    def encode(self, batch: Any) -> Encoded:
        return Encoded(self.unit(np.round(batch, -1)), np.zeros((len(batch), 0), np.float32))

    @staticmethod
    def unit(values: np.ndarray) -> np.ndarray:
        return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def test_the_sentence_says_what_was_measured_on_these_pictures(tmp_path: Path) -> None:
    from embeddings.images import open_picture

    paths = [written(tmp_path / f"{i}.png", encoded(scene(96 - i, 64 + i, i), "PNG")) for i in range(40)]
    encoder = Rounded("open_clip:x:int8")
    means = np.stack([encoder.prepare(open_picture(path).pixels) for path in paths])
    quick, exact = encoder.encode(means).vectors, encoder.encode_exactly(means).vectors
    recall = neighbour_recall(quick, exact, 10)
    assert recall < 1
    steps: list[tuple[str, int, int]] = []
    sentence = recall_sentence(encoder, paths, quick, root=tmp_path, on_step=lambda *step: steps.append(step))  # type: ignore[arg-type]
    assert f"On 40 of these pictures, {recall:.1%} of" in sentence
    assert steps[0] == ("measuring what 8 bits cost", 0, 40)
    assert recall_sentence(Rounded("open_clip:x"), paths, quick, root=tmp_path) == ""  # type: ignore[arg-type]
    assert recall_sentence(encoder, paths[:20], quick[:20], root=tmp_path) == ""  # type: ignore[arg-type]
