"""Pictures by colour."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.planting.vectors import vector_case
from tests.tools.coloured import orchard, use_means
from tools.colours import COLOURS, by_colour, share_of
from tools.importing import import_dataset
from tools.settings import Settings
from tools.workspace import Workspace


def plain(*rgb: int) -> np.ndarray:
    return np.full((20, 20, 3), rgb, dtype=np.uint8)


@pytest.mark.parametrize(
    ("rgb", "colour"),
    [
        ((200, 20, 20), "red"), ((230, 130, 20), "orange"), ((230, 220, 30), "yellow"), ((40, 160, 50), "green"),
        ((30, 60, 200), "blue"), ((120, 40, 180), "purple"), ((240, 60, 160), "pink"), ((10, 10, 10), "black"),
        ((250, 250, 250), "white"), ((128, 128, 128), "grey"), ((110, 70, 30), "brown"),
    ],
)  # fmt: skip
def test_each_colour_by_its_name(rgb: tuple[int, int, int], colour: str) -> None:
    shares = {name: share_of(plain(*rgb), name) for name in COLOURS}
    assert shares[colour] == 1.0
    assert [name for name, share in shares.items() if share] in ([colour], [colour, "orange"], ["orange", colour])


def test_only_the_middle_counts() -> None:
    pixels = plain(200, 20, 20)
    pixels[5:15, 5:15] = (40, 160, 50)
    assert (share_of(pixels, "green"), share_of(pixels, "red")) == (1.0, 0.0)


def test_pictures_with_most_of_it_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_means(monkeypatch)
    kept = Workspace.open(tmp_path / "ws")
    import_dataset(kept, orchard(tmp_path / "photos"), Settings(threads=1))
    case = kept.case(Settings(threads=1))
    found = by_colour(case, "green", range(len(case.ids)))
    assert found.opened == len(case.ids)
    assert list(found.shares) == sorted(found.shares, reverse=True)
    best = case.ids[found.rows[0]]
    assert found.shares[0] > found.shares[-1], best


def test_pictures_that_cannot_be_read_are_left_out() -> None:
    case = vector_case({"a": 5, "b": 5})
    assert by_colour(case, "red", range(10)).rows == ()
