"""Groups of pictures that people named: kept by content, so that they outlive moves, new labels and imports. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tools.errors import AdvisorError

if TYPE_CHECKING:
    from tools.case import Case
    from tools.workspace import Workspace

KEY = json.dumps({"tags": 1})
LONGEST = 60


class WrongTag(AdvisorError):
    """A name that cannot be given."""


def tags_of(kept: "Workspace") -> dict[str, frozenset[str]]:
    """Contents (sha256) by name."""
    return {name: frozenset(digests) for name, digests in json.loads(kept.recall(KEY) or "{}").items()}


def tag(kept: "Workspace", case: "Case", rows: Iterable[int], name: str) -> None:
    """Add pictures to a named group.

    Raises
    ------
    WrongTag
    """
    clean = name.strip()
    if not clean or len(clean) > LONGEST or not clean.isprintable():
        raise WrongTag(
            expected=f"a name of 1 to {LONGEST} printable characters", seen=f"{len(clean)} characters",
            todo="Write another name.",
        )  # fmt: skip
    known = {n: set(d) for n, d in tags_of(kept).items()}
    known.setdefault(clean, set()).update(str(case.dataset.sha256[row]) for row in rows)
    _keep(kept, known)


def forget_tag(kept: "Workspace", name: str) -> None:
    """Forget a named group; its pictures stay."""
    _keep(kept, {n: set(d) for n, d in tags_of(kept).items() if n != name})


def tagged(case: "Case", tags: Mapping[str, frozenset[str]]) -> NDArray[np.str_]:
    """Names of the groups that each picture is in, joined, empty for none; shape (n,)."""
    digests = case.dataset.sha256.tolist()
    return np.array([", ".join(sorted(n for n, there in tags.items() if d in there)) for d in digests], dtype=np.str_)


def _keep(kept: "Workspace", tags: Mapping[str, Iterable[str]]) -> None:
    kept.remember(KEY, json.dumps({name: sorted(digests) for name, digests in sorted(tags.items())}))
