"""Models of transformers: CLIP, SigLIP and kin, and picture towers without words such as DINOv2."""

from collections.abc import Sequence
from functools import partial
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embeddings.attention import transformers_energy
from embeddings.device import torch_device
from embeddings.encoder import EncoderUnavailable, NoTextTower, unit
from embeddings.hub import Fetching, model_folder
from embeddings.preprocessing import Preprocessing, parted
from embeddings.tower import IN_TORCH, How
from embeddings.tower_encoder import Parts, TowerEncoder


class TransformersEncoder(TowerEncoder):
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
        folder = model_folder(name, fetching)  # before the library is loaded, which takes ten seconds and more

        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        # "Loading weights" would be drawn over the progress that the user sees.
        disable_progress_bar()  # type: ignore[no-untyped-call]
        device = torch_device()
        options = {"local_files_only": True, "trust_remote_code": False}
        try:
            model = AutoModel.from_pretrained(folder, **options).to(device).eval()
            processor = AutoImageProcessor.from_pretrained(folder, **options)  # type: ignore[no-untyped-call]
            has_text = hasattr(model, "get_text_features")
            self._tokenizer = AutoTokenizer.from_pretrained(folder, **options) if has_text else None
        # Tensors of other shapes are a RuntimeError, code in a weights file an UnpicklingError.
        except (OSError, ValueError, KeyError, RuntimeError, UnpicklingError) as fault:
            raise EncoderUnavailable(
                f"transformers:{name} cannot be loaded ({type(fault).__name__}): expected a folder, or a name in the "
                "hub's cache on this disk, with plain weights, processor and, for words, tokenizer",
                "add --download to fetch them, or use --encoder embedded",
            ) from fault
        _must_take_pictures(model, name)
        parts = Parts(
            f"transformers:{name}", model, device, _parted(processor), processor.to_json_string(), has_text=has_text
        )
        super().__init__(parts, partial(_features, model, has_text), transformers_energy, how)

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
            return unit(_tensor(self._model.get_text_features(**tokens)).float().cpu().numpy())


def _must_take_pictures(model: Any, name: str) -> None:
    """Refuse text models, and those that take patches of any number, whose pictures have no fixed size."""
    if getattr(model, "main_input_name", "") != "pixel_values" and not hasattr(model, "get_image_features"):
        raise EncoderUnavailable(
            f"transformers:{name} holds a {type(model).__name__}, which takes no pictures",
            "name a model that takes pictures: CLIP, SigLIP, DINOv2",
        )
    if str(model.config.model_type) == "siglip2":
        raise EncoderUnavailable(
            f"transformers:{name} takes pictures in patches of varying number (NaFlex)",
            "name a SigLIP 2 model of a fixed size, such as google/siglip2-base-patch16-224",
        )


def _features(model: Any, has_text: bool, pictures: Any) -> Any:
    """Tensor (n, d): the two-tower model's picture features, else the class token, else the pooled feature map."""
    if has_text:
        return _tensor(model.get_image_features(pixel_values=pictures))
    found = model(pixel_values=pictures).last_hidden_state
    return found.mean(dim=(2, 3)) if found.ndim == 4 else found[:, 0]


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
