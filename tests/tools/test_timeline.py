"""The timeline names everything that happened, in order, with what takes it back."""

import numpy as np

from tools.case import Case
from tools.changing import accept, undo
from tools.decisions import Decision, Decisions
from tools.outbox import Outbox, Refused
from tools.predictions import Predictions
from tools.proposals import relabel
from tools.reports import Reports
from tools.retraining import retrain
from tools.timeline import timeline
from tools.training.recipe import Recipe
from tools.workspace import Workspace


def test_everything_is_there_with_what_takes_it_back(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    said = Predictions("shop", "1", np.eye(2)[case.targets], case.targets.copy(), True)
    kept.save_predictions(case.dataset, said, record={"predictions": "scores.csv"})
    decisions = Decisions(kept)
    decisions.take([Decision("dismiss", "x", "a finding", who="Ada", why="known")])
    decisions.take([Decision("dismiss", "y", "another")])
    decisions.undo(2)
    retrain(kept, case, Recipe())
    Reports(kept).keep("2026-W48", {"week": "2026-W48"})
    outbox = Outbox(kept)
    outbox.queue("2026-W48", ["bo@example.org", "waits@example.org"])

    def refused() -> None:
        raise Refused("the server answered 550")

    outbox.send(outbox.waiting()[0], refused)
    events = timeline(kept)
    kinds = [e.kind for e in events]
    assert sorted(kinds) == sorted(
        ["import", "predictions", "decision", "decision", "decision", "training", "report", "mail"]
    )
    by_text = {e.text: e for e in events}
    assert by_text["dismiss: a finding"].undo == "advisor decide undo 1"
    assert (by_text["dismiss: a finding"].who, by_text["dismiss: a finding"].why) == ("Ada", "known")
    assert by_text["dismiss: another"].undo == ""
    assert "Taken back: dismiss of another" in by_text
    assert "Report of 2026-W48 to bo@example.org: refused: the server answered 550" in by_text
    assert any(text.startswith("Version 1: head") for text in by_text)
    assert [e.at for e in events] == sorted((e.at for e in events), reverse=True)


def test_a_change_can_be_taken_back_once(small: tuple[Workspace, Case]) -> None:
    kept, case = small
    row = int(np.flatnonzero(case.fit)[0])
    other = case.classes[1 - int(case.targets[row])]
    accept(kept, case.dataset, relabel(case, [(row, other)], test_too=False), why="looked", by="Ada")
    change = next(e for e in timeline(kept) if e.kind == "change")
    assert (change.undo, change.who, change.why) == ("advisor change undo 1", "Ada", "looked")
    undo(kept, 1)
    assert "advisor change undo 1" not in [e.undo for e in timeline(kept)]
