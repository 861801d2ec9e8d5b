"""A folder of edited pictures for a model that nobody but its service can run, and the list of what each of them is.

The user sends the pictures to the service and hands its scores back (``tools.probe_scores``). Names and order of the
files say nothing of the edit.
"""

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from embeddings.packing import jpeg
from embeddings.progress import Progress, silent
from tools.case import Case
from tools.cells import guarded_path
from tools.changed_pictures import FEWEST_PICTURES, changed_pictures
from tools.cues import Tested
from tools.errors import AdvisorError
from tools.exchange import SWAPS, Exchange
from tools.ladder import candidates_climbed
from tools.other_pictures import SHORTER, Pixels, smaller
from tools.pixel_changes import CHANGEABLE
from tools.registry import NotApplicable
from tools.store import unwritable

MANIFEST, NOTES, PICTURES = "manifest.csv", "probe.json", "pictures"
MOST = 300
"""Pictures written unless more are asked for: a service scores them by hand or for a few cents."""
FEWEST = 100
"""With fewer, neither part has the pictures it needs."""
EACH = 2 + 2 * SWAPS
"""Pictures made of one: as it is, on a plain background, on its own class's and on other classes'."""
BESIDE = 10
"""Pictures of the other class, as they are: they say how far it is from one class to the other."""
COLUMNS = ("id", "file", "of", "edit", "control", "part", "place", "donor")
Parts = ("background", "cue")


class CannotProbe(AdvisorError):
    """A folder that is taken or was made of other pictures, or a case that nothing can be asked of."""


@dataclass(frozen=True)
class Entry:
    """One picture of the folder.

    Attributes
    ----------
    id : str
        Its file's name, drawn at random.
    file : str
        Path in the folder.
    of : str
        Id of the picture that it was made of.
    edit : str
        In words.
    control : bool
        Whether it is an equal change that leaves what is asked about as it was.
    part : {"background", "cue"}
    place : int
        Position among the versions of its picture; 0 = as it is.
    donor : str
        Id of the picture whose background it has; empty for none.
    """

    id: str
    file: str
    of: str
    edit: str
    control: bool
    part: str
    place: int
    donor: str


@dataclass(frozen=True)
class Probe:
    """What a folder asks.

    Attributes
    ----------
    entries : tuple of Entry
    classes : tuple of str
        Of the data set, when the folder was written.
    pair : tuple of str
        Classes (A, B) that the cue is about; empty = no cue is asked about.
    cue, words, change : str
        The cue's name, what a picture that looks like B in it is, and what is changed.
    removed : tuple of str
        Ids of pictures that the cue was taken from; into the others it was brought.
    not_asked : str
        Why the cue, or the backgrounds, are not asked about; empty if both are.
    """

    entries: tuple[Entry, ...]
    classes: tuple[str, ...]
    pair: tuple[str, ...] = ()
    cue: str = ""
    words: str = ""
    change: str = ""
    removed: tuple[str, ...] = ()
    not_asked: str = ""


def write_probe(
    case: Case, folder: Path, *, most: int = MOST, pair: tuple[str, str] | None = None, on_step: Progress = silent
) -> Probe:
    """Make the pictures and write them, whole or not at all.

    Parameters
    ----------
    folder : Path
        New.
    most : int
        Pictures at most.
    pair : tuple of str, optional
        Classes between which a cue is looked for; the most confused when left out.

    Raises
    ------
    CannotProbe
    NotApplicable
        If pictures or encoder are not here, or no foreground can be told from a background.
    """
    if folder.exists() or most < FEWEST:
        seen = str(folder) if folder.exists() else f"--most {most}"
        raise CannotProbe(
            expected=f"a folder that does not exist yet, and at least {FEWEST} pictures", seen=seen, todo="Name others."
        )
    case.eyes.encoder  # noqa: B018 - raises where it is not here
    temporary = folder.with_name(f".{folder.name[:40]}.{uuid4().hex[:8]}")
    try:
        (temporary / PICTURES).mkdir(parents=True)
        probe = _made(case, _Files(case, temporary), most, pair, on_step)
        write_manifest(probe, temporary)
        temporary.rename(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return probe


def write_manifest(probe: Probe, folder: Path) -> None:
    """The list of pictures, by name, and what is asked."""
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(COLUMNS)
        for entry in sorted(probe.entries, key=lambda e: e.id):
            values = asdict(replace(entry, of=guarded_path(entry.of), donor=entry.donor and guarded_path(entry.donor)))
            rows.writerow([("yes" if v else "no") if isinstance(v, bool) else v for v in values.values()])
    notes: dict[str, Any] = {name: value for name, value in asdict(probe).items() if name != "entries"}
    (folder / NOTES).write_text(json.dumps(notes, indent=1), encoding="utf-8")


class _Files:
    """Writes pictures under names that say nothing."""

    def __init__(self, case: Case, folder: Path) -> None:
        self._case, self._folder = case, folder
        self._rng = case.rng("probe names")
        self._taken: set[str] = set()
        self._lock = Lock()  # pictures are made by several threads
        self.entries: list[Entry] = []

    def add(self, part: str, of: int, place: int, edit: str, pixels: Pixels, *, control: bool, donor: int = -1) -> None:
        """Write one picture."""
        with self._lock:
            name = self._name()
            ids = self._case.ids
            entry = Entry(
                name,
                f"{PICTURES}/{name}",
                str(ids[of]),
                edit,
                control,
                part,
                place,
                str(ids[donor]) if donor >= 0 else "",
            )
            self.entries.append(entry)
        (self._folder / entry.file).write_bytes(jpeg(pixels))

    def _name(self) -> str:
        while True:
            name = f"{int(self._rng.integers(16**8)):08x}.jpg"
            if name not in self._taken:
                self._taken.add(name)
                return name


def _made(case: Case, files: _Files, most: int, pair: tuple[str, str] | None, on_step: Progress) -> Probe:
    on_step("looking for a cue", 0, 3)
    tests = _cues(case, pair)
    probe, reasons = Probe((), case.classes), []
    on_step("changing the cue in pictures", 1, 3)
    for test in tests:
        try:
            probe = _cue_part(case, files, test, most // 2)
            break
        except NotApplicable as fault:
            reasons = [f"no cue is asked about: {fault}"]
    reasons = [] if probe.pair else reasons or [_no_cue(pair)]
    on_step("exchanging backgrounds", 2, 3)
    try:
        _background_part(case, files, (most - len(files.entries)) // EACH)
    except NotApplicable as fault:
        reasons.append(f"the background is not asked about: {fault}")
    if not files.entries:
        raise NotApplicable("; ".join(reasons))
    return replace(probe, entries=tuple(files.entries), not_asked="; ".join(reasons))


def _cues(case: Case, pair: tuple[str, str] | None) -> list[Tested]:
    """Cues that can be changed in pictures, the surest first."""
    leaning = [found.test for found in candidates_climbed(case).leaning]
    wanted = [t for t in leaning if pair is None or set(t.pair) == set(pair)]
    return [t for t in wanted if t.cue.change == "background" or t.cue.change in CHANGEABLE]


def _no_cue(pair: tuple[str, str] | None) -> str:
    between = f" between {pair[0]} and {pair[1]}" if pair else ""
    return f"no cue{between} goes along with the label and the errors and can be changed in a picture"


def _cue_part(case: Case, files: _Files, test: Tested, most: int) -> Probe:
    a, b = test.pair
    versions = 8 if test.cue.change == "background" else 6
    each = max(FEWEST_PICTURES, (most - BESIDE) // versions // 2)
    back = test.cue.change == "background"

    def keep(row: int, pictures: list[Pixels]) -> list[Pixels]:
        return pictures

    done = changed_pictures(case, test, keep, most=each)
    for one in done:
        files.add("cue", one.row, 0, "as it is", one.found[0], control=False)
        way = "taken away" if one.removed else "brought in"
        edits = [(f"cue {way}", False, int(d)) for d in one.donors] + [
            ("equal change without the cue", True, int(d)) for d in one.control_donors
        ]
        for place, ((edit, control, donor), pixels) in enumerate(zip(edits, one.found[1:], strict=True), 1):
            words = f"{edit}: {'another background' if back else test.cue.change}" if not control else edit
            files.add("cue", one.row, place, words, pixels, control=control, donor=donor)
    _beside(case, files, b)
    removed = tuple(str(case.ids[one.row]) for one in done if one.removed)
    return Probe((), case.classes, (a, b), test.cue.name, test.words, test.cue.change, removed)


def _beside(case: Case, files: _Files, b: str) -> None:
    """Pictures of the other class as they are."""
    rows = np.flatnonzero(case.derived.judged & (case.targets == case.number(b)))
    chosen = np.sort(case.rng("probe beside").permutation(rows)[:BESIDE])
    for row, pixels in zip(chosen.tolist(), smaller(case.eyes.pixels(chosen.tolist())), strict=True):
        files.add("cue", row, 0, "as it is", pixels, control=False)


def _background_part(case: Case, files: _Files, most: int) -> None:
    exchange = Exchange(case, most)
    colour = plain_colour(exchange)

    def keep(row: int, pictures: list[Pixels]) -> list[Pixels]:
        return pictures

    for one in exchange.put(keep, side=SHORTER):
        edits = [("as it is", False, -1)]
        edits += [("on another background of its class", True, donor) for donor in one.same]
        edits += [("on a background of another class", False, donor) for donor in one.other]
        for place, ((edit, control, donor), pixels) in enumerate(zip(edits, one.found, strict=True)):
            files.add("background", one.row, place, edit, pixels, control=control, donor=donor)
        plain = on_plain(case, one.found[0], colour)
        files.add("background", one.row, len(edits), "on a plain background", plain, control=False)


def plain_colour(exchange: Exchange) -> NDArray[np.uint8]:
    """Mean colour of the backgrounds that can be lent, each class counting the same: it says nothing of the class."""
    means = [np.mean([pixels.mean(axis=(0, 1)) for _, pixels in pool], axis=0) for pool in exchange.pools.values()]
    return np.asarray(np.round(np.mean(means, axis=0)), dtype=np.uint8)


def on_plain(case: Case, pixels: Pixels, colour: NDArray[np.uint8]) -> Pixels:
    """A picture's foreground before one colour."""
    from embeddings.counterfactuals import put_on
    from embeddings.foreground import foreground_maps

    probability = foreground_maps(case.eyes.encoder, [pixels])[0]
    return put_on(pixels, probability, np.broadcast_to(colour, pixels.shape).copy())


def counted(entries: Sequence[Entry]) -> dict[str, int]:
    """Pictures by part."""
    return {part: sum(entry.part == part for entry in entries) for part in Parts}
