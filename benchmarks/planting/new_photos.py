"""Photographs of a shoot that arrive: fresh pictures of both classes in both settings, of objects not seen before."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import assemble
from tools.case import Case
from tools.dataset import Label
from tools.shoots import Plan


def arrive(
    case: Case, plan: Plan, objects: int, *, strength: float = 3.0, pictures: int = 1, seed: int = 0, shoot: int = 0
) -> Case:
    """A case of ``benchmarks.planting.cue`` with the pictures of a shoot, as an import would find them.

    Parameters
    ----------
    case : Case
    plan : Plan
        With apples first; their own setting is that of low numbers.
    objects, pictures : int
        Objects of every cell, and pictures of each, in a folder of their own.
    strength : float
        As the case was made with.
    shoot : int
        Number in the folders' names; the plan's when left out.
    """
    rng = np.random.default_rng([seed, 77])
    dimension = case.space.vectors.shape[1]
    rows: list[NDArray[np.float64]] = []
    names: list[str] = []
    ids: list[str] = []
    bright: list[float] = []
    for cell in plan.cells:
        label = plan.pair.index(cell.name)
        setting = label if cell.own else 1 - label
        for number in range(objects):
            middle = rng.normal(size=dimension)
            spread = rng.normal(scale=0.15 if pictures > 1 else 0.0, size=(pictures, dimension))
            for shot, vector in enumerate(middle + spread):
                vector[:2] += (label - 0.5) * 2.5, (setting - 0.5) * strength * 2
                rows.append(vector)
                names.append(cell.name)
                ids.append(f"shoot-{shoot or plan.number}/{cell.folder}/object {number:03d}/{shot}.jpg")
                bright.append(0.3 + 0.4 * setting + rng.normal(scale=0.08))
    new = assemble(np.array(rows), names)
    old, all_ids = case.dataset, np.concatenate([case.ids, np.array(ids)])
    digests = [sha256(f"{seed} {i}".encode()).hexdigest() for i in ids]
    fresh = {name: rng.normal(0.5, 0.1, len(ids)).astype(np.float32) for name in old.properties}
    fresh["border_brightness"] = np.array(bright, dtype=np.float32)
    dataset = replace(
        old,
        version=old.version + 1,
        ids=all_ids,
        sha256=np.concatenate([old.sha256, np.array(digests)]),
        widths=np.full(len(all_ids), 512),
        heights=np.full(len(all_ids), 512),
        splits=np.concatenate([old.splits, np.full(len(ids), "train")]),
        labels=(*old.labels, *(Label(i, name) for i, name in zip(ids, names, strict=True))),
        properties={name: np.concatenate([v, fresh[name]]) for name, v in old.properties.items()},
    )
    space = replace(
        case.space,
        ids=all_ids,
        vectors=np.concatenate([case.space.vectors, new.space.vectors]),
        names=np.zeros((len(all_ids), case.space.names.shape[1]), dtype=np.float32),
    )
    return Case(dataset, space, case.settings)
