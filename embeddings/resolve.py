"""From an encoder's name to the encoder, and one line that says which it is and why."""

from pathlib import Path

from embeddings.encoder import Encoder, EncoderUnavailable

FORMS = (
    "auto, embedded, open_clip:MODEL/PRETRAINED, open_clip:MODEL/CHECKPOINT_FILE, open_clip:FOLDER or "
    "transformers:NAME_OR_FOLDER"
)
PREFERRED = "ViT-B-32/laion2b_s34b_b79k"
PREFERRED_REPOSITORY = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"


def resolve_encoder(name: str, *, cache: Path, download: bool = False, threads: int = 0) -> tuple[Encoder, str]:
    """The encoder with this name.

    Parameters
    ----------
    name : str
        ``auto`` takes CLIP weights that lie on this machine already, else the embedded encoder; it asks no network.
    cache : Path
        Folder for exported networks.
    download : bool
        Whether weights may be fetched from a model hub.

    Returns
    -------
    encoder : Encoder
    line : str
        Which encoder and why.

    Raises
    ------
    EncoderUnavailable
    """
    kind, _, rest = name.partition(":")
    if kind == "embedded" and not rest:
        return _embedded(cache, threads), "Encoder: embedded (EfficientNet-Lite0), as asked."
    if kind == "open_clip" and rest:
        from embeddings.open_clip import OpenClipEncoder

        return OpenClipEncoder(rest, download=download), f"Encoder: OpenCLIP {rest}, as asked."
    if kind == "transformers" and rest:
        from embeddings.transformers import TransformersEncoder

        return TransformersEncoder(rest, download=download), f"Encoder: transformers {rest}, as asked."
    if name != "auto":
        raise EncoderUnavailable(f"expected an encoder named {FORMS}; saw {name!r}")
    from embeddings.open_clip import OpenClipEncoder, repository_on_disk

    if repository_on_disk(PREFERRED_REPOSITORY):
        return OpenClipEncoder(PREFERRED), f"Encoder: OpenCLIP {PREFERRED}, whose weights lie on this machine."
    return _embedded(cache, threads), (
        "Encoder: embedded (EfficientNet-Lite0), because no CLIP weights lie on this machine. Pictures are described "
        "by its 1,000 ImageNet names; free words need CLIP (--encoder open_clip:… --download)."
    )


def _embedded(cache: Path, threads: int) -> Encoder:
    from embeddings.embedded import EmbeddedEncoder

    return EmbeddedEncoder(cache, threads=threads)
