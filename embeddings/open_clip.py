"""OpenCLIP: pictures and words in one space, from a model hub's cache or a checkpoint file."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.encoder import Encoded, EncoderInfo, EncoderUnavailable


class OpenClipEncoder:
    """A model of open_clip with its own evaluation transform.

    Parameters
    ----------
    name : str
        ``MODEL/PRETRAINED`` as the library lists them, or ``MODEL/path of a checkpoint file``.
    download : bool
        Whether missing weights may be fetched from the hub.

    Raises
    ------
    EncoderUnavailable
        For an unknown model, or weights that are not here and may not be fetched.
    """

    def __init__(self, name: str, *, download: bool = False) -> None:
        self._model_name, _, self._weights = name.partition("/")
        if not self._weights:
            raise EncoderUnavailable(f"expected open_clip:MODEL/PRETRAINED, saw open_clip:{name}")
        local = Path(self._weights).is_file()
        if not local and not download and not weights_on_disk(name):
            raise EncoderUnavailable(
                f"expected the weights {name} on this machine, saw none; add --download to fetch them, name a "
                "checkpoint file, or use --encoder embedded"
            )

    @cached_property
    def _parts(self) -> tuple[Any, Any, Any, str]:
        """Model, transform, tokenizer, device."""
        import open_clip
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        if self._model_name not in open_clip.list_models():
            raise EncoderUnavailable(f"expected a model of open_clip, saw {self._model_name!r}")
        model, _, transform = open_clip.create_model_and_transforms(
            self._model_name, pretrained=self._weights, device=device, weights_only=True
        )
        return model.eval(), transform, open_clip.get_tokenizer(self._model_name), device

    @cached_property
    def info(self) -> EncoderInfo:
        """Name, digest of all weights, size."""
        model, transform, _, _ = self._parts
        digest = sha256(f"{self._model_name}\0{transform}".encode())
        for key, value in sorted(model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        dimension = len(self.encode_text(["a"])[0])
        return EncoderInfo(
            f"open_clip:{self._model_name}/{self._weights}", digest.hexdigest(), dimension, has_text=True
        )

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The library's own evaluation transform."""
        return np.asarray(self._parts[1](Image.fromarray(pixels)).numpy(), dtype=np.float32)

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        """Unit vectors; no ImageNet names."""
        import torch

        model, _, _, device = self._parts
        with torch.inference_mode():
            vectors = model.encode_image(torch.from_numpy(batch).to(device), normalize=True)
        return Encoded(vectors.float().cpu().numpy(), np.zeros((len(batch), 0), dtype=np.float32))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of words in the same space."""
        import torch

        model, _, tokenizer, device = self._parts
        with torch.inference_mode():
            vectors = model.encode_text(tokenizer(list(texts)).to(device), normalize=True)
        return np.asarray(vectors.float().cpu().numpy(), dtype=np.float32)


def weights_on_disk(name: str) -> bool:
    """Whether the hub's cache on this machine holds these weights; asks no network.

    A pretrained tag without a hub entry (weights behind a plain address) counts as absent.
    """
    from open_clip.pretrained import get_pretrained_cfg

    model, _, tag = name.partition("/")
    repository = str((get_pretrained_cfg(model, tag) or {}).get("hf_hub", "")).strip("/")
    return bool(repository) and repository_on_disk(repository)


def repository_on_disk(repository: str) -> bool:
    """Whether the hub's cache holds OpenCLIP weights of a repository; imports neither torch nor open_clip."""
    from huggingface_hub import try_to_load_from_cache

    files = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
    return any(isinstance(try_to_load_from_cache(repository, file), str) for file in files)
