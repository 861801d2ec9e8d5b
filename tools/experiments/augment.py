"""Train on changed copies of the training pictures too: other light, other cuts, or other backgrounds."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embeddings.given import GIVEN
from tools.case import Arrays, Case
from tools.effects import rare_recall
from tools.findings import Cost
from tools.kinds import Arguments
from tools.ladder import misled
from tools.other_pictures import donors_of
from tools.pixel_changes import cut_out, lit
from tools.registry import NotApplicable
from tools.training.baseline import Training

MOST = 400
"""Training pictures that get a changed copy, spread over classes and takes: each is opened and encoded again."""
DONORS = 40
HOWS = {"light": "in other light", "cut": "cut otherwise", "background": "on other pictures' backgrounds"}
NOTE = "Each changed copy and its picture count half each, so no class gains weight."


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Where an encoder made the vectors; backgrounds only with a test split, whose pictures then lend none."""
    if case.space.encoder.name == GIVEN:
        return ()
    return tuple({"how": how} for how in HOWS if how != "background" or case.has_test)


def more(case: Case, arguments: Arguments) -> NDArray[np.float32]:
    """Vectors of the changed copies, shape (m, d)."""
    return np.asarray(_copies(case, arguments["how"])["vectors"], dtype=np.float32)


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Add the copies of these training pictures; nothing is chosen, so nothing needs to be nested."""
    of = _copies(case, arguments["how"])["rows"].astype(np.int64)
    labels = dict(zip(training.rows.tolist(), training.labels.tolist(), strict=True))
    added = np.flatnonzero(np.isin(of, training.rows))
    weights = np.where(np.isin(training.rows, of), 0.5, training.weights)
    return replace(
        training,
        rows=np.concatenate([training.rows, len(case.ids) + added]),
        labels=np.concatenate([training.labels, np.array([labels[row] for row in of[added].tolist()], dtype=np.int64)]),
        weights=np.concatenate([weights, np.full(len(added), 0.5)]).astype(np.float32),
    )


def meant_for(case: Case, arguments: Arguments) -> dict[str, NDArray[np.bool_]]:
    """For other backgrounds: evaluation pictures whose background is rather that of the other class of a pair."""
    if arguments["how"] != "background":
        return {}
    return {rare_recall((min(pair), max(pair))): mask for pair, mask in misled(case, change="background").items()}


def _copies(case: Case, how: str) -> Arrays:
    def compute() -> Arrays:
        rows = case.eyes.training_sample(MOST)
        seeds = case.rng(f"augment-{how}").integers(0, 2**32, len(rows))
        make = {"light": lit, "cut": cut_out}.get(how) or _OnOthers(case)
        positions, vectors = case.eyes.encode_changed(
            rows, lambda i, pixels: make(pixels, np.random.default_rng(seeds[i]))
        )
        return {"rows": rows[positions], "vectors": vectors}

    return case.derived.once(f"augmented-{how}", lambda: case.derived.kept(f"augmented-{how}", compute))


class _OnOthers:
    """Puts a picture's foreground on the backgrounds of random training pictures (Mixed-Rand, Xiao et al. 2020)."""

    def __init__(self, case: Case) -> None:
        self._encoder = case.eyes.encoder
        self._donors = donors_of(case, case.eyes.training_sample(DONORS))
        if not self._donors:
            raise NotApplicable("no foreground could be told from a background in the training pictures")

    def __call__(self, pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8] | None:
        from embeddings.counterfactuals import put_on
        from embeddings.foreground import foreground_maps
        from embeddings.regions import NoRegion

        try:
            return put_on(
                pixels, foreground_maps(self._encoder, [pixels])[0], self._donors[rng.integers(len(self._donors))][1]
            )
        except NoRegion:
            return None


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return f"training with copies {HOWS[arguments['how']]}"


def cost(case: Case, arguments: Arguments) -> Cost:
    """One setting of the training."""
    return Cost(clicks=1, minutes=1)
