"""CLIP-like models of transformers, from a folder or the hub's cache on this disk."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.encoder import Encoded, EncoderInfo, EncoderUnavailable
from embeddings.strips import middle


class TransformersEncoder:
    """A two-tower model (CLIP and its kin) with its own processor, on the GPU where there is one.

    Parameters
    ----------
    name : str
        A local folder, or a hub name whose files lie in the cache (or may be fetched).
    download : bool
        Whether missing files may be fetched from the hub; without it no connection is opened.

    Raises
    ------
    EncoderUnavailable
        For files that are not here, may not be fetched, or are no picture-and-text model with plain weights.
    """

    def __init__(self, name: str, *, download: bool = False) -> None:
        import torch
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        options = {"local_files_only": not download or Path(name).is_dir(), "trust_remote_code": False}
        try:
            self._model = AutoModel.from_pretrained(name, **options).to(self._device).eval()
            if not hasattr(self._model, "get_text_features"):
                raise EncoderUnavailable(
                    f"expected a model with a picture and a text tower (CLIP, SigLIP), saw "
                    f"{type(self._model).__name__} in transformers:{name}"
                )
            self._processor = AutoImageProcessor.from_pretrained(name, **options)  # type: ignore[no-untyped-call]
            self._tokenizer = AutoTokenizer.from_pretrained(name, **options)
        # Tensors of other shapes are a RuntimeError, code in a weights file an UnpicklingError.
        except (OSError, ValueError, KeyError, RuntimeError, UnpicklingError) as fault:
            if isinstance(fault, EncoderUnavailable):
                raise
            raise EncoderUnavailable(
                f"transformers:{name} cannot be loaded ({type(fault).__name__}): expected a folder, or a name in the "
                "hub's cache on this disk, with plain weights, processor and tokenizer; "
                "add --download to fetch them, or use --encoder embedded"
            ) from fault
        self._info = self._described(name)

    def _described(self, name: str) -> EncoderInfo:
        digest = sha256(self._processor.to_json_string().encode())
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().float().cpu().contiguous().numpy().tobytes())
        dimension = self.encode_text(["a"]).shape[1]
        return EncoderInfo(f"transformers:{name}", digest.hexdigest(), dimension, has_text=True)

    @property
    def info(self) -> EncoderInfo:
        """Name, digest of all weights and of the processor's settings, size."""
        return self._info

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The model's own image processor, shape (3, s, s)."""
        processed = self._processor(images=Image.fromarray(middle(pixels)), return_tensors="pt")
        return np.asarray(processed["pixel_values"][0].numpy(), dtype=np.float32)

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        """Unit vectors; no ImageNet names."""
        import torch

        with torch.inference_mode():
            found = _vectors(self._model.get_image_features(pixel_values=torch.from_numpy(batch).to(self._device)))
        return Encoded(found, np.zeros((len(batch), 0), dtype=np.float32))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of words in the same space, shape (n, dimension)."""
        import torch

        options: dict[str, Any] = {"padding": True}
        if str(self._model.config.model_type).startswith("siglip"):
            # These were trained on texts padded to full length; shorter padding gives other vectors.
            options = {"padding": "max_length", "max_length": self._model.config.text_config.max_position_embeddings}
        tokens = self._tokenizer(list(texts), truncation=True, return_tensors="pt", **options).to(self._device)
        with torch.inference_mode():
            return _vectors(self._model.get_text_features(**tokens))


def _vectors(features: Any) -> NDArray[np.float32]:
    """Unit vectors from what the model returns: a tensor, or (since transformers 5) an output that holds one."""
    tensor = getattr(features, "pooler_output", features)
    vectors = tensor.float().cpu().numpy()
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
