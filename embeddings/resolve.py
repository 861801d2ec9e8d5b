"""From an encoder's name to the encoder, and one line that says which it is and why."""

from dataclasses import dataclass
from pathlib import Path

from embeddings.encoder import Encoder, EncoderUnavailable
from embeddings.hub import OPEN_CLIP_WEIGHTS, PATIENCE, Fetching, cached_file, look_ahead, sizes_on_hub
from embeddings.precision import SUFFIX
from embeddings.progress import Progress, silent

FORMS = (
    "auto, embedded, open_clip:MODEL/PRETRAINED, open_clip:MODEL/CHECKPOINT_FILE, open_clip:FOLDER or "
    "transformers:NAME_OR_FOLDER; :int8 behind an open_clip or transformers name for 8-bit weights on a CPU"
)


@dataclass(frozen=True)
class Known:
    """An encoder whose weights ``auto`` looks for.

    Attributes
    ----------
    name : str
        As the user would give it.
    repository : str
        On the hub.
    files : tuple of str
        Any of these on this disk means that its weights are here.
    """

    name: str
    repository: str
    files: tuple[str, ...]


PREFERRED = (
    Known("open_clip:ViT-B-32/laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", OPEN_CLIP_WEIGHTS),
    Known("open_clip:ViT-B-32/datacomp_xl_s13b_b90k", "laion/CLIP-ViT-B-32-DataComp.XL-s13B-b90K", OPEN_CLIP_WEIGHTS),
    Known("open_clip:ViT-B-32/openai", "timm/vit_base_patch32_clip_224.openai", OPEN_CLIP_WEIGHTS),
    Known("transformers:openai/clip-vit-base-patch32", "openai/clip-vit-base-patch32", ("model.safetensors",)),
)
"""In this order; the first is also what is fetched when a download is agreed to."""


def resolve_encoder(
    name: str,
    *,
    cache: Path,
    fetching: Fetching | None = None,
    threads: int = 0,
    on_step: Progress = silent,
) -> tuple[Encoder, str]:
    """The encoder with this name.

    Parameters
    ----------
    name : str
        ``auto`` takes CLIP weights that lie on this machine already; else, if there is leave to fetch and the hub
        answers within seconds and the download is agreed to, those of the first ``PREFERRED``; else the embedded
        encoder.
    cache : Path
        Folder for exported networks.
    fetching : Fetching or None
        Leave to fetch weights; without it no connection is opened.
    threads : int
        For inference on a CPU; 0 = all cores.
    on_step : callable

    Returns
    -------
    encoder : Encoder
    line : str
        Which encoder and why.

    Raises
    ------
    EncoderUnavailable
    """
    if name == "auto":
        return _automatic(cache, fetching, threads, on_step)
    for known in PREFERRED:
        if known.name == name.removesuffix(SUFFIX):  # refused before a library is loaded, which takes ten seconds
            look_ahead(known.repository, known.files, fetching)
    return _named(name, cache, fetching, threads, on_step), f"Encoder: {name}, as asked."


def _named(name: str, cache: Path, fetching: Fetching | None, threads: int, on_step: Progress) -> Encoder:
    kind, _, rest = name.partition(":")
    if kind == "embedded" and not rest:
        from embeddings.embedded import EmbeddedEncoder

        return EmbeddedEncoder(cache, threads=threads, on_step=on_step)
    if name == f"embedded{SUFFIX}":
        raise EncoderUnavailable(
            "the embedded encoder has no 8-bit form: its convolutions would be slower in 8 bits",
            "use --encoder embedded; :int8 goes behind an open_clip or transformers name",
        )
    model = rest.removesuffix(SUFFIX)
    if kind not in ("open_clip", "transformers") or not model:
        raise EncoderUnavailable(f"no encoder is named {name!r}", f"name one of {FORMS}")
    on_step("loading the encoder", 0, 1)
    from embeddings.tower import How

    how = How(cache, int8=model != rest, threads=threads, on_step=on_step)
    if kind == "open_clip":
        from embeddings.open_clip import OpenClipEncoder

        return OpenClipEncoder(model, fetching=fetching, how=how)
    from embeddings.transformers import TransformersEncoder

    return TransformersEncoder(model, fetching=fetching, how=how)


def _automatic(cache: Path, fetching: Fetching | None, threads: int, on_step: Progress) -> tuple[Encoder, str]:
    here = next((k for k in PREFERRED if any(cached_file(k.repository, f) for f in k.files)), None)
    if here is not None:
        encoder = _named(here.name, cache, None, threads, on_step)
        return encoder, f"Encoder: {here.name}, whose weights lie on this machine."
    first, why = PREFERRED[0], "no CLIP weights lie on this machine"
    if fetching is not None:
        if sizes_on_hub(first.repository) is None:
            why += f" and the model hub did not answer within {PATIENCE:.0f} s"
        else:
            try:
                encoder = _named(first.name, cache, fetching, threads, on_step)
            except EncoderUnavailable as fault:
                why += f" ({fault})"
            else:
                return encoder, f"Encoder: {first.name}, fetched from the model hub as agreed."
    return _named("embedded", cache, None, threads, on_step), (
        f"Encoder: embedded (EfficientNet-Lite0), because {why}. Pictures are described "
        f"by its 1,000 ImageNet names; free words need CLIP (--encoder {first.name} --download)."
    )
