"""CLIP of transformers, on a small model with random weights and a small tokenizer that the tests build."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.encoder import Encoder, EncoderUnavailable, NoTextTower
from embeddings.tower import How
from embeddings.transformers import TransformersEncoder
from tests.embeddings.pictures import scene
from tests.embeddings.trap import Trap

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_connection")]

WORDS = ["an apple in a hand", "citrus", "a plate"]
SPECIAL = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}


def built(folder: Path, seed: int = 0, mean: float = 0.5) -> Path:
    """A CLIP folder as ``save_pretrained`` writes it: letters as tokens, one layer per tower."""
    folder.mkdir(exist_ok=True)
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *dict.fromkeys(SPECIAL.values())]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder, unk_token="<|endoftext|>", **SPECIAL)
    tokenizer.model_max_length = 32
    tokenizer.save_pretrained(folder)
    shape = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": tokens.index("<|startoftext|>"), "eos_token_id": tokens.index("<|endoftext|>")}
    config = transformers.CLIPConfig(
        text_config={**shape, **ends, "vocab_size": len(tokens), "max_position_embeddings": 32},
        vision_config={**shape, "image_size": 48, "patch_size": 16},
        projection_dim=24,
    )
    torch.manual_seed(seed)
    transformers.CLIPModel(config).save_pretrained(folder)
    transformers.CLIPImageProcessor(
        size={"shortest_edge": 48}, crop_size={"height": 48, "width": 48}, image_mean=[mean] * 3, image_std=[0.25] * 3
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module", params=["in torch", "exported"])
def encoder(
    request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> TransformersEncoder:
    cache = None if request.param == "in torch" else tmp_path_factory.mktemp("networks")
    return TransformersEncoder(str(folder), how=How(cache, threads=2))


def test_it_is_an_encoder_with_text(encoder: TransformersEncoder, folder: Path) -> None:
    assert isinstance(encoder, Encoder)
    assert (encoder.info.name, encoder.info.dimension, encoder.info.has_text) == (f"transformers:{folder}", 24, True)


@pytest.mark.filterwarnings("ignore:Cannot enable progress bars")  # where the environment forbids them already
def test_loading_prints_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    transformers.utils.logging.enable_progress_bar()
    capfd.readouterr()
    TransformersEncoder(str(folder))
    assert capfd.readouterr() == ("", "")


def test_vectors_are_those_of_the_library(encoder: TransformersEncoder, folder: Path) -> None:
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    images = [scene(96, 64, seed) for seed in range(3)]
    pixels = transformers.CLIPImageProcessor.from_pretrained(folder)(images=images, return_tensors="pt")
    words = transformers.CLIPTokenizer.from_pretrained(folder)(WORDS, padding=True, return_tensors="pt")
    with torch.no_grad():
        out = model(**pixels, **words)
    encoded = encoder.encode(np.stack([encoder.prepare(np.asarray(i)) for i in images]))
    np.testing.assert_allclose(encoded.vectors, out.image_embeds.numpy(), atol=1e-4)
    np.testing.assert_allclose(encoder.encode_text(WORDS), out.text_embeds.numpy(), atol=1e-4)
    assert encoded.vectors.dtype == np.float32
    assert encoded.names.shape == (3, 0)


def test_siglip_reads_texts_padded_to_full_length(folder: Path, tmp_path: Path) -> None:
    shape = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.SiglipConfig(
        text_config={**shape, "vocab_size": 60, "max_position_embeddings": 16, "projection_size": 32},
        vision_config={**shape, "image_size": 48, "patch_size": 16},
    )
    torch.manual_seed(0)
    model = transformers.SiglipModel(config).eval()
    model.save_pretrained(tmp_path)
    transformers.SiglipImageProcessor(size={"height": 48, "width": 48}).save_pretrained(tmp_path)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    tokenizer.save_pretrained(tmp_path)
    padded = tokenizer(["citrus"], padding="max_length", max_length=16, return_tensors="pt")
    with torch.no_grad():
        expected = model.get_text_features(**padded).pooler_output.numpy()
    encoder = TransformersEncoder(str(tmp_path))
    assert encoder.text_scale is not None
    assert encoder.text_scale.bias == pytest.approx(float(model.logit_bias.detach()))
    found = encoder.encode_text(["citrus"])
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-4)
    np.testing.assert_allclose(encoder.encode_text(["citrus", "an apple in a hand"])[:1], found, atol=1e-5)


def test_different_words_have_different_vectors(encoder: TransformersEncoder) -> None:
    vectors = encoder.encode_text(WORDS)
    assert (np.abs(vectors[:, None] - vectors[None]).max(axis=2)[~np.eye(3, dtype=bool)] > 1e-4).all()


def test_words_longer_than_the_model_reads_are_cut(encoder: TransformersEncoder) -> None:
    assert encoder.encode_text(["an apple " * 40]).shape == (1, 24)


def test_the_fingerprint_follows_weights_and_preprocessing(encoder: TransformersEncoder, tmp_path: Path) -> None:
    def fingerprint(name: str, **changes: Any) -> str:
        return TransformersEncoder(str(built(tmp_path / name, **changes))).info.fingerprint

    same, weights, mean = fingerprint("same"), fingerprint("weights", seed=1), fingerprint("mean", mean=0.4)
    assert same == encoder.info.fingerprint
    assert len({same, weights, mean}) == 3


def test_a_long_strip_costs_no_more_than_a_picture(encoder: TransformersEncoder) -> None:
    strip = np.zeros((2, 200_000, 3), dtype=np.uint8)
    assert encoder.prepare(strip).shape == (48, 48, 3)


def test_the_network_sees_the_processors_own_pixels(encoder: TransformersEncoder, folder: Path) -> None:
    processor = transformers.CLIPImageProcessor.from_pretrained(folder)
    for size in ((348, 348), (640, 401), (40, 57)):
        image = scene(*size)
        expected = processor(images=image, return_tensors="pt")["pixel_values"].numpy()
        prepared = encoder.prepare(np.asarray(image))
        assert prepared.dtype == np.uint8
        np.testing.assert_allclose(encoder._tower.preprocessing.floats(prepared[None]), expected, atol=1e-5)


def test_temperature_is_the_models_own(encoder: TransformersEncoder, folder: Path) -> None:
    model = transformers.CLIPModel.from_pretrained(folder)
    assert encoder.text_scale is not None
    assert encoder.text_scale.scale == pytest.approx(float(model.logit_scale.detach().exp()), rel=1e-5)
    assert encoder.text_scale.bias == 0


def test_where_it_looks_is_attention_over_its_patches(encoder: TransformersEncoder) -> None:
    energy = encoder.saliency(encoder.prepare(np.asarray(scene()))[None])
    assert energy.shape == (1, 3, 3)
    assert energy.min() >= 0


@pytest.mark.parametrize("exported", [False, True], ids=["in torch", "exported"])
def test_dinov2_knows_pictures_and_no_words(tmp_path: Path, exported: bool) -> None:
    config = transformers.Dinov2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14
    )
    torch.manual_seed(0)
    model = transformers.Dinov2Model(config).eval()
    model.save_pretrained(tmp_path / "dino")
    processor = transformers.BitImageProcessor(
        size={"shortest_edge": 64}, crop_size={"height": 56, "width": 56}, image_mean=[0.4] * 3, image_std=[0.2] * 3
    )
    processor.save_pretrained(tmp_path / "dino")
    images = [scene(96, 64, seed) for seed in range(3)]
    with torch.no_grad():
        expected = model(**processor(images=images, return_tensors="pt")).pooler_output.numpy()
    encoder = TransformersEncoder(str(tmp_path / "dino"), how=How(tmp_path if exported else None))
    found = encoder.encode(np.stack([encoder.prepare(np.asarray(image)) for image in images])).vectors
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-4)
    assert (encoder.info.has_text, encoder.text_scale, encoder.info.dimension) == (False, None, 32)
    assert encoder.saliency(encoder.prepare(np.asarray(images[0]))[None]).shape == (1, 4, 4)
    with pytest.raises(NoTextTower, match="pictures and no words"):
        encoder.encode_text(["a plate"])


@pytest.mark.parametrize(
    ("name", "todo"),
    [
        ("no/such-model", "add --download"),
        ("../no-folder", "check the path"),
        ("/no/folder", "check the path"),
        ("", "check the path"),
    ],
)
def test_what_is_not_here_is_said_without_a_connection(name: str, todo: str) -> None:
    with pytest.raises(EncoderUnavailable, match=todo):
        TransformersEncoder(name)


def test_code_in_the_weights_does_not_run(folder: Path, tmp_path: Path) -> None:
    trapped, trap = tmp_path / "trapped", tmp_path / "sprung"
    trapped.mkdir()
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (trapped / file.name).write_bytes(file.read_bytes())
    torch.save({"logit_scale": Trap(trap)}, trapped / "pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match="plain weights"):
        TransformersEncoder(str(trapped))
    assert not trap.exists()


def test_a_model_that_takes_no_pictures_is_named(folder: Path, tmp_path: Path) -> None:
    config = transformers.BertConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=60
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    transformers.CLIPImageProcessor().save_pretrained(tmp_path)
    with pytest.raises(EncoderUnavailable, match=r"BertModel, which takes no pictures"):
        TransformersEncoder(str(tmp_path))
