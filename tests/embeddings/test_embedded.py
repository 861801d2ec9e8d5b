"""The embedded encoder equals its network in plain torch, and starts without torch once it is exported."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embeddings import embedded
from embeddings import network as network_module
from embeddings.embedded import EmbeddedEncoder
from embeddings.encoder import Encoder, NoTextTower
from tests.embeddings.pictures import scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the exported network; made once for all tests here."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> EmbeddedEncoder:
    made = EmbeddedEncoder(folder)
    made.encode(np.zeros((1, 224, 224, 3), np.uint8))
    return made


def batch(encoder: EmbeddedEncoder, count: int) -> np.ndarray:
    return np.stack([encoder.prepare(np.asarray(scene(300, 260, seed))) for seed in range(count)])


def test_vectors_and_names_equal_the_plain_torch_network(encoder: EmbeddedEncoder) -> None:
    import torch

    pictures = batch(encoder, 11)  # more than one slice, and not a whole number of them
    found = encoder.encode(pictures)
    network = embedded.plain_network()
    planes = torch.from_numpy((pictures.transpose(0, 3, 1, 2).astype(np.float32) - 127) / 128)
    with torch.inference_mode():
        features = network.extract_features(planes).mean(dim=(2, 3))
        logits = network(planes).numpy()
    expected = features.numpy() / np.linalg.norm(features.numpy(), axis=1, keepdims=True)
    assert found.vectors.dtype == found.names.dtype == np.float32
    assert (found.vectors * expected).sum(axis=1).min() >= 0.999
    np.testing.assert_allclose(found.names, logits, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch_or_on_threads(encoder: EmbeddedEncoder, folder: Path) -> None:
    pictures = batch(encoder, 9)
    together = encoder.encode(pictures).vectors
    alone = np.concatenate([encoder.encode(picture[None]).vectors for picture in pictures])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(EmbeddedEncoder(folder, threads=1).encode(pictures).vectors, together, atol=1e-5)


@pytest.mark.parametrize("size", [(348, 348), (640, 480), (480, 641), (224, 224), (100, 57), (1, 1), (257, 1000)])
def test_prepare_is_resize_and_crop(encoder: EmbeddedEncoder, size: tuple[int, int]) -> None:
    image = scene(*size) if min(size) > 20 else Image.new("RGB", size, (9, 200, 50))
    scale = 256 / min(size)
    resized = image.resize((round(size[0] * scale), round(size[1] * scale)), Image.Resampling.BICUBIC)
    left, top = (resized.width - 224) // 2, (resized.height - 224) // 2
    crop = np.asarray(resized.crop((left, top, left + 224, top + 224)), dtype=np.float32)
    found = encoder.prepare(np.asarray(image))
    assert (found.dtype, found.shape) == (np.uint8, (224, 224, 3))
    difference = np.abs(found - crop)
    # Of 255. Another filter, and an edge up to half a pixel elsewhere, which is much in an enlarged picture.
    assert difference.mean() < (2 if min(size) < 100 else 1.2)
    assert np.percentile(difference, 95) <= (6 if min(size) < 100 else 4)


def test_a_fine_pattern_is_averaged_and_not_aliased(encoder: EmbeddedEncoder) -> None:
    # Stripes one pixel wide, far finer than what is left of them: grey, as a person sees them from afar.
    stripes = np.zeros((1024, 1024, 3), np.uint8)
    stripes[:, ::2] = 255
    found = encoder.prepare(stripes)
    assert np.abs(found.astype(float) - 127.5).max() <= 2


def test_a_long_strip_needs_no_more_memory_than_a_square(encoder: EmbeddedEncoder) -> None:
    assert encoder.prepare(np.zeros((1, 100_000, 3), np.uint8)).shape == (224, 224, 3)


def test_saliency_is_where_the_thing_is(encoder: EmbeddedEncoder) -> None:
    pixels = np.full((256, 256, 3), 235, np.uint8)
    pixels[20:120, 20:120] = np.asarray(scene(100, 100))
    energy = encoder.saliency(encoder.prepare(pixels)[None])
    assert energy.shape == (1, 7, 7)
    assert energy.min() >= 0
    assert energy[0, :4, :4].mean() > 1.5 * energy[0, 4:, 4:].mean()


def test_it_follows_the_protocol(encoder: EmbeddedEncoder) -> None:
    assert isinstance(encoder, Encoder)
    assert (encoder.info.name, encoder.info.dimension, encoder.info.has_text) == ("embedded", 1280, False)
    with pytest.raises(NoTextTower, match="CLIP"):
        encoder.encode_text(["an apple"])


def test_the_fingerprint_is_stable_and_follows_the_preprocessing(
    encoder: EmbeddedEncoder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert EmbeddedEncoder(folder).info.fingerprint == encoder.info.fingerprint
    monkeypatch.setattr(embedded, "PREPROCESSING", "another")
    assert EmbeddedEncoder(folder).info.fingerprint != encoder.info.fingerprint


def test_an_export_is_reused_and_rebuilt_when_damaged(
    encoder: EmbeddedEncoder, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (network,) = folder.glob("*.onnx")
    good = network.read_bytes()
    exports: list[int] = []

    def export(target: Path, *_: object) -> None:
        exports.append(1)
        target.write_bytes(good)

    monkeypatch.setattr(network_module, "_export", export)
    monkeypatch.setattr(embedded, "_module", lambda: None)
    copy = tmp_path / network.name
    for damage, expected in ((None, 1), (None, 1), (good[:-100], 2), (b"", 3), (good[:500] + b"\0" + good[501:], 4)):
        if damage is not None:
            copy.write_bytes(damage)
        EmbeddedEncoder(tmp_path).encode(np.zeros((1, 224, 224, 3), np.uint8))
        assert (len(exports), copy.read_bytes()) == (expected, good)
    copy.with_suffix(".sha256").unlink()
    EmbeddedEncoder(tmp_path).encode(np.zeros((1, 224, 224, 3), np.uint8))
    assert len(exports) == 5


@pytest.mark.usefixtures("encoder")
def test_once_exported_it_starts_without_torch(folder: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from embeddings.embedded import EmbeddedEncoder\n"
        "found = EmbeddedEncoder(Path(sys.argv[1])).encode(np.zeros((1, 224, 224, 3), np.uint8))\n"
        "print(found.vectors.shape, sorted({'torch', 'timm', 'open_clip', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(1, 1280) []"


@pytest.mark.real
def test_photographs_of_fruit_are_named(encoder: EmbeddedEncoder, shared_data: Path) -> None:
    from embeddings.images import open_picture
    from embeddings.names import imagenet_names

    found = sorted((shared_data / "grocery").rglob("Orange/*.jpg"))[:40]
    if len(found) < 10:
        pytest.skip("the grocery photographs are not there")
    logits = encoder.encode(np.stack([encoder.prepare(open_picture(path).pixels) for path in found])).names
    orange = sum(imagenet_names()[row] in {"orange", "lemon"} for row in logits.argmax(axis=1))
    assert orange >= 0.4 * len(found)


def test_a_gpu_that_torch_cannot_use_is_left_alone(
    encoder: EmbeddedEncoder, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "faiss_gpus", lambda: 1)
    monkeypatch.setattr(embedded, "torch_device", lambda: "cpu")
    other = EmbeddedEncoder(folder)
    assert other.side_by_side
    np.testing.assert_array_equal(other.encode(batch(encoder, 2)).vectors, encoder.encode(batch(encoder, 2)).vectors)
