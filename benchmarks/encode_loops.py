"""The loops one would write with the libraries alone, for the encoding benchmark to stand beside."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from embeddings.device import torch_device
from embeddings.embedded import plain_network
from embeddings.images import open_picture

BATCH = 32


def embedded_loop() -> Callable[[Sequence[Path]], object]:
    """EfficientNet-Lite0 in torch: decode in full, resize, crop, batches of 32, one after the other."""
    import torch
    from torchvision.transforms import v2  # type: ignore[import-untyped]

    transform = v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(256, interpolation=v2.InterpolationMode.BICUBIC),
            v2.CenterCrop(224),
            v2.ToDtype(torch.float32),
            v2.Normalize([127.0] * 3, [128.0] * 3),
        ]
    )
    network = plain_network().to(torch_device())
    return _loop(transform, lambda batch: network.extract_features(batch).mean(dim=(2, 3)))


def open_clip_loop(model: str, checkpoint: Path) -> Callable[[Sequence[Path]], object]:
    """An open_clip model as its README uses it."""
    import open_clip

    network, _, transform = open_clip.create_model_and_transforms(
        model, pretrained=str(checkpoint), device=torch_device(), weights_only=True
    )
    network.eval()
    return _loop(transform, lambda batch: network.encode_image(batch, normalize=True))


def _loop(transform: Any, network: Callable[[Any], Any]) -> Callable[[Sequence[Path]], object]:
    import torch
    from torch.utils.data import DataLoader, Dataset

    class Files(Dataset[torch.Tensor]):
        def __init__(self, paths: Sequence[Path]) -> None:
            self.paths = paths

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, row: int) -> torch.Tensor:
            return torch.as_tensor(transform(Image.fromarray(open_picture(self.paths[row]).pixels)))

    def run(paths: Sequence[Path]) -> list[torch.Tensor]:
        with torch.inference_mode():
            return [network(batch.to(torch_device())).cpu() for batch in DataLoader(Files(paths), BATCH)]

    return run
