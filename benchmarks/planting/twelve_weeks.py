"""Twelve weeks of a workspace: data grow, faults come and go, advice is ignored, a week is missed, a job is killed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.planting.vectors import vector_case
from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.dataset import Dataset, Label
from tools.workspace import Workspace

ZONE = "Europe/Paris"
FIRST = datetime(2026, 10, 12, 5, 30, tzinfo=UTC)
"""Monday of 2026-W42, half past seven in Paris; from W44 on clocks are an hour back, and W53 is a week of its own."""
WRONG_EVERY = 6
COPIES = 20


@dataclass(frozen=True)
class Week:
    """What happens before the report of a week.

    Attributes
    ----------
    number : int
        0 = 2026-W42.
    event : str
        grown, mislabelled, nothing, missed, mended, killed, mail down, copied, cleaned.
    says : str
        What the week's report must say of it; empty where it has nothing to say.
    moment : datetime
        When the scheduler looks.
    change : callable or None
        What the user does to the workspace.
    """

    number: int
    event: str
    says: str
    moment: datetime
    change: Callable[[Workspace], None] | None


class Pictures:
    """240 training and test pictures of two classes, of which a part is kept with the labels that people gave."""

    def __init__(self, seed: int = 0) -> None:
        case = vector_case({"cat": 160, "dog": 160}, separation=3, test_share=0.5, seed=seed)
        digests = np.array([f"{row:064x}" for row in range(len(case.ids))])
        self.case: Case = replace(case, dataset=replace(case.dataset, sha256=digests))
        self.names = [case.classes[t] for t in case.targets]
        self.wrong = list(self.names)
        for row in np.flatnonzero(self.case.fit)[::WRONG_EVERY]:
            self.wrong[row] = "dog" if self.names[row] == "cat" else "cat"

    def part(self, rows: NDArray[np.int64], names: list[str]) -> tuple[Dataset, EmbeddingSpace]:
        """Some of the pictures under some labels."""
        keep = np.zeros(len(self.names), dtype=np.bool_)
        keep[rows] = True
        labels = tuple(Label(str(self.case.ids[row]), names[row]) for row in np.flatnonzero(keep))
        space = self.case.space
        kept = replace(space, ids=space.ids[keep], vectors=space.vectors[keep], names=space.names[keep])
        return replace(self.case.dataset.only(keep), labels=labels), kept

    def copied(self) -> tuple[Dataset, EmbeddingSpace]:
        """All pictures, and test pictures once more in training under other names."""
        data, space = self.part(np.arange(len(self.names)), self.names)
        rows = np.flatnonzero(data.splits == "test")[:COPIES]
        ids = np.array([f"z{data.ids[row]}" for row in rows])

        def longer(values: NDArray, more: NDArray | None = None) -> NDArray:  # type: ignore[type-arg]
            return np.concatenate([values, values[rows] if more is None else more])

        dataset = replace(
            data,
            ids=longer(data.ids, ids),
            sha256=longer(data.sha256),
            widths=longer(data.widths),
            heights=longer(data.heights),
            splits=longer(data.splits, np.full(COPIES, "train")),
            labels=data.labels + tuple(Label(str(i), self.names[row]) for i, row in zip(ids, rows, strict=True)),
        )
        return dataset, replace(space, ids=dataset.ids, vectors=longer(space.vectors), names=longer(space.names))


def story(seed: int = 0) -> Iterator[Week]:
    """The weeks, in order."""
    pictures = Pictures(seed)
    every = np.arange(len(pictures.names))
    half = np.flatnonzero(pictures.case.evaluation | (every % 2 == 0))

    def saving(data: Dataset, space: EmbeddingSpace) -> Callable[[Workspace], None]:
        return lambda kept: void(kept.save_dataset(data, space))

    wrong = len(np.flatnonzero(pictures.case.fit)[::WRONG_EVERY])
    plan: list[tuple[str, str, Callable[[Workspace], None] | None]] = [
        ("begun", "The first report", saving(*pictures.part(half, pictures.names))),
        ("grown", f"{len(every) - len(half)} pictures added", saving(*pictures.part(every, pictures.names))),
        ("mislabelled", f"{wrong} pictures relabelled", saving(*pictures.part(every, pictures.wrong))),
        ("nothing", "No picture and no label changed.", None),
        ("nothing", "No picture and no label changed.", None),
        ("missed", "", None),
        ("mended", "Followed fully: relabel", saving(*pictures.part(every, pictures.names))),
        ("killed", "No picture and no label changed.", None),
        ("mail down", "No picture and no label changed.", None),
        ("copied", f"{COPIES} pictures added", saving(*pictures.copied())),
        ("cleaned", f"{COPIES} pictures removed", saving(*pictures.part(every, pictures.names))),
        ("nothing", "No picture and no label changed.", None),
    ]
    for number, (event, says, change) in enumerate(plan):
        shift = timedelta(hours=1) if number >= 2 else timedelta()  # noon of the wall clock stays noon
        yield Week(number, event, says, FIRST + timedelta(weeks=number) + shift, change)


def void(_: object) -> None:
    """Drop a result."""
