"""Small pictures, made once per content and kept in the workspace; every one through the door that decodes safely."""

import base64
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import streamlit as st

if TYPE_CHECKING:
    from tools.case import Case

FOLDER = "thumbnails"
LONGEST = 192
LARGE = 1024
SHA = re.compile(r"[0-9a-f]{64}")
END_OF_JPEG = b"\xff\xd9"


def small(workspace: Path, case: "Case", image_id: str) -> bytes | str:
    """A small JPEG of a picture of the case, or why there is none."""
    dataset = case.dataset
    digest = str(dataset.sha256[dataset.index[image_id]])
    return _small(str(workspace), str(dataset.path(image_id)), str(dataset.root_of(image_id)), digest)


@st.cache_data(max_entries=4000, show_spinner=False)
def _small(workspace: str, path: str, root: str, digest: str) -> bytes | str:
    from embeddings.images import Unreadable, thumbnail

    kept = kept_at(Path(workspace), digest)
    if kept is not None and (data := _read(kept)):
        return data
    try:
        data = thumbnail(Path(path), root=Path(root), longest=LONGEST)
    except Unreadable as reason:
        return reason.reason
    if kept is not None:
        _keep(kept, data)
    return data


def kept_at(workspace: Path, digest: str) -> Path | None:
    """Where the thumbnail of a content lies; None for what is no digest, and for a workspace that is not there."""
    if not SHA.fullmatch(digest) or not workspace.is_dir():
        return None
    return workspace / FOLDER / digest[:2] / f"{digest}.jpg"


def large(case: "Case", image_id: str) -> bytes | str:
    """A picture of the case as large as a page shows it, or why there is none."""
    from embeddings.images import Unreadable, thumbnail

    try:
        return thumbnail(case.dataset.path(image_id), root=case.dataset.root_of(image_id), longest=LARGE)
    except Unreadable as reason:
        return reason.reason


def data_address(data: bytes) -> str:
    """A JPEG as an address that carries it, so that a page fetches nothing."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")


def _read(path: Path) -> bytes:
    """The kept bytes; empty if there are none or they are cut short."""
    try:
        data = path.read_bytes()
    except OSError:
        return b""
    return data if data.endswith(END_OF_JPEG) else b""


def _keep(path: Path, data: bytes) -> None:
    """Keep a thumbnail, without waiting for the disk: one that a power cut leaves cut short is made again.

    So is one that a full or read-only disk does not take.
    """
    temporary = path.with_name(f".{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
