"""A trained version as a folder that works without this project."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from embeddings.given import GIVEN
from embeddings.progress import Progress, silent
from tools.case import Case
from tools.errors import AdvisorError
from tools.model_card import model_card
from tools.store import unwritable
from tools.training.network import OUTPUT, exported_network
from tools.versions import Version, Versions

if TYPE_CHECKING:
    from embeddings.plain_preparation import PlainPreparation

WHAT = {
    "model.onnx": "the whole network: bytes (n, size, size, 3) to probabilities (n, classes)",
    "weights.safetensors": "head (and what was fine-tuned of the encoder) as tensors",
    "labels.json": "the classes, in the order of the probabilities",
    "preparation.json": "how pictures become the network's bytes",
    "thresholds.json": "scores from which a class is said",
    "predict.py": "says what a picture shows",
    "MODEL_CARD.md": "this card",
}
SCRIPT = """import json, sys, numpy as np, onnxruntime
from PIL import Image, ImageOps

labels, how = (json.load(open(f"{sys.path[0]}/{name}.json")) for name in ("labels", "preparation"))
picture = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert("RGB")
fit, cut = (round, int) if how["whole"] else (float, float)
kept = fit(min(picture.size) * (1 - 2 * how["bleed"]))
box = None if how["squash"] else [cut((side - kept) / 2) + end for end in (0, kept) for side in picture.size]
picture = picture.resize((how["size"], how["size"]), Image.Resampling[how["method"]], box)
scores = onnxruntime.InferenceSession(f"{sys.path[0]}/model.onnx").run(None, {"pictures": np.stack([picture])})[0][0]
print(*(f"{score:.3f} {label}" for score, label in sorted(zip(scores.tolist(), labels), reverse=True)), sep="\\n")
"""
"""Run as: python predict.py PICTURE."""
COMPARED = 100
"""Pictures on which an export is compared with the advisor itself."""
VECTORS_SCRIPT = """import json, sys
import numpy as np
from safetensors.numpy import load_file
labels = json.load(open(f"{sys.path[0]}/labels.json"))
head = load_file(f"{sys.path[0]}/weights.safetensors")
logits = np.load(sys.argv[1]) @ head["head.weight"].T + head["head.bias"]
scores = np.exp(logits - logits.max(axis=1, keepdims=True))
scores = scores / scores.sum(axis=1, keepdims=True) @ np.eye(len(labels))[head["head.parents"]]
for row in scores: print(*(f"{score:.3f} {label}" for score, label in sorted(zip(row.tolist(), labels), reverse=True)))
"""
"""For vectors from a file, which no network here makes. Run as: python predict.py VECTORS.npy (unit rows)."""


class CannotExport(AdvisorError):
    """A version that has no bundle, or a folder that is taken."""


def export(
    versions: Versions, version: Version, case: Case, folder: Path, *, on_step: Progress = silent
) -> tuple[str, ...]:
    """Write a bundle; whole or not at all.

    Parameters
    ----------
    case : Case
        Whose encoder must be the version's.
    folder : Path
        New.

    Returns
    -------
    tuple of str
        Names of its files.

    Raises
    ------
    CannotExport
    NotApplicable
        If the encoder is not here.
    WorkspaceDamaged
        If the folder cannot be written.
    """
    weights = versions.weights(version)
    _check(version, case, folder, bool(weights))
    temporary = folder.with_name(f".{folder.name[:40]}.{uuid4().hex[:8]}")
    try:
        temporary.mkdir(parents=True)
        vectors_only = case.space.encoder.name == GIVEN
        if vectors_only:
            words = "It takes unit vectors by the encoder that made yours, in the rows of an npy file."
        else:
            exported_network(case, weights, len(version.classes), temporary / "model.onnx", on_step=on_step)
            words = _prepared(case, temporary)
        from safetensors.numpy import save_file

        # The format takes the bytes as they lie: a transposed view would be written row by column.
        tensors = {name: np.ascontiguousarray(values) for name, values in weights.items()}
        save_file(tensors, temporary / "weights.safetensors")
        texts = {"labels.json": json.dumps(list(version.classes), indent=1)}
        if version.document["thresholds"]:
            texts["thresholds.json"] = json.dumps(version.document["thresholds"], indent=1)
        if vectors_only or (temporary / "preparation.json").exists():
            texts["predict.py"] = VECTORS_SCRIPT if vectors_only else SCRIPT
        for name, text in texts.items():
            (temporary / name).write_text(text, encoding="utf-8")
        there = {*(file.name for file in temporary.iterdir()), "MODEL_CARD.md"}
        files = [(name, what) for name, what in WHAT.items() if name in there]
        (temporary / "MODEL_CARD.md").write_text(model_card(version, words, files), encoding="utf-8")
        temporary.rename(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return tuple(name for name, _ in files)


def _check(version: Version, case: Case, folder: Path, has_weights: bool) -> None:
    if not has_weights:
        raise CannotExport(
            expected="a version whose weights are here", seen=f"{version.name}, trained by your own command",
            todo="Its model lies where your trainer put it.",
        )  # fmt: skip
    if folder.exists():
        raise CannotExport(expected="a folder that does not exist yet", seen=str(folder), todo="Name another one.")
    if version.document["encoder"]["fingerprint"] != case.space.encoder.fingerprint:
        raise CannotExport(
            expected=f"a workspace indexed with {version.document['encoder']['name']}, as when {version.name} was "
            "trained", seen=case.space.encoder.name, todo="Import the pictures with that encoder again.",
        )  # fmt: skip


def _prepared(case: Case, folder: Path) -> str:
    """Write how pictures are prepared, and say how near that comes to the encoder's own way."""
    from embeddings.plain_preparation import plain_preparation

    found: PlainPreparation | None = plain_preparation(case.eyes.encoder)
    if found is None:
        return (
            "Prepare pictures with the encoder's own library: its transform gives floats that no short recipe repeats."
        )
    (folder / "preparation.json").write_text(json.dumps(found.to_json(), indent=1), encoding="utf-8")
    return (
        f"`python predict.py PICTURE` prepares a picture with Pillow and asks the network. On trial pictures the "
        f"prepared bytes differ by {found.difference:.1f} of 255 levels on average from those it was trained on."
        f"{_agreement(case, found, folder / 'model.onnx')}"
    )


def _agreement(case: Case, plain: "PlainPreparation", file: Path) -> str:
    """What the plain preparation changes in the answers to pictures that count errors; nothing if none is there."""
    from embeddings.images import Unreadable, open_picture
    from embeddings.network import OnnxNetwork
    from embeddings.pipeline import DECODED_SIDE

    rows = np.flatnonzero(case.evaluation)
    rows = np.sort(case.rng("export").permutation(rows)[:COMPARED])
    own, other = [], []
    for image in case.ids[rows].tolist():
        path = case.dataset.path(image)
        try:
            whole, seen = (open_picture(path, smallest_side=side).pixels for side in (None, DECODED_SIDE))
        except (Unreadable, OSError):
            continue
        own.append(case.eyes.encoder.prepare(seen))
        other.append(plain(whole))
    if not own:
        return ""
    network = OnnxNetwork(lambda: file, threads=case.settings.threads)
    first, second = (network.run(np.stack(batch), (OUTPUT,))[0] for batch in (own, other))
    same, off = int((first.argmax(axis=1) == second.argmax(axis=1)).sum()), np.abs(first - second)
    return (
        f" Of {len(own)} pictures that count errors, {same} got the same answer as with those bytes; scores differ by "
        f"{off.mean():.3f} on average and {off.max():.3f} at most."
    )
