"""An encoder's torch module with a head on it: what fine-tuning trains and what is exported."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.case import Arrays
from tools.registry import NotApplicable

TOWER = "tower."


def tower_of(encoder: Any) -> Any:
    """The encoder's torch module.

    Raises
    ------
    NotApplicable
        If it has none.
    """
    from embeddings.trainable import Trainable

    if not isinstance(encoder, Trainable):
        raise NotApplicable(f"the encoder {encoder.info.name} has no network in torch")
    return encoder.module().eval()


def classifier(tower: Any, weights: Mapping[str, NDArray[np.generic]]) -> Any:
    """A ``torch.nn.Module`` from prepared pictures to logits of the head's outputs.

    Parameters
    ----------
    tower : torch.nn.Module
        As of ``tower_of``; None = the module takes unit vectors instead of pictures.
    weights : mapping of str to ndarray
        As ``tools.training.job.Trained`` has them; ``tower.…`` replaces weights of the tower.
    """
    import torch

    class Classifier(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tower = tower
            self.weight = torch.nn.Parameter(torch.tensor(weights["head.weight"]))
            self.bias = torch.nn.Parameter(torch.tensor(weights["head.bias"]))

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            vectors = pictures if self.tower is None else torch.nn.functional.normalize(self.tower(pictures)[0])
            return vectors @ self.weight.T + self.bias

    made = Classifier()
    moved = {name.removeprefix(TOWER): values for name, values in weights.items() if name.startswith(TOWER)}
    if moved:
        own = dict(tower.named_parameters())
        with torch.no_grad():
            for name, values in moved.items():
                own[name].copy_(torch.tensor(values))
    return made


def probabilities(module: Any, parents: NDArray[np.int64], classes: int) -> Any:
    """A ``torch.nn.Module`` that gives a tuple of one tensor: probabilities, outputs of one class added up."""
    import torch

    class Probabilities(torch.nn.Module):
        merge: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.module = module
            self.register_buffer("merge", torch.eye(classes)[torch.tensor(parents)])

        def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor]:
            return (torch.softmax(self.module(pictures), dim=1) @ self.merge,)

    return Probabilities()


def weights_of(module: Any, names: list[str], parents: NDArray[np.int64]) -> Arrays:
    """Head and named weights of the tower, as ``classifier`` takes them."""
    own = dict(module.tower.named_parameters()) if names else {}
    out: Arrays = {f"{TOWER}{name}": own[name].detach().cpu().numpy().copy() for name in names}
    out["head.weight"] = module.weight.detach().cpu().numpy().copy()
    out["head.bias"] = module.bias.detach().cpu().numpy().copy()
    out["head.parents"] = parents
    return out
