"""OpenCLIP encoders, on small models with random weights that the tests build."""

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from embeddings.encoder import Encoder, EncoderUnavailable
from embeddings.open_clip import OpenClipEncoder, repository_on_disk
from tests.embeddings.pictures import scene

open_clip = pytest.importorskip("open_clip")
torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow

CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 64, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
PREPROCESS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "interpolation": "bicubic", "resize_mode": "shortest"}


class Trap:
    """Unpickling this would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG, "preprocess_cfg": PREPROCESS}))
    torch.manual_seed(0)
    model = open_clip.CLIP(**CONFIG)
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> OpenClipEncoder:
    return OpenClipEncoder(str(folder))


@pytest.fixture(autouse=True)
def no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


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


def test_the_preprocessing_beside_the_weights_is_used(encoder: OpenClipEncoder) -> None:
    red = np.full((80, 64, 3), (255, 0, 0), dtype=np.uint8)
    np.testing.assert_allclose(encoder.prepare(red)[:, 10, 10], [(1 - 0.5) / 0.2, -0.4 / 0.3, -0.3 / 0.4], rtol=1e-5)


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
    assert encoder.prepare(strip).shape == (3, 64, 64)


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
def test_what_is_not_here_is_said_without_a_connection(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
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
    assert not repository_on_disk("someone/small")
    torch.save(open_clip.create_model("ViT-S-32-alt").state_dict(), kept / "open_clip_pytorch_model.bin")
    assert repository_on_disk("someone/small")
    encoder = OpenClipEncoder("ViT-S-32-alt/small")
    black = encoder.prepare(np.asarray(Image.new("RGB", (300, 300))))
    np.testing.assert_allclose(black[:, 0, 0], [-0.1 / 0.4, -0.2 / 0.5, -0.3 / 0.6], rtol=1e-5)
