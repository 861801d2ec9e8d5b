"""Train the same head on the vectors of another encoder: how much room there is in what the pictures are seen with."""

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import EncoderInfo
from embeddings.given import GIVEN
from tools.case import Case
from tools.findings import Cost
from tools.kinds import Arguments
from tools.training.baseline import Training

NEEDS = (
    "vectors of these pictures by a second encoder: run advisor import on the same folder again with --encoder NAME "
    "(or --embeddings FILE for vectors of your own), then with the first one again"
)
NOTE = (
    "Folds, pictures and training are the same on both sides, and groups are those of the encoder in use. It shows "
    "what a head on frozen vectors gains; fine-tuning may gain more on either."
)


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Every other encoder that these pictures were indexed with."""
    return tuple({"encoder": name} for name in _names(case))


def vectors(case: Case, arguments: Arguments) -> NDArray[np.float32]:
    """By the other encoder, shape (n, d)."""
    assert case.others is not None
    return case.others.space(_names(case)[arguments["encoder"]]).vectors


def _names(case: Case) -> dict[str, EncoderInfo]:
    """Other encoders by name; the beginning of the fingerprint tells those of one name apart."""
    there = case.other_encoders
    names = [info.name for info in there]
    return {info.name if names.count(info.name) == 1 else f"{info.name}@{info.fingerprint[:8]}": info for info in there}


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Nothing: only the vectors differ."""
    return training


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    names = [arguments["encoder"], case.space.encoder.name]
    other, own = ("a file" if name.startswith(GIVEN) else name for name in names)
    return f"vectors by {other} instead of {own}"


def cost(case: Case, arguments: Arguments) -> Cost:
    """The vectors are there; a service must run the other encoder."""
    return Cost(clicks=1, minutes=30)
