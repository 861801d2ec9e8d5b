"""Weights of the model hub: taken from this disk, fetched only when that was asked for."""

from pathlib import Path

from embeddings.encoder import EncoderUnavailable


def cached_file(repository: str, name: str) -> Path | None:
    """Where a file of a hub repository lies on this disk, or None; no connection is opened."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, name)
    return Path(found) if isinstance(found, str) else None


def weights_file(repository: str, names: tuple[str, ...], *, download: bool) -> Path:
    """The first of ``names`` that the repository has, from this disk or, if ``download``, from the hub.

    Raises
    ------
    EncoderUnavailable
        If none is on this disk and none may be, or could be, fetched.
    """
    for name in names:
        if (found := cached_file(repository, name)) is not None:
            return found
    if not download:
        raise EncoderUnavailable(
            f"the weights of {repository} are not on this disk and no download was asked for; "
            "add --download to fetch them, name a checkpoint file, or use --encoder embedded"
        )
    return _fetch(repository, names)


def _fetch(repository: str, names: tuple[str, ...]) -> Path:
    from httpx import HTTPError
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for name in names:
        try:
            return Path(hf_hub_download(repository, name))
        except LocalEntryNotFoundError as fault:  # an EntryNotFoundError too, but it means "no connection"
            raise EncoderUnavailable(_unreachable(repository)) from fault
        except EntryNotFoundError:
            continue
        except (OSError, HTTPError) as fault:
            raise EncoderUnavailable(_unreachable(repository)) from fault
    raise EncoderUnavailable(f"the hub's {repository} has none of the expected weights {', '.join(names)}")


def _unreachable(repository: str) -> str:
    return (
        f"the weights of {repository} are not on this disk and could not be fetched from the hub; "
        "check the connection, name a checkpoint file, or use --encoder embedded"
    )
