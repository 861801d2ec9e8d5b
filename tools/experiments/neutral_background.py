"""Train on things before a plain background instead of where they were photographed, or on both: which does better."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embeddings.given import GIVEN
from tools.case import Arrays, Case
from tools.effects import rare_recall
from tools.findings import Cost
from tools.kinds import Arguments
from tools.ladder import misled
from tools.registry import NotApplicable
from tools.training.baseline import Training

MOST = 400
"""Training pictures that take part, spread over classes and takes: each is opened and encoded again."""
FEWEST_OF_CLASS = 8
GREY = 128
"""The plain background, halfway between black and white, so that neither light nor dark things vanish in it."""
HOWS = {"instead": "on a plain background instead of in context", "beside": "on a plain background and in context"}
NEEDS = "pictures and the encoder that made their vectors, to take things from their background and look again"
NOTE = (
    "Both sides are trained on the same pictures, of which a foreground could be told from a background, at most "
    f"{MOST}; they are judged on pictures as they were taken, in context."
)


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Where an encoder made the vectors."""
    return () if case.space.encoder.name == GIVEN else tuple({"how": how} for how in HOWS)


def more(case: Case, arguments: Arguments) -> NDArray[np.float32]:
    """Vectors of the things on a plain background, shape (m, d)."""
    return np.asarray(_plain(case)["vectors"], dtype=np.float32)


def start(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """The pictures that take part, as they are."""
    return training.only(np.isin(training.rows, _plain(case)["rows"]))


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Their things on a plain background; nothing is chosen, so nothing needs to be nested."""
    context = start(case, training, arguments, rng)
    of = _plain(case)["rows"].astype(np.int64)
    place = np.searchsorted(of, context.rows)
    plain = replace(context, rows=len(case.ids) + place)
    if arguments["how"] == "instead":
        return plain
    return Training(
        np.concatenate([context.rows, plain.rows]),
        np.tile(context.labels, 2),
        np.tile(context.weights / 2, 2),
        context.parents,
    )


def meant_for(case: Case, arguments: Arguments) -> dict[str, NDArray[np.bool_]]:
    """Evaluation pictures whose background is rather that of the other class of a pair."""
    return {rare_recall((min(pair), max(pair))): mask for pair, mask in misled(case, change="background").items()}


def _plain(case: Case) -> Arrays:
    def compute() -> Arrays:
        rows = case.eyes.training_sample(MOST)
        positions, vectors = case.eyes.encode_changed(rows, lambda _, pixels: on_grey(case, pixels))
        found: Arrays = {"rows": rows[positions], "vectors": vectors}
        counts = np.bincount(case.targets[rows[positions]], minlength=len(case.classes))
        if few := [name for name, n in zip(case.classes, counts, strict=True) if n < FEWEST_OF_CLASS]:
            raise NotApplicable(
                f"in fewer than {FEWEST_OF_CLASS} training pictures of {', '.join(few)} a foreground can be told from "
                "a background"
            )
        return found

    return case.derived.once("neutral", lambda: case.derived.kept("neutral", compute))


def on_grey(case: Case, pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The foreground on plain grey (Only-FG of Xiao et al. 2020, there on black); None where there is none.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (h, w, 3), RGB
    """
    from embeddings.counterfactuals import put_on
    from embeddings.foreground import foreground_maps
    from embeddings.regions import NoRegion

    try:
        behind = np.full((2, 2, 3), GREY, dtype=np.uint8)
        return put_on(pixels, foreground_maps(case.eyes.encoder, [pixels])[0], behind)
    except NoRegion:
        return None


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    return f"training on things {HOWS[arguments['how']]}"


def cost(case: Case, arguments: Arguments) -> Cost:
    """The same pictures taken before a plain wall."""
    count = int(min(MOST, case.fit.sum()))
    return Cost(images=count, minutes=count / 2)
