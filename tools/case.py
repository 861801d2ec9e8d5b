"""Everything one question may look at: immutable, with a fingerprint."""

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo
from embeddings.space import EmbeddingSpace
from tools.dataset import Dataset
from tools.predictions import Predictions
from tools.settings import Settings

if TYPE_CHECKING:
    from tools.derived import Derived
    from tools.detection.measuring import Measured
    from tools.eyes import Eyes
    from tools.own_model import OwnModel

FEWEST_COVERED = 30
"""Fewer predictions than this (and than half of the evaluation images) say too little of a model to speak for it."""

Arrays = dict[str, NDArray[np.generic]]


class Store(Protocol):
    """Keeps derived arrays by key; the workspace's survives the process."""

    def load(self, key: str) -> Arrays | None:
        """Arrays kept under a key; None if there are none."""
        ...

    def save(self, key: str, arrays: Arrays) -> None:
        """Keep arrays under a key."""
        ...


class OtherSpaces(Protocol):
    """Vectors of the same pictures by other encoders, loaded only when asked for."""

    @property
    def encoders(self) -> tuple[EncoderInfo, ...]:
        """Every encoder that the pictures were indexed with."""
        ...

    def space(self, encoder: EncoderInfo) -> EmbeddingSpace:
        """Vectors by one of them, rows in the dataset's order."""
        ...


class DetectedBoxes(Protocol):
    """A detector's boxes beside the labelled ones that the pictures were cut out of."""

    @property
    def stamp(self) -> str:
        """Changes whenever the boxes do."""
        ...

    @property
    def measured(self) -> "Measured | None":
        """The detector on the pictures it is judged on; None where there is none."""
        ...


@dataclass
class MemoryStore:
    """A store for tests and one-off cases."""

    kept: dict[str, Arrays] = field(default_factory=dict)

    def load(self, key: str) -> Arrays | None:
        """Arrays kept under a key; None if there are none."""
        return self.kept.get(key)

    def save(self, key: str, arrays: Arrays) -> None:
        """Keep arrays under a key."""
        self.kept[key] = arrays


@dataclass(frozen=True, eq=False)
class Case:
    """Dataset, predictions, embedding space, settings.

    Attributes
    ----------
    dataset : Dataset
    space : EmbeddingSpace
        Rows in the dataset's order.
    settings : Settings
    predictions : Predictions or None
        The user's model; None = only the advisor's own baseline can speak.
    store : Store
        Where derived arrays are kept.
    own_model : OwnModel or None
        The network that made ``predictions``, where it is here to be asked again.
    confirmed : frozenset of (str, str)
        Content (sha256) and label of pictures whose label a person has confirmed.
    others : OtherSpaces or None
        The same pictures by other encoders: to be compared with, never mixed.
    sample_of : int
        Pictures of the whole of which these are a sample, while it is still being encoded; 0 = this is the whole.
    boxes : DetectedBoxes or None
        Where the pictures were cut out of larger ones: the boxes, and a detector's answers.

    Raises
    ------
    ValueError
        If space and dataset do not hold the same images in the same order.
    """

    dataset: Dataset
    space: EmbeddingSpace
    settings: Settings = field(default_factory=Settings)
    predictions: Predictions | None = None
    store: Store = field(default_factory=MemoryStore)
    own_model: "OwnModel | None" = None
    confirmed: frozenset[tuple[str, str]] = frozenset()
    others: OtherSpaces | None = None
    sample_of: int = 0
    boxes: DetectedBoxes | None = None

    def __post_init__(self) -> None:
        if self.dataset.ids.tolist() != self.space.ids.tolist():
            raise ValueError("the embedding space holds other images than the dataset, or another order")
        if self.predictions is not None and len(self.predictions.predicted) != len(self.dataset):
            raise ValueError("predictions must have one row per image of the dataset")

    @property
    def ids(self) -> NDArray[np.str_]:
        """Image ids, shape (n,)."""
        return self.dataset.ids

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        return self.dataset.classes

    @property
    def targets(self) -> NDArray[np.int64]:
        """Class numbers, shape (n,); -1 = unlabelled."""
        return self.dataset.targets

    @cached_property
    def confirmed_rows(self) -> NDArray[np.bool_]:
        """Images whose label of today a person has confirmed, shape (n,)."""
        names = (self.classes[t] if t >= 0 else "" for t in self.targets.tolist())
        pairs = zip(self.dataset.sha256.tolist(), names, strict=True)
        return np.array([pair in self.confirmed for pair in pairs], dtype=np.bool_)

    @cached_property
    def has_test(self) -> bool:
        """Whether test and training images both have labels of at least two classes; a lone test split is no test."""
        labelled = self.targets >= 0
        sides = (self.dataset.splits == "test", np.isin(self.dataset.splits, ["train", "val"]))
        return all(len(np.unique(self.targets[labelled & side])) >= 2 for side in sides)

    @cached_property
    def fit(self) -> NDArray[np.bool_]:
        """Labelled images a head may be trained on: train and val; every labelled one if no test was given."""
        labelled = self.targets >= 0
        allowed = np.isin(self.dataset.splits, ["train", "val"] if self.has_test else ["train", "val", "test"])
        return np.asarray(labelled & allowed)

    @cached_property
    def evaluation(self) -> NDArray[np.bool_]:
        """Images on which errors are counted: the labelled test images, else all of ``fit`` out of fold."""
        if self.has_test:
            return np.asarray((self.dataset.splits == "test") & (self.targets >= 0))
        return self.fit

    @cached_property
    def subject(self) -> Literal["user", "baseline"]:
        """Whose errors are counted: the user's model if its predictions cover enough evaluation images."""
        if self.predictions is None:
            return "baseline"
        covered = int((self.predictions.covered & self.evaluation).sum())
        enough = min(FEWEST_COVERED, int(self.evaluation.sum()) / 2)
        return "user" if covered and covered >= enough else "baseline"

    @cached_property
    def fingerprint(self) -> str:
        """Digest of everything that can change an answer."""
        parts = (
            self.dataset.fingerprint,
            self.space.fingerprint,
            self.predictions.fingerprint if self.predictions else "-",
            repr((self.settings.seed, self.settings.group_column, self.settings.folds, self.settings.repeats)),
            repr((self.settings.confidence, self.settings.margin)),
            *sorted(digest + name for digest, name in self.confirmed),
            *(() if self.own_model is None else (self.own_model.fingerprint,)),
            *sorted(info.fingerprint for info in self.other_encoders),
            *(() if self.boxes is None else (self.boxes.stamp,)),
        )
        return sha256("\0".join(parts).encode()).hexdigest()

    @property
    def other_encoders(self) -> tuple[EncoderInfo, ...]:
        """Encoders that these pictures were indexed with, besides the one in use."""
        there = () if self.others is None else self.others.encoders
        return tuple(info for info in there if info.fingerprint != self.space.encoder.fingerprint)

    @cached_property
    def eyes(self) -> "Eyes":
        """The pictures themselves, and the encoder, for checks that look at pixels again."""
        from tools.eyes import Eyes

        return Eyes(self)

    @cached_property
    def derived(self) -> "Derived":
        """Graph, groups, out-of-fold scores …, each computed once."""
        from tools.derived import Derived

        return Derived(self)

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose, so that adding one check cannot change another."""
        return np.random.default_rng([self.settings.seed, *sha256(purpose.encode()).digest()[:8]])

    def number(self, name: str) -> int:
        """Class number of a class name."""
        return self.classes.index(name)
