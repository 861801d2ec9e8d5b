"""What a planted fault is, and the clean twin it is planted into."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tools.case import Case, MemoryStore

Affected = frozenset[str] | None
WORSE_MODEL = frozenset({"calibration", "thresholds", "learning-curve", "model-category", "negatives"})
"""What these say of a model may change with any fault that makes it worse."""


@dataclass(frozen=True)
class Twin:
    """A case without the fault.

    Attributes
    ----------
    name : str
    make : callable
        Seed → case.
    true : frozenset of str
        Findings that are true of it, so no false alarms.
    clean : bool
        Whether nothing else is wrong with it as far as anyone knows; real photographs are not.
    seeds : int or None
        Most seeds it is used with; None = all asked for.
    """

    name: str
    make: Callable[[int], Case]
    true: frozenset[str] = frozenset()
    clean: bool = True
    seeds: int | None = None


@dataclass(frozen=True)
class Fault:
    """One kind of fault and how it is planted.

    Attributes
    ----------
    name : str
    twin : Twin
    strengths : tuple of float
        Weak, medium, strong.
    plant : callable
        (clean case, strength, seed) → (case, ids of affected pictures or None).
    codes : frozenset of str
        Findings that name it.
    classes : frozenset of str
        Classes a finding must name; empty = any.
    consequences : frozenset of str
        What else is then true and worth saying, beside ``WORSE_MODEL`` and what is true of the twin. ``CODE as a
        cause`` allows it as the cause of a confusion alone.
    causes : frozenset of str
        Beside ``codes``, what may stand first among the causes of a confusion and be right: the same pictures in
        other words, or what a confusion can show of the fault.
    whole : bool
        Whether a finding lists all its pictures, so that recall of the pictures means something.
    confirm : callable, optional
        (case, affected) → whether what was found is the planted thing, where a code and a class do not say so.
    """

    name: str
    twin: Twin
    strengths: tuple[float, float, float]
    plant: Callable[[Case, float, int], tuple[Case, Affected]]
    codes: frozenset[str]
    classes: frozenset[str] = frozenset()
    consequences: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    whole: bool = False
    confirm: Callable[[Case, Affected], bool] | None = None


def of(*codes: str) -> frozenset[str]:
    """Short for a frozenset of codes."""
    return frozenset(codes)


def fresh(case: Case, seed: int) -> Case:
    """The case under a seed, with a store of its own."""
    return replace(case, settings=replace(case.settings, seed=seed), store=MemoryStore())
