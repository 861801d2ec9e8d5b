"""A user's ONNX file, looked through as data before anything runs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from embeddings.files import Limits, Unreadable, read_file
from embeddings.network import LARGEST

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator sets that ONNX Runtime brings along; every other one is code from elsewhere."""
FOREIGN = (
    (b"PK\x03\x04", "a zip, as PyTorch saves and Custom Vision packs them"),
    (b"\x89HDF", "an HDF5 file, as Keras saves them"),
    (b"\x80\x02", "a pickle, as old PyTorch versions save them"),
)
NAMED = 5


class UnusableModel(Exception):
    """A file that cannot serve as the user's network.

    Parameters
    ----------
    expected, seen, todo : str
        What was expected, what was seen instead, what to do about it.
    """

    def __init__(self, *, expected: str, seen: str, todo: str) -> None:
        self.expected, self.seen, self.todo = expected, seen, todo
        super().__init__(f"Expected {expected}. Saw {seen}. {todo}")


@dataclass(frozen=True, eq=False)
class OnnxFile:
    """One self-contained network.

    Attributes
    ----------
    data : bytes
        The user's file as it is; rewritten with its weights inside where they lay in files beside it.
    digest : str
        Hexadecimal sha256 of ``data``.
    metadata : dict of str to str
        What the exporter wrote into it.
    """

    data: bytes
    digest: str
    metadata: dict[str, str]


def read_onnx(path: Path) -> OnnxFile:
    """Read a file without running anything of it.

    Raises
    ------
    UnusableModel
        If it is no ONNX file, too large, needs operators from elsewhere, or names weights outside its own folder.
    """
    data = _bytes_of(path, path, None)
    model = _parsed(path, data)
    _only_known_operators(path, model)
    outside = [tensor for tensor in _tensors(model) if tensor.data_location == tensor.EXTERNAL]
    if outside:
        total = len(data)
        for tensor in outside:
            total += _taken_in(path, tensor, LARGEST - total)
        data = model.SerializeToString()
    metadata = {str(entry.key): str(entry.value) for entry in model.metadata_props}
    return OnnxFile(data, sha256(data).hexdigest(), metadata)


def _bytes_of(path: Path, file: Path, root: Path | None) -> bytes:
    try:
        return read_file(file, root=root, limits=Limits(megabytes=LARGEST / 1e6))
    except Unreadable as fault:
        empty = file.is_file() and file.stat().st_size == 0
        raise UnusableModel(
            expected="an ONNX file that can be read", seen=f"{file} ({'it is empty' if empty else fault.reason})",
            todo=f"Check the path, or export {path.name} again.",
        ) from None  # fmt: skip


def _parsed(path: Path, data: bytes) -> Any:
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    try:
        model = ModelProto.FromString(data)
    except DecodeError:
        model = ModelProto()
    if model.ir_version < 1 or not model.opset_import or not model.graph.node:
        what = next((words for start, words in FOREIGN if data.startswith(start)), "another or a damaged format")
        raise UnusableModel(
            expected=f"an ONNX network in {path}", seen=what,
            todo="Unpack it, or export the model to ONNX (torch.onnx.export, tf2onnx, Custom Vision: ONNX).",
        )  # fmt: skip
    return model


def _only_known_operators(path: Path, model: Any) -> None:
    """Operators must be ONNX Runtime's own, or functions that the file itself spells out in such."""
    spelt_out = {(function.domain, function.name) for function in model.functions}
    used = {(node.domain, node.op_type) for node in _nodes(model)}
    strange = sorted(f"{name} of {domain}" for domain, name in used - spelt_out if domain not in DOMAINS)
    if strange:
        more = f" and {len(strange) - NAMED} more" if len(strange) > NAMED else ""
        raise UnusableModel(
            expected=f"a network of standard ONNX operators in {path}",
            seen=f"operators that need code from elsewhere: {', '.join(strange[:NAMED])}{more}",
            todo="Export it without custom operators; code that comes with a model is never run here.",
        )


def _nodes(model: Any) -> Iterator[Any]:
    """Every node: of the graph, of the file's own functions, and of graphs inside nodes."""
    waiting = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    while waiting:
        node = waiting.pop()
        yield node
        for attribute in node.attribute:
            waiting += attribute.g.node
            for graph in attribute.graphs:
                waiting += graph.node


def _tensors(model: Any) -> Iterator[Any]:
    """Every tensor kept in the file, wherever it stands."""
    graphs = [model.graph]
    for node in _nodes(model):
        for attribute in node.attribute:
            graphs += [attribute.g, *attribute.graphs]
            yield attribute.t
            yield from attribute.tensors
            yield from _dense(attribute.sparse_tensor, *attribute.sparse_tensors)
    for graph in graphs:
        yield from graph.initializer
        yield from _dense(*graph.sparse_initializer)


def _dense(*tensors: Any) -> Iterator[Any]:
    for tensor in tensors:
        yield from (tensor.values, tensor.indices)


def _taken_in(path: Path, tensor: Any, room: float) -> int:
    """Put weights that lie in a file beside the model into the model; returns how many bytes."""
    told = {entry.key: entry.value for entry in tensor.external_data}
    name = told.get("location", "")
    folder = path.resolve().parent
    where = Path(name)
    if not name or where.is_absolute() or ".." in where.parts or "\0" in name or "\\" in name:
        raise _escaping(path, tensor.name, name)
    file = folder / where
    if not file.resolve().is_relative_to(folder):
        raise _escaping(path, tensor.name, name)
    try:
        start, length = int(told.get("offset", 0)), int(told.get("length", -1))
    except ValueError:
        start, length = -1, -1
    # A file may hold the weights of many tensors: its size is no measure, the part of it that is taken is.
    size = file.stat().st_size if file.is_file() else 0
    length = size - start if length < 0 else length
    if not file.is_file() or start < 0 or length < 0 or start + length > size or length > room:
        raise UnusableModel(
            expected=f"the weights of {tensor.name} in {file}, at most {LARGEST / 1e9:g} GB in all",
            seen="more than that" if length > room else f"a file of {size} bytes that ends before them",
            todo="Copy the model again, with all files beside it.",
        )
    with file.open("rb") as handle:
        handle.seek(start)
        tensor.raw_data = handle.read(length)
    del tensor.external_data[:]
    tensor.data_location = tensor.DEFAULT
    return length


def _escaping(path: Path, tensor: str, name: str) -> UnusableModel:
    return UnusableModel(
        expected=f"weights inside {path} or in files of its own folder",
        seen=f"those of {tensor} at {name!r}, outside it",
        todo="Export the model into one file, or into a folder of its own.",
    )
