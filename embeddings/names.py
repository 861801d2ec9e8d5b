"""Short readable names of the 1,000 ImageNet classes, in the order that networks trained on them use."""

import csv
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache(maxsize=1)
def imagenet_names() -> tuple[str, ...]:
    """The names, index 0 = "tench".

    The first WordNet lemma of each class; where two classes share it (two kinds of crane), the next lemma that no
    other class uses, else the class's number behind it, so that all 1,000 differ.
    """
    lemmas = [line.split(", ") for line in _descriptions()]
    first = [words[0] for words in lemmas]
    out: list[str] = []
    for number, words in enumerate(lemmas):
        own = [w for w in words if first.count(w) == (w == words[0]) and w not in out]
        out.append(own[0] if own else f"{words[0]} ({number})")
    return tuple(out)


def _descriptions() -> list[str]:
    """One line of comma-separated lemmas per class, from the tables that ship with timm.

    The tables are read as files, because importing timm imports torch, which takes seconds.
    """
    spec = find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("timm, which carries the ImageNet names, is not installed", name="timm")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "_info"
    synsets = (folder / "imagenet_synsets.txt").read_text(encoding="utf-8").splitlines()
    with (folder / "imagenet_synset_to_lemma.txt").open(encoding="utf-8", newline="") as file:
        lemma = dict(csv.reader(file, delimiter="\t"))
    return [lemma[synset] for synset in synsets]
