"""An encoder with a small torch network, and a workspace of drawn pictures indexed with it."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import embeddings.resolve
from benchmarks.planting.swapped_background import GridEncoder, swapped_case
from embeddings.encoder import Encoded, EncoderInfo, unit
from embeddings.space import EmbeddingSpace
from tools.case import Case
from tools.dataset import decode_id
from tools.settings import Settings
from tools.workspace import Workspace

DIMENSION = 12


def network() -> Any:
    """Three blocks, an unused second head, and a weight that comes before the blocks."""
    import torch

    torch.manual_seed(3)

    class Small(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = torch.nn.Conv2d(3, 8, 4, stride=4)
            self.blocks = torch.nn.ModuleList(torch.nn.Conv2d(8, 8, 3, padding=1) for _ in range(3))
            self.last = torch.nn.Linear(8, DIMENSION)
            self.words = torch.nn.Linear(8, 4)

        def forward(self, pictures: Any) -> Any:
            x = self.stem(pictures.permute(0, 3, 1, 2).float() / 255 - 0.5)
            for block in self.blocks:
                x = x + torch.relu(block(x))
            return (self.last(x.mean(dim=(2, 3))),)

    return Small().eval()


class SmallEncoder(GridEncoder):
    """As drawn pictures need it, but trainable."""

    info = EncoderInfo("small", "7" * 64, DIMENSION, has_text=False)

    def module(self) -> Any:
        return network()

    def encode(self, batch: NDArray[np.generic]) -> Encoded:
        import torch

        with torch.inference_mode():
            vectors = network()(torch.from_numpy(np.ascontiguousarray(batch)))[0].numpy()
        return Encoded(unit(vectors), np.zeros((len(batch), 0), dtype=np.float32))


def small_case(folder: Path, monkeypatch: pytest.MonkeyPatch, *, each: int = 30) -> tuple[Workspace, Case]:
    """Discs of two colours; half of the pictures are test."""
    from PIL import Image

    (folder / "pictures").mkdir(parents=True)
    drawn = swapped_case(folder / "pictures", agreement=0.7, each=each, weak=0.5)
    encoder = SmallEncoder()
    monkeypatch.setattr(embeddings.resolve, "resolve_encoder", lambda name, **_: (SmallEncoder(), ""))
    paths = [drawn.dataset.root / decode_id(str(i)) for i in drawn.ids]
    pictures = [encoder.prepare(np.asarray(Image.open(path).convert("RGB"))) for path in paths]
    vectors = encoder.encode(np.stack(pictures)).vectors
    digests = np.array([sha256(path.read_bytes()).hexdigest() for path in paths])
    space = EmbeddingSpace(encoder.info, drawn.ids, vectors, np.zeros((len(paths), 0), dtype=np.float32))
    kept = Workspace.open(folder / "workspace")
    kept.save_dataset(replace(drawn.dataset, sha256=digests), space)
    return kept, kept.case(Settings(workspace=folder / "workspace", group_column="picture"))


class Killed(BaseException):
    """Not caught by anything, as little as SIGKILL is."""
