"""The 1,000 ImageNet names, for encoders that keep the classifier they were trained as."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def imagenet_names() -> tuple[str, ...]:
    """Short readable names in the order of the logits: the first is ``tench``.

    Read from the synset lists that timm ships (ImageNet-1k; Deng et al. 2009), as files: importing timm itself
    brings in torchvision and takes seconds.
    """
    spec = find_spec("timm")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("timm, a dependency of open-clip-torch, is not installed", name="timm")
    folder = Path(spec.origin).parent / "data" / "_info"
    lemmas = dict(
        line.split("\t", 1) for line in (folder / "imagenet_synset_to_lemma.txt").read_text("utf-8").splitlines()
    )
    synsets = (folder / "imagenet_synsets.txt").read_text("utf-8").split()
    return tuple(lemmas[synset].split(",")[0].strip() for synset in synsets)
