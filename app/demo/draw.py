"""Draw the demo's data set: pictures in folders, and the truth about them kept apart."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from app.demo.photo import SIDE
from app.demo.plan import CLASSES, Copy, Plan, Slot, draw_plan
from app.demo.scenes import Scene, render
from app.demo.truth import Truth
from embeddings.progress import Progress, silent
from tools.errors import UnreadableInput


def draw_demo(
    folder: Path,
    *,
    seed: int,
    on_step: Progress = silent,
    names: dict[str, str] | None = None,
    scale: float = 1.0,
) -> Truth:
    """Draw ``folder/{train,test}/<class>/img_NNNN.jpg``; the same seed gives the same bytes.

    Parameters
    ----------
    folder : Path
        Absent or empty.
    seed : int
        Not negative.
    names : dict of str to str, optional
        Other names for some of ``CLASSES``.
    scale : float
        1 = about 650 pictures.

    Returns
    -------
    Truth
        Nothing of it is written to the folder.

    Raises
    ------
    UnreadableInput
        The folder holds something already, or the names cannot be used.
    """
    named = _named(names or {})
    if folder.exists() and any(folder.iterdir()):
        raise UnreadableInput(
            expected="an empty folder to draw into", seen=f"files in {folder}", todo="Name another folder."
        )
    plan = draw_plan(np.random.default_rng((seed, 0)), scale)
    ids = {split: _ids(split, slots, named) for split, slots in plan.slots.items()}
    for image_id in (i for split in ids.values() for i in split):
        (folder / image_id).parent.mkdir(parents=True, exist_ok=True)
    _draw(folder, seed, plan, ids, on_step)
    return _truth(seed, named, plan, ids)


def _named(names: Mapping[str, str]) -> dict[str, str]:
    named = {name: names.get(name, name) for name in CLASSES}
    plain = all(name.strip(" .") and not set(name) & set('/\\:*?"<>|') for name in named.values())
    if set(names) - set(CLASSES) or len(set(named.values())) < len(CLASSES) or not plain:
        raise UnreadableInput(
            expected=f"different folder names for some of {', '.join(CLASSES)}",
            seen=", ".join(f"{old}={new}" for old, new in names.items()),
            todo="Give each class one name without slashes.",
        )
    return named


def _ids(split: str, slots: tuple[Slot, ...], named: Mapping[str, str]) -> list[str]:
    """Numbered within each folder in the plan's order, which is shuffled and so tells nothing."""
    seen = dict.fromkeys(CLASSES, 0)
    ids = []
    for slot in slots:
        seen[slot.label] += 1
        ids.append(f"{split}/{named[slot.label]}/img_{seen[slot.label]:04d}.jpg")
    return ids


def _draw(folder: Path, seed: int, plan: Plan, ids: Mapping[str, list[str]], on_step: Progress) -> None:
    copied = {(copy.split, copy.copy): copy for copy in plan.copies}
    splits = {split: number for number, split in enumerate(plan.slots, start=1)}

    def picture(split: str, number: int) -> bytes:
        slot = plan.slots[split][number]
        return render(Scene(slot.kind, slot.setting, slot.dark, (seed, splits[split], number)))

    def write(place: tuple[str, int]) -> None:
        copy = copied.get(place)
        data = picture(*place) if copy is None else _edited(picture("train", copy.original), copy, (seed, *_key(copy)))
        (folder / ids[place[0]][place[1]]).write_bytes(data)

    places = [(split, number) for split, slots in plan.slots.items() for number in range(len(slots))]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done, _ in enumerate(pool.map(write, places), start=1):
            on_step("drawing pictures", done, len(places))


def _key(copy: Copy) -> tuple[int, int, int]:
    return 9, copy.original, copy.copy


def _edited(original: bytes, copy: Copy, key: tuple[int, ...]) -> bytes:
    """What happens to a picture on its way through a phone and a chat: cut a little, lightened, packed again."""
    rng = np.random.default_rng(key)
    image: Image.Image = Image.open(BytesIO(original))
    if copy.edit == "cropped":
        left, top, right, bottom = rng.uniform(0, 0.01, 4) * SIDE
        image = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=(left, top, SIDE - right, SIDE - bottom))
    elif copy.edit == "brightness shifted":  # little upwards: white plates would clip, and look like another picture
        image = ImageEnhance.Brightness(image).enhance(float(rng.choice([0.85, 0.9, 0.94, 1.06])))
    out = BytesIO()
    image.save(out, format="JPEG", quality=int(rng.integers(68, 90)))
    return out.getvalue()


def _truth(seed: int, named: Mapping[str, str], plan: Plan, ids: Mapping[str, list[str]]) -> Truth:
    pairs = [(i, slot) for split in ids for i, slot in zip(ids[split], plan.slots[split], strict=True)]
    labels = {split: [slot.label for slot in slots] for split, slots in plan.slots.items()}
    return Truth(
        seed=seed,
        names=dict(named),
        counts={split: {named[c]: found.count(c) for c in CLASSES} for split, found in labels.items()},
        wrong_labels={i: named[slot.true] for i, slot in pairs if slot.label != slot.true},
        duplicates=tuple((ids["train"][c.original], ids[c.split][c.copy], c.edit) for c in plan.copies),
        setting={i: slot.setting for i, slot in pairs if slot.setting is not None},
        kind={i: slot.kind for i, slot in pairs},
        dark=tuple(i for i, slot in pairs if slot.dark),
    )
