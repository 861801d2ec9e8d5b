"""The torch module inside an encoder: which of its weights come last, so that they can be trained first."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@runtime_checkable
class Trainable(Protocol):
    """An encoder whose network can be had in torch."""

    def module(self) -> Any:
        """A ``torch.nn.Module`` from prepared pictures to a tuple, first the vectors before they get unit length.

        Training it may change the encoder itself; load one for the purpose.
        """
        ...


def late_parameters(module: Any, example: NDArray[np.generic], blocks: int) -> list[str]:
    """Names of the weights that training may move, in the order in which the module holds them.

    Parameters
    ----------
    module : torch.nn.Module
        As of ``Trainable``.
    example : ndarray, shape (1, …)
        A stack of prepared pictures. Weights that have no part in their vectors (a text tower, another head) are
        never named.
    blocks : int
        How many of the last blocks, with what follows them; 0 = the whole network. Blocks are the members of the
        longest list of modules, such as the residual blocks of a transformer or the stages of a convolutional network.

    Raises
    ------
    ValueError
        If the network has no such list and not all of it is asked for.
    """
    import torch

    with torch.enable_grad():
        module(torch.from_numpy(np.ascontiguousarray(example)))[0].sum().backward()
    used = [name for name, weight in module.named_parameters() if weight.grad is not None]
    module.zero_grad(set_to_none=True)
    if not blocks:
        return used
    stacks = {
        name: len(part)
        for name, part in module.named_modules()
        if isinstance(part, torch.nn.ModuleList | torch.nn.Sequential)
        and sum(any(u.startswith(f"{name}.{i}.") for u in used) for i in range(len(part))) > 1
    }
    if not stacks:
        raise ValueError("this network is no stack of blocks; train all of it")
    stack = max(stacks, key=lambda name: stacks[name])
    first = f"{stack}.{max(0, stacks[stack] - blocks)}."
    return used[next(at for at, name in enumerate(used) if name.startswith(first)) :]
