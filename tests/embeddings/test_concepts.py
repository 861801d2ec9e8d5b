"""Concepts over a space: which source scores them, what each number means, and that nothing asked for is lost."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.cache import VectorCache
from embeddings.concepts import concepts_for, contrasted
from embeddings.embedded import EmbeddedEncoder
from embeddings.encoder import EncoderInfo, TextScale
from embeddings.pipeline import encode_files
from embeddings.presence import CannotCalibrate, Presence, presence
from embeddings.space import EmbeddingSpace
from embeddings.text_vectors import TextCache
from embeddings.vocabulary import Concept, Vocabulary
from embeddings.vocabulary_files import axes, shipped
from tests.embeddings.two_towers import COMMON, DIMENSION, TwoTowers, of, own, pictures, space, unit


def test_the_contrast_by_hand() -> None:
    found = contrasted(
        np.array([[0.5, 0.2]]), np.array([[0.1, 0.3, 0.5]]), np.array([[True, False, True], [False, False, False]])
    )
    np.testing.assert_allclose(found, [[0.5 - 0.3, 0.2]])


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


def test_spaces_never_mix() -> None:
    here, other = space(COMMON[None]), EncoderInfo("other", "f" * 64, DIMENSION, has_text=True)
    with pytest.raises(ValueError, match="expected the encoder of the space, two towers, saw another, other"):
        concepts_for(here, TwoTowers(info=other), ["hand"])
    null = EmbeddingSpace(other, here.ids, here.vectors, here.names)
    with pytest.raises(ValueError, match="saw another, other"):
        concepts_for(here, TwoTowers(), ["hand"], null=null)


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
