"""Models of transformers: CLIP, SigLIP and kin, and picture towers without words such as DINOv2."""

from collections.abc import Sequence
from hashlib import sha256
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.device import torch_device
from embeddings.encoder import Encoded, EncoderInfo, EncoderUnavailable, NoTextTower, TextScale
from embeddings.hub import Fetching, model_folder
from embeddings.precision import SUFFIX
from embeddings.preprocessing import Preprocessing, parted
from embeddings.tower import IN_TORCH, How, Tower


class TransformersEncoder:
    """A model of transformers with its own processor.

    Parameters
    ----------
    name : str
        A local folder, or a hub name whose files lie in the cache (or may be fetched).
    fetching : Fetching or None
        Leave to fetch missing files from the hub; without it no connection is opened.
    how : How
        Where and with which precision its picture tower runs.

    Raises
    ------
    EncoderUnavailable
        For files that are not here, may not be fetched, or are no picture model with plain weights.
    """

    def __init__(self, name: str, *, fetching: Fetching | None = None, how: How = IN_TORCH) -> None:
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        self._device = torch_device()
        folder = model_folder(name, fetching)
        options = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._model = AutoModel.from_pretrained(folder, **options).to(self._device).eval()
            self._processor = AutoImageProcessor.from_pretrained(folder, **options)  # type: ignore[no-untyped-call]
            self._has_text = hasattr(self._model, "get_text_features")
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **options) if self._has_text else None
        # Tensors of other shapes are a RuntimeError, code in a weights file an UnpicklingError.
        except (OSError, ValueError, KeyError, RuntimeError, UnpicklingError) as fault:
            raise EncoderUnavailable(
                f"transformers:{name} cannot be loaded ({type(fault).__name__}): expected a folder, or a name in the "
                "hub's cache on this disk, with plain weights, processor and, for words, tokenizer; "
                "add --download to fetch them, or use --encoder embedded"
            ) from fault
        _must_take_pictures(self._model, name)
        preprocessing = _parted(self._processor)
        self._info = self._described(name, how, preprocessing)
        self._tower = Tower(self._features, self._model, preprocessing, self._info.fingerprint, how)

    def _described(self, name: str, how: How, preprocessing: Preprocessing) -> EncoderInfo:
        import torch

        digest = sha256(self._processor.to_json_string().encode())
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().float().cpu().contiguous().numpy().data)
        if how.int8:
            digest.update(SUFFIX.encode())
        trial = preprocessing.floats(preprocessing(np.zeros((64, 64, 3), np.uint8))[None])
        with torch.inference_mode():
            dimension = int(self._features(torch.from_numpy(trial).to(self._device)).shape[1])
        return EncoderInfo(f"transformers:{name}{SUFFIX * how.int8}", digest.hexdigest(), dimension, self._has_text)

    def _features(self, pictures: Any) -> Any:
        """Tensor (n, d): the two-tower model's picture features, else the class token, else the pooled feature map."""
        if self._has_text:
            return _tensor(self._model.get_image_features(pixel_values=pictures))
        found = self._model(pixel_values=pictures).last_hidden_state
        return found.mean(dim=(2, 3)) if found.ndim == 4 else found[:, 0]

    @property
    def info(self) -> EncoderInfo:
        """Name, digest of all weights, of the processor's settings and of the precision, size."""
        return self._info

    @property
    def text_scale(self) -> TextScale | None:
        """The model's learned temperature, and its bias where it has one; None without a text tower."""
        if not hasattr(self._model, "logit_scale"):
            return None
        bias = getattr(self._model, "logit_bias", None)
        return TextScale(float(self._model.logit_scale.detach().exp()), 0.0 if bias is None else float(bias.detach()))

    @property
    def side_by_side(self) -> bool:
        """True on a CPU, where the picture tower was exported."""
        return self._tower.side_by_side

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """The model's own image processor, up to its scaling where the network does that."""
        return self._tower.preprocessing(pixels)

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        """Unit vectors; no ImageNet names."""
        return self._tower.encode(batch)

    def encode_exactly(self, batch: NDArray[np.generic]) -> Encoded:
        """Unit vectors with 32-bit weights, whatever the encoder's own precision."""
        return self._tower.exact.encode(batch)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of words in the same space, shape (n, dimension).

        Raises
        ------
        NoTextTower
            If the model knows pictures only.
        """
        import torch

        if self._tokenizer is None:
            raise NoTextTower(f"{self._info.name} knows pictures and no words; a CLIP or SigLIP model knows both")
        options: dict[str, Any] = {"padding": True}
        if str(self._model.config.model_type).startswith("siglip"):
            # These were trained on texts padded to full length; shorter padding gives other vectors.
            options = {"padding": "max_length", "max_length": self._model.config.text_config.max_position_embeddings}
        tokens = self._tokenizer(list(texts), truncation=True, return_tensors="pt", **options).to(self._device)
        with torch.inference_mode():
            vectors = _tensor(self._model.get_text_features(**tokens)).float().cpu().numpy()
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return np.asarray(vectors / lengths, dtype=np.float32)

    def saliency(self, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        """What the picture's vector is pooled from: attention of the last block, per patch."""
        import torch

        from embeddings.attention import transformers_energy

        pictures = torch.from_numpy(self._tower.preprocessing.floats(batch)).to(self._device)
        return transformers_energy(self._model, pictures)


def _must_take_pictures(model: Any, name: str) -> None:
    """Refuse text models, and those that take patches of any number, whose pictures have no fixed size."""
    if getattr(model, "main_input_name", "") != "pixel_values" and not hasattr(model, "get_image_features"):
        raise EncoderUnavailable(
            f"expected a model that takes pictures (CLIP, SigLIP, DINOv2), saw {type(model).__name__} in "
            f"transformers:{name}"
        )
    if str(model.config.model_type) == "siglip2":
        raise EncoderUnavailable(
            f"transformers:{name} takes pictures in patches of varying number (NaFlex); "
            "expected a SigLIP 2 model of a fixed size, such as google/siglip2-base-patch16-224"
        )


def _parted(processor: Any) -> Preprocessing:
    """The model's processor, with and without its last two steps (to floats, scaled)."""

    def whole(image: Image.Image) -> NDArray[np.float32]:
        found = processor(images=image, return_tensors="pt")["pixel_values"][0]
        return np.asarray(found.numpy(), dtype=np.float32)

    def early(image: Image.Image) -> NDArray[np.uint8]:
        found = processor(images=image, return_tensors="pt", do_rescale=False, do_normalize=False)["pixel_values"][0]
        return np.ascontiguousarray(found.numpy().transpose(1, 2, 0)).astype(np.uint8)

    mean, std = getattr(processor, "image_mean", None), getattr(processor, "image_std", None)
    if not (mean and std and getattr(processor, "do_normalize", False)):
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return parted(whole, early, mean, std)


def _tensor(features: Any) -> Any:
    """What the model returns: a tensor, or (since transformers 5) an output that holds one."""
    return getattr(features, "pooler_output", features)
