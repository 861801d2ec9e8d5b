"""What would be done, worked out to the last picture and shown before anybody agrees; doing it is ``acting``'s.

A proposal is plain JSON: it waits in a checkpoint for a person's answer, for seconds or for days. What it stands for
is worked out again before it is done, and is done only if it is still the same (``digest``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any

from agent.prompts import sentence
from agent.state import Json
from tools.case import Case
from tools.changing import Draft, NothingToChange, history, undoable
from tools.kinds import kinds
from tools.proposals import counted, merge, relabel, remove, split
from tools.suggestions import relabel_suspects, remove_suspects, spare_copies
from tools.training.recipe import Recipe
from tools.versions import Versions
from tools.workspace import Workspace

EXAMPLES = 12
CHANGES = {"relabel", "remove", "deduplicate", "split-class", "merge-classes"}
"""What-ifs that a change of the data set does for real; others that only change the training set are a retraining."""


class CannotPropose(Exception):
    """Nothing can be proposed; the message says why and what can be said instead."""


@dataclass(frozen=True)
class Proposal:
    """An action before it is agreed to.

    Attributes
    ----------
    id : str
        Of this consent; kept in the workspace with what was done, so that nothing is done twice.
    action : str
        relabel, remove, deduplicate, split-class, merge-classes, retrain or undo.
    arguments : mapping
        ``class``, ``pair``, ``image``, ``to``, ``changes``, ``number`` …
    edits : mapping
        What the person changed about it: ``leave_out``, ``name``, ``names``.
    title : str
        What is done, in one sentence.
    scope : tuple of str
        What it touches and what it does not.
    cost : str
        Time, and how it is taken back.
    notes : tuple of str
        What must be known before agreeing.
    examples : tuple of dict
        ``image``, ``before``, ``after`` of the first pictures it changes.
    pictures : int
    command : str
        The command that does the same; empty where there is none.
    editable : tuple of str
        Names of the edits that may be made.
    dataset : int
        Version it was worked out for.
    digest : str
        Of all that it does.
    """

    id: str
    action: str
    arguments: Mapping[str, Any]
    title: str
    scope: tuple[str, ...] = ()
    cost: str = ""
    notes: tuple[str, ...] = ()
    examples: tuple[Mapping[str, str], ...] = ()
    pictures: int = 0
    command: str = ""
    editable: tuple[str, ...] = ()
    dataset: int = 0
    digest: str = ""
    edits: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Json:
        """Plain JSON types only."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Proposal":
        """Undo ``to_json``."""
        fields: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in kept.items()}
        return cls(**fields)


def propose(
    workspace: Workspace, case: Case, action: str, arguments: Mapping[str, Any], key: str,
    edits: Mapping[str, Any] | None = None,
) -> Proposal:  # fmt: skip
    """Work out an action.

    Raises
    ------
    AdvisorError, CannotPropose
        If it would do nothing, or names something that is not there.
    """
    edits = edits or {}
    if action == "undo":
        return _undo(workspace, case, arguments, key)
    if action == "retrain":
        return _retrain(workspace, case, arguments, key)
    draft = draft_of(case, action, arguments, edits)
    examples = tuple(
        {"image": e.id, "before": e.before or "unlabelled", "after": e.after or "left out"}
        for e in draft.edits[:EXAMPLES]
    )
    pictures = len(draft.edits) or sum(case.dataset.counts[name] for name in draft.renamed or ())
    scope = sentence("consent.scope", version=str(case.dataset.version), pictures=counted(pictures))
    editable = {"split-class": ("names",), "merge-classes": ("name",)}.get(action, ("leave_out",))
    return Proposal(
        key, action, dict(arguments), f"{draft.summary[:1].upper()}{draft.summary[1:]}.", (scope,),
        sentence("consent.change_cost"), tuple(f"{note.rstrip('.')}." for note in draft.notes), examples, pictures,
        _command(case, action, arguments, edits), editable, case.dataset.version, _digest(draft), edits,
    )  # fmt: skip


def draft_of(case: Case, action: str, arguments: Mapping[str, Any], edits: Mapping[str, Any]) -> Draft:
    """The change of the data set that an action makes.

    Raises
    ------
    AdvisorError
    """
    match action:
        case "relabel" if "image" in arguments:
            rows = [case.dataset.index[arguments["image"]]]
            draft = relabel(case, [(row, arguments["to"]) for row in rows], test_too=False)
        case "relabel":
            draft = relabel_suspects(case, test_too=False)
        case "remove" if "image" in arguments:
            draft = remove(case, [case.dataset.index[arguments["image"]]], test_too=False)
        case "remove":
            draft = remove_suspects(case, test_too=False)
        case "deduplicate":
            draft = spare_copies(case, test_too=False)
        case "split-class":
            return split(case, arguments["class"], edits.get("names", ()))
        case "merge-classes":
            pair = _pair(case, arguments)
            return merge(case, pair, edits.get("name") or "+".join(pair))
        case _:
            raise CannotPropose(sentence("cannot.by_hand", what=action))
    left_out = set(edits.get("leave_out", ()))
    if not left_out:
        return draft
    stay = [(case.dataset.index[e.id], e.after) for e in draft.edits if e.id not in left_out]
    again = relabel(case, stay, test_too=False)
    return replace(again, notes=draft.notes)


def _pair(case: Case, arguments: Mapping[str, Any]) -> Sequence[str]:
    """The two classes of ``a|b``, whatever their names hold."""
    from tools.kinds import pair_of

    return pair_of(case, arguments)


def _digest(draft: Draft) -> str:
    said = (draft.kind, [asdict(e) for e in draft.edits], sorted((draft.renamed or {}).items()))
    return sha256(json.dumps(said).encode()).hexdigest()[:16]


def _command(case: Case, action: str, arguments: Mapping[str, Any], edits: Mapping[str, Any]) -> str:
    """The command that does the same; empty where an edit has none."""
    from shlex import quote

    match action:
        case "relabel" if "image" in arguments:
            return f"advisor change relabel {quote(arguments['image'])} --to {quote(arguments['to'])}"
        case "remove" if "image" in arguments:
            return f"advisor change remove {quote(arguments['image'])}"
        case "split-class":
            names = "".join(f" --names {quote(name)}" for name in edits.get("names", ()))
            return f"advisor change split {quote(arguments['class'])}{names}"
        case "merge-classes":
            pair = _pair(case, arguments)
            name = edits.get("name") or "+".join(pair)
            return f"advisor change merge {' '.join(map(quote, pair))} --as {quote(name)}"
    if edits:
        return ""
    return {
        "relabel": "advisor change relabel --suggested",
        "remove": "advisor change remove --suggested wrong-labels",
        "deduplicate": "advisor change remove --suggested duplicates",
    }[action]


def _undo(workspace: Workspace, case: Case, arguments: Mapping[str, Any], key: str) -> Proposal:
    """Taking an entry of the history back; its number is fixed here, so that a retry cannot take back another one."""
    target = undoable(history(workspace), arguments.get("number"))
    if target.moves:
        raise NothingToChange(
            expected="a change of labels alone",
            seen=f"change {target.number}, which moved {len(target.moves)} files",
            todo=f"To move them back: advisor change undo {target.number} --write",
        )
    return Proposal(
        key, "undo", {"number": target.number},
        sentence("consent.undo", number=str(target.number), what=target.summary),
        (_made(target.at, target.by),),
        sentence("consent.undo_cost"), (), (), len(target.edits), f"advisor change undo {target.number}", (),
        case.dataset.version, f"undo {target.number}",
    )  # fmt: skip


def _made(at: str, by: str) -> str:
    return sentence("consent.undo_scope", at=at[:16].replace("T", " "), by=by or sentence("consent.nobody"))


def recipe_of(case: Case, arguments: Mapping[str, Any]) -> Recipe:
    """The recipe of a retraining.

    Raises
    ------
    AdvisorError
    """
    changes = tuple((str(kind), tuple(dict(given).items())) for kind, given in arguments.get("changes", ()))
    return Recipe(arguments.get("tier", "head"), changes, seed=case.settings.seed)


def _retrain(workspace: Workspace, case: Case, arguments: Mapping[str, Any], key: str) -> Proposal:
    for kind, given in arguments.get("changes", ()):
        _trainable(case, str(kind), dict(given))
    recipe = recipe_of(case, arguments)
    training = int(case.fit.sum())
    said = "".join(f" --with {kind}" + "".join(f":{n}={v}" for n, v in given) for kind, given in recipe.changes)
    tier = "" if recipe.tier == "head" else f" --tier {recipe.tier}"
    return Proposal(
        key, "retrain", dict(arguments), _training_words(case, recipe),
        (sentence("consent.retrain_scope", pictures=counted(training), version=str(case.dataset.version)),),
        _seconds(workspace, recipe), (), (), training, f"advisor retrain{tier}{said}", (), case.dataset.version,
        sha256(json.dumps(recipe.to_json(), sort_keys=True).encode()).hexdigest()[:16],
    )  # fmt: skip


def _training_words(case: Case, recipe: Recipe) -> str:
    """What would be trained, and how its pictures would differ from those there are."""
    told = [kinds()[kind].describe(case, dict(given)) for kind, given in recipe.changes]
    tier = sentence(f"consent.tier_{recipe.tier.replace('-', '_')}")
    return sentence("consent.retrain", what="; ".join([tier, *told]))


def _trainable(case: Case, kind: str, given: Mapping[str, str]) -> None:
    known = kinds().get(kind)
    if known is None or not known.trains:
        usable = ", ".join(name for name, k in kinds().items() if k.trains)
        raise CannotPropose(sentence("cannot.train", kind=kind, usable=usable))
    if dict(given) not in known.eligible(case):
        raise CannotPropose(sentence("cannot.nothing_for", kind=kind))


def _seconds(workspace: Workspace, recipe: Recipe) -> str:
    """What the last training of this tier took here."""
    before = [v for v in Versions(workspace).all() if v.document["recipe"].get("tier") == recipe.tier]
    if not before:
        return sentence(f"consent.time_{recipe.tier.replace('-', '_')}")
    return sentence("consent.time_known", seconds=f"{before[-1].document['seconds']:.0f}")
