"""Rankings: what has most to gain comes first, and nothing that judges later has chosen."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from benchmarks.planting.hidden_kinds import kinds_case
from benchmarks.planting.vectors import vector_case
from tools.case import Case
from tools.dataset import Label
from tools.kinds import kinds
from tools.registry import NotApplicable
from tools.screening import screen
from tools.settings import Settings
from tools.whatif import run_experiment


def twins() -> Case:
    """Four classes, two of which are one."""
    case = vector_case({"cat": 80, "dog": 80, "hen": 160}, separation=2.0, test_share=0.5, settings=Settings(repeats=2))
    names = [case.classes[t] for t in case.targets]
    hens = np.flatnonzero(case.targets == 2)
    for row in hens[::2]:
        names[row] = "fowl"
    labels = tuple(Label(str(i), name) for i, name in zip(case.ids, names, strict=True))
    return replace(case, dataset=replace(case.dataset, labels=labels))


def test_two_classes_that_are_one_are_ranked_first_for_merging() -> None:
    case = twins()
    options = kinds()["merge-classes"].eligible(case)
    found = screen(case, "merge-classes", options)
    assert len(found) == len(options) == 6
    assert found[0].arguments == {"pair": "fowl|hen"}
    assert [one.gain for one in found] == sorted((one.gain for one in found), reverse=True)


def test_a_class_of_two_kinds_is_ranked_first_for_splitting() -> None:
    case, _ = kinds_case(distance=3.5, each=100)
    found = screen(case, "split-class", kinds()["split-class"].eligible(case))
    assert found[0].arguments == {"class": "bad"}
    assert found[0].gain > 0 == found[1].gain  # good is of one kind: nothing is split


def test_the_ranking_is_much_like_that_of_the_heads() -> None:
    case = vector_case(
        {"cat": 200, "dog": 120, "hen": 80, "owl": 60}, separation=1.0, test_share=0.5, settings=Settings(repeats=2)
    )
    gains = [
        (one.gain, run_experiment(case, kind, one.arguments).primary.delta)
        for kind in ("drop-class", "collect-more")
        for one in screen(case, kind, [a for a in kinds()[kind].eligible(case) if a])
    ]
    assert spearmanr(*zip(*gains, strict=True))[0] > 0.6


def test_test_labels_have_no_say() -> None:
    case = twins()
    names = np.array([case.classes[t] for t in case.targets])
    test = np.flatnonzero(case.evaluation)
    names[test] = names[np.random.default_rng(0).permutation(test)]
    labels = tuple(Label(str(i), str(name)) for i, name in zip(case.ids, names, strict=True))
    other = replace(case, dataset=replace(case.dataset, labels=labels))
    options = kinds()["merge-classes"].eligible(case)
    assert screen(case, "merge-classes", options) == screen(other, "merge-classes", options)


def test_without_a_test_split_or_a_changed_training_set_there_is_no_ranking() -> None:
    with pytest.raises(NotApplicable, match="flatter whatever was ranked first"):
        screen(vector_case({"a": 40, "b": 40, "c": 40}), "merge-classes", [{"pair": "a|b"}])
    with pytest.raises(NotApplicable, match="changes more than the training pictures"):
        screen(twins(), "threshold", [{"how": "tuned"}])
