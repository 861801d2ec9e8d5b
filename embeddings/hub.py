"""Weights of the model hub: taken from this disk, fetched only when somebody agreed to it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.encoder import EncoderUnavailable
from embeddings.progress import Progress, silent

PATIENCE = 3.0
"""Seconds that the hub has to answer before it counts as out of reach, name look-up included."""
PLAIN = ("*.json", "*.txt", "*.model", "*.safetensors")
"""What is fetched of a transformers model: settings, vocabularies, weights without code."""
OPEN_CLIP_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
"""Names under which a repository or folder of OpenCLIP keeps its weights, the one without any code first."""
MEGABYTE = 1_000_000
ELSE = "name a checkpoint file or a folder, or use --encoder embedded"
"""What always helps."""


@dataclass(frozen=True)
class Fetching:
    """Leave to fetch weights.

    Attributes
    ----------
    agreed : callable
        Asked once, with what would be fetched and how large it is; false = leave it.
    on_step : callable
        Told of the megabytes that have come.
    """

    agreed: Callable[[str], bool]
    on_step: Progress = silent


def cached_file(repository: str, name: str) -> Path | None:
    """Where a file of a hub repository lies on this disk, or None; no connection is opened."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(repository, name)
    except HFValidationError:  # no repository can have this name
        return None
    return Path(found) if isinstance(found, str) else None


def look_ahead(repository: str, names: tuple[str, ...], fetching: Fetching | None) -> None:
    """Refuse weights that are not on this disk and cannot be fetched, before a library is loaded for them.

    Raises
    ------
    EncoderUnavailable
        Within ``PATIENCE``.
    """
    if not any(cached_file(repository, name) for name in names):
        _agreed_sizes(repository, fetching)


def weights_file(repository: str, names: tuple[str, ...], fetching: Fetching | None) -> Path:
    """The first of ``names`` that the repository has, from this disk or, if somebody agrees, from the hub.

    Parameters
    ----------
    fetching : Fetching or None
        None = no connection is opened.

    Raises
    ------
    EncoderUnavailable
        If none is on this disk and none may be, or could be, fetched.
    """
    for name in names:
        if (found := cached_file(repository, name)) is not None:
            return found
    sizes = _agreed_sizes(repository, fetching)
    wanted = next((name for name in names if name in sizes), None)
    if wanted is None or fetching is None:
        raise EncoderUnavailable(
            f"the hub's {repository} has none of the expected weights {', '.join(names)}",
            "name another model, or a checkpoint file",
        )
    _ask(repository, sizes[wanted], fetching)

    def fetch(bars: Any) -> str:
        from huggingface_hub import hf_hub_download

        return hf_hub_download(repository, wanted, tqdm_class=bars)

    return Path(_fetched(repository, fetch, fetching.on_step))


def model_folder(name: str, fetching: Fetching | None) -> Path:
    """The folder of a transformers model, from this disk or, if somebody agrees, from the hub.

    Parameters
    ----------
    name : str
        A local folder, or a repository.
    fetching : Fetching or None
        None = no connection is opened.

    Raises
    ------
    EncoderUnavailable
    """
    if name and Path(name).is_dir():
        return Path(name)
    _must_be_repository(name)
    found = cached_file(name, "config.json")
    if found is not None and any(found.parent.glob("*.safetensors")):
        return found.parent
    sizes = _agreed_sizes(name, fetching)
    wanted = [file for file in sizes if any(Path(file).match(pattern) for pattern in PLAIN)]
    if fetching is None or not any(file.endswith(".safetensors") for file in wanted):
        raise EncoderUnavailable(
            f"the hub's {name} has no weights without code (.safetensors)", "name another model, or a folder"
        )
    _ask(name, sum(sizes[file] for file in wanted), fetching)

    def fetch(bars: Any) -> str:
        from huggingface_hub import snapshot_download

        return str(snapshot_download(name, allow_patterns=list(PLAIN), tqdm_class=bars, max_workers=2))

    return Path(_fetched(name, fetch, fetching.on_step))


def _must_be_repository(name: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError:
        raise EncoderUnavailable(
            f"there is no folder {name!r}, and no model of the hub can be called so",
            "check the path, or write it as OWNER/MODEL",
        ) from None


def sizes_on_hub(repository: str) -> dict[str, int] | None:
    """Bytes of each file of a repository; None where the hub does not answer within ``PATIENCE`` or is switched off.

    ``HF_HUB_OFFLINE`` is respected: nothing is asked then.
    """
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        return None
    found: list[dict[str, int]] = []

    def ask() -> None:
        try:
            info = HfApi().model_info(repository, files_metadata=True, timeout=PATIENCE)
        except _faults():
            return
        found.append({sibling.rfilename: int(sibling.size or 0) for sibling in info.siblings or []})

    # A thread, because looking a name up may hang and takes no time limit; left behind, it dies with the process.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return found[0] if found else None


def _agreed_sizes(repository: str, fetching: Fetching | None) -> dict[str, int]:
    if fetching is None:
        raise EncoderUnavailable(
            f"the weights of {repository} are not on this disk and no download was asked for",
            f"add --download to fetch them, {ELSE}",
        )
    sizes = sizes_on_hub(repository)
    if sizes is None:
        raise _unreachable(repository)
    return sizes


def _ask(repository: str, size: int, fetching: Fetching) -> None:
    if not fetching.agreed(f"{repository}, {size / MEGABYTE:.0f} MB"):
        raise EncoderUnavailable(
            f"the weights of {repository} are not on this disk, and their download was declined", ELSE
        )


def _fetched(repository: str, fetch: Callable[[Any], str], on_step: Progress) -> str:
    try:
        return fetch(_bars(on_step))
    except _faults() as fault:
        raise _unreachable(repository) from fault


def _faults() -> tuple[type[Exception], ...]:
    """What a failed connection raises: errors of the system, of the hub's client, and of its HTTP library."""
    from huggingface_hub import errors

    # Taken from the client, which has changed its HTTP library before (requests, httpx, httpx2).
    return OSError, ValueError, errors.HTTPError  # type: ignore[attr-defined]


def _bars(on_step: Progress) -> Any:
    """A progress bar class for the hub's client that tells ``on_step`` of whole megabytes and draws nothing."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    lock = threading.Lock()
    totals: dict[int, tuple[float, float]] = {}

    class Quiet(tqdm):  # type: ignore[misc]
        def __init__(self, *given: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*given, **{**options, "disable": False, "file": _Nowhere()})

        def display(self, *_: Any, **__: Any) -> bool:
            return True

        def update(self, n: float | None = 1) -> bool | None:
            shown = super().update(n)
            if self.unit == "B":
                with lock:
                    totals[id(self)] = (float(self.n), float(self.total or self.n))
                    done, total = (sum(column) for column in zip(*totals.values(), strict=True))
                    on_step("downloading weights (MB)", int(done / MEGABYTE), max(1, round(total / MEGABYTE)))
            return bool(shown)

    return Quiet


class _Nowhere:
    """A file that forgets what is written to it."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        return None


def _unreachable(repository: str) -> EncoderUnavailable:
    return EncoderUnavailable(
        f"the weights of {repository} are not on this disk and could not be fetched from the hub",
        f"check the name and the connection, {ELSE}",
    )
