"""A workspace of drawn pictures, and users' networks as files beside it."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from benchmarks.planting.own_networks import Looks, network
from benchmarks.planting.swapped_background import swapped_case
from tools.adding_model import Asked, Examined, add_model
from tools.case import Case
from tools.model_scores import Scored
from tools.workspace import Workspace

ZERO_ONE = Asked(scaling="0-1", fit="stretch")


def workspace_of(folder: Path, *, agreement: float = 0.9, each: int = 60, weak: float = 1.0) -> tuple[Workspace, Case]:
    """``swapped_case`` kept in a workspace, with the true digests of its pictures."""
    photos = folder / "photos"
    photos.mkdir()
    case = swapped_case(photos, agreement=agreement, each=each, weak=weak)
    digests = np.array([sha256((photos / str(i)).read_bytes()).hexdigest() for i in case.ids])
    kept = Workspace.open(folder / "ws")
    kept.save_dataset(replace(case.dataset, sha256=digests), case.space)
    return kept, kept.case(replace(case.settings, workspace=kept.path))


def written(folder: Path, looks: Looks, labels: str = "apples\ncitrus\n", **how: object) -> Path:
    """An ONNX file with its labels beside it."""
    place = folder / f"{looks}-network"
    place.mkdir(exist_ok=True)
    (place / "labels.txt").write_text(labels, encoding="utf-8")
    (place / "model.onnx").write_bytes(network(looks, **how).SerializeToString())  # type: ignore[arg-type]
    return place / "model.onnx"


def added(
    kept: Workspace, case: Case, file: Path, asked: Asked = ZERO_ONE, *, name: str = "own", version: str = "1"
) -> tuple[Examined, Scored, Case]:
    """A network taken in, and the case that then speaks of its errors."""
    found, scored = add_model(kept, case, file, asked, name=name, version=version)
    return found, scored, kept.case(case.settings)
