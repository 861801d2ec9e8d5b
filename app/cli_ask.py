"""Declaration of ``advisor ask``."""

from typing import Annotated

import typer

from app.options import HOME, Group, Json, Seed, Workspace


def ask(
    question: Annotated[str, typer.Argument(metavar="[QUESTION]", help="In plain words.")] = "",
    thread: Annotated[
        str, typer.Option("--thread", metavar="NAME", help="A conversation of its own, which remembers its questions.")
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what the conversation was left at.")] = False,
    threads: Annotated[bool, typer.Option("--threads", help="List conversations.")] = False,
    forget: Annotated[str, typer.Option("--forget", metavar="NAME", help="Delete a conversation.")] = "",
    offline: Annotated[
        bool, typer.Option("--offline", help="Use no language model: nothing leaves this machine.")
    ] = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print what would be sent to the language model; send nothing.")
    ] = False,
    agree_model: Annotated[
        bool, typer.Option("--agree-model", help="Agree that this model is sent what --show-prompt prints.")
    ] = False,
    withdraw_model: Annotated[
        bool, typer.Option("--withdraw-model", help="Take that back: the model is not asked any more.")
    ] = False,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Answer a question from the pictures and the model's errors.

    Works without any key. With ADVISOR_MODEL set, and OPENAI_API_KEY or OPENAI_BASE_URL, a language model
    understands freer questions and words the answer, once you have seen and agreed to what leaves this machine.
    Every number comes from the advisor's own code, whoever words it.

    What changes something (relabel, remove, split, merge, retrain, undo) is shown exactly and done only if
    you agree at the keyboard; without one, the command that does it is printed and nothing changes.

    At a terminal follow-ups work from one call to the next: "and for lemons?", "why?", "show me", "do it", "undo".
    In scripts they do with --thread.

    Examples:

      advisor ask "why is my model confusing Orange and Satsumas?"
      advisor ask "which labels are wrong?"          # then: advisor ask "do it"
      advisor ask "which threshold gives 98 % precision for limes?"
      advisor ask "should I split bad cookies?" --json answer.json
      advisor ask "which classes are worst?" --offline
      advisor ask --thread monday --resume

    ADVISOR_MODEL_PRICE="0.15 0.60" is the price of a million tokens sent and received; ADVISOR_MODEL_CAP=5 stops
    asking the model in a month that has cost so much. ADVISOR_LANGUAGE=de gives answers in German.
    ADVISOR_MODEL_SECONDS=120 gives each of its calls so long, instead of 30 seconds.
    ADVISOR_MODEL_PICTURES=1 shows the model contact sheets of a few findings, to name them; off by default.
    """
    from app.asking import Asking, run_ask

    how = Asking(thread, resume, threads, forget, offline, show_prompt, agree_model, withdraw_model)
    run_ask(question, how, group=group, seed=seed, workspace=workspace, json=json)
