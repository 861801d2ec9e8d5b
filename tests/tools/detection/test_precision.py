"""Average precision by hand, and against pycocotools on drawn and on crowded pictures."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.tools.detection.conftest import drawn
from tools.detection.boxes import Boxes, BoxSet, boxes_of
from tools.detection.matching import OVERLAPS, match, overlap_row
from tools.detection.precision import average_precision, precisions


def by_pycocotools(boxset: BoxSet, detected: Boxes) -> np.ndarray:
    """Average precision by class and overlap, shape (10, k), NaN without labels."""
    rows: list[dict[str, Any]] = []
    for boxes in (boxset.labels, detected):
        rows += [
            {
                "id": at + 1, "image_id": int(boxes.pictures[at]) + 1, "category_id": int(boxes.classes[at]) + 1,
                "bbox": boxes.places[at].tolist(), "area": float(boxes.areas[at]), "score": float(boxes.scores[at]),
                "iscrowd": int(boxes.flag("crowd")[at]), "ignore": 0,
            }
            for at in range(len(boxes))
        ]  # fmt: skip
    images = [{"id": n + 1, "width": 200, "height": 160} for n in range(len(boxset))]
    categories = [{"id": n + 1, "name": name} for n, name in enumerate(boxset.classes)]
    sides = []
    with contextlib.redirect_stdout(io.StringIO()):
        for part in (rows[: len(boxset.labels)], rows[len(boxset.labels) :]):
            side = COCO()
            side.dataset = {"images": images, "categories": categories, "annotations": part}
            side.createIndex()
            sides.append(side)
        ruler = COCOeval(sides[0], sides[1], "bbox")
        ruler.evaluate()
        ruler.accumulate()
    values = ruler.eval["precision"][:, :, :, 0, 2].mean(axis=1)
    return np.where(values < 0, np.nan, values)


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_agrees_with_pycocotools_to_a_millionth(seed: int) -> None:
    boxset, detected = drawn(seed)
    ruler = by_pycocotools(boxset, detected)
    mean, *classes = precisions(match(boxset, detected, np.ones(len(boxset), dtype=bool)), draws=0)
    assert mean.at_half.value == pytest.approx(ruler[0].mean(), abs=1e-6)
    assert mean.mean.value == pytest.approx(ruler.mean(), abs=1e-6)
    for number, one in enumerate(classes):
        assert one.at_half.value == pytest.approx(ruler[0, number], abs=1e-6)
        assert one.mean.value == pytest.approx(ruler[:, number].mean(), abs=1e-6)


def test_more_than_a_hundred_detections_of_a_picture_are_cut_as_pycocotools_cuts_them() -> None:
    places = [(float(n % 15) * 12, float(n // 15) * 12, 10.0, 10.0) for n in range(130)]
    boxset, _ = drawn(0, n=1)
    labels = boxes_of([0] * 130, [0] * 130, places)
    boxset = BoxSet(boxset.root, boxset.ids, boxset.widths, boxset.heights, boxset.splits, ("a",), labels)
    detected = boxes_of([0] * 130, [0] * 130, places, np.linspace(0.9, 0.1, 130).tolist())
    paired = match(boxset, detected, np.ones(1, dtype=bool))
    assert paired.left_out == 30
    assert precisions(paired, draws=0)[0].at_half.value == pytest.approx(
        float(by_pycocotools(boxset, detected)[0, 0]), abs=1e-6
    )


def test_by_hand() -> None:
    # right, wrong, right; three labels: precision 1 up to recall 1/3 (34 recalls), 2/3 up to 2/3 (33), then 0
    value = average_precision(np.array([True, False, True]), np.array([3.0]), np.ones((1, 3)))
    assert value[0] == pytest.approx((34 * 1 + 33 * 2 / 3) / 101)


def test_without_labels_there_is_no_average_precision_and_without_detections_it_is_nought() -> None:
    assert np.isnan(average_precision(np.array([False]), np.array([0.0]), np.ones((1, 1)))[0])
    assert average_precision(np.zeros(0, dtype=bool), np.array([2.0]), np.ones((1, 0)))[0] == 0


def test_the_interval_holds_the_measured_value_and_narrows_with_more_pictures() -> None:
    widths = []
    for n in (20, 320):
        boxset, detected = drawn(1, n=n)
        mean = precisions(match(boxset, detected, np.ones(n, dtype=bool)))[0].at_half
        assert mean.low is not None
        assert mean.high is not None
        assert mean.low <= mean.value <= mean.high
        widths.append(mean.high - mean.low)
    assert widths[1] < widths[0] / 2


def test_overlap_thresholds_have_their_row() -> None:
    assert OVERLAPS[overlap_row(0.75)] == 0.75
    with pytest.raises(ValueError, match=r"0\.05, 0\.1"):
        overlap_row(0.33)
