"""Which source scores a concept, and what is said of those that none can: nothing asked for is lost."""

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.concepts import concepts_for
from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from embeddings.vocabulary_files import axes, null_phrases, shipped
from tests.embeddings.two_towers import COMMON, DIMENSION, TwoTowers, of, own, pictures, space


def test_a_word_is_not_compared_with_a_null_phrase_that_has_it() -> None:
    here = space(pictures(np.random.default_rng(2), 200))
    banks = [concepts_for(here, TwoTowers(), [word]).bank for word in ("hand", "two pianos", "a clock on a map")]
    assert banks == [len(null_phrases()) - fewer for fewer in (0, 1, 2)]


def test_given_text_vectors_are_matched_by_name_and_the_rest_is_named() -> None:
    rng = np.random.default_rng(8)
    vectors = pictures(rng, 600)
    vectors[:80] += 2.5 * own("hand")
    texts = {word: TwoTowers().encode_text([word])[0] for word in ["Hand", "b", "c", "d", "e", "f", "g", "h", "i"]}
    texts["Hand"] = TwoTowers().encode_text(["hand"])[0]
    result = concepts_for(space(vectors, texts=texts), None, ["a hand", "plate", "hands down"])
    score, found = of(result, "hand")
    assert (result.source, result.bank, score.scored_as, score.probability) == ("given", 8, "Hand", None)
    assert found.present[:80].mean() > 0.9
    np.testing.assert_allclose(
        score.score, space(vectors).vectors @ (texts["Hand"] - np.mean(list(texts.values())[1:], axis=0)), atol=1e-6
    )
    assert [(u.concept.name, u.reason) for u in result.unscored] == [
        ("plate", "no given text vector is 'plate'"),
        ("hands down", "no given text vector is 'hands down'"),
    ]
    assert "(Hand, b, c, …); add others to that file" in result.note


def test_few_given_vectors_are_compared_with_nothing_and_it_is_said() -> None:
    texts = {word: TwoTowers().encode_text([word])[0] for word in ("hand", "plate")}
    result = concepts_for(space(pictures(np.random.default_rng(9), 200), texts=texts), None, ["hand"])
    assert (result.source, result.bank) == ("given", 0)
    np.testing.assert_array_equal(result.scored[0].score, result.scored[0].similarity)


@pytest.mark.parametrize("vector", [np.full(DIMENSION, np.nan), 2 * COMMON, 0 * COMMON])
def test_a_given_vector_that_is_no_unit_vector_is_refused(vector: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="'hand' to have length 1"):
        concepts_for(space(COMMON[None], texts={"hand": vector}), None, ["hand"])


def test_imagenet_names_score_only_words_that_are_among_them() -> None:
    rng = np.random.default_rng(10)
    logits = rng.normal(size=(500, 1000)).astype(np.float32) + rng.exponential(size=(500, 1)).astype(np.float32)
    logits[:50, 951] += 8
    here = space(rng.normal(size=(500, 8)), names=logits)
    words = ["Lemons", "a plate", "hand", "granny-smith", "crane", "Cardigan", "fox", "lemmon"]
    result = concepts_for(here, None, words)
    assert result.source == "imagenet names"
    assert [s.scored_as for s in result.scored] == ["lemon", "plate", "Granny Smith", "Cardigan"]
    assert [u.reason for u in result.unscored] == [
        "no ImageNet name is 'hand'; close to it: hand blower, hand-held computer",
        "no ImageNet name is 'crane'; close to it: crane (134), crane (517)",
        "no ImageNet name is 'fox'; close to it: red fox, kit fox, Arctic fox",
        "no ImageNet name is 'lemmon'; close to it: lemon",
    ]
    assert "no text tower" in result.note
    assert "CLIP" in result.note
    lemon, found = of(result, "lemons")
    assert found.present[:50].mean() > 0.95
    np.testing.assert_allclose(lemon.score, logits[:, 951] - np.delete(logits, 951, axis=1).mean(axis=1), atol=1e-4)
    assert lemon.probability is not None
    np.testing.assert_allclose(lemon.probability, (np.exp(logits) / np.exp(logits).sum(1, keepdims=True))[:, 951], 1e-4)


def test_a_shipped_vocabulary_over_imagenet_names_loses_nothing() -> None:
    here = space(np.random.default_rng(11).normal(size=(150, 8)), names=np.zeros((150, 1000), np.float32))
    for axis in axes():
        result = concepts_for(here, None, shipped(axis))
        names = [s.concept.name for s in result.scored] + [u.concept.name for u in result.unscored]
        assert sorted(names) == sorted(concept.name for concept in shipped(axis).concepts)


def test_no_source_is_said_with_what_can_be_done() -> None:
    blind = EmbeddingSpace(
        EncoderInfo("dino", "e" * 64, 3, has_text=False), np.array(["a"]), np.eye(3, dtype=np.float32)[:1],
        np.zeros((1, 0), np.float32),
    )  # fmt: skip
    result = concepts_for(blind, None, ["hand", "plate"])
    assert (result.source, result.scored, len(result.unscored)) == ("none", (), 2)
    assert "neither a text tower" in result.unscored[0].reason
    assert "--encoder open_clip:ViT-B-32/laion2b_s34b_b79k --download" in result.note
    unloaded = concepts_for(space(COMMON[None]), None, ["hand"])
    assert "not loaded" in unloaded.unscored[0].reason
    assert "text tower of two towers" in unloaded.note
