"""What a model said of some pictures, as a service's own files tell it beside the labels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tools.dataset import Dataset
from tools.predictions import Predictions
from tools.readers.predictions_file import SUM_TOLERANCE


@dataclass(frozen=True)
class Said:
    """Scores of one model version, by picture and class.

    Attributes
    ----------
    model, version : str
    scores : mapping of str to mapping of str to float
        By image id; for each class that the service names, a score in 0–1. At least one each.
    """

    model: str
    version: str
    scores: Mapping[str, Mapping[str, float]]

    def onto(self, dataset: Dataset) -> tuple[Predictions, str]:
        """Laid onto a data set; and how much of it could not be.

        Where every row names all classes and sums to 1 they are full vectors; else each row counts by its highest
        score alone. A picture whose highest score is of no class of the data set has no prediction.
        """
        known = {dataset.index[image]: scores for image, scores in self.scores.items() if image in dataset.index}
        names = dataset.classes
        full = all(_whole(scores, names) for scores in known.values())
        probabilities = np.full((len(dataset), len(names)), np.nan)
        predicted = np.full(len(dataset), -1, dtype=np.int64)
        foreign = 0
        for row, scores in known.items():
            best = max(scores, key=lambda name: (scores[name], name))
            if full:
                probabilities[row] = [scores[name] for name in names]
                predicted[row] = int(probabilities[row].argmax())
            elif best in names:
                predicted[row] = names.index(best)
                probabilities[row, predicted[row]] = scores[best]
            else:
                foreign += 1
        notes = (
            [f"{len(self.scores) - len(known)} of pictures that are not here"] if len(known) < len(self.scores) else []
        )
        notes += [f"{foreign} whose answer is no class of this data set"] if foreign else []
        left = f"; left out: {', '.join(notes)}" if notes else ""
        return Predictions(self.model, self.version, probabilities, predicted, full and bool(known)), left


def _whole(scores: Mapping[str, float], names: tuple[str, ...]) -> bool:
    return set(names) <= scores.keys() and abs(sum(scores[name] for name in names) - 1) <= SUM_TOLERANCE
