"""CLIP-like models of transformers, from a folder or a model hub's cache."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoded, EncoderInfo, EncoderUnavailable


class TransformersEncoder:
    """A two-tower model (CLIP and its kin) with its own processor.

    Parameters
    ----------
    name : str
        A local folder, or a hub name whose files lie in the cache (or may be fetched).
    download : bool
        Whether missing files may be fetched from the hub.
    """

    def __init__(self, name: str, *, download: bool = False) -> None:
        self._name = name
        self._download = download

    @cached_property
    def _parts(self) -> tuple[Any, Any, Any, str]:
        """Model, image processor, tokenizer, device."""
        import torch
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        device = "cuda" if torch.cuda.is_available() else "cpu"
        local = {"local_files_only": not self._download or Path(self._name).is_dir()}
        try:
            model = AutoModel.from_pretrained(self._name, **local).to(device).eval()
            processor = AutoImageProcessor.from_pretrained(self._name, **local)  # type: ignore[no-untyped-call]
            tokenizer = AutoTokenizer.from_pretrained(self._name, **local)
        except OSError as fault:
            raise EncoderUnavailable(
                f"expected a folder or cached weights named {self._name}, saw none ({type(fault).__name__}); "
                "add --download to fetch them, or use --encoder embedded"
            ) from fault
        if not hasattr(model, "get_text_features"):
            raise EncoderUnavailable(
                f"expected a model with a picture and a text tower (CLIP, SigLIP), saw {type(model).__name__}"
            )
        return model, processor, tokenizer, device

    @cached_property
    def info(self) -> EncoderInfo:
        """Name, digest of all weights and of the processor's settings, size."""
        model, processor, _, _ = self._parts
        digest = sha256(processor.to_json_string().encode())
        for key, value in sorted(model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().float().cpu().contiguous().numpy().tobytes())
        dimension = len(self.encode_text(["a"])[0])
        return EncoderInfo(f"transformers:{self._name}", digest.hexdigest(), dimension, has_text=True)

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The model's own image processor."""
        processed = self._parts[1](images=pixels, return_tensors="np", input_data_format="channels_last")
        return np.asarray(processed["pixel_values"][0], dtype=np.float32)

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        """Unit vectors; no ImageNet names."""
        import torch

        model, _, _, device = self._parts
        with torch.inference_mode():
            found = _vectors(model.get_image_features(pixel_values=torch.from_numpy(batch).to(device)))
        return Encoded(found, np.zeros((len(batch), 0), dtype=np.float32))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of words in the same space."""
        import torch

        model, _, tokenizer, device = self._parts
        tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(device)
        with torch.inference_mode():
            return _vectors(model.get_text_features(**tokens))


def _vectors(features: Any) -> NDArray[np.float32]:
    """Unit vectors from what the model returns: a tensor, or (since transformers 5) an output that holds one."""
    tensor = getattr(features, "pooler_output", features)
    vectors = tensor.float().cpu().numpy()
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
