"""OpenCLIP: pictures and words in one space, from a checkpoint, a folder or the hub's cache on this disk."""

from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.attention import open_clip_energy
from embeddings.device import torch_device
from embeddings.encoder import EncoderUnavailable
from embeddings.hub import OPEN_CLIP_WEIGHTS, Fetching, cached_file, weights_file
from embeddings.preprocessing import Preprocessing, parted
from embeddings.tower import IN_TORCH, How
from embeddings.tower_encoder import Parts, TowerEncoder


class OpenClipEncoder(TowerEncoder):
    """A model of open_clip with its own evaluation transform.

    Parameters
    ----------
    name : str
        ``MODEL/PRETRAINED`` as the library lists them, ``MODEL/path of a checkpoint file``, or a folder with
        ``open_clip_config.json`` and weights.
    fetching : Fetching or None
        Leave to fetch missing weights from the hub; without it no connection is opened.
    how : How
        Where and with which precision its picture tower runs.

    Raises
    ------
    EncoderUnavailable
        For an unknown model, and for weights that are not here, may not be fetched, or are not this model's.
    """

    def __init__(self, name: str, *, fetching: Fetching | None = None, how: How = IN_TORCH) -> None:
        import open_clip

        device = torch_device()
        model, weights, options = _source(name, fetching)
        try:
            network, _, transform = open_clip.create_model_and_transforms(
                model, pretrained=weights, device=device, weights_only=True, **options
            )
            self._tokenizer = open_clip.get_tokenizer(model)
        # Tensors of other shapes are a RuntimeError or AssertionError, code in a weights file an UnpicklingError.
        except (OSError, ValueError, KeyError, RuntimeError, AssertionError, UnpicklingError) as fault:
            raise EncoderUnavailable(
                f"open_clip:{name} cannot be loaded ({type(fault).__name__}): expected plain weights of that model",
                "name its own checkpoint, or use --encoder embedded",
            ) from fault
        parts = Parts(f"open_clip:{name}", network.eval(), device, _parted(transform), str(transform), has_text=True)
        super().__init__(parts, network.encode_image, open_clip_energy, how)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of words in the same space, shape (n, dimension)."""
        import torch

        with torch.inference_mode():
            vectors = self._model.encode_text(self._tokenizer(list(texts)).to(self._device), normalize=True)
        return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)


def _parted(transform: Any) -> Preprocessing:
    """The library's transform, its two last steps (to floats, scaled) known by type."""
    from torchvision.transforms import Compose, Normalize, ToTensor  # type: ignore[import-untyped]

    def whole(image: Image.Image) -> NDArray[np.float32]:
        return np.asarray(transform(image).numpy(), dtype=np.float32)

    steps = list(getattr(transform, "transforms", ()))
    kinds = [type(step) for step in steps[-2:]]
    if len(kinds) < 2 or not issubclass(kinds[1], Normalize) or not issubclass(kinds[0], ToTensor):
        return parted(whole, None, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    picture = Compose(steps[:-2])
    return parted(whole, lambda image: np.asarray(picture(image), dtype=np.uint8), steps[-1].mean, steps[-1].std)


def _source(name: str, fetching: Fetching | None) -> tuple[str, str | None, dict[str, Any]]:
    """What the library is asked for: model, weights file, and the settings that belong to the weights.

    The weights are always given as a file: asked for a tag, the library would go to the hub even for weights that
    are on this disk, and wait for it where the network swallows packets.
    """
    import open_clip
    from open_clip.pretrained import get_pretrained_cfg

    if Path(name).is_dir():
        if not any(p.suffix in (".safetensors", ".bin", ".pth") for p in Path(name).iterdir()):
            raise EncoderUnavailable(
                f"the folder {name} holds no weights (.safetensors, .bin or .pth)", "name a folder that does"
            )
        return f"local-dir:{name}", None, {}
    model, _, weights = name.partition("/")
    config = open_clip.get_model_config(model)
    if config is None or not weights:
        raise EncoderUnavailable(
            f"open_clip:{name} names no folder, and no model of OpenCLIP with weights behind it",
            "write open_clip:MODEL/PRETRAINED, open_clip:MODEL/CHECKPOINT_FILE or open_clip:FOLDER; "
            "open_clip.list_pretrained() names them",
        )
    _needs_no_hub(config, name, fetching)
    if Path(weights).is_file():
        return model, weights, {}
    tag: dict[str, Any] = get_pretrained_cfg(model, weights) or {}
    repository, _, file = str(tag.get("hf_hub", "")).rpartition("/")
    if not repository:
        raise EncoderUnavailable(
            f"{weights} is no checkpoint file, and no weights that OpenCLIP lists for {model}",
            "name a file, or a pair of open_clip.list_pretrained()",
        )
    options = {
        "image_mean": tag.get("mean"),
        "image_std": tag.get("std"),
        "image_interpolation": tag.get("interpolation"),
        "image_resize_mode": tag.get("resize_mode"),
        "force_quick_gelu": bool(tag.get("quick_gelu", False)),
    }
    names = (file, *OPEN_CLIP_WEIGHTS) if file else OPEN_CLIP_WEIGHTS
    return model, str(weights_file(repository, names, fetching)), options


def _needs_no_hub(config: dict[str, Any], name: str, fetching: Fetching | None) -> None:
    """Refuse a model whose words are split by a tokenizer of the hub that is not on this disk."""
    tokenizer = config.get("text_cfg", {}).get("hf_tokenizer_name")
    if tokenizer and fetching is None and cached_file(tokenizer, "tokenizer_config.json") is None:
        raise EncoderUnavailable(
            f"open_clip:{name} needs the tokenizer {tokenizer}, which is not on this disk",
            "add --download to fetch it, or use --encoder embedded",
        )
