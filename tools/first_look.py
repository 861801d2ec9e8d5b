"""A first answer from a stratified sample, while the rest of a big set is still being encoded.

The sample lies in a workspace of its own inside the workspace and goes when the whole set is there; its vectors stay
in the cache, so none is computed twice. What it cannot show is said with it: bursts and copies are torn apart by
drawing, and a rare class has few pictures.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.dataset import Dataset
from tools.errors import NoDataset
from tools.readers.listing import Listing
from tools.settings import Settings
from tools.workspace import Workspace

Encode = Callable[[Listing, str], tuple[Dataset, EmbeddingSpace]]
PLACE = "first"
OF = "sample of"
"""Choice of the sample's workspace: pictures of the whole."""
ABOVE = 20_000
"""Pictures from which on a set is looked at in part first: below, all of them take minutes."""
SAMPLE = 5_000
"""About a minute of the embedded encoder on two cores."""
FEWEST = 20
"""Pictures of a class in a split that are drawn where there are so many: shares of fewer say nothing."""


def draw(strata: Sequence[str], size: int, rng: np.random.Generator, *, fewest: int) -> NDArray[np.int64]:
    """Rows of a stratified sample, sorted: of each stratum its share, but ``fewest`` where there are so many.

    Parameters
    ----------
    strata : sequence of str, length n
    size : int
        About how many; strata raised to ``fewest`` come on top.

    Returns
    -------
    ndarray of int64
    """
    names, codes = np.unique(np.asarray(strata, dtype=np.str_), return_inverse=True)
    sizes = np.bincount(codes, minlength=len(names))
    wanted = np.minimum(sizes, np.maximum(np.round(size * sizes / max(1, len(codes))).astype(np.int64), fewest))
    order = rng.permutation(len(codes))
    place = np.empty(len(codes), dtype=np.int64)  # of each picture among those of its stratum, in random order
    ranked = order[np.argsort(codes[order], kind="stable")]
    place[ranked] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.flatnonzero(place < wanted[codes])


def look_first(workspace: Workspace, listing: Listing, settings: Settings, encode: Encode) -> Case | None:
    """Encode a sample and keep it; None where the set is small, or something can be answered from already.

    Parameters
    ----------
    encode : callable
        (listing, words) → dataset and space.
    """
    count = len(listing.images)
    if count <= ABOVE or workspace.datasets():
        return None
    strata = [f"{image.split}\0{image.label}" for image in listing.images]
    rows = draw(strata, SAMPLE, np.random.default_rng(settings.seed), fewest=FEWEST)
    sample = replace(listing, images=tuple(listing.images[row] for row in rows.tolist()), said=())
    discard(workspace)
    dataset, space = encode(sample, f"a first {len(rows)} of {count} pictures")
    kept = Workspace.open(workspace.path / PLACE)
    kept.choose(OF, count)
    kept.save_dataset(dataset, space, record={"sample of": count})
    return sampled(kept, settings)


def sampled(kept: Workspace, settings: Settings) -> Case:
    """The case of a sample's workspace, which knows that it is one."""
    return replace(kept.case(settings), sample_of=int(kept.choice(OF) or 0))


def first_look(workspace: Workspace) -> Workspace | None:
    """The sample's workspace, where the whole is not there yet."""
    place = workspace.path / PLACE
    if workspace.datasets() or not place.is_dir():
        return None
    kept = Workspace.open(place)
    try:
        kept.dataset()
    except NoDataset:  # killed while it was written
        return None
    return kept


def discard(workspace: Workspace) -> None:
    """Take the sample away: the whole is there, or another sample comes."""
    shutil.rmtree(Path(workspace.path / PLACE), ignore_errors=True)
