"""Train with pictures of none of the classes as a class of their own: how many more of them are then let be."""

import numpy as np
from numpy.typing import NDArray

from tools.case import Case
from tools.checks.negatives import NAMES, unlike_training
from tools.findings import Cost
from tools.kinds import Arguments
from tools.measures import Metric
from tools.open_set import Pool, let_be
from tools.outside import Outside, outside_of, taught, truth_of
from tools.sides import Tried
from tools.training.baseline import Training

FEWEST, FEWEST_GROUPS = 20, 10
"""Pictures that teach, pictures that judge, and independent takes of either."""
FEWEST_LEFT = 3
NEEDS = (
    f"pictures of none of the classes: a class called negative, other or none, {2 * FEWEST} or more unlabelled "
    f"pictures unlike the training pictures, or at least {FEWEST_LEFT + 1} classes, one of which can play the part"
)
NOTE = (
    "Both sides may keep silent: thresholds are set so that each finds the same share of the other pictures. The "
    "pictures that judge are of the same kind as those that teach; things of other kinds may still be called a class."
)


def eligible(case: Case) -> tuple[dict[str, str], ...]:
    """Unlabelled pictures unlike training; classes that are negatives by name, or any of four and more."""
    out = [{"from": "unlabelled"}] if _enough(case, outside_of(case, _unlike(case))) else []
    for name in case.classes:
        foreign = name.strip().casefold() in NAMES
        if len(case.classes) > (2 if foreign else FEWEST_LEFT) and _enough(case, _of(case, {"class": name})):
            out.append({"class": name})
    return tuple(out)


def _enough(case: Case, outside: Outside) -> bool:
    groups = case.derived.grouping.groups
    parts = (case.fit & outside.labelled | outside.teach, case.evaluation & outside.labelled | outside.judge)
    return all(part.sum() >= FEWEST and len(np.unique(groups[part])) >= FEWEST_GROUPS for part in parts)


def _unlike(case: Case) -> NDArray[np.bool_]:
    mask = np.zeros(len(case.ids), dtype=np.bool_)
    mask[case.derived.once("unlike training", lambda: unlike_training(case))] = True
    return mask


def _of(case: Case, arguments: Arguments) -> Outside:
    mask = _unlike(case) if "from" in arguments else case.targets == case.number(arguments["class"])
    return outside_of(case, mask)


def truth(case: Case, arguments: Arguments) -> NDArray[np.int64]:
    """Pictures of none are of one class more than there are, shape (n,)."""
    return truth_of(case, _of(case, arguments))


def asked(case: Case, arguments: Arguments) -> NDArray[np.bool_]:
    """The unlabelled ones that judge, shape (n,)."""
    return _of(case, arguments).judge


def judged_on(case: Case, arguments: Arguments) -> NDArray[np.bool_]:
    """Pictures of the classes, shape (n,)."""
    return np.asarray(truth(case, arguments) != len(case.classes))


def start(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """Without the pictures of none."""
    return training.only(~_of(case, arguments).labelled[training.rows])


def change(case: Case, training: Training, arguments: Arguments, rng: np.random.Generator) -> Training:
    """With them under an output of their own, weighing no more than an average class; nothing is chosen."""
    return taught(case, training, _of(case, arguments), even=True)


def deciding(case: Case, arguments: Arguments, before: Tried, after: Tried) -> Metric:
    """Pictures of none that are let be, at the same recall of the others."""
    targets = truth(case, arguments)[before.counted]
    return let_be(_pools(case, before), _pools(case, after), targets, len(case.classes))


def _pools(case: Case, tried: Tried) -> list[list[Pool]]:
    """With a test split one pool a head, else one a repeat: a fold alone has too few pictures for a threshold."""
    position = np.cumsum(tried.counted) - 1
    heads = [
        Pool(position[rows], scores[:, : len(case.classes)])
        for rows, scores in zip(tried.side.questions, tried.scores, strict=True)
    ]
    per = len(heads) // tried.repeats
    repeats = [heads[at : at + per] for at in range(0, len(heads), per)]
    if case.has_test:
        return repeats
    return [[Pool(np.concatenate([p.rows for p in one]), np.concatenate([p.scores for p in one]))] for one in repeats]


def describe(case: Case, arguments: Arguments) -> str:
    """What is changed, in words."""
    what = "unlabelled pictures unlike any other" if "from" in arguments else f"the pictures of {arguments['class']}"
    return f"{what}, trained on as none of the classes"


def cost(case: Case, arguments: Arguments) -> Cost:
    """A look at each, and one tag."""
    outside = _of(case, arguments)
    count = int((outside.labelled | outside.teach | outside.judge).sum())
    return Cost(clicks=count if "from" in arguments else 2, minutes=count / 12 if "from" in arguments else 1)
