"""Concepts to vectors: the mean over phrases and templates, each text encoded once, by the library's arithmetic."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.concepts import concepts_for
from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from embeddings.text_vectors import TextCache, concept_vectors
from embeddings.vocabulary import Concept
from embeddings.vocabulary_files import null_phrases, shipped
from tests.embeddings.two_towers import DIMENSION, TwoTowers, pictures, space


def test_an_ensembled_vector_by_hand() -> None:
    class Plane(TwoTowers):
        def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
            table = {"x": (1.0, 0.0), "the x": (0.0, 1.0), "X": (1.0, 0.0), "the X": (0.6, 0.8)}
            return np.array([table[text] for text in texts], dtype=np.float32)

    encoder = Plane(info=EncoderInfo("plane", "c" * 64, 2, has_text=True))
    found = concept_vectors(encoder, [Concept("x", "x", ("x", "X"))], ["{}", "the {}"], TextCache())
    np.testing.assert_allclose(found, [np.array([2.6, 1.8]) / np.sqrt(2.6**2 + 1.8**2)], rtol=1e-6)


def test_a_text_is_encoded_once_per_encoder() -> None:
    encoder, cache = TwoTowers(), TextCache()
    here = space(pictures(np.random.default_rng(0), 200))
    for words in (["hand"], ["plate", "hand"]):
        concepts_for(here, encoder, words, cache=cache)
    assert len(encoder.asked) == len(set(encoder.asked)) == 4 * (2 + len(null_phrases()))
    other = TwoTowers(info=EncoderInfo("other", "d" * 64, DIMENSION, has_text=True))
    cache.vectors(other, ["hand"])
    assert other.asked == ["hand"]


@pytest.mark.slow
def test_a_real_text_tower_gives_the_librarys_vectors_and_probabilities(tmp_path: Path) -> None:
    """On random weights: the arithmetic is the library's; what words mean is not tested here."""
    open_clip, torch = pytest.importorskip("open_clip"), pytest.importorskip("torch")
    from embeddings.open_clip import OpenClipEncoder

    config = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    torch.manual_seed(0)
    torch.save(open_clip.CLIP(**config).state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    encoder = OpenClipEncoder(str(tmp_path))
    model = open_clip.create_model(f"local-dir:{tmp_path}").eval()
    vocabulary = shipped("size_and_number")
    with torch.no_grad():
        pixels = torch.rand(6, 3, 32, 32)
        images = model.encode_image(pixels, normalize=True)
        rows = []
        for concept in vocabulary.concepts:
            texts = [t.format(p) for p in concept.phrases for t in vocabulary.templates]
            mean = model.encode_text(open_clip.get_tokenizer(f"local-dir:{tmp_path}")(texts), normalize=True).mean(0)
            rows.append(mean / mean.norm())
        expected = torch.stack(rows)
        group = [i for i, c in enumerate(vocabulary.concepts) if c.group == "distance"]
        probabilities = (model.logit_scale.exp() * images @ expected[group].T).softmax(dim=-1).numpy()
    found = concept_vectors(encoder, vocabulary.concepts, vocabulary.templates, TextCache())
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)
    ids = np.array(list("abcdef"))
    here = EmbeddingSpace(encoder.info, ids, images.numpy(), np.zeros((6, 0), np.float32))
    result = concepts_for(here, encoder, vocabulary)
    for column, index in enumerate(group):
        probability = result.scored[index].probability
        assert probability is not None
        np.testing.assert_allclose(probability, probabilities[:, column], atol=1e-4)
