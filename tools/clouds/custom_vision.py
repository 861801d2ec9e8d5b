"""Azure Custom Vision, live: a project's answers and pictures into a folder, by the official SDK where installed."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from embeddings.progress import Progress, silent
from tools.clouds.downloads import LOOPBACK, Wanted, download, refused_address
from tools.errors import AdvisorError
from tools.readers.custom_vision import WORKS
from tools.store import replace_file, unwritable

EXTRA = 'pip install "image-model-advisor[custom-vision]" (or: uv sync --extra custom-vision)'
PAGE = 256
"""Objects per answer: the most that the service gives."""
MOST_PAGES = 4_000
IMAGES = "images"
BLOBS = (".blob.core.windows.net",)
"""Where the service keeps the pictures, besides its own host."""
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
"""What an id may be to become a file name."""


class ServiceFailed(AdvisorError):
    """The service could not be asked, or answered with an error."""


@dataclass(frozen=True)
class Fetched:
    """What one run brought.

    Attributes
    ----------
    project : str
    images, production, iterations : int
        Named by the service's answers.
    fetched, there : int
        Pictures that came now, and that were there already.
    failed : tuple of (str, str)
        Id and reason of pictures that did not come.
    """

    project: str
    images: int
    production: int
    iterations: int
    fetched: int
    there: int
    failed: tuple[tuple[str, str], ...]


def connect(endpoint: str, key: str) -> Any:
    """The SDK's client; nothing is asked yet.

    Raises
    ------
    ServiceFailed
        If the SDK is not installed, or the endpoint is no https address.
    """
    host = (urlsplit(endpoint).hostname or "").lower()
    if not endpoint.startswith("https://") and not (endpoint.startswith("http://") and host in LOOPBACK):
        raise ServiceFailed(
            expected="the resource's endpoint, as https://NAME.cognitiveservices.azure.com",
            seen=endpoint, todo="Copy it from the resource's page 'Keys and Endpoint'.",
        )  # fmt: skip
    try:
        from azure.cognitiveservices.vision.customvision.training import CustomVisionTrainingClient
        from msrest.authentication import ApiKeyCredentials
    except ImportError:
        raise ServiceFailed(
            expected="Microsoft's SDK azure-cognitiveservices-vision-customvision", seen="it is not installed here",
            todo=f"Install it: {EXTRA}. Or save the answers by curl; see README, 'From Custom Vision'.",
        ) from None  # fmt: skip
    client = CustomVisionTrainingClient(endpoint.rstrip("/"), ApiKeyCredentials(in_headers={"Training-key": key}))
    client.config.connection.timeout = 60
    client.config.redirect_policy.allow = False  # the key goes to this host only
    return client


def fetch_project(client: Any, endpoint: str, project: str, folder: Path, *, on_step: Progress = silent) -> Fetched:
    """Save a project's images, tags, iterations, performances and predictions, then the pictures.

    Answers are replaced whole, and without the signatures of their addresses; pictures that are there stay, so that a
    run that was stopped goes on where it was.

    Raises
    ------
    ServiceFailed
        If the service answers with an error, or the project is none of one tag per picture.
    """
    ask = partial(_asked, endpoint)
    about = _plain(ask(lambda: client.get_project(project)))
    kind = (about.get("settings") or {}).get("classificationType")
    if kind != "Multiclass":
        raise ServiceFailed(
            expected="a project of one tag per picture (Multiclass)",
            seen=f"{'object detection' if kind is None else kind}", todo=f"{WORKS} Others are not taken yet.",
        )  # fmt: skip
    images = [
        item
        for read in (client.get_tagged_images, client.get_untagged_images)
        for item in _pages(ask, partial(read, project), "images", on_step)
    ]
    iterations = [_plain(item) for item in ask(lambda: client.get_iterations(project))]
    trained = [i for i in iterations if i.get("trainedAt")]
    stored = list(_predictions(ask, client, project, on_step))
    answers: dict[str, Any] = {
        "images": images,
        "tags": [_plain(tag) for tag in ask(lambda: client.get_tags(project))],
        "iterations": iterations,
        "predictions": {"results": stored},
    }
    for iteration in trained:
        key = _named(iteration["id"])
        read = partial(client.get_image_performances, project, iteration_id=key)
        answers[f"performances-{key}"] = list(_pages(ask, read, "performances", on_step))
    wanted = [Wanted(_named(item["id"]), str(item.get("originalImageUri") or "")) for item in (*images, *stored)]
    host = urlsplit(endpoint).netloc.lower()
    refused = partial(refused_address, hosts=frozenset({host}), suffixes=BLOBS)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, answer in answers.items():
            replace_file(folder / f"{name}.json", json.dumps(_unsigned(answer), indent=1).encode())
        fetched, there, failed = download(wanted, folder / IMAGES, refused, on_step)
    except OSError as error:
        raise unwritable(folder, error) from error
    return Fetched(
        str(about.get("name", project)), len(images), len(stored), len(trained), fetched, there, tuple(failed)
    )


def _plain(model: Any) -> dict[str, Any]:
    """As the service wrote it."""
    found: dict[str, Any] = model.serialize(keep_readonly=True)
    return found


def _named(key: object) -> str:
    if not isinstance(key, str) or not NAME.fullmatch(key):
        raise ServiceFailed(expected="ids of letters, digits and hyphens", seen=f"{key!a}"[:80], todo="Ask again.")
    return key


def _pages(
    ask: Callable[[Callable[[], Any]], Any], read: Callable[..., Any], what: str, on_step: Progress
) -> Iterator[dict[str, Any]]:
    for page in range(MOST_PAGES):
        found: Sequence[Any] = ask(partial(read, take=PAGE, skip=PAGE * page))
        yield from map(_plain, found)
        on_step(f"asking for {what}", page + 1, page + (len(found) == PAGE) + 1)
        if len(found) < PAGE:
            return


def _predictions(
    ask: Callable[[Callable[[], Any]], Any], client: Any, project: str, on_step: Progress
) -> Iterator[dict[str, Any]]:
    """Pictures that the published model was asked about; the service keeps them for some time."""
    token: Any = {"orderBy": "Newest", "maxCount": PAGE}
    for page in range(MOST_PAGES):
        found = ask(partial(client.query_predictions, project, token))
        results = found.results or []
        yield from map(_plain, results)
        on_step("asking for predictions", page + 1, page + 1 + bool(results))
        token = found.token
        if not results or token is None or not token.continuation:
            return


def _unsigned(value: Any) -> Any:
    """The same without the queries of addresses, which are signatures that give access."""
    if isinstance(value, dict):
        return {key: _unsigned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unsigned(item) for item in value]
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return urlunsplit((*urlsplit(value)[:3], "", ""))
    return value


def _asked(endpoint: str, call: Callable[[], Any]) -> Any:
    """An answer of the service, or its error in words; never the key."""
    answered, silent_ = _sdk_errors()
    try:
        return call()
    except answered as error:
        code = getattr(getattr(error, "response", None), "status_code", 0)
        todo = {
            401: "Check VISION_TRAINING_KEY: it must be a key of the training resource at this endpoint.",
            403: "Check VISION_TRAINING_KEY, and whether the resource lets this network in.",
            404: "Check --project: the id stands in the project's settings, and it must be of this resource.",
            429: "The service is busy: run the same line again in a minute; what came stays.",
        }.get(code, "Run the same line again; what came stays.")
        raise ServiceFailed(expected=f"an answer of {endpoint}", seen=f"the error {code}", todo=todo) from None
    except silent_ as error:
        kind = type(getattr(error, "inner_exception", None) or error).__name__
        raise ServiceFailed(
            expected=f"an answer of {endpoint}", seen=f"none ({kind})", todo="Check the endpoint and the network."
        ) from None


def _sdk_errors() -> tuple[tuple[type[Exception], ...], tuple[type[Exception], ...]]:
    """What the SDK raises for an answer that is an error, and for none; nothing where it is not installed."""
    try:
        from msrest.exceptions import ClientException, HttpOperationError
    except ImportError:
        return (), ()
    return (HttpOperationError,), (ClientException,)
