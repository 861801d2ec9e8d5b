"""Which weights of a network come last, and Pillow's words for an encoder's preparation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embeddings.embedded import EmbeddedEncoder
from embeddings.plain_preparation import plain_preparation
from embeddings.trainable import Trainable, late_parameters
from tests.tools.small_network import SmallEncoder, network

EXAMPLE = np.zeros((1, 64, 64, 3), np.uint8)


def test_the_last_blocks_with_what_follows_them() -> None:
    assert late_parameters(network(), EXAMPLE, 1) == ["blocks.2.weight", "blocks.2.bias", "last.weight", "last.bias"]
    assert late_parameters(network(), EXAMPLE, 2)[0] == "blocks.1.weight"
    assert late_parameters(network(), EXAMPLE, 9)[0] == "blocks.0.weight"


def test_all_of_it_is_what_the_vectors_need() -> None:
    names = late_parameters(network(), EXAMPLE, 0)
    assert "stem.weight" in names
    assert not any(name.startswith("words") for name in names)


def test_no_gradient_is_left_behind() -> None:
    module = network()
    late_parameters(module, EXAMPLE, 1)
    assert all(weight.grad is None for weight in module.parameters())


def test_a_network_without_blocks_is_trained_whole_or_not_at_all() -> None:
    import torch

    class Flat(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.only = torch.nn.Linear(3, 4)

        def forward(self, pictures: Any) -> Any:
            return (self.only(pictures.float().mean(dim=(1, 2))),)

    assert late_parameters(Flat(), EXAMPLE, 0) == ["only.weight", "only.bias"]
    with pytest.raises(ValueError, match="no stack of blocks"):
        late_parameters(Flat(), EXAMPLE, 2)


def test_the_embedded_encoder_is_trainable(tmp_path: Any) -> None:
    from embeddings.embedded import EmbeddedEncoder

    encoder = EmbeddedEncoder(tmp_path)
    assert isinstance(encoder, Trainable)
    names = late_parameters(encoder.module(), np.zeros((1, 224, 224, 3), np.uint8), 1)
    assert any("_conv_head" in name for name in names)
    assert not any("_fc" in name or "_blocks.14." in name for name in names)
    assert any("_blocks.15." in name for name in names)


class Fitted(SmallEncoder):
    """Prepares as Pillow's ``fit`` does, a sixteenth cut off on every side."""

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        from PIL import ImageOps

        made = ImageOps.fit(Image.fromarray(pixels), (48, 48), Image.Resampling.BILINEAR, bleed=1 / 16)
        return np.asarray(made, dtype=np.uint8)


class Squashed(SmallEncoder):
    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        return np.asarray(Image.fromarray(pixels).resize((40, 40), Image.Resampling.BICUBIC), dtype=np.uint8)


class Floats(SmallEncoder):
    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        return np.zeros((3, 8, 8), dtype=np.float32)


def test_preparations_are_recognised() -> None:
    fitted, squashed = plain_preparation(Fitted()), plain_preparation(Squashed())
    assert fitted is not None
    assert squashed is not None
    assert (fitted.size, fitted.method, fitted.bleed, fitted.whole, fitted.squash, fitted.difference) == (
        48, "BILINEAR", 1 / 16, False, False, 0,
    )  # fmt: skip
    assert (squashed.size, squashed.method, squashed.squash, squashed.difference) == (40, "BICUBIC", True, 0)


def test_the_embedded_encoder_cuts_on_whole_pixels(tmp_path: Path) -> None:
    found = plain_preparation(EmbeddedEncoder(tmp_path))
    assert found is not None
    assert (found.size, found.bleed, found.whole, found.squash) == (224, 1 / 16, True, False)
    assert found.box(301, 463) == (19, 100, 282, 363)  # 301 x 7/8 = 263.4; (301 - 263) / 2, (463 - 263) / 2
    assert replace(found, whole=False).box(300, 400) == (18.75, 68.75, 281.25, 331.25)


def test_floats_have_no_plain_preparation() -> None:
    assert plain_preparation(Floats()) is None
