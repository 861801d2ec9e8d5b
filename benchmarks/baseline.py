"""The two choices behind the baseline and the label check, measured: the head's strength, and recall of planted labels.

Run ``python -m benchmarks.baseline FOLDER`` on a folder with a test split.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.wrong_labels import flip
from tools.case import Case
from tools.importing import import_dataset
from tools.label_errors import find_suspects
from tools.settings import Settings
from tools.training.baseline import plain_training
from tools.training.heads import fit_heads
from tools.workspace import Workspace

STRENGTHS = (3.0, 10.0, 100.0)
SINGLE, BURSTS, SEEDS = 0.04, 0.08, 4


def load(folder: Path) -> Case:
    """Import a folder into a workspace of its own."""
    place = Path(tempfile.mkdtemp())
    settings = Settings(workspace=place, encoder="embedded")
    workspace = Workspace.open(place)
    import_dataset(workspace, folder, settings)
    return workspace.case(settings)


def strengths(case: Case) -> None:
    """Accuracy in random folds and on test, per strength."""
    vectors, targets, folds = case.space.vectors, case.targets, case.derived.random_folds
    fit, names = case.fit, np.unique(folds[case.fit])
    weights = np.stack([folds[fit] != f for f in names] + [np.ones(int(fit.sum()), dtype=bool)]).astype(np.float32)
    labels = np.repeat(targets[fit][None], len(weights), axis=0)
    for strength in STRENGTHS:
        heads = fit_heads(vectors[fit], labels, weights, len(case.classes), strength=strength)
        right = [
            heads.probabilities(vectors[folds == f], i).argmax(axis=1) == targets[folds == f]
            for i, f in enumerate(names)
        ]
        test = heads.probabilities(vectors[case.evaluation], len(names)).argmax(axis=1) == targets[case.evaluation]
        print(f"C = {strength:5.0f}: random folds {np.concatenate(right).mean():.3f}, test {test.mean():.3f}")


def suspects(case: Case, seed: int) -> NDArray[np.bool_]:
    """Flags over the whole case, shape (n,)."""
    training = plain_training(np.flatnonzero(case.fit), case.targets, len(case.classes))
    groups, rng = case.derived.grouping.groups, np.random.default_rng(seed)
    found = find_suspects(case.space.vectors, training, groups, len(case.classes), rng)
    out = np.zeros(len(case.ids), dtype=np.bool_)
    out[found.rows[found.flagged]] = True
    return out


def labels(case: Case) -> None:
    """Recall of planted single flips and bursts, and precision, per seed."""
    print(f"untouched labels flagged: {suspects(case, 0).sum()} of {case.fit.sum()}")
    for seed in range(SEEDS):
        whole, in_bursts = flip(case, BURSTS, seed=seed, bursts=True)
        planted, single = flip(whole, SINGLE, seed=seed)
        found = suspects(planted, seed)
        bursts = np.isin(case.ids, list(in_bursts))
        singles = np.isin(case.ids, list(single)) & ~bursts
        print(
            f"seed {seed}: single flips {found[singles].mean():.2f} of {singles.sum()}, "
            f"bursts {found[bursts].mean():.2f} of {bursts.sum()}, precision {(singles | bursts)[found].mean():.2f}"
        )


if __name__ == "__main__":
    measured = load(Path(sys.argv[1]))
    strengths(measured)
    labels(measured)
