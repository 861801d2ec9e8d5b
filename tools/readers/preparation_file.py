"""How pictures become a network's bytes, as ``advisor versions export`` writes it beside the network."""

import json
from dataclasses import replace
from pathlib import Path

from embeddings.preparation import Preparation

NAME = "preparation.json"
MOST_BYTES = 100_000


def prepared_as(model: Path, guess: Preparation) -> Preparation | None:
    """The guess with the way of resizing that the file beside the network tells.

    Returns
    -------
    Preparation or None
        None where there is no such file, or it speaks of another input.
    """
    file = model.parent / NAME
    try:
        if not file.is_file() or file.stat().st_size > MOST_BYTES:
            return None
        told = json.loads(file.read_text(encoding="utf-8"))
        size, squash, bleed = int(told["size"]), bool(told["squash"]), float(told["bleed"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if guess.dtype != "uint8" or (guess.width, guess.height) != (size, size) or not 0 <= bleed < 0.5:
        return None
    return replace(guess, fit="stretch" if squash else "crop", kept=1.0 if squash else 1 - 2 * bleed)
