"""OpenCLIP: pictures and words in one space, from a checkpoint, a folder or the hub's cache on this disk."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.encoder import Encoded, EncoderInfo, EncoderUnavailable
from embeddings.hub import cached_file, weights_file
from embeddings.strips import middle

WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
"""Names under which a repository or folder of OpenCLIP keeps its weights, the one without any code first."""


class OpenClipEncoder:
    """A model of open_clip with its own evaluation transform, on the GPU where there is one.

    Parameters
    ----------
    name : str
        ``MODEL/PRETRAINED`` as the library lists them, ``MODEL/path of a checkpoint file``, or a folder with
        ``open_clip_config.json`` and weights.
    download : bool
        Whether missing weights may be fetched from the hub; without it no connection is opened.

    Raises
    ------
    EncoderUnavailable
        For an unknown model, and for weights that are not here, may not be fetched, or are not this model's.
    """

    def __init__(self, name: str, *, download: bool = False) -> None:
        import open_clip
        import torch

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        model, weights, options = _source(name, download=download)
        try:
            self._model, _, self._transform = open_clip.create_model_and_transforms(
                model, pretrained=weights, device=self._device, weights_only=True, **options
            )
            self._tokenizer = open_clip.get_tokenizer(model)
        # Tensors of other shapes are a RuntimeError or AssertionError, code in a weights file an UnpicklingError.
        except (OSError, ValueError, KeyError, RuntimeError, AssertionError, UnpicklingError) as fault:
            raise EncoderUnavailable(
                f"open_clip:{name} cannot be loaded ({type(fault).__name__}): expected plain weights of that model; "
                "name its own checkpoint, or use --encoder embedded"
            ) from fault
        self._model.eval()
        self._info = self._described(name)

    def _described(self, name: str) -> EncoderInfo:
        digest = sha256(str(self._transform).encode())
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        dimension = self.encode_text(["a"]).shape[1]
        return EncoderInfo(f"open_clip:{name}", digest.hexdigest(), dimension, has_text=True)

    @property
    def info(self) -> EncoderInfo:
        """Name, digest of all weights and of the transform, size."""
        return self._info

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The library's own evaluation transform, shape (3, s, s)."""
        return np.asarray(self._transform(Image.fromarray(middle(pixels))).numpy(), dtype=np.float32)

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        """Unit vectors; no ImageNet names."""
        import torch

        with torch.inference_mode():
            vectors = self._model.encode_image(torch.from_numpy(batch).to(self._device), normalize=True)
        return Encoded(_array(vectors), np.zeros((len(batch), 0), dtype=np.float32))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of words in the same space, shape (n, dimension)."""
        import torch

        with torch.inference_mode():
            return _array(self._model.encode_text(self._tokenizer(list(texts)).to(self._device), normalize=True))


def repository_on_disk(repository: str) -> bool:
    """Whether the hub's cache holds OpenCLIP weights of a repository; imports neither torch nor open_clip."""
    return any(cached_file(repository, name) is not None for name in WEIGHTS)


def _source(name: str, *, download: bool) -> tuple[str, str | None, dict[str, Any]]:
    """What the library is asked for: model, weights file, and the settings that belong to the weights.

    The weights are always given as a file: asked for a tag, the library would go to the hub even for weights that
    are on this disk, and wait for it where the network swallows packets.
    """
    import open_clip
    from open_clip.pretrained import get_pretrained_cfg

    if Path(name).is_dir():
        if not any(p.suffix in (".safetensors", ".bin", ".pth") for p in Path(name).iterdir()):
            raise EncoderUnavailable(f"the folder {name} holds no weights (.safetensors, .bin or .pth)")
        return f"local-dir:{name}", None, {}
    model, _, weights = name.partition("/")
    config = open_clip.get_model_config(model)
    if config is None or not weights:
        raise EncoderUnavailable(
            f"expected open_clip:MODEL/PRETRAINED, open_clip:MODEL/CHECKPOINT_FILE or open_clip:FOLDER with a model "
            f"that open_clip.list_models() names, saw open_clip:{name}"
        )
    _needs_no_hub(config, name, download=download)
    if Path(weights).is_file():
        return model, weights, {}
    tag: dict[str, Any] = get_pretrained_cfg(model, weights) or {}
    repository, _, file = str(tag.get("hf_hub", "")).rpartition("/")
    if not repository:
        raise EncoderUnavailable(
            f"expected a checkpoint file or weights that open_clip lists for {model}, saw {weights}; "
            "see open_clip.list_pretrained()"
        )
    options = {
        "image_mean": tag.get("mean"),
        "image_std": tag.get("std"),
        "image_interpolation": tag.get("interpolation"),
        "image_resize_mode": tag.get("resize_mode"),
        "force_quick_gelu": bool(tag.get("quick_gelu", False)),
    }
    names = (file, *WEIGHTS) if file else WEIGHTS
    return model, str(weights_file(repository, names, download=download)), options


def _needs_no_hub(config: dict[str, Any], name: str, *, download: bool) -> None:
    """Refuse a model whose words are split by a tokenizer of the hub that is not on this disk."""
    tokenizer = config.get("text_cfg", {}).get("hf_tokenizer_name")
    if tokenizer and not download and cached_file(tokenizer, "tokenizer_config.json") is None:
        raise EncoderUnavailable(
            f"open_clip:{name} needs the tokenizer {tokenizer}, which is not on this disk; "
            "add --download to fetch it, or use --encoder embedded"
        )


def _array(vectors: Any) -> NDArray[np.float32]:
    return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)
