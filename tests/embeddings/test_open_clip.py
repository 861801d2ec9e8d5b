"""OpenCLIP encoders, on small models with random weights that the tests build."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embeddings.encoder import Encoder, EncoderUnavailable
from embeddings.open_clip import OpenClipEncoder
from embeddings.tower import How
from tests.embeddings.pictures import scene
from tests.embeddings.trap import Trap

open_clip = pytest.importorskip("open_clip")
torch = pytest.importorskip("torch")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_connection")]

CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 64, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
PREPROCESS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "interpolation": "bicubic", "resize_mode": "shortest"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG, "preprocess_cfg": PREPROCESS}))
    torch.manual_seed(0)
    model = open_clip.CLIP(**CONFIG)
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return folder


@pytest.fixture(scope="module", params=["in torch", "exported"])
def encoder(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> OpenClipEncoder:
    cache = None if request.param == "in torch" else tmp_path_factory.mktemp("networks")
    return OpenClipEncoder(str(folder), how=How(cache, threads=2))


def test_it_is_an_encoder_with_text(encoder: OpenClipEncoder, folder: Path) -> None:
    assert isinstance(encoder, Encoder)
    assert (encoder.info.name, encoder.info.dimension, encoder.info.has_text) == (f"open_clip:{folder}", 24, True)


def test_vectors_are_those_of_the_library(encoder: OpenClipEncoder, folder: Path) -> None:
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    images = [scene(96, 64, seed) for seed in range(3)]
    words = ["an apple in a hand", "citrus"]
    with torch.no_grad():
        expected = model.eval().encode_image(torch.stack([transform(i) for i in images]), normalize=True).numpy()
        expected_words = model.encode_text(tokenizer(words), normalize=True).numpy()
    encoded = encoder.encode(np.stack([encoder.prepare(np.asarray(i)) for i in images]))
    np.testing.assert_allclose(encoded.vectors, expected, atol=1e-4)
    np.testing.assert_allclose(encoder.encode_text(words), expected_words, atol=1e-4)
    assert encoded.vectors.dtype == np.float32
    assert encoded.names.shape == (3, 0)


def floats(encoder: OpenClipEncoder, pixels: np.ndarray) -> np.ndarray:
    """What the network sees of one picture."""
    return encoder._tower.preprocessing.floats(encoder.prepare(pixels)[None])[0]


def test_the_preprocessing_beside_the_weights_is_used(encoder: OpenClipEncoder) -> None:
    red = np.full((80, 64, 3), (255, 0, 0), dtype=np.uint8)
    expected = [(1 - 0.5) / 0.2, -0.4 / 0.3, -0.3 / 0.4]
    np.testing.assert_allclose(floats(encoder, red)[:, 10, 10], expected, rtol=1e-5)


def test_the_network_sees_the_librarys_own_pixels(encoder: OpenClipEncoder, folder: Path) -> None:
    transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")[2]
    for size in ((348, 348), (640, 401), (40, 57), (1000, 90)):
        image = scene(*size)
        assert encoder.prepare(np.asarray(image)).dtype == np.uint8  # a quarter of the bytes to keep and to copy
        np.testing.assert_allclose(floats(encoder, np.asarray(image)), transform(image).numpy(), atol=1e-5)


def test_a_transform_that_cannot_be_parted_is_used_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = open_clip.create_model_and_transforms

    def other(*given: object, **options: object) -> tuple[object, object, object]:
        model, train, transform = plain(*given, **options)
        return model, train, lambda image: transform(image) * 2

    monkeypatch.setattr(open_clip, "create_model_and_transforms", other)
    encoder = OpenClipEncoder(str(folder))
    image = scene(96, 64)
    prepared = encoder.prepare(np.asarray(image))
    np.testing.assert_allclose(prepared, plain(f"local-dir:{folder}")[2](image).numpy() * 2, atol=1e-5)
    assert encoder.encode(prepared[None]).vectors.shape == (1, 24)


def test_temperature_is_the_models_own(encoder: OpenClipEncoder, folder: Path) -> None:
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    image, words = scene(96, 64), ["lime", "a plate", "a hand"]
    with torch.no_grad():
        tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(words)
        pictures, texts, scale = model(transform(image)[None], tokens)
    expected = (scale * pictures @ texts.T)[0].numpy()
    cosines = encoder.encode(encoder.prepare(np.asarray(image))[None]).vectors @ encoder.encode_text(words).T
    found = encoder.text_scale.scale * cosines[0] + encoder.text_scale.bias
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert encoder.text_scale.bias == 0


def test_where_it_looks_is_attention_over_its_patches(encoder: OpenClipEncoder) -> None:
    energy = encoder.saliency(np.stack([encoder.prepare(np.asarray(scene(96, 64, seed))) for seed in range(3)]))
    assert energy.shape == (3, 4, 4)
    assert energy.min() >= 0
    assert (energy.sum(axis=(1, 2)) <= 1 + 1e-5).all()


def test_eight_bit_weights_are_another_space_and_nearly_the_same_vectors(folder: Path, tmp_path: Path) -> None:
    exact = OpenClipEncoder(str(folder))
    quick = OpenClipEncoder(str(folder), how=How(tmp_path, int8=True))
    batch = np.stack([quick.prepare(np.asarray(scene(96, 64, seed))) for seed in range(4)])
    cosines = (quick.encode(batch).vectors * exact.encode(batch).vectors).sum(axis=1)
    assert cosines.min() > 0.98
    assert np.abs(quick.encode(batch).vectors - exact.encode(batch).vectors).max() > 1e-6  # it is not the exact one
    np.testing.assert_allclose(quick.encode_exactly(batch).vectors, exact.encode(batch).vectors, atol=1e-4)
    assert quick.info.name == f"{exact.info.name}:int8"
    assert quick.info.fingerprint != exact.info.fingerprint
    assert [file.name.count("int8") for file in sorted(tmp_path.glob("*.onnx"))] == [1, 0]


def test_a_network_that_onnx_cannot_express_runs_in_torch(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.network.LARGEST", 1)
    batch = OpenClipEncoder(str(folder)).prepare(np.asarray(scene()))[None]
    encoder = OpenClipEncoder(str(folder), how=How(tmp_path))
    np.testing.assert_allclose(
        encoder.encode(batch).vectors, OpenClipEncoder(str(folder)).encode(batch).vectors, atol=1e-6
    )
    assert list(tmp_path.glob("*.onnx")) == []
    with pytest.raises(EncoderUnavailable, match="leave :int8 out"):
        OpenClipEncoder(str(folder), how=How(tmp_path, int8=True)).encode(batch)


def test_the_fingerprint_follows_weights_and_preprocessing(
    encoder: OpenClipEncoder, folder: Path, tmp_path: Path
) -> None:
    def copy(name: str, config: dict[str, Any], seed: int) -> str:
        (tmp_path / name).mkdir()
        (tmp_path / name / "open_clip_config.json").write_text(json.dumps(config))
        torch.manual_seed(seed)
        torch.save(open_clip.CLIP(**CONFIG).state_dict(), tmp_path / name / "open_clip_pytorch_model.bin")
        return OpenClipEncoder(str(tmp_path / name)).info.fingerprint

    same = copy("same", {"model_cfg": CONFIG, "preprocess_cfg": PREPROCESS}, 0)
    weights = copy("weights", {"model_cfg": CONFIG, "preprocess_cfg": PREPROCESS}, 1)
    mean = copy("mean", {"model_cfg": CONFIG, "preprocess_cfg": {**PREPROCESS, "mean": [0.5, 0.5, 0.5]}}, 0)
    assert same == encoder.info.fingerprint
    assert len({same, weights, mean}) == 3


def test_a_long_strip_costs_no_more_than_a_picture(encoder: OpenClipEncoder) -> None:
    strip = np.zeros((2, 200_000, 3), dtype=np.uint8)
    strip[:, 100_000:] = 255
    assert encoder.prepare(strip).shape == (64, 64, 3)


def test_a_checkpoint_of_a_listed_model(tmp_path: Path) -> None:
    model = open_clip.create_model("ViT-S-32-alt")
    file = tmp_path / "weights.pt"
    torch.save({"state_dict": model.state_dict()}, file)
    encoder = OpenClipEncoder(f"ViT-S-32-alt/{file}")
    with torch.no_grad():
        expected = model.eval().encode_text(open_clip.get_tokenizer("ViT-S-32-alt")(["lime"]), normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_text(["lime"]), expected, atol=1e-4)
    assert encoder.info.name == f"open_clip:ViT-S-32-alt/{file}"


def test_code_in_a_checkpoint_does_not_run(folder: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    torch.save({"state_dict": Trap(trap)}, tmp_path / "weights.pt")
    with pytest.raises(EncoderUnavailable, match="plain weights"):
        OpenClipEncoder(f"ViT-S-32-alt/{tmp_path / 'weights.pt'}")
    assert not trap.exists()


def test_weights_of_another_model_are_refused(folder: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="weights of that model"):
        OpenClipEncoder(f"ViT-S-32-alt/{folder / 'open_clip_pytorch_model.bin'}")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ViT-B-32", "open_clip:MODEL/PRETRAINED"),
        ("No-Such-Model/laion2b_s34b_b79k", "open_clip:MODEL/PRETRAINED"),
        ("ViT-B-32/no_such_weights", "list_pretrained"),
        ("ViT-B-32/laion2b_s34b_b79k", "--download"),
        ("ViT-B-16-SigLIP-256/webli", "tokenizer"),
    ],
)
def test_what_is_not_here_is_said_without_a_connection(name: str, words: str) -> None:
    with pytest.raises(EncoderUnavailable, match=words):
        OpenClipEncoder(name)


def test_a_folder_without_weights_is_refused_and_not_filled_with_random_ones(tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG}))
    with pytest.raises(EncoderUnavailable, match="holds no weights"):
        OpenClipEncoder(str(tmp_path))


def test_weights_in_the_hubs_cache_are_taken_with_their_own_preprocessing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    tag = {"hf_hub": "someone/small/", "mean": (0.1, 0.2, 0.3), "std": (0.4, 0.5, 0.6), "interpolation": "bilinear"}
    monkeypatch.setattr("open_clip.pretrained.get_pretrained_cfg", lambda model, weights: tag)
    kept = tmp_path / "models--someone--small" / "snapshots" / "0123"
    kept.mkdir(parents=True)
    (tmp_path / "models--someone--small" / "refs").mkdir()
    (tmp_path / "models--someone--small" / "refs" / "main").write_text("0123")
    torch.save(open_clip.create_model("ViT-S-32-alt").state_dict(), kept / "open_clip_pytorch_model.bin")
    encoder = OpenClipEncoder("ViT-S-32-alt/small")
    black = floats(encoder, np.asarray(Image.new("RGB", (300, 300))))
    np.testing.assert_allclose(black[:, 0, 0], [-0.1 / 0.4, -0.2 / 0.5, -0.3 / 0.6], rtol=1e-5)
