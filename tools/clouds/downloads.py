"""Pictures from a service's addresses: only where they may lie, never larger than a picture may be, checked whole."""

import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from itertools import islice
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from embeddings.files import LIMITS, Limits, Unreadable
from embeddings.images import decode
from embeddings.progress import Progress
from tools.store import replace_file

THREADS = 8
AHEAD = 4 * THREADS
"""Pictures asked for before the first of them is told: what is stopped stops soon."""
SILENCE, LONGEST = 30.0, 300.0
"""Seconds without a byte, and for one picture in all."""
CHUNK = 1 << 16
ENDING = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp", "TIFF": ".tif", "HEIF": ".heic"}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Wanted:
    """One picture to fetch.

    Attributes
    ----------
    name : str
        What the file is to be called, without an ending; checked by the caller.
    address : str
    """

    name: str
    address: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that leads elsewhere is not followed: it was checked, the other was not."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def refused_address(address: str, *, hosts: frozenset[str], suffixes: tuple[str, ...]) -> str:
    """Why nothing is fetched from an address; empty if it may be.

    Parameters
    ----------
    hosts : frozenset of str
        Host names (with port, where one is named) that may be asked.
    suffixes : tuple of str
        Ends of host names that may be asked.

    Examples
    --------
    >>> where = {"hosts": frozenset({"shop.example"}), "suffixes": (".blob.core.windows.net",)}
    >>> refused_address("https://x.blob.core.windows.net/a?sig=1", **where)
    ''
    >>> refused_address("http://shop.example/a", **where), refused_address("file:///etc/passwd", **where)
    ('not https', 'not https')
    >>> refused_address("https://169.254.169.254/a", **where)
    "a host that is not the service's"
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "no address"
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        return "not https"
    named = host if port is None else f"{host}:{port}"
    if named in hosts or (port is None and host.endswith(suffixes)):
        return ""
    return "a host that is not the service's"


def download(
    wanted: list[Wanted], folder: Path, refused: Callable[[str], str], on_step: Progress, *, limits: Limits = LIMITS
) -> tuple[int, int, list[tuple[str, str]]]:
    """Fetch pictures that are not in ``folder`` yet, each whole or not at all.

    A file is written only after its bytes were decoded as a picture; what a killed run fetched stays and is not
    fetched again.

    Parameters
    ----------
    refused : callable
        Reason why an address may not be asked; empty if it may.

    Returns
    -------
    tuple of (int, int, list of (str, str))
        Fetched, there already, and name and reason of those that could not be.

    Raises
    ------
    OSError
        If ``folder`` cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = {file.stem.casefold() for file in folder.iterdir() if not file.name.startswith(".")}
    fresh = [item for item in wanted if item.name.casefold() not in there]
    opener = urllib.request.build_opener(_NoRedirect)
    failed: list[tuple[str, str]] = []

    def one(item: Wanted) -> str:
        try:
            data = _bytes(opener, item.address, refused, limits)
            kind = decode(data, limits=limits, smallest_side=64).format
        except Unreadable as fault:
            return fault.reason
        replace_file(folder / f"{item.name}{ENDING[kind]}", data)
        return ""

    pool, under_way, waiting = ThreadPoolExecutor(THREADS), deque[Future[str]](), iter(fresh)
    try:
        for done, item in enumerate(fresh, start=1):
            under_way.extend(pool.submit(one, following) for following in islice(waiting, AHEAD - len(under_way)))
            if reason := under_way.popleft().result():
                failed.append((item.name, reason))
            on_step("fetching pictures", done, len(fresh))
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C waits for the pictures under way, not for all
    return len(fresh) - len(failed), len(wanted) - len(fresh), failed


def _bytes(opener: urllib.request.OpenerDirector, address: str, refused: Callable[[str], str], limits: Limits) -> bytes:
    reason = refused(address)
    if reason:
        raise Unreadable(f"its address was not asked: {reason}")
    most, deadline = int(limits.megabytes * 1e6), monotonic() + LONGEST
    try:
        with opener.open(urllib.request.Request(address), timeout=SILENCE) as answer:
            data = bytearray()
            while chunk := answer.read(CHUNK):
                data += chunk
                if len(data) > most:
                    raise Unreadable(f"expected at most {limits.megabytes:g} MB, saw more")
                if monotonic() > deadline:
                    raise Unreadable(f"it did not come within {LONGEST:.0f} s")
            if answer.length:
                raise Unreadable("it came cut short")
    except urllib.error.HTTPError as error:
        raise Unreadable(f"the service answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreadable(f"it could not be fetched: {type(error).__name__}") from None
    return bytes(data)
