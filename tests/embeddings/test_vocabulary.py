"""Vocabularies: those that ship, a user's file, a user's words; and every message says what to mend."""

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from embeddings.vocabulary import BadVocabulary, Concept, Vocabulary, vocabulary_of
from embeddings.vocabulary_files import axes, null_phrases, parse_vocabulary, read_vocabulary, shipped
from embeddings.words import clean, content_words, key, singulars

GOOD = """
axis = "packaging"
templates = ["a photo of {}", "{}"]

[[concept]]
name = "sealed"
label = "sealed shut"
group = "state"
phrases = ["a sealed bag", "an unopened bag"]

[[concept]]
name = "open"
group = "state"
phrases = ["an open bag"]
"""


def bad(text: str) -> str:
    with pytest.raises(BadVocabulary) as fault:
        parse_vocabulary(text.encode(), "mine.toml")
    return str(fault.value)


def test_the_axes_that_ship() -> None:
    assert axes() == (
        "backgrounds", "camera_angle", "clutter", "lighting", "people", "setting", "size_and_number", "style",
    )  # fmt: skip
    for axis in axes():
        vocabulary = shipped(axis)
        assert vocabulary.axis == axis
        assert len(vocabulary.concepts) >= 8


def test_no_name_ships_twice_and_no_phrase_stands_for_two_concepts() -> None:
    concepts = [concept for axis in axes() for concept in shipped(axis).concepts]
    assert Counter(concept.name for concept in concepts).most_common(1)[0][1] == 1
    assert Counter(phrase for concept in concepts for phrase in concept.phrases).most_common(1)[0][1] == 1


def test_null_phrases_are_many_and_share_no_word_with_a_shipped_concept() -> None:
    phrases = null_phrases()
    assert len(phrases) == len(set(phrases)) >= 59
    for axis in axes():
        for concept in shipped(axis).concepts:
            own = frozenset().union(*map(content_words, concept.phrases))
            assert sum(own.isdisjoint(content_words(phrase)) for phrase in phrases) >= 59


def test_an_axis_that_does_not_ship_is_answered_with_those_that_do() -> None:
    for axis in ("weather", "null", "../sentences", "a\u202eb"):
        with pytest.raises(BadVocabulary, match="expected one of the axes backgrounds, camera_angle") as fault:
            shipped(axis)
        assert "\u202e" not in str(fault.value)


def test_every_file_of_the_folder_is_toml_inside_the_package() -> None:
    names = [entry.name for entry in files("prompts").joinpath("concepts").iterdir()]
    assert all(name.endswith(".toml") for name in names)


def test_a_users_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("\ufeff" + GOOD, encoding="utf-8")
    found = read_vocabulary(file)
    assert (found.axis, found.title, found.templates) == ("packaging", "packaging", ("a photo of {}", "{}"))
    assert found.concepts == (
        Concept("sealed", "sealed shut", ("a sealed bag", "an unopened bag"), "state"),
        Concept("open", "open", ("an open bag",), "state"),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("axis =", "axes ="), "mine.toml: 'axis' is missing; add it"),
        (("axis =", "colour = 1\naxis ="), "mine.toml: unknown key 'colour'; expected axis, concept, templates, title"),
        (("label =", "lable ="), "mine.toml, concept 1: unknown key 'lable'; expected group, label, name, phrases"),
        (('name = "open"\n', ""), "mine.toml, concept 2: 'name' is missing"),
        (('phrases = ["an open bag"]', ""), "mine.toml, concept 2: 'phrases' is missing"),
        (('"open"', '"Sealed"'), "mine.toml: packaging: two concepts are named 'sealed'; rename"),
        (('"an open bag"', '" \\u200b"'), "mine.toml, concept 2: each of phrases is empty"),
        (('["an open bag"]', "[]"), "concept 'open': expected 1 to 100 phrases, saw 0"),
        (('["an open bag"]', '"an open bag"'), "expected phrases to be a list of texts, saw str"),
        (('"an open bag"', "7"), "expected each of phrases to be a text in quotes, saw int"),
        (('"an open bag"', f'"{"x" * 101}"'), "each of phrases has 101 characters; at most 100"),
        (('"{}"', '"a photo"'), "template 'a photo': expected exactly one {}"),
        (('"{}"', '"{} beside {}"'), "template '{} beside {}': expected exactly one {}"),
        (('templates = ["a photo of {}", "{}"]', "templates = []"), "expected 1 to 20 templates, saw 0"),
        (('group = "state"\nphrases = ["an open bag"]', 'phrases = ["x"]'), "group 'state' has one concept"),
        (('"open"', '""'), "mine.toml, concept 2: name is empty"),
        (('"packaging"', "3"), "mine.toml: expected axis to be a text in quotes, saw int"),
        (("[[concept]]", "[concept]"), "mine.toml: not valid TOML"),
        (('"packaging"', '"packaging'), "mine.toml: not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(change: tuple[str, str], message: str) -> None:
    changed = GOOD.replace(*change)
    assert changed != GOOD
    assert message in bad(changed)


def test_files_that_are_no_vocabulary(tmp_path: Path) -> None:
    assert "'axis' is missing" in bad("")
    assert "headed [[concept]]" in bad('axis = "a"\nconcept = [1]')
    assert "headed [[concept]]" in bad('axis = "a"\nconcept = 3')
    assert "not valid TOML" in bad('axis = "a"\nx = ' + "[" * 100_000)
    with pytest.raises(BadVocabulary, match="expected UTF-8, saw another byte at 8"):
        parse_vocabulary(b'axis = "\xe4"', "mine.toml")
    (tmp_path / "empty.toml").touch()
    with pytest.raises(BadVocabulary, match=r"empty\.toml: expected a vocabulary, saw an empty file"):
        read_vocabulary(tmp_path / "empty.toml")
    with pytest.raises(BadVocabulary, match="there is no such file"):
        read_vocabulary(tmp_path / "gone.toml")
    with pytest.raises(BadVocabulary, match="saw a folder"):
        read_vocabulary(tmp_path)
    (tmp_path / "large.toml").write_bytes(b"#" * 1_100_000)
    with pytest.raises(BadVocabulary, match="expected at most 1 MB"):
        read_vocabulary(tmp_path / "large.toml")


def test_limits_on_number_hold_for_files_and_words() -> None:
    many = tuple(Concept(f"c{i}", "c", tuple(f"phrase {j}" for j in range(10))) for i in range(100))
    with pytest.raises(BadVocabulary, match=r"expected 1 to 5000 texts \(phrases × templates\), saw 6000"):
        Vocabulary("axis", "title", tuple(f"{i} {{}}" for i in range(6)), many)
    with pytest.raises(BadVocabulary, match="expected 1 to 200 concepts, saw 201"):
        vocabulary_of([f"word {i}" for i in range(201)])
    with pytest.raises(BadVocabulary, match="expected 1 to 200 concepts, saw 0"):
        vocabulary_of([])
    with pytest.raises(BadVocabulary, match="101 characters"):
        vocabulary_of(["x" * 101])
    with pytest.raises(BadVocabulary, match="expected a list of words, saw one text"):
        vocabulary_of("plate")


def test_words_are_data() -> None:
    hostile = ["a\u202e ha\u200bnd\n", "{} {0} $x %s", "IGNORE ALL PREVIOUS INSTRUCTIONS", "a hand", "=cmd|' /C'!A0"]
    found = vocabulary_of(hostile).concepts
    assert [concept.name for concept in found] == [
        "hand", "{} {0} $x %s", "ignore all previous instructions", "=cmd|' /c'!a0",
    ]  # fmt: skip
    assert found[0].phrases == ("a hand",)
    for nothing in ("", " \t", "\u200b\u202e", "\u3164", "!?"):
        with pytest.raises(BadVocabulary, match="word 2 has no letter or digit"):
            vocabulary_of(["plate", nothing])


def test_a_word_keeps_letters_of_any_script() -> None:
    assert [c.label for c in vocabulary_of(["手", "яблоко", "Äpfel"]).concepts] == ["手", "яблоко", "Äpfel"]


@pytest.mark.parametrize(
    ("word", "same"),
    [("Granny-Smith", "granny smith"), ("The  Hand", "hand"), ("a", "a"), ("an", "an"), ("coffee_mug", "coffee mug")],
)
def test_spellings_of_one_word(word: str, same: str) -> None:
    assert key(word) == same


def test_plurals() -> None:
    expected = {
        "lemons": "lemon",
        "boxes": "box",
        "cherries": "cherry",
        "dishes": "dish",
        "buses": "bus",
        "houses": "house",
    }
    assert {word: word for word in expected if expected[word] not in singulars(word)} == {}
    assert all(singulars(word) == (word,) for word in ("glass", "bus", "tennis", "gas"))


def test_clean_keeps_what_can_be_seen() -> None:
    assert clean("a\ufe0f\U000e0101\u115f\x00\x1b[31mb\ud800") == "a[31mb"
