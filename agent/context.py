"""What the graph's nodes may use: objects that never enter the state, given by the caller."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from embeddings.progress import Progress, silent
from tools.effects import Effect
from tools.findings import Outcome, Scope
from tools.memory import Memory

if TYPE_CHECKING:
    from tools.case import Case
    from tools.workspace import Workspace


@dataclass(frozen=True)
class ModelSettings:
    """An OpenAI-compatible language model.

    Attributes
    ----------
    base_url : str
        Up to and including ``/v1``.
    api_key : str
    model : str
    timeout : float
        Seconds one call may take in all, however slowly the bytes arrive.
    max_calls : int
        Calls one question may cost.
    max_tokens : int
        Asked for per call.
    max_bytes : int
        A longer reply is refused.
    max_total_tokens : int
        No further call is made for a question that has cost so many.
    native : bool
        Whether a probe has shown that it calls tools natively; otherwise it fills in a JSON schema.
    form : str
        How the form of a reply is asked for: one of ``agent.endpoint.FORMS``, as a probe has found.
    plans : bool
        Whether it chooses what answers a question; if not, the rules do, and it words the answers.
    pictures : bool
        Whether it may be shown small copies of pictures, to name groups of them.
    price_sent, price_received : float
        Of a million tokens; 0 = not known, or free.
    monthly_cap : float
        No call is made in a month that has cost so much; 0 = no cap.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    timeout: float = 30.0
    max_calls: int = 3
    max_tokens: int = 1500
    max_bytes: int = 1_000_000
    max_total_tokens: int = 30_000
    native: bool = False
    form: str = "limits"
    plans: bool = True
    pictures: bool = False
    price_sent: float = 0.0
    price_received: float = 0.0
    monthly_cap: float = 0.0

    def price(self, sent: int, received: int) -> float:
        """What so many tokens cost."""
        return (sent * self.price_sent + received * self.price_received) / 1_000_000


class RunChecks(Protocol):
    """As ``tools.audit.run_checks``."""

    def __call__(
        self,
        case: "Case",
        codes: Sequence[str] | None = None,
        scope: Scope | None = None,
        *,
        on_step: Progress = silent,
        remember: Memory | None = None,
    ) -> tuple[Outcome, ...]:
        """Run checks to their outcomes."""
        ...


class RunExperiment(Protocol):
    """As ``tools.whatif.run_experiment``."""

    def __call__(
        self,
        case: "Case",
        kind: str,
        arguments: Mapping[str, str] | None = None,
        *,
        on_step: Progress = silent,
        remember: Memory | None = None,
    ) -> Effect:
        """Try one change and measure it."""
        ...


def _run_checks() -> RunChecks:
    from tools.audit import run_checks

    return run_checks


def _run_experiment() -> RunExperiment:
    from tools.whatif import run_experiment

    return run_experiment


@dataclass(frozen=True)
class Context:
    """Given to every node by LangGraph, never stored.

    Attributes
    ----------
    load_case : callable
        Gives the case; called once per node that needs it.
    on_step : callable
        Told what is being done.
    memory : Memory or None
        Where results are kept between questions.
    model : ModelSettings or None
        None = rules and templates, which are complete.
    model_note : str
        Why a model that was set up is not asked: no consent yet, or the month's cap is reached; empty else.
    spent : callable
        Told the tokens of each call to the model, sent and received, as soon as it has ended.
    tokens : callable or None
        Told what the language model writes, piece by piece.
    workspace : Workspace or None
        Where accepted changes, trained versions and advice are; without it questions about them are not answered.
    user : str
        Who agrees to what is done.
    place : str
        What a printed command needs behind it to find the same workspace.
    language : str
        Of the answers: empty = English, else one of ``agent.prompts.languages``.
    experiments : int
        At most so many recommendations are tried.
    seconds : float
        No further experiment is started after so many seconds of trying, and no model asked after so many in all.
    recursion_limit : int
        Steps the graph may take: six for an answer, four for an action and three more for each edit of it.
    run_checks, run_experiment : callable
        The tools; tests put their own here.
    """

    load_case: "Callable[[], Case]"
    on_step: Progress = silent
    memory: Memory | None = None
    model: ModelSettings | None = None
    model_note: str = ""
    spent: Callable[[int, int], None] = lambda _sent, _received: None
    tokens: Callable[[str], None] | None = None
    workspace: "Workspace | None" = None
    user: str = ""
    place: str = ""
    language: str = ""
    experiments: int = 3
    seconds: float = 120.0
    recursion_limit: int = 24
    run_checks: RunChecks = field(default_factory=_run_checks)
    run_experiment: RunExperiment = field(default_factory=_run_experiment)

    @property
    def models(self) -> Path:
        """Folder of exported networks."""
        return (self.workspace.path if self.workspace else Path(".")) / "models"
