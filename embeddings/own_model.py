"""A user's own network on ONNX Runtime: what it takes, what it gives, and scores for pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from embeddings.onnx_file import UnusableModel
from embeddings.preparation import Layout, Preparation, scaled_by

Activation = Literal["probabilities", "softmax", "shares", "percent", "one", "one-logit"]
ACTIVATIONS = get_args(Activation)
"""What turns a network's scores into probabilities; see ``as_probabilities``."""
NUMBERS = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}
MAPS = ("seq(map(string,tensor(float)))", "seq(map(int64,tensor(float)))")
SUM_TOLERANCE = 0.01
"""Sums of half-precision probabilities stray so far."""
AT_ONCE = 8
"""Pictures per run where the batch is free: what ``embeddings.network.SLICE`` says of threads holds here too."""
USUAL_SIDE = 224
CHANNELS = (1, 3)


@dataclass(frozen=True)
class Port:
    """One input or output.

    Attributes
    ----------
    name, kind : str
        ``kind`` as ONNX Runtime writes it: ``tensor(float)``.
    shape : tuple of (int or None)
        None = left open.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]

    @property
    def text(self) -> str:
        """``probabilities: tensor(float) of ? × 9``."""
        return f"{self.name}: {self.kind} of {' × '.join('?' if v is None else str(v) for v in self.shape) or '?'}"


class OwnNetwork:
    """A network that runs on the CPU, one thread a call, so that calls run side by side.

    Parameters
    ----------
    source : callable
        Gives the bytes of an ONNX file that ``onnx_file.read_onnx`` has passed; called once, when first needed.
    """

    def __init__(self, source: Callable[[], bytes]) -> None:
        self._source = source
        self._lock = Lock()
        self._session: Any = None

    def open(self) -> None:
        """Load it now rather than with the first question.

        Raises
        ------
        UnusableModel
        """
        self._opened()

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What must be given."""
        return tuple(_port(found) for found in self._opened().get_inputs())

    @property
    def outputs(self) -> tuple[Port, ...]:
        """What comes out."""
        return tuple(_port(found) for found in self._opened().get_outputs())

    def run(self, pictures: NDArray[np.generic], output: str) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """Raw scores.

        Parameters
        ----------
        pictures : ndarray, shape (n, …)
            As ``Preparation`` makes them.
        output : str

        Returns
        -------
        scores : ndarray of float64, shape (n, k)
        names : tuple of str
            Of the columns, where the network itself names its classes; else empty.

        Raises
        ------
        UnusableModel
            If the network refuses the pictures, or gives no row of scores per picture.
        """
        port, fixed = self.inputs[0], self.inputs[0].shape[0] if self.inputs[0].shape else None
        size = fixed or AT_ONCE
        rows: list[NDArray[np.float64]] = []
        names: tuple[str, ...] = ()
        for at in range(0, len(pictures), size):
            part = pictures[at : at + size]
            short = size - len(part) if fixed else 0
            if short:
                part = np.concatenate([part, np.repeat(part[-1:], short, axis=0)])
            found, names = _table(self._answer(port.name, part, output), len(part), output, names)
            rows.append(found[: len(found) - short])
        return np.concatenate(rows), names

    def _answer(self, name: str, part: NDArray[np.generic], output: str) -> Any:
        from onnxruntime.capi import onnxruntime_pybind11_state as faults

        refused = (faults.Fail, faults.InvalidArgument, faults.RuntimeException, faults.NotImplemented)
        try:
            return self._opened().run([output], {name: part})[0]
        except refused as fault:
            raise UnusableModel(
                expected=f"a network that takes {part.dtype} pictures of shape {part.shape[1:]}",
                seen=_first_line(fault), todo="Name its --input-size and --layout.",
            ) from None  # fmt: skip

    def _opened(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = _session(self._source())
            return self._session


def _session(data: bytes) -> Any:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as faults

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    refused = (
        faults.Fail, faults.InvalidArgument, faults.InvalidGraph, faults.InvalidProtobuf, faults.NotImplemented,
        faults.RuntimeException, faults.NoSuchFile,
    )  # fmt: skip
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except refused as fault:
        raise UnusableModel(
            expected="a network that ONNX Runtime can load", seen=_first_line(fault),
            todo="Export it again, with an older opset if this one is too new.",
        ) from None  # fmt: skip


def _first_line(fault: Exception) -> str:
    return str(fault).partition("\n")[0][:300]


def _port(found: Any) -> Port:
    shape = tuple(v if isinstance(v, int) and v > 0 else None for v in (found.shape or ()))
    return Port(str(found.name), str(found.type), shape)


def _table(answer: Any, count: int, output: str, names: tuple[str, ...]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Rows of scores from an array or from a list of maps; axes of length one behind the scores are dropped.

    Maps by name are ordered by name, maps by number by number; only the former name their columns.
    """
    if isinstance(answer, list):
        keys = names or tuple(sorted(answer[0]))
        found = np.array([[float(row.get(key, np.nan)) for key in keys] for row in answer], dtype=np.float64)
        names = keys if all(isinstance(key, str) for key in keys) else ()
    else:
        found = np.asarray(answer, dtype=np.float64)
        found = found.reshape(found.shape[:2]) if found.ndim > 2 and set(found.shape[2:]) == {1} else found
    if found.ndim != 2 or len(found) != count:
        raise UnusableModel(
            expected=f"one row of scores per picture from the output {output}",
            seen=f"shape {found.shape} for {count} pictures", todo="Name the output of class scores with --output.",
        )  # fmt: skip
    return found, names


def picture_input(network: OwnNetwork) -> Port:
    """The one input, which must take pictures.

    Raises
    ------
    UnusableModel
    """
    inputs = network.inputs
    if len(inputs) != 1 or inputs[0].kind not in NUMBERS or len(inputs[0].shape) != 4:
        raise UnusableModel(
            expected="one input of pictures: (n, 3, height, width) or (n, height, width, 3), floats or bytes",
            seen="; ".join(port.text for port in inputs) or "none",
            todo="Export the classifier alone, from pictures to scores.",
        )
    return inputs[0]


def score_output(network: OwnNetwork, name: str | None, labels: int) -> Port:
    """The output of class scores.

    Parameters
    ----------
    name : str or None
        As the user names it.
    labels : int
        How many classes the user's labels name; 0 = not known.

    Raises
    ------
    UnusableModel
        If none or several could be meant.
    """
    there = network.outputs
    told = "; ".join(port.text for port in there)
    if name is not None:
        chosen = [port for port in there if port.name == name]
        if not chosen:
            raise UnusableModel(
                expected=f"an output called {name}", seen=told or "none", todo="Name one of these with --output."
            )
        return chosen[0]
    maps = [port for port in there if port.kind in MAPS]
    tensors = [port for port in there if port.kind in NUMBERS]
    fitting = [port for port in tensors if labels and _width(port) == labels]
    found = maps or fitting or tensors
    if len(found) != 1:
        raise UnusableModel(
            expected="one output of class scores" + (f", {labels} for each picture" if labels else ""),
            seen=told or "none", todo="Name it with --output." if found else "Export the classifier with its scores.",
        )  # fmt: skip
    return found[0]


def _width(port: Port) -> int | None:
    return port.shape[1] if len(port.shape) >= 2 and set(port.shape[2:]) <= {1, None} else None


def layout_of(port: Port) -> Layout | None:
    """Where the channels stand; None where the shape does not say."""
    first, last = port.shape[1] in CHANNELS, port.shape[3] in CHANNELS
    return None if first == last else "nchw" if first else "nhwc"


def guessed(
    port: Port, metadata: Mapping[str, str], outputs: Sequence[Port], *, layout: Layout | None = None, size: int = 0
) -> tuple[Preparation, tuple[str, ...]]:
    """What a network most likely takes, and where each part of that comes from.

    Parameters
    ----------
    layout, size : str and int
        As the user names them; None and 0 = not named.

    Raises
    ------
    UnusableModel
        If the layout cannot be told, or what was named contradicts the network's own shape.
    """
    notes = []
    told = layout_of(port)
    chosen = layout or told
    if chosen is None or (told is not None and chosen != told):
        raise UnusableModel(
            expected="pictures with 1 or 3 channels, before or behind height and width",
            seen=port.text, todo="Name the layout: --layout nchw or --layout nhwc.",
        )  # fmt: skip
    height, width = port.shape[2:4] if chosen == "nchw" else port.shape[1:3]
    channels = port.shape[1 if chosen == "nchw" else 3]
    if size and (height or size, width or size) != (size, size):
        raise UnusableModel(
            expected=f"pictures of {width or size} × {height or size}, which the network itself states",
            seen=f"--input-size {size}", todo="Leave it out.",
        )  # fmt: skip
    if not (height and width):
        height, width = height or size or USUAL_SIDE, width or size or USUAL_SIDE
        whence = "as you named it" if size else "a guess: the network takes any"
        notes.append(f"the input size is {whence}")
    base = Preparation(width, height, layout=chosen, dtype=NUMBERS[port.kind], order="grey" if channels == 1 else "rgb")
    if base.dtype == "uint8":
        return scaled_by(base, "0-255"), (*notes, "the network takes bytes")
    found, why = _by_metadata(base, metadata, port, outputs)
    return found, (*notes, why)


def _by_metadata(
    base: Preparation, metadata: Mapping[str, str], port: Port, outputs: Sequence[Port]
) -> tuple[Preparation, str]:
    pixels, values = metadata.get("Image.BitmapPixelFormat", ""), metadata.get("Image.NominalPixelRange", "")
    custom_vision = any(out.kind in MAPS for out in outputs) and port.name == "data"
    if pixels or values or custom_vision:
        ranges = {"NominalRange_0_255": "0-255", "Normalized_1_1": "-1-1", "Normalized_0_1": "0-1"}
        named = ranges.get(values, "0-255" if custom_vision and not values else "0-1")
        bgr = pixels == "Bgr8" or (custom_vision and not pixels)
        made = scaled_by(replace(base, fit="stretch"), named, "bgr" if bgr and base.order != "grey" else base.order)
        return made, "as the file's own notes say" if pixels or values else "as Custom Vision exports are"
    if "ultralytics" in metadata.get("author", "").lower():
        return scaled_by(replace(base, fit="crop", kept=1.0), "0-1"), "as Ultralytics exports are"
    if base.layout == "nhwc":
        return scaled_by(base, "0-1"), "a guess: nothing in the file says it"
    return scaled_by(base, "imagenet"), "a guess: as most networks trained with PyTorch take it"


def detected(raw: NDArray[np.float64]) -> Activation:
    """What a network's scores of a few pictures are.

    >>> detected(np.array([[0.2, 0.8]])), detected(np.array([[-1.0, 3.0]])), detected(np.array([[0.7, 0.9]]))
    ('probabilities', 'softmax', 'shares')
    """
    inside = raw.min() >= -1e-6 and raw.max() <= 1 + 1e-3
    if raw.shape[1] == 1:
        return "one" if inside else "one-logit"
    sums = raw.sum(axis=1)
    if inside:
        return "probabilities" if np.abs(sums - 1).max() <= SUM_TOLERANCE else "shares"
    if raw.min() >= 0 and np.abs(sums - 100).max() <= 100 * SUM_TOLERANCE:
        return "percent"
    return "softmax"


def as_probabilities(raw: NDArray[np.float64], activation: Activation) -> NDArray[np.float64]:
    """Rows that sum to 1.

    ``softmax`` takes logits; ``shares`` divides scores that each lie in 0–1 by their sum, ``percent`` those that sum to
    100; ``one`` and ``one-logit`` are a single score of the second of two classes.

    >>> as_probabilities(np.array([[0.0]]), "one-logit").tolist(), as_probabilities(np.array([[30.0, 70.0]]), "percent")
    ([[0.5, 0.5]], array([[0.3, 0.7]]))
    """
    if activation in ("one", "one-logit"):
        second = 1 / (1 + np.exp(-np.clip(raw, -700, 700))) if activation == "one-logit" else np.clip(raw, 0, 1)
        return np.concatenate([1 - second, second], axis=1)
    if activation == "softmax":
        raised = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)
    positive = np.clip(raw, 0, None)
    return np.asarray(positive / np.maximum(positive.sum(axis=1, keepdims=True), 1e-12), dtype=np.float64)
