"""Views and styles as a text tower reads them: a class seen from one side only, or in two styles."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import assemble
from embeddings.encoder import Encoded, EncoderInfo, TextScale
from embeddings.vocabulary_files import shipped
from tools.case import Case

DIMENSION = 96
INFO = EncoderInfo("planted towers", "planted towers", DIMENSION, has_text=True)


class PlantedTowers:
    """An encoder whose text vectors are known: one direction per concept of an axis, another for any other text."""

    def __init__(self, axis: str) -> None:
        self.info = INFO
        self.text_scale: TextScale | None = TextScale(100.0, 0.0)
        self.side_by_side = True
        self._phrases = {phrase: c.name for c in shipped(axis).concepts for phrase in c.phrases}

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """It has no picture tower."""
        raise NotImplementedError

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """It has no picture tower."""
        raise NotImplementedError

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """It has no picture tower."""
        raise NotImplementedError

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The direction of the concept whose longest phrase is in the text, else one of the text's own."""
        out = []
        for text in texts:
            inside = max((p for p in self._phrases if p in text), key=len, default=None)
            out.append(direction(self._phrases[inside] if inside else text))
        return np.stack(out)


def direction(name: str) -> NDArray[np.float32]:
    """A fixed random unit vector."""
    vector = np.random.default_rng(int(sha256(name.encode()).hexdigest()[:12], 16)).normal(size=DIMENSION)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def viewed_case(
    axis: str,
    shares: Mapping[str, Mapping[str, float]],
    *,
    each: int = 90,
    test_share: float = 1 / 3,
    strength: float = 0.6,
    seed: int = 0,
) -> tuple[Case, NDArray[np.str_]]:
    """A case read by planted towers.

    Parameters
    ----------
    axis : str
        A shipped vocabulary.
    shares : mapping of class to mapping of concept to share
        Shares of each class sum to 1; ``""`` shows nothing of the axis.

    Returns
    -------
    case : Case
    shown : ndarray of str, shape (n,)
        The concept of each picture.
    """
    rng = np.random.default_rng(seed)
    names, shown, vectors, splits = [], [], [], []
    for name, mix in shares.items():
        for i in range(each):
            concept = str(rng.choice(list(mix), p=list(mix.values())))
            vector = direction(f"class {name}") + 0.05 * rng.normal(size=DIMENSION)
            vectors.append(vector + (strength * direction(concept) if concept else 0))
            names.append(name)
            shown.append(concept)
            splits.append("test" if i < each * test_share else "train")
    case = assemble(np.stack(vectors), names, splits)
    case = Case(case.dataset, replace(case.space, encoder=INFO), case.settings)
    return with_encoder(case, PlantedTowers(axis)), np.array(shown)


def with_encoder(case: Case, encoder: PlantedTowers) -> Case:
    """The case, whose eyes find this encoder instead of looking for one."""
    vars(case.eyes)["encoder"] = encoder
    return case
