"""Concepts over a space: which source scores them, what each number means, and that nothing asked for is lost."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.cache import VectorCache
from embeddings.concepts import ConceptScore, ConceptScores, concepts_for, contrasted
from embeddings.embedded import EmbeddedEncoder
from embeddings.encoder import Encoded, EncoderInfo, NoTextTower, TextScale
from embeddings.pipeline import encode_files
from embeddings.presence import CannotCalibrate, Presence, presence
from embeddings.space import EmbeddingSpace
from embeddings.text_vectors import TextCache, concept_vectors
from embeddings.vocabulary import Concept, Vocabulary
from embeddings.vocabulary_files import axes, null_phrases, shipped

DIMENSION = 96
COMMON = np.eye(DIMENSION, dtype=np.float32)[0]
INFO = EncoderInfo("two towers", "a" * 64, DIMENSION, has_text=True)


class TwoTowers:
    """An encoder whose text vectors are known: a direction common to all texts, and one of the text's own."""

    def __init__(self, *, info: EncoderInfo = INFO, scale: TextScale | None = None) -> None:
        self.info = info
        self.text_scale = scale or TextScale(100.0, 0.0)
        self.side_by_side = True
        self.asked: list[str] = []

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        raise NotImplementedError

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        raise NotImplementedError

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        raise NotImplementedError

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self.info.has_text:
            raise NoTextTower("no text")
        self.asked += texts
        return np.stack([unit(2 * COMMON + own(text)) for text in texts])


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def own(text: str) -> NDArray[np.float32]:
    """A fixed random direction of a text; the same for all its templates."""
    core = max((word for word in ("hand", "plate", "indoors", "outdoors") if word in text), default=text)
    return unit(np.random.default_rng(int(sha256(core.encode()).hexdigest()[:12], 16)).normal(size=DIMENSION))


def pictures(rng: np.random.Generator, n: int, *, hubness: float = 0.5) -> NDArray[np.float32]:
    """Vectors of nothing in particular; each leans towards all texts by an amount of its own."""
    return np.asarray(
        0.3 * rng.normal(size=(n, DIMENSION)) + hubness * rng.exponential(size=(n, 1)) * COMMON, dtype=np.float32
    )


def space(
    vectors: NDArray[np.floating],
    *,
    names: NDArray[np.float32] | None = None,
    texts: Mapping[str, NDArray[np.float32]] | None = None,
) -> EmbeddingSpace:
    ids = np.array([f"{i:05d}" for i in range(len(vectors))])
    info = INFO if names is None else EncoderInfo("no text", "b" * 64, vectors.shape[1], has_text=False)
    logits = np.zeros((len(ids), 0), np.float32) if names is None else names
    return EmbeddingSpace(info, ids, unit(vectors), logits, texts or {})


def of(result: ConceptScores, name: str) -> tuple[ConceptScore, Presence]:
    score = next(s for s in result.scored if s.concept.name == name)
    assert isinstance(score.presence, Presence)
    return score, score.presence


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


def test_the_contrast_by_hand() -> None:
    found = contrasted(
        np.array([[0.5, 0.2]]), np.array([[0.1, 0.3, 0.5]]), np.array([[True, False, True], [False, False, False]])
    )
    np.testing.assert_allclose(found, [[0.5 - 0.3, 0.2]])


def test_a_word_is_not_compared_with_a_null_phrase_that_has_it() -> None:
    here = space(pictures(np.random.default_rng(2), 200))
    banks = [concepts_for(here, TwoTowers(), [word]).bank for word in ("hand", "two pianos", "a clock on a map")]
    assert banks == [len(null_phrases()) - fewer for fewer in (0, 1, 2)]


@pytest.mark.parametrize("given", [True, False])
def test_a_planted_concept_is_found_the_more_the_stronger_and_no_other(given: bool) -> None:
    rng = np.random.default_rng(3)
    base, null = pictures(rng, 800), space(pictures(rng, 300)) if given else None
    recalls = []
    for strength in (0.0, 0.5, 1.0, 2.5):
        vectors = base.copy()
        vectors[:120] += strength * own("hand")
        result = concepts_for(space(vectors), TwoTowers(), ["hand", "plate"], null=null)
        hand, plate = of(result, "hand")[1], of(result, "plate")[1]
        recalls.append(hand.present[:120].mean())
        assert hand.present[120:].sum() <= 54  # 99.9 % quantile of 680 at 5 %
        assert plate.present[120:].sum() <= 54
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.15
    assert recalls[-1] > 0.95
    assert of(result, "hand")[1].told


def test_pictures_without_any_concept_are_flagged_at_the_stated_rate_by_every_shipped_vocabulary() -> None:
    rng = np.random.default_rng(4)
    here, null, encoder, cache = space(pictures(rng, 400)), space(pictures(rng, 400)), TwoTowers(), TextCache()
    for reference in (None, null):
        shares, told = [], 0
        for axis in axes():
            result = concepts_for(here, encoder, shipped(axis), null=reference, cache=cache)
            assert (result.source, result.unscored) == ("text", ())
            rate = result.measured_false_alarms
            assert rate is None if reference else rate is not None and 0.04 < rate < 0.06
            found = [score.presence for score in result.scored]
            assert len(found) == len(shipped(axis).concepts)
            shares += [p.present.mean() for p in found if isinstance(p, Presence)]
            told += sum(p.told for p in found if isinstance(p, Presence))
        assert len(shares) == 131
        assert np.mean(shares) < 0.06
        assert max(shares) < 0.05 + 4.5 * np.sqrt(2 * 0.05 * 0.95 / 400)
        assert told <= 15  # 99.9 % quantile of 131 at 5 %


def test_an_offset_of_the_concept_and_hubness_of_pictures_change_no_decision() -> None:
    rng = np.random.default_rng(5)
    similarity, bank = rng.normal(size=(500, 3)), rng.normal(size=(500, 20))
    similarity[:60, 0] += 4
    hub, used = 9 * rng.exponential(size=(500, 1)), np.ones((3, 20), dtype=bool)
    plain = contrasted(similarity, bank, used)
    moved = contrasted(similarity + hub + np.array([5.0, -3.0, 0.7]), bank + hub, used)
    for column in range(3):
        before, after = presence(plain[:, column]), presence(moved[:, column])
        assert isinstance(before, Presence)
        assert isinstance(after, Presence)
        np.testing.assert_array_equal(before.present, after.present)
    raw = presence((similarity + hub)[:, 0])
    assert isinstance(raw, Presence)
    assert raw.present[:60].mean() < 0.5  # without the contrast the concept is lost
    first = presence(plain[:, 0])
    assert isinstance(first, Presence)
    assert first.present[:60].mean() > 0.9


def test_hubness_of_pictures_hides_no_concept_in_a_space() -> None:
    rng = np.random.default_rng(6)
    vectors = pictures(rng, 800, hubness=2.0)
    vectors[:120] += 2.5 * own("hand")
    score, found = of(concepts_for(space(vectors), TwoTowers(), ["hand"]), "hand")
    threshold = np.sort(score.similarity[120:])[-34]
    assert found.present[:120].mean() > 0.9
    assert (score.similarity[:120] > threshold).mean() < 0.5  # the plain cosine, at the same rate


def test_too_few_pictures_leave_scores_but_no_presence() -> None:
    rng = np.random.default_rng(7)
    here = space(pictures(rng, 30))
    assert concepts_for(here, TwoTowers(), ["hand"]).scored[0].presence == CannotCalibrate(15, 59)
    null = space(pictures(rng, 58))
    result = concepts_for(here, TwoTowers(), ["hand"], null=null)
    assert result.scored[0].presence == CannotCalibrate(58, 59)
    assert result.scored[0].score.shape == (30,)
    assert concepts_for(space(pictures(rng, 0)), TwoTowers(), ["hand"]).scored[0].presence == CannotCalibrate(0, 59)


ROOMS = Vocabulary(
    "rooms",
    "Rooms",
    ("{}",),
    (
        Concept("in", "indoors", ("indoors",), "place"),
        Concept("out", "outdoors", ("outdoors",), "place"),
        Concept("hand", "a hand", ("hand",)),
    ),
)


def test_zero_shot_probabilities_within_a_group_by_hand() -> None:
    vectors = unit(np.stack([COMMON + own("indoors"), COMMON + own("outdoors")]))
    result = concepts_for(space(vectors), TwoTowers(scale=TextScale(10.0, 0.0)), ROOMS)
    texts = TwoTowers().encode_text(["indoors", "outdoors"])
    cosines = vectors @ texts.T
    expected = np.exp(10 * cosines) / np.exp(10 * cosines).sum(axis=1, keepdims=True)
    for column, score in enumerate(result.scored[:2]):
        assert score.probability is not None
        np.testing.assert_allclose(score.probability, expected[:, column], atol=1e-5)
    assert result.scored[2].probability is None


def test_a_model_trained_with_a_sigmoid_gives_each_concept_its_own() -> None:
    vectors = unit(np.stack([COMMON + own("indoors"), COMMON]))
    result = concepts_for(space(vectors), TwoTowers(scale=TextScale(10.0, -5.0)), ROOMS)
    cosine = vectors @ TwoTowers().encode_text(["hand"])[0]
    assert result.scored[2].probability is not None
    np.testing.assert_allclose(result.scored[2].probability, 1 / (1 + np.exp(5 - 10 * cosine)), atol=1e-5)


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
    assert "import with a CLIP encoder" in result.unscored[0].reason
    unloaded = concepts_for(space(COMMON[None]), None, ["hand"])
    assert "text tower of two towers is needed" in unloaded.unscored[0].reason


def test_spaces_never_mix() -> None:
    here, other = space(COMMON[None]), EncoderInfo("other", "f" * 64, DIMENSION, has_text=True)
    with pytest.raises(ValueError, match="expected the encoder of the space, two towers, saw another, other"):
        concepts_for(here, TwoTowers(info=other), ["hand"])
    null = EmbeddingSpace(other, here.ids, here.vectors, here.names)
    with pytest.raises(ValueError, match="saw another, other"):
        concepts_for(here, TwoTowers(), ["hand"], null=null)


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


@pytest.mark.real
def test_lemons_and_oranges_are_told_from_pears_on_photographs(shared_data: Path, tmp_path: Path) -> None:
    """Embedded encoder, null = two of three pears, the third in question."""
    root = (shared_data / "grocery").resolve()
    paths, kinds = [], []
    for name, n in (("Lemon", 20), ("Orange", 20), ("Pear", 90)):
        paths += sorted((root / "train" / name).rglob("*.jpg"))[:n]
        kinds += [name] * n
    encoder = EmbeddedEncoder(tmp_path / "network")
    encoded = encode_files(encoder, paths, root=root, cache=VectorCache(tmp_path / "v", encoder.info.fingerprint))
    kind = np.array(kinds)
    null = (kind == "Pear") & (np.arange(len(kind)) % 3 > 0)

    def part(rows: NDArray[np.bool_]) -> EmbeddingSpace:
        return EmbeddingSpace(encoder.info, encoded.sha256[rows], encoded.vectors[rows], encoded.names[rows])

    result = concepts_for(part(~null), encoder, ["lemons", "orange"], null=part(null))
    lemon, orange = of(result, "lemons")[1].present, of(result, "orange")[1].present
    kind = kind[~null]
    assert lemon[kind == "Lemon"].mean() > lemon[kind == "Pear"].mean() + 0.3
    assert orange[kind == "Orange"].mean() > orange[kind == "Pear"].mean() + 0.4
    assert max(lemon[kind == "Pear"].sum(), orange[kind == "Pear"].sum()) <= 6  # 99.7 % quantile of 30 against 60
