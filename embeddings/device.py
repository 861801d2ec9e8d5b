"""The one seam to the GPU: every encoder and every index asks here, and nothing else does."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import faiss


def torch_device() -> str:
    """``cuda`` where torch sees a GPU that it can use, else ``cpu``. Imports torch."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def faiss_gpus() -> int:
    """GPUs that FAISS can use; 0 with a build that knows none."""
    import faiss

    return int(faiss.get_num_gpus()) if hasattr(faiss, "index_cpu_to_all_gpus") else 0


def placed(index: "faiss.Index") -> "faiss.Index":
    """The index on all GPUs where there are any, else as it is."""
    import faiss

    return faiss.index_cpu_to_all_gpus(index) if faiss_gpus() else index
