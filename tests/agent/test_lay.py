"""Plain words: each metric, interval and verdict with counts of pictures; no jargon without an explanation."""

import re

import pytest

from agent.context import Context
from agent.graph import ask
from agent.lay import counted, effect, glossary, words_in
from agent.prompts import sentence, table
from benchmarks.planting.vectors import vector_case
from tools.effects import Measure, Verdict
from tools.findings import Evidence

JARGON = (
    "accuracy", "balanced accuracy", "recall", "precision", "interval", "points", "held-out", "test split", "folds",
    "baseline", "burst", "bursts", "cue", "cues", "spurious", "score", "threshold", "margin", "similarity", "cosine",
    "encoder", "embedding", "vector", "vectors", "head", "heads", "logit", "McNemar", "AUC", "augment", "drill",
    "calibration", "Laplacian", "Wilson", "bootstrap", "permutation", "silhouette", "distribution-shift", "cluster",
    "centroid", "hash", "out of fold", "reweight", "weighted", "overfitting", "confusion matrix", "F1", "logistic",
    "standard deviation", "variance", "quantile", "Brier", "entropy", "epoch", "gradient", "regularisation",
)  # fmt: skip
"""Words that somebody who sorts cookies cannot be expected to know; written without a look at the glossary."""
CASE = vector_case({"Apple": 60, "Lime": 60, "Orange": 25}, separation=1.2, seed=3, burst=2, test_share=0.3)


def measure(low: float, high: float, verdict: Verdict = "helps", metric: str = "accuracy") -> Measure:
    return Measure(metric, 0.7, 0.7 + (low + high) / 2, low, high, 0.0, verdict, 200)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.012, 0.088, "1 to 9 more come out right"),
        (-0.09, -0.02, "2 to 9 fewer come out right"),
        (-0.031, 0.052, "anything from 3 fewer to 5 more"),
        (0.019, 0.021, "some 2 more"),
        (-0.021, -0.019, "some 2 fewer"),
        (-0.003, 0.004, "not even one more or fewer"),
        (0.002, 0.06, "0 to 6 more"),
        (-0.002, 0.024, "anything from 0 fewer to 2 more"),
    ],
)
def test_an_effect_in_pictures_of_a_hundred(low: float, high: float, words: str) -> None:
    assert words in effect(measure(low, high))


def test_of_which_hundred() -> None:
    assert "as many of each class" in effect(measure(0.01, 0.05, metric="balanced accuracy"))
    assert "pictures of the class" in effect(measure(0.01, 0.05, metric="recall of Lime"))


def test_accuracy_as_pictures() -> None:
    assert counted(Evidence("accuracy", 0.775, "share", 684)) == "That is 530 pictures right and 154 wrong."
    assert counted(Evidence("accuracy", 0.775, "share")) == ""


def unexplained(text: str) -> list[str]:
    body, _, block = re.sub(r"\[F\d+\]", "", text).partition(f"**{sentence('headings.words')}**")
    found = [word for word in JARGON if re.search(rf"\b{re.escape(word)}\b", body, re.IGNORECASE)]
    return [word for word in found if not any(w.term in block for w in words_in(word))]


@pytest.mark.parametrize(
    "question",
    [
        "which classes are worst?",
        "why is Apple called Lime?",
        "which labels are wrong?",
        "should I merge Apple and Lime?",
        "do I have enough data?",
        "is my test set comparable?",
        "which threshold gives 90 % precision?",
        "which threshold should I use?",
        "does the background mislead it?",
        "are there duplicates?",
        "what is wrong with my model?",
        "should I split Apple?",
        "show me pictures of limes",
    ],
)
def test_no_answer_uses_jargon_without_explaining_it(question: str) -> None:
    answer = ask(question, Context(lambda: CASE, experiments=1, seconds=20))
    assert answer.facts
    assert unexplained(answer.text) == []


def test_a_word_is_explained_once_in_a_conversation() -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    saver, context = InMemorySaver(), Context(lambda: CASE, experiments=0)
    first = ask("which classes are worst?", context, thread="t", checkpointer=saver)
    again = ask("which classes are worst?", context, thread="t", checkpointer=saver)
    other = ask("which classes are worst?", context, thread="u", checkpointer=saver)
    assert first.text == other.text
    assert first.text.startswith(again.text)
    assert sentence("headings.words") not in again.text


def test_the_test_finds_jargon() -> None:
    assert unexplained("The AUC of the head is fine.") == ["head", "AUC"]
    assert unexplained("The entropy fell.") == ["entropy"]


def test_explanations_explain_themselves() -> None:
    """What an explanation uses is everyday language, or a word that it has just explained."""
    for word in glossary():
        own = {other.term for other in words_in(word.says)} - {word.term}
        assert own <= {"Points", "Score, threshold", "Held-out pictures, test split", "Encoder"}, (word.term, own)
        assert len(word.says) < 260
    assert len({w.term for w in glossary()}) == len(table("glossary"))
