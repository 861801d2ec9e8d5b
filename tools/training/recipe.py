"""How a model is to be trained: the tier, the changes to the training set, and the settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from tools.errors import AdvisorError

Tier = Literal["head", "fine-tune", "command"]
TIERS: tuple[str, ...] = get_args(Tier)
Light = Literal["light", "cut"]


class WrongRecipe(AdvisorError):
    """A setting of a training that cannot be followed."""


@dataclass(frozen=True)
class Recipe:
    """Settings of one training; what a tier does not use is refused rather than ignored.

    Attributes
    ----------
    tier : {"head", "fine-tune", "command"}
        A head on frozen vectors; the encoder's last blocks or all of it; the user's own trainer.
    changes : tuple of (str, tuple of (str, str))
        Experiments' kinds and arguments, done to the training pictures in this order: relabel, reweight,
        group-balance, split-class …
    augment : tuple of str
        Fine-tuning: each picture in other light or cut otherwise every time it is seen, half of the cuts mirrored.
    blocks : int
        Fine-tuning: how many of the encoder's last blocks; 0 = all.
    epochs, patience : int
        At most so many passes; stop after so many without a better loss on the pictures kept for stopping.
    batch : int
    rate : float
        Learning rate of the encoder's weights at the start; it falls to zero along a half cosine.
    command : str
        Own trainer: the command, with {manifest} and {predictions} where their paths go.
    minutes : float
        Stop after this; 0 = no limit.
    seed : int
    """

    tier: Tier = "head"
    changes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    augment: tuple[Light, ...] = ()
    blocks: int = 3
    epochs: int = 12
    patience: int = 3
    batch: int = 32
    rate: float = 2e-4
    command: str = ""
    minutes: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise WrongRecipe(
                expected=f"one of the tiers {', '.join(TIERS)}", seen=self.tier, todo="Name one of these."
            )
        for name, least in (("blocks", 0), ("epochs", 1), ("patience", 1), ("batch", 1), ("minutes", 0)):
            if not getattr(self, name) >= least:
                raise WrongRecipe(
                    expected=f"{name} of at least {least}", seen=str(getattr(self, name)), todo="Give another number."
                )
        if not 0 < self.rate < 1:
            raise WrongRecipe(
                expected="a learning rate between 0 and 1", seen=str(self.rate), todo="2e-4 suits most encoders."
            )
        if unknown := set(self.augment) - set(get_args(Light)):
            raise WrongRecipe(
                expected=f"augmentations among {', '.join(get_args(Light))}", seen=sorted(unknown)[0],
                todo="Name one of these.",
            )  # fmt: skip
        for tier, names in (("fine-tune", FINE_TUNING), ("command", ("command",))):
            moved = [name for name in names if getattr(self, name) != DEFAULTS[name]]
            if moved and self.tier != tier:
                raise WrongRecipe(
                    expected=f"--tier {tier} with {moved[0]}", seen=f"--tier {self.tier}",
                    todo=f"Add --tier {tier}, or leave {moved[0]} out.",
                )  # fmt: skip
        if self.tier == "command" and not ("{manifest}" in self.command and "{predictions}" in self.command):
            raise WrongRecipe(
                expected="a command with {manifest} and {predictions} in it",
                seen=self.command or "none",
                todo='Write, e.g., --command "python train.py {manifest} {predictions}".',
            )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; ``from_json`` reads it back."""
        return {
            **asdict(self),
            "changes": [{"kind": kind, "arguments": dict(arguments)} for kind, arguments in self.changes],
            "augment": list(self.augment),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Recipe":
        """The recipe of ``to_json``; keys of later versions are left aside."""
        known = {f.name: found[f.name] for f in fields(cls) if f.name in found}
        changes = tuple((c["kind"], tuple(sorted(c["arguments"].items()))) for c in found["changes"])
        return cls(**{**known, "changes": changes, "augment": tuple(found["augment"])})

    @property
    def text(self) -> str:
        """In words."""
        how = {
            "head": "head",
            "fine-tune": "fine-tuned" if not self.blocks else f"last {self.blocks} blocks fine-tuned",
            "command": "own trainer",
        }[self.tier]
        done = [kind + "".join(f" {name}={value}" for name, value in given) for kind, given in self.changes]
        done += [f"augmented by {name}" for name in self.augment]
        return ", ".join((how, *done))


DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(Recipe)}
FINE_TUNING = ("augment", "blocks", "epochs", "patience", "batch", "rate")
