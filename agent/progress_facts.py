"""Whether what was done helped: advice followed through the versions, changes accepted, versions trained."""

from agent.context import Context
from agent.gathered import Gathered
from agent.plan import Plan
from agent.prompts import sentence
from agent.state import Json
from agent.version_facts import version_facts
from tools.case import Case
from tools.findings import number_text
from tools.ledger_documents import entry_json, record_text, step_json
from tools.reckoning import reckon
from tools.timeline import timeline

CODE = "ledger"
MOST = 5
EVENTS = 5


def progress_facts(case: Case, plan: Plan, context: Context, out: Gathered) -> None:
    """State what happened last, what following advice changed, and how good promises were."""
    kept = context.workspace
    if kept is None:
        out.skip(CODE, sentence("versions.no_workspace"))
        return
    ledger = reckon(kept, case, on_step=context.on_step)
    entries = [entry_json(e) for e in ledger.entries if e.followed.extent in {"partly", "fully"}]
    for step in (step_json(s) for s in ledger.steps[-MOST:]):
        if step["measured"]:
            _line(out, _step_text(step), "step")
        elif step["unmeasured"]:
            out.skip(CODE, sentence("progress.unmeasured", before=str(step["before"]), reason=step["unmeasured"]))
    for entry in entries[-MOST:]:
        _line(out, _entry_text(entry), "advice")
    if not entries:
        _line(out, sentence("progress.nothing_followed"), "advice")
    else:
        for text in record_text(ledger.record).split(". "):
            _line(out, text.rstrip(".") + ".", "record")
    for event in [e for e in timeline(kept) if e.kind in {"change", "training", "import"}][:EVENTS]:
        text = sentence("progress.event", day=event.at[:10], text=event.text.rstrip("."))
        out.group("events", "", [out.facts.state("event", text, code=CODE)["id"]])
    version_facts(case, plan, context, out)


def _line(out: Gathered, text: str, kind: str) -> None:
    out.group("findings", "", [out.facts.state(kind, text, code=CODE)["id"]])


def _step_text(step: Json) -> str:
    m = step["measured"]
    return sentence(
        "progress.step", before=str(step["before"]), after=str(step["after"]), metric=m["metric"],
        was=number_text(m["before"], "share"), now=number_text(m["after"], "share"),
        low=number_text(m["low"], "points").removesuffix(" points"), high=number_text(m["high"], "points"),
        verdict=sentence(f"verdict.{m['verdict']}"), n=str(m["n"]),
    )  # fmt: skip


def _entry_text(entry: Json) -> str:
    what = f"{entry['action']} {entry['target']}".strip()
    done = entry["followed"]["words"] or entry["followed"]["extent"]
    m = entry["measured"]
    if m is None:
        return sentence("progress.followed", what=what, done=done, reason=entry["unmeasured"] or "")
    promise = f"promise_{entry['promise']}" if entry["promise"] else "promise_none"
    return sentence(
        "progress.measured", what=what, done=done, metric=m["metric"], was=number_text(m["before"], "share"),
        now=number_text(m["after"], "share"), low=number_text(m["low"], "points").removesuffix(" points"),
        high=number_text(m["high"], "points"), verdict=sentence(f"verdict.{m['verdict']}"),
        promise=sentence(f"progress.{promise}"),
    )  # fmt: skip
