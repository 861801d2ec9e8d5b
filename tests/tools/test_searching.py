"""Search by words and by picture: what is found, with what, and what is said where it cannot be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from embeddings.names import imagenet_names
from tests.embeddings.pictures import encoded, scene, written
from tools.case import Case
from tools.documents import search_document
from tools.errors import UnknownName, UnreadableInput
from tools.searching import search_picture, search_words


def with_names(case: Case, rows: list[int], name: str) -> Case:
    """The same case by an encoder with ImageNet names, one of which stands out in some rows."""
    logits = np.random.default_rng(0).normal(size=(len(case.ids), 1000)).astype(np.float32)
    logits[rows, imagenet_names().index(name)] += 20
    return replace(case, space=replace(case.space, names=logits))


@pytest.fixture(scope="module")
def case() -> Case:
    return vector_case({"a": 100, "b": 100}, separation=6, seed=0)


def test_pictures_of_a_name_come_first_and_are_counted(case: Case, tmp_path: Path) -> None:
    rows = [3, 50, 120]
    found = search_words(with_names(case, rows, "lemon"), "lemons", 5, cache=tmp_path)
    assert set(found.rows[:3]) == set(rows)
    assert "“lemon”" in found.how
    assert found.present is not None
    assert 3 <= found.present <= 3 + 0.1 * 200
    assert list(found.similarities) == sorted(found.similarities, reverse=True)
    document = search_document(case, found)
    assert document["found"][0]["class"] in {"a", "b"}
    assert f"present in {found.present} of 200" in document["headline"]


def test_words_that_cannot_be_scored_say_what_could_be_done(case: Case, tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as caught:
        search_words(with_names(case, [], "lemon"), "a hand on a hot day", 5, cache=tmp_path)
    assert "CLIP" in caught.value.todo
    with pytest.raises(UnknownName):
        search_words(case, "a hand", 5, cache=tmp_path)


def test_given_text_vectors_are_searched(case: Case, tmp_path: Path) -> None:
    space = replace(case.space, texts={"a hand": case.space.vectors[7]})
    found = search_words(replace(case, space=space), "a hand", 3, cache=tmp_path)
    assert found.rows[0] == 7


def test_pictures_like_one_of_the_case(case: Case, tmp_path: Path) -> None:
    found = search_picture(case, "00007.jpg", 4, cache=tmp_path)
    similarities = case.space.vectors @ case.space.vectors[7]
    similarities[7] = -1
    assert found.rows == tuple(np.argsort(-similarities)[:4].tolist())
    assert found.present is None


def test_what_is_neither_an_image_nor_a_file(case: Case, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"such as 00000\.jpg"):
        search_picture(case, "nowhere.jpg", 4, cache=tmp_path)


def test_a_file_needs_the_encoder_of_the_case(case: Case, tmp_path: Path) -> None:
    file = str(written(tmp_path / "new.jpg", encoded(scene())))
    for name, words in (("given", "vectors that came from a file"), ("embedded", "other weights")):
        encoder = replace(case.space.encoder, name=name)
        with pytest.raises(UnreadableInput, match=words):
            search_picture(replace(case, space=replace(case.space, encoder=encoder)), file, 4, cache=tmp_path)
    bad = str(written(tmp_path / "bad.jpg", b"words"))
    encoder = replace(case.space.encoder, name="embedded")
    with pytest.raises(UnreadableInput, match="saw text"):
        search_picture(replace(case, space=replace(case.space, encoder=encoder)), bad, 4, cache=tmp_path)


def test_words_for_an_encoder_that_is_gone_say_what_to_do(case: Case, tmp_path: Path) -> None:
    gone = replace(case.space.encoder, name="open_clip:ViT-B-32/no-such-weights", has_text=True)
    without = Case(case.dataset, replace(case.space, encoder=gone), case.settings)
    with pytest.raises(UnreadableInput, match="no weights that OpenCLIP lists"):
        search_words(without, "a plate", 3, cache=tmp_path)
