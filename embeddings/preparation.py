"""How a picture becomes what a user's own network takes: size, way of resizing, order of channels, scaling."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from embeddings.cores import one_thread_for_opencv

Fit = Literal["crop", "stretch", "pad"]
Order = Literal["rgb", "bgr", "grey"]
Layout = Literal["nchw", "nhwc"]
FITS, ORDERS, LAYOUTS = get_args(Fit), get_args(Order), get_args(Layout)
USUAL_CROP = 0.875
"""Side that is kept, of the shorter side after resizing: 224 of 256, as torchvision's and timm's usual evaluation."""
SCALINGS: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "0-1": ((0.0,) * 3, (255.0,) * 3),
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    "-1-1": ((127.5,) * 3, (127.5,) * 3),
    "0-255": ((0.0,) * 3, (1.0,) * 3),
    "caffe": ((123.68, 116.779, 103.939), (1.0,) * 3),
}
"""Mean and deviation on the scale 0–255, for red, green and blue. (x − 127) / 128 is ``-1-1`` to within a hundredth."""
WORDS = {
    "0-1": "scaled to 0–1",
    "imagenet": "scaled by ImageNet's mean and deviation",
    "-1-1": "scaled to −1–1",
    "0-255": "as they are, 0–255",
    "caffe": "less ImageNet's mean, on 0–255",
}
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Preparation:
    """From pixels to a network's input.

    Attributes
    ----------
    width, height : int
        Of the input, pixels.
    fit : {"crop", "stretch", "pad"}
        Central part; squeezed whole; or whole with black bars.
    kept : float
        For ``crop``: side that is kept, of the largest central part in the input's proportions; 0–1.
    order : {"rgb", "bgr", "grey"}
    mean, std : tuple of float
        Subtracted and divided by on the scale 0–255, for red, green and blue (grey: the first).
    layout : {"nchw", "nhwc"}
    dtype : str
        numpy's name of the numbers the network takes; ``uint8`` takes bytes unscaled.
    """

    width: int
    height: int
    fit: Fit = "crop"
    kept: float = USUAL_CROP
    order: Order = "rgb"
    mean: tuple[float, ...] = SCALINGS["0-1"][0]
    std: tuple[float, ...] = SCALINGS["0-1"][1]
    layout: Layout = "nchw"
    dtype: str = "float32"

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """One input without its batch axis.

        Parameters
        ----------
        pixels : ndarray of uint8, shape (h, w, 3), RGB

        Returns
        -------
        ndarray of ``dtype``, shape (c, height, width) or (height, width, c)
        """
        out = self._scaled(self._fitted(pixels))
        return np.ascontiguousarray(out if self.layout == "nhwc" else out.transpose(2, 0, 1))

    @property
    def side(self) -> int:
        """Shorter side, in pixels, that a picture needs for this input to be sharp."""
        shrunk = self.kept if self.fit == "crop" else 1.0
        return int(np.ceil(max(self.width, self.height) / shrunk))

    @property
    def scaling(self) -> str:
        """Name of the scaling among ``SCALINGS``; empty for another."""
        return next((name for name, values in SCALINGS.items() if values == (self.mean, self.std)), "")

    @property
    def text(self) -> str:
        """In words."""
        size = f"{self.width} × {self.height}"
        where = {
            "crop": f"the central {100 * self.kept:g} % resized to {size}",
            "stretch": f"the whole picture stretched to {size}",
            "pad": f"the whole picture fitted into {size} with black bars",
        }[self.fit]
        if self.dtype == "uint8":
            return f"{self.order.upper()}, bytes; {where}"
        told = WORDS.get(self.scaling) or f"less {_listed(self.mean)}, divided by {_listed(self.std)} (of 0–255)"
        return f"{self.order.upper()}, {told}; {where}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Preparation":
        """Undo ``to_json``."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in kept.items()}
        return cls(**values)

    def _fitted(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Shape (height, width, 3)."""
        height, width = pixels.shape[:2]
        if self.fit == "stretch":
            return resized(pixels, self.width, self.height)
        if self.fit == "pad":
            factor = min(self.width / width, self.height / height)
            size = max(1, round(width * factor)), max(1, round(height * factor))
            out = np.zeros((self.height, self.width, 3), dtype=np.uint8)
            left, top = (self.width - size[0]) // 2, (self.height - size[1]) // 2
            out[top : top + size[1], left : left + size[0]] = resized(pixels, *size)
            return out
        factor = self.kept * min(width / self.width, height / self.height)
        (left, right), (top, bottom) = _central(width, factor * self.width), _central(height, factor * self.height)
        # Only what is kept is resized, so a strip of 1 × 100,000 pixels costs no more than a square.
        return resized(pixels[top:bottom, left:right], self.width, self.height)

    def _scaled(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """Shape (height, width, channels)."""
        if self.order == "grey":
            grey = (pixels @ LUMA)[..., None]
            return (np.round(grey) if self.dtype == "uint8" else (grey - self.mean[0]) / self.std[0]).astype(self.dtype)
        if self.dtype == "uint8":
            return pixels[..., ::-1] if self.order == "bgr" else pixels
        out = (pixels - np.array(self.mean, dtype=np.float32)) / np.array(self.std, dtype=np.float32)
        return (out[..., ::-1] if self.order == "bgr" else out).astype(self.dtype)


def scaled_by(preparation: Preparation, name: str, order: Order | None = None) -> Preparation:
    """The same with one of ``SCALINGS``, and with another order of channels where one is named."""
    mean, std = SCALINGS[name]
    return replace(preparation, mean=mean, std=std, order=order or preparation.order)


def other_scalings(preparation: Preparation) -> list[Preparation]:
    """Every plausible scaling and order of channels but the given one, the order last changed first."""
    orders: tuple[Order, ...] = ("grey",) if preparation.order == "grey" else ("rgb", "bgr")
    if preparation.dtype == "uint8":
        found = [replace(preparation, order=order) for order in orders]
    else:
        found = [scaled_by(preparation, name, order) for order in orders for name in SCALINGS]
    return [one for one in found if one != preparation]


def other_fits(preparation: Preparation) -> list[Preparation]:
    """Other ways of bringing a picture to the input's size."""
    ways: tuple[tuple[Fit, float], ...] = (("crop", USUAL_CROP), ("crop", 1.0), ("stretch", 1.0), ("pad", 1.0))
    found = [replace(preparation, fit=fit, kept=kept) for fit, kept in ways]
    same = (preparation.fit, preparation.kept if preparation.fit == "crop" else 1.0)
    return [one for one in found if (one.fit, one.kept) != same]


def resized(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """As the embedded encoder resizes: bicubic up, bilinear down to half, by area below that."""
    import cv2

    one_thread_for_opencv()
    factor = min(pixels.shape[1] / width, pixels.shape[0] / height)
    way = cv2.INTER_CUBIC if factor <= 1 else cv2.INTER_LINEAR if factor < 2 else cv2.INTER_AREA
    return np.asarray(cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=way), dtype=np.uint8)


def _central(length: int, kept: float) -> tuple[int, int]:
    """Start and end of the middle part of a side; at least a pixel."""
    size = min(length, max(1, round(kept)))
    start = (length - size) // 2
    return start, start + size


def _listed(values: Sequence[float]) -> str:
    return "/".join(f"{v:g}" for v in (values if len(set(values)) > 1 else values[:1]))
