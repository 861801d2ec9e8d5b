"""Thumbnails of a report, small enough to be carried inside it."""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from app.views import tiles

if TYPE_CHECKING:
    from tools.case import Case
    from tools.dataset import Dataset

SIDE = 144
GAP = 6
MOST_BYTES = 6_000_000
"""Thumbnails in one report, before they are written as text; what comes after is named and not shown."""


class Thumbnails:
    """JPEG thumbnails of a data set's pictures, each made once, up to a total.

    Parameters
    ----------
    dataset : Dataset
    most_bytes : int
    side : int
        Longest side in pixels.
    """

    def __init__(self, dataset: "Dataset", *, most_bytes: int = MOST_BYTES, side: int = SIDE) -> None:
        self._dataset, self._left, self._side = dataset, most_bytes, side
        self._made: dict[str, bytes | None] = {}

    def jpeg(self, image_id: str) -> bytes | None:
        """The thumbnail; None if it cannot be read any more or the report is full."""
        if image_id not in self._made:
            self._made[image_id] = self._make(image_id)
        return self._made[image_id]

    def source(self, image_id: str) -> str | None:
        """The thumbnail as an address that holds it."""
        made = self.jpeg(image_id)
        return None if made is None else f"data:image/jpeg;base64,{b64encode(made).decode()}"

    def _make(self, image_id: str) -> bytes | None:
        from embeddings.images import Unreadable, thumbnail

        data = self._dataset
        try:
            made = thumbnail(data.path(image_id), root=data.root_of(image_id), longest=self._side)
        except (Unreadable, OSError):
            return None
        if len(made) > self._left:
            return None
        self._left -= len(made)
        return made


def captions(case: "Case", image_ids: Sequence[str]) -> dict[str, str]:
    """What stands below each picture: its name, its label, and what is said of it where that is something else."""
    out = {image_id: image_id.rsplit("/", 1)[-1] for image_id in image_ids}
    for tile in tiles(case, image_ids, limit=len(image_ids)):
        out[tile.id] += f": {tile.label or 'unlabelled'}" + (f", said {tile.said}" if tile.wrong else "")
    return out


def sheet_png(dataset: "Dataset", image_ids: Sequence[str]) -> bytes | None:
    """Pictures side by side on white; None if none can be read any more."""
    from io import BytesIO

    from PIL import Image

    from embeddings.images import Unreadable, open_picture

    pictures = []
    for image_id in image_ids:
        with suppress(Unreadable, OSError):
            path, root = dataset.path(image_id), dataset.root_of(image_id)
            pixels = open_picture(path, root=root, smallest_side=SIDE).pixels
            picture = Image.fromarray(pixels)
            picture.thumbnail((SIDE, SIDE))
            pictures.append(picture)
    if not pictures:
        return None
    sheet = Image.new("RGB", (len(pictures) * (SIDE + GAP) - GAP, SIDE), "white")
    for at, picture in enumerate(pictures):
        sheet.paste(picture, (at * (SIDE + GAP) + (SIDE - picture.width) // 2, (SIDE - picture.height) // 2))
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
