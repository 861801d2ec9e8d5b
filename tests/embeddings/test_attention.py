"""Energy of feature maps and attention, on small models with random weights that the tests build."""

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.attention import feature_energy, open_clip_energy, transformers_energy

open_clip = pytest.importorskip("open_clip")
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = pytest.mark.slow

TOWER = {"image_size": 32, "layers": 2, "width": 16, "head_width": 8, "patch_size": 8}
WORDS = {"context_length": 8, "vocab_size": 50, "width": 16, "heads": 2, "layers": 1}
SMALL = {
    "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32,
    "patch_size": 8,
}  # fmt: skip


def pixels(side: int = 32, count: int = 3) -> Any:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def open_clip_model(**changes: Any) -> Any:
    torch.manual_seed(0)
    return open_clip.CLIP(embed_dim=12, vision_cfg={**TOWER, **changes}, text_cfg=WORDS).eval()


def transformers_model(kind: str, **changes: Any) -> Any:
    torch.manual_seed(0)
    config, model = (getattr(transformers, f"{kind}{end}") for end in ("Config", "Model"))
    return model(config(**(changes if "depths" in changes else {**SMALL, **changes}))).eval()


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def by_hand(query: Any, key: Any, heads: int) -> NDArray[np.float32]:
    """Mean over heads of softmax(q k^T / sqrt(d)), first query; from (n, tokens, width)."""
    split = [part.detach().numpy().reshape(*part.shape[:2], heads, -1).swapaxes(1, 2) for part in (query, key)]
    scores = split[0] @ split[1].swapaxes(2, 3) / np.sqrt(split[0].shape[-1])
    return softmax(scores)[:, :, 0].mean(axis=1)


def test_energy_is_each_cells_part_of_the_pooled_vectors_squared_length() -> None:
    features = np.array([[[[3.0, 1.0]], [[0.0, -4.0]]]], dtype=np.float32)  # mean (2, -2)
    np.testing.assert_allclose(feature_energy(features), [[[6.0, 10.0]]])
    assert feature_energy(features).mean() == pytest.approx(8.0)
    away = np.array([[[[-1.0, 5.0]]]], dtype=np.float32)  # mean 2; -2 points away from it
    np.testing.assert_allclose(feature_energy(away), [[[0.0, 10.0]]])
    assert feature_energy(away).dtype == np.float32


def test_open_clips_attention_equals_a_hand_computation() -> None:
    model, batch = open_clip_model(), pixels()
    block, seen = model.visual.transformer.resblocks[-1], []
    handle = block.ln_1.register_forward_hook(lambda *call: seen.append(call[2]))
    with torch.inference_mode():
        model.encode_image(batch)
        handle.remove()
        query, key, _ = (seen[0] @ block.attn.in_proj_weight.T + block.attn.in_proj_bias).chunk(3, dim=-1)
    expected = by_hand(query, key, heads=2)
    found = open_clip_energy(model, batch)
    np.testing.assert_allclose(found.reshape(3, -1), expected[:, 1:], rtol=1e-4)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1 - expected[:, 0], rtol=1e-4)


@pytest.mark.parametrize(("kind", "prefix"), [("CLIPVision", 1), ("Dinov2", 1), ("Dinov2WithRegisters", 5)])
def test_transformers_attention_equals_the_librarys_own(kind: str, prefix: int) -> None:
    model, batch = transformers_model(kind), pixels()
    found = transformers_energy(model, batch)
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        weights = model(pixel_values=batch, output_attentions=True).attentions[-1].numpy()
    np.testing.assert_allclose(found.reshape(3, -1), weights.mean(axis=1)[:, 0, prefix:], rtol=1e-4)
    assert (found.sum(axis=(1, 2)) < 1).all()


def test_siglips_probe_looks_at_patches_alone() -> None:
    model, batch = transformers_model("SiglipVision"), pixels()
    found = transformers_energy(model, batch)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-5)
    with torch.inference_mode():
        tokens = model(pixel_values=batch).last_hidden_state
        probe = model.head.probe.repeat(3, 1, 1)
        weights = model.head.attention(probe, tokens, tokens, need_weights=True)[1]
    np.testing.assert_allclose(found.reshape(3, -1), weights[:, 0].numpy(), rtol=1e-4)


def test_a_two_tower_model_is_asked_for_its_picture_tower() -> None:
    torch.manual_seed(0)
    config = transformers.CLIPConfig(
        text_config={"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "vocab_size": 50},
        vision_config=SMALL,
    )
    model = transformers.CLIPModel(config).eval()
    np.testing.assert_array_equal(
        transformers_energy(model, pixels()), transformers_energy(model.vision_model, pixels())
    )


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({"qk_norm": True, "block_type": "custom"}, 4),
        ({"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 5}, 4),
        ({"pool_type": "avg"}, 4),
        ({"layers": [1, 1, 1, 1], "width": 8, "patch_size": None, "image_size": 64}, 2),
    ],
)
def test_every_tower_of_open_clip_has_an_energy(changes: dict[str, Any], rows: int) -> None:
    found = open_clip_energy(open_clip_model(**changes), pixels(changes.get("image_size", 32)))
    assert (found.shape, found.dtype) == ((3, rows, rows), np.float32)
    assert (found >= 0).all()
    assert np.isfinite(found).all()
    assert (np.ptp(found, axis=(1, 2)) > 0).all()


def test_mean_pooling_gives_the_energy_of_the_features() -> None:
    model, batch = open_clip_model(pool_type="avg"), pixels()
    with torch.inference_mode():
        tokens = model.visual.ln_post(model.visual.transformer(model.visual._embeds(batch)))[:, 1:]
    features = tokens.transpose(1, 2).reshape(3, 16, 4, 4).numpy()
    np.testing.assert_allclose(open_clip_energy(model, batch), feature_energy(features), rtol=1e-4)


@pytest.mark.parametrize(
    ("kind", "changes", "rows"),
    [
        ("ConvNextV2", {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1]}, 1),
        ("Swin", {"embed_dim": 8, "depths": [1, 1], "num_heads": [1, 1], "window_size": 4, "image_size": 32}, 4),
        ("ViT", {"patch_size": 16}, 2),
    ],
)
def test_other_models_of_transformers_have_an_energy(kind: str, changes: dict[str, Any], rows: int) -> None:
    found = transformers_energy(transformers_model(kind, **changes), pixels())
    assert found.shape == (3, rows, rows)
    assert (found >= 0).all()


def test_attention_within_windows_is_not_taken_for_pooling() -> None:
    model = transformers_model("Swin", embed_dim=8, depths=[1, 1], num_heads=[1, 1], window_size=4, image_size=32)
    with torch.inference_mode():
        tokens = model(pixel_values=pixels()).last_hidden_state.numpy()
    expected = feature_energy(tokens.swapaxes(1, 2).reshape(3, -1, 4, 4))
    np.testing.assert_allclose(transformers_energy(model, pixels()), expected, rtol=1e-5)


def test_another_thread_with_the_same_model_changes_nothing() -> None:
    model, batch = transformers_model("CLIPVision"), pixels()
    alone = transformers_energy(model, batch)
    stop = threading.Event()

    def busy() -> None:
        with torch.inference_mode():
            while not stop.is_set():
                model(pixel_values=pixels(count=1))

    other = threading.Thread(target=busy)
    other.start()
    try:
        for _ in range(5):
            np.testing.assert_allclose(transformers_energy(model, batch), alone, rtol=1e-5)
    finally:
        stop.set()
        other.join()
