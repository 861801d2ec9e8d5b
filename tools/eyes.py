"""A case's pictures and the encoder that made its vectors, for checks that must look at pixels again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from embeddings.progress import Progress, silent
from tools.registry import NotApplicable

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from embeddings.scenery import Scenery
    from tools.case import Case

MOST = 240
"""Pictures looked at by a check of regions: 70 ms each on one core (map, inpainting, two encodings), so seconds."""
BATCH = 8
"""A thread's share: what it encodes then runs on its own core."""

Done = TypeVar("Done")
MEASURES = ("spread", "edges", "pieces", "lightness", "chroma", "warmth")
"""Of ``embeddings.scenery``, one number a picture."""


@dataclass(frozen=True, eq=False)
class Looks:
    """Frame, backdrop and clutter of pictures: measurements of ``embeddings.scenery``, picture by picture.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Of the case, ascending.
    small : ndarray of float32, shape (m, SMALL, SMALL, 3)
    spread, edges, pieces, lightness, chroma, warmth : ndarray of float32, shape (m,)
    """

    rows: NDArray[np.int64]
    small: NDArray[np.float32]
    spread: NDArray[np.float32]
    edges: NDArray[np.float32]
    pieces: NDArray[np.float32]
    lightness: NDArray[np.float32]
    chroma: NDArray[np.float32]
    warmth: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Parts:
    """Pictures taken apart into foreground and background, of a sample of the case.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Of the case, ascending.
    area : ndarray of float32, shape (m,)
        Share of the picture that is foreground, 0–1.
    foreground, background : ndarray of float32, shape (m, d)
        Unit vectors of the picture with the other part erased.
    unparted : int
        Pictures of the sample in which no foreground could be told from a background.
    looks : Looks
        Of every picture of the sample.
    """

    rows: NDArray[np.int64]
    area: NDArray[np.float32]
    foreground: NDArray[np.float32]
    background: NDArray[np.float32]
    unparted: int
    looks: Looks


class Eyes:
    """Opens pictures of one case again. Everything here may raise ``NotApplicable`` with the reason."""

    def __init__(self, case: "Case") -> None:
        self._case = case

    @cached_property
    def encoder(self) -> "Encoder":
        """The encoder that made the case's vectors; as of ``load_encoder``, which may raise."""
        return self.load_encoder()

    def load_encoder(self) -> "Encoder":
        """The encoder that made the case's vectors, loaded anew.

        Raises
        ------
        NotApplicable
            If the vectors came from a file, or the encoder is not here or has changed.
        """
        from embeddings.encoder import EncoderUnavailable
        from embeddings.given import GIVEN
        from embeddings.resolve import resolve_encoder

        info, settings = self._case.space.encoder, self._case.settings
        if info.name == GIVEN:
            raise NotApplicable("the vectors came from a file, so changed pictures cannot be encoded")
        try:
            encoder, _ = resolve_encoder(info.name, cache=settings.workspace / "models", threads=settings.threads)
        except EncoderUnavailable as reason:
            raise NotApplicable(f"pictures cannot be encoded again: {reason}") from None
        if encoder.info.fingerprint != info.fingerprint:
            raise NotApplicable(f"the encoder {info.name} is not the one that made the vectors")
        return encoder

    def pixels(self, rows: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Pictures of rows, shorter side about 512 px at least where they are large.

        Raises
        ------
        NotApplicable
            If one of them is not there any more.
        """
        from embeddings.images import Unreadable, open_picture
        from embeddings.pipeline import DECODED_SIDE

        dataset = self._case.dataset
        out = []
        for row in rows:
            image = str(dataset.ids[row])
            try:
                path, root = dataset.path(image), dataset.root_of(image)
                out.append(open_picture(path, root=root, smallest_side=DECODED_SIDE).pixels)
            except Unreadable as reason:
                raise NotApplicable(f"the picture {image} cannot be opened any more: {reason.reason}") from None
        return out

    def sample(self, most: int = MOST) -> NDArray[np.int64]:
        """Rows spread over classes, half of them to be judged, half to learn from; the same for every check.

        Pictures of one group count as one until every group has been drawn once, so that a burst does not fill it.
        """
        case = self._case
        sides = (case.evaluation, case.fit & ~case.evaluation if case.has_test else case.fit)
        return self._spread(sides, most, "eyes")

    def training_sample(self, most: int) -> NDArray[np.int64]:
        """At most so many training pictures, spread over classes, groups in turn."""
        return self._spread((self._case.fit,), most, "training eyes")

    def _spread(self, sides: Sequence[NDArray[np.bool_]], most: int, purpose: str) -> NDArray[np.int64]:
        case = self._case
        rng, groups = case.rng(purpose), case.derived.grouping.groups
        chosen: list[int] = []
        for side in sides:
            quota = max(1, most // (len(sides) * max(1, len(case.classes))))
            for number in range(len(case.classes)):
                rows = rng.permutation(np.flatnonzero(side & (case.targets == number)))
                turn = np.zeros(len(rows), dtype=np.int64)
                for group in np.unique(groups[rows]):
                    members = groups[rows] == group
                    turn[members] = np.arange(int(members.sum()))
                chosen += rows[np.argsort(turn, kind="stable")][:quota].tolist()
        return np.unique(np.array(chosen, dtype=np.int64))

    def in_slices(
        self,
        count: int,
        work: Callable[[int, int], Done],
        size: int = BATCH,
        *,
        side_by_side: bool | None = None,
        on_step: Progress = silent,
    ) -> list[Done]:
        """Results of ``work(start, end)`` over slices of so many pictures, in order, each on a thread of its own.

        Where calls do not run side by side (an encoder's on a GPU), one after the other.

        Parameters
        ----------
        side_by_side : bool or None
            Whether they do; None = as the encoder's.
        """
        from embeddings.cores import usable_cores

        apart = self.encoder.side_by_side if side_by_side is None else side_by_side
        threads = (self._case.settings.threads or usable_cores()) if apart else 1
        out: list[Done] = []
        with ThreadPoolExecutor(threads) as pool:
            for found in pool.map(lambda at: work(at, min(at + size, count)), range(0, count, size)):
                out.append(found)
                on_step("reading and encoding pictures", min(len(out) * size, count), count)
        return out

    def encode_changed(
        self, rows: NDArray[np.int64], change: Callable[[int, NDArray[np.uint8]], NDArray[np.uint8] | None]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Vectors of pictures after a change.

        Parameters
        ----------
        rows : ndarray of int64, shape (m,)
        change : callable
            (position in ``rows``, pixels) → changed pixels, or None where this picture cannot be changed. Called from
            several threads.

        Returns
        -------
        positions : ndarray of int64, shape (k,)
            Of ``rows`` that were changed, ascending.
        vectors : ndarray of float32, shape (k, d)
            Unit length.
        """
        encoder = self.encoder

        def one(at: int, end: int) -> tuple[list[int], NDArray[np.float32]]:
            pictures = self.pixels(rows[at:end].tolist())
            made = {at + i: change(at + i, pixels) for i, pixels in enumerate(pictures)}
            done = {position: pixels for position, pixels in made.items() if pixels is not None}
            if not done:
                return [], np.zeros((0, encoder.info.dimension), dtype=np.float32)
            return list(done), encoder.encode(np.stack([encoder.prepare(pixels) for pixels in done.values()])).vectors

        parts = self.in_slices(len(rows), one)
        positions = np.array([p for part, _ in parts for p in part], dtype=np.int64)
        return positions, np.concatenate([np.zeros((0, encoder.info.dimension), np.float32), *(v for _, v in parts)])

    def take_apart(self, rows: NDArray[np.int64]) -> Parts:
        """Parts and looks of rows, each picture opened once; ``case.derived.parts`` keeps those of ``sample``."""
        from embeddings.foreground import foreground_maps
        from embeddings.region_vectors import RegionVectors, region_vectors
        from embeddings.scenery import Scenery, scenery

        encoder = self.encoder

        def one(at: int, end: int) -> tuple[NDArray[np.int64], list[float], RegionVectors, list[Scenery]]:
            part = rows[at:end]
            pictures = self.pixels(part.tolist())
            maps = foreground_maps(encoder, pictures)
            found = region_vectors(encoder, pictures, maps)
            area = [float((maps[i] >= 0.5).mean()) for i in found.kept.tolist()]
            seen = [scenery(*pair) for pair in zip(pictures, maps, strict=True)]
            return part[found.kept], area, found, seen

        done = self.in_slices(len(rows), one)
        if not done:
            raise NotApplicable("there is no labelled picture to look at")
        kept, areas, vectors, scenes = zip(*done, strict=True)
        together = np.concatenate(kept)
        return Parts(
            together,
            np.array([value for area in areas for value in area], dtype=np.float32),
            np.concatenate([found.foreground for found in vectors]),
            np.concatenate([found.background for found in vectors]),
            len(rows) - len(together),
            _looks(rows, [scene for part in scenes for scene in part]),
        )


def _looks(rows: NDArray[np.int64], scenes: "Sequence[Scenery]") -> Looks:
    measures = (np.array([getattr(s, name) for s in scenes], dtype=np.float32) for name in MEASURES)
    return Looks(rows, np.stack([s.small for s in scenes]), *measures)
