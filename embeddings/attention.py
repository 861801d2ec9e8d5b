"""Where an encoder looks: non-negative energy per cell of its own grid, from feature maps or attention."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


def feature_energy(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each cell adds to the vector that the mean over cells makes.

    The squared length of a mean-pooled vector is the mean, over cells, of each cell's product with that vector (class
    activation mapping, Zhou et al. 2016, with the picture's own vector in place of a class).

    Parameters
    ----------
    features : ndarray of float32, shape (n, c, h, w)
        The last feature map, before pooling.

    Returns
    -------
    ndarray of float32, shape (n, h, w)
        Not negative; cells that point away from the mean are 0.
    """
    mean = features.mean(axis=(2, 3))
    return np.asarray(np.maximum(np.einsum("nchw,nc->nhw", features, mean), 0), dtype=np.float32)


def open_clip_energy(model: Any, batch: "torch.Tensor") -> NDArray[np.float32]:
    """Attention that pools a picture of an open_clip model, or its features' energy where it pools by the mean.

    Parameters
    ----------
    model : open_clip model
        In evaluation mode, any of the library's picture towers.
    batch : Tensor, shape (n, 3, h, w)
        On the model's device.

    Returns
    -------
    ndarray of float32, shape (n, rows, columns)
        See ``pooling_attention``; its sum is at most 1. For mean pooling see ``feature_energy``.
    """
    import torch

    tower = model.visual
    if _open_clip_pools_by_attention(tower):
        energy = pooling_attention(tower, batch, lambda: model.encode_image(batch))
        if energy is not None:
            return energy
    with torch.inference_mode():
        found = tower.forward_intermediates(
            batch, indices=1, normalize_intermediates=True, intermediates_only=True, output_fmt="NCHW"
        )
    return feature_energy(_array(found["image_intermediates"][-1]))


def transformers_energy(model: Any, pixel_values: "torch.Tensor") -> NDArray[np.float32]:
    """Attention that pools a picture of a transformers model, or its features' energy where none does.

    Parameters
    ----------
    model : PreTrainedModel
        In evaluation mode: a two-tower model (CLIP, SigLIP) or a vision model (theirs, ViT, DINOv2 with or without
        registers, DINOv3, convolutional ones).
    pixel_values : Tensor, shape (n, 3, h, w)
        On the model's device.

    Returns
    -------
    ndarray of float32, shape (n, rows, columns)
        See ``pooling_attention``; its sum is at most 1. For other models see ``feature_energy``.
    """
    import torch

    tower = getattr(model, "vision_model", model)
    output: Any = None

    def forward() -> None:
        nonlocal output
        output = tower(pixel_values=pixel_values)

    with torch.inference_mode():
        energy = pooling_attention(tower, pixel_values, forward)
    if energy is not None and getattr(output, "pooler_output", None) is not None:
        return energy
    tokens = output.last_hidden_state
    if tokens.ndim == 4:
        return feature_energy(_array(tokens))
    rows, columns = _grid(tower, pixel_values, tokens.shape[1])
    cells = tokens[:, tokens.shape[1] - rows * columns :]
    return feature_energy(_array(cells.transpose(1, 2).reshape(len(cells), -1, rows, columns)))


def pooling_attention(tower: Any, batch: "torch.Tensor", forward: Callable[[], object]) -> NDArray[np.float32] | None:
    """What the first query of the last attention looks at, mean over heads: softmax(q kᵀ / √d).

    The first query of the last attention is what becomes the picture's vector: the class token (CLIP, DINOv2), the
    probe of a pooling head (SigLIP, CoCa) or the mean (CLIP's ResNets). The calls are watched from this thread alone,
    so another thread may use the same model, and the model's own implementation of attention stays as it is.

    Parameters
    ----------
    tower : Module
        Holds the convolution that cuts patches.
    batch : Tensor, shape (n, 3, h, w)
    forward : callable
        Runs the model on ``batch``.

    Returns
    -------
    ndarray of float32, shape (n, rows, columns), or None
        Weights of the patches; what goes to class and register tokens is left out. None where the model calls no
        attention of torch, or where the last one is among patches alone, so that no query stands for the picture.
    """
    import torch
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode

    last: list[tuple[Any, Any, Any]] = []
    watched = (functional.scaled_dot_product_attention, functional.multi_head_attention_forward)

    class Watch(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func in watched:
                last[:] = [(func, args, kwargs or {})]
            return func(*args, **(kwargs or {}))

    with torch.inference_mode():
        with Watch():
            forward()
        if not last:
            return None
        function, args, kwargs = last[0]
        weights, queries = (_of_scaled_product if function is watched[0] else _of_multi_head)(*args, **kwargs)
    rows, columns = _grid(tower, batch, weights.shape[1])
    prefix = weights.shape[1] - rows * columns
    if len(weights) != len(batch) or (queries > 1 and not prefix):
        return None
    return _array(weights[:, prefix:].reshape(-1, rows, columns))


def _of_scaled_product(
    query: Any, key: Any, value: Any, attn_mask: Any = None, *_: Any, scale: float | None = None, **__: Any
) -> tuple[Any, int]:
    """Weights of the first query, shape (n, keys), and the number of queries of ``scaled_dot_product_attention``."""
    import torch

    scores = query[..., :1, :] @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if attn_mask is not None:
        mask = attn_mask[..., :1, :]
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype is torch.bool else scores + mask
    return scores.float().softmax(dim=-1).mean(dim=1)[:, 0], query.shape[-2]


def _of_multi_head(*args: Any, **kwargs: Any) -> tuple[Any, int]:
    """The same of ``multi_head_attention_forward``, which can return them."""
    from torch.nn import functional

    wanted = {**kwargs, "need_weights": True, "average_attn_weights": True}
    weights: Any = functional.multi_head_attention_forward(*args, **wanted)[1]
    return weights[:, 0].float(), weights.shape[1]


def _open_clip_pools_by_attention(tower: Any) -> bool:
    """Whether the last attention makes the vector; a tower of timm says so itself."""
    if hasattr(tower, "trunk"):
        return getattr(tower.trunk, "global_pool", None) in ("token", "map")
    if getattr(tower, "attn_pool", None) is not None:
        return bool(tower.attn_pool_type != "cascade")  # a cascade's last attention is over other queries
    return getattr(tower, "pool_type", "tok") == "tok"


def _grid(tower: Any, batch: "torch.Tensor", tokens: int) -> tuple[int, int]:
    """Rows and columns of patches, from the convolution that cuts them, else the largest square among the tokens."""
    from torch.nn import Conv2d

    first = next((m for m in tower.modules() if isinstance(m, Conv2d) and m.in_channels == batch.shape[1]), None)
    if first is not None and first.kernel_size == first.stride:
        rows, columns = (side // step for side, step in zip(batch.shape[2:], first.stride, strict=True))
        if rows * columns <= tokens:
            return rows, columns
    return math.isqrt(tokens), math.isqrt(tokens)


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)
