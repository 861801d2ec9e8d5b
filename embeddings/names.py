"""The 1,000 ImageNet names, for encoders that keep the classifier they were trained as."""

from functools import cache


@cache
def imagenet_names() -> tuple[str, ...]:
    """Short readable names in the order of the logits: the first is ``tench``.

    Source: the synset metadata that timm ships (ImageNet-1k; Deng et al. 2009).
    """
    from timm.data.imagenet_info import ImageNetInfo

    info = ImageNetInfo()
    return tuple(str(info.index_to_description(i)).split(",")[0] for i in range(1000))
