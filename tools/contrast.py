"""Says in measured words how some pictures differ from others: properties first, then the encoder's own names."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.case import Case

WORDS: dict[str, tuple[str, str]] = {
    "brightness": ("darker", "brighter"),
    "contrast": ("flatter in contrast", "richer in contrast"),
    "saturation": ("paler in colour", "stronger in colour"),
    "warmth": ("cooler in colour", "warmer in colour"),
    "sharpness": ("less sharp", "sharper"),
    "entropy": ("plainer", "busier"),
    "border_brightness": ("darker around the edges", "brighter around the edges"),
    "border_saturation": ("paler around the edges", "more colourful around the edges"),
    "centre_difference": ("darker in the middle than around it", "brighter in the middle than around it"),
}
LARGE_EFFECT = 0.8
"""Cohen's "large" standardised difference; smaller ones cannot be seen by looking."""
NAMES_SHOWN = 2


@dataclass(frozen=True)
class Contrast:
    """What tells some pictures from others.

    Attributes
    ----------
    words : tuple of str
        Strongest first; empty when nothing measured tells them apart (then only pictures can).
    """

    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words in a row, or an honest empty-handed phrase."""
        return ", ".join(self.words) if self.words else "without a difference that has a name here (see the pictures)"


def contrast(
    case: Case, these: NDArray[np.int64], others: NDArray[np.int64], *, names: NDArray[np.float32] | None = None
) -> Contrast:
    """Describe rows ``these`` against rows ``others``.

    Parameters
    ----------
    these, others : ndarray of int64
        Rows of the case, at least two each.
    names : ndarray of float32, shape (n, 1000) or (n, 0), optional
        ImageNet logits to describe them by instead of those of the whole pictures.

    Notes
    -----
    A property is named when its standardised difference is at least ``LARGE_EFFECT``; ImageNet names (embedded
    encoder) by the same rule over logits, at most ``NAMES_SHOWN`` more and one less, in quotation marks because they
    are the encoder's words, not a verified description.
    """
    found: list[tuple[float, str]] = []
    for name, (less, more) in WORDS.items():
        if name in case.dataset.properties:
            effect = standardised(case.dataset.properties[name][:, None], these, others)[0]
            if abs(effect) >= LARGE_EFFECT:
                found.append((abs(float(effect)), more if effect > 0 else less))
    words = [word for _, word in sorted(found, reverse=True)[:2]]
    logits = case.space.names if names is None else names
    if logits.shape[1]:
        from embeddings.names import imagenet_names

        effects = standardised(logits, these, others)
        order = np.argsort(-effects)
        best = [int(i) for i in order[:NAMES_SHOWN] if effects[i] >= LARGE_EFFECT]
        least = [int(i) for i in order[:-2:-1] if effects[i] <= -LARGE_EFFECT]
        named = [
            f"{how} like " + " and ".join(f"“{imagenet_names()[i]}”" for i in rows)
            for how, rows in (("more", best), ("less", least))
            if rows
        ]
        if named:
            words.append("to the encoder " + " and ".join(named))
    return Contrast(tuple(words))


def standardised(
    values: NDArray[np.float32], these: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Difference of the means of each column, in pooled deviations (Cohen's d); 0 for a constant column.

    >>> standardised(np.array([[3.0], [5.0], [1.0], [3.0]], dtype=np.float32), np.arange(2), np.arange(2, 4)).tolist()
    [2.0]
    """
    a, b = values[these].astype(np.float64), values[others].astype(np.float64)
    pooled = np.sqrt((a.var(axis=0) * len(a) + b.var(axis=0) * len(b)) / (len(a) + len(b)))
    difference = a.mean(axis=0) - b.mean(axis=0)
    return np.asarray(np.divide(difference, pooled, out=np.zeros_like(difference), where=pooled > 1e-9))
