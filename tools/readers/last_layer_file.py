"""A network's last layer and what goes into it, as the user exports them: an npz of plain arrays."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from tools.errors import UnreadableInput
from tools.readers.embeddings_file import ID_NAMES, VECTOR_NAMES
from tools.readers.labels_file import checked
from tools.readers.listing import class_name

FEATURES = ("features", *VECTOR_NAMES)
CLASSES = ("classes", "labels", "names")
WANTED = "id (n,), features (n, d), weight (k, d) and bias (k,), and classes (k,) where their order is not yours here"


@dataclass(frozen=True, eq=False)
class LastLayer:
    """As read, not yet matched to images.

    Attributes
    ----------
    path : Path
    ids : tuple of str
    features : ndarray of float32, shape (n, d)
    weight : ndarray of float64, shape (k, d)
    bias : ndarray of float64, shape (k,)
    classes : tuple of str
        Of the rows of ``weight``; empty where the file does not say.
    turned : bool
        Whether the file holds the weight as (d, k).
    dtype : str
        numpy's name of the weight's numbers.
    """

    path: Path
    ids: tuple[str, ...]
    features: NDArray[np.float32]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    classes: tuple[str, ...]
    turned: bool
    dtype: str


def read_last_layer(path: Path) -> LastLayer:
    """Read features by id, weight and bias.

    Raises
    ------
    UnreadableInput
        For another file, missing arrays, shapes that do not fit, numbers that are not finite, repeated ids.
    """
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    except (ValueError, EOFError, BadZipFile, OSError, AttributeError) as fault:
        raise _wrong(path, f"{path} ({getattr(fault, 'strerror', None) or type(fault).__name__})") from None
    id_name, feature_name, class_name_ = (_first(arrays, names) for names in (ID_NAMES, FEATURES, CLASSES))
    if id_name is None or feature_name is None or not {"weight", "bias"} <= arrays.keys():
        raise _wrong(path, f"{', '.join(sorted(arrays)) or 'nothing'} in {path}")
    ids = tuple(str(value) for value in arrays[id_name].ravel())
    features, weight, bias = arrays[feature_name], arrays["weight"], arrays["bias"]
    numbers = all(a.dtype.kind == "f" for a in (features, weight, bias))
    shapes = f"features {features.shape}, weight {weight.shape}, bias {bias.shape} for {len(ids)} ids"
    if not numbers or features.ndim != 2 or weight.ndim != 2 or bias.ndim != 1 or len(features) != len(ids):
        raise _wrong(path, f"{shapes} in {path}")
    width, turned = features.shape[1], weight.shape[1] != features.shape[1]
    dtype = str(weight.dtype)
    weight = weight.T if turned else weight
    if weight.shape != (len(bias), width) or len(bias) < 2:
        raise _wrong(path, f"{shapes} in {path}")
    if not all(np.isfinite(a).all() for a in (features, weight, bias)):
        raise _wrong(path, f"NaN or infinite numbers in {path}")
    if len(set(ids)) < len(ids):
        raise _wrong(path, f"ids that come twice in {path}")
    names = [class_name(str(v)) for v in arrays[class_name_].ravel()] if class_name_ is not None else []
    classes = checked(path, names) if names else ()
    if classes and len(classes) != len(bias):
        raise _wrong(path, f"{len(classes)} classes for {len(bias)} rows of weight in {path}")
    return LastLayer(
        path,
        ids,
        features.astype(np.float32),
        weight.astype(np.float64),
        bias.astype(np.float64),
        classes,
        turned,
        dtype,
    )


def _first(arrays: dict[str, NDArray[np.generic]], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in arrays), None)


def _wrong(path: Path, seen: str) -> UnreadableInput:
    return UnreadableInput(
        expected=f"an npz file with the arrays {WANTED}", seen=seen,
        todo="Write it with numpy.savez: what goes into the last layer for each picture, and the layer itself.",
    )  # fmt: skip
