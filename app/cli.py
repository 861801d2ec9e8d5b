"""The ``advisor`` command: what can be asked for on the command line, and what the exit code says.

Only declarations live here; everything heavy is imported by ``app.commands`` when a command runs, so that
``advisor --help`` answers at once.
"""

import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated

import typer

from app import (
    cli_ask,
    cli_boxes,
    cli_change,
    cli_decide,
    cli_experiment,
    cli_fetch,
    cli_goal,
    cli_inbox,
    cli_keep,
    cli_mail,
    cli_model,
    cli_predictions,
    cli_report,
    cli_shoot,
    cli_split,
    cli_versions,
)
from app.options import HOME, FailOn, Group, Json, Seed, Workspace
from tools.errors import AdvisorError

DONE, INTERNAL_FAILURE, WRONG_USE, LEVEL_REACHED, REPORT_OVERDUE, INTERRUPTED = 0, 1, 2, 3, 5, 130

app = typer.Typer(
    name="advisor",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="""Finds what holds an image model back, tries the fix, and says with an interval whether it helps.

A first run:

  advisor import photos/
  advisor audit
  advisor ask "why is my model confusing apples and citrus?"
  advisor app

Exit codes: 0 done (also when files were skipped: they are listed), 1 internal failure,
2 wrong use or input that cannot be read, 3 `audit --fail-on` found something that severe,
4 `gate` is closed, 5 `status` finds a report overdue.""",
)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder of class folders, a CSV or a manifest.")],
    predictions_file: Annotated[
        Path | None,
        typer.Option("--predictions", metavar="FILE", help="Your model's scores: CSV, Parquet or npz."),
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Your model's name.")] = "",
    model_version: Annotated[str, typer.Option("--model-version", metavar="V", help="Its version.")] = "",
    encoder: Annotated[
        str | None, typer.Option("--encoder", metavar="NAME", help="What turns pictures into vectors.")
    ] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option("--embeddings", metavar="FILE", help="Your own vectors (npz or Parquet): id, vector."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option("--root", metavar="DIR", help="Where the pictures lie that a manifest names.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Allow fetching the encoder's weights; never done unasked.")
    ] = False,
    group: Group = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="COLUMN", help="Column that holds the split, kept for later imports; '' = none."
        ),
    ] = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Index a folder of labelled pictures, or a CSV.

    Layouts: class/image, or train/class/image beside test/class/image; deeper folders become metadata.
    Or a CSV with the columns filepath and label, and split and metadata columns where you have them.
    Or a Rekognition / Ground Truth manifest (JSON lines), a folder of manifests, or a folder of Azure Custom Vision's
    answers (advisor fetch custom-vision); what their models said becomes predictions.
    Or annotated boxes (COCO, YOLO, Pascal VOC) with a detector's answers: each box becomes a picture of its own,
    and advisor boxes measures the detector.
    Everything readable is indexed; everything else is listed with its reason. Importing again makes
    a new version and says what changed.

    Examples:

      advisor import photos/
      advisor import photos/ --predictions scores.csv --model shop-classifier --model-version 7
      advisor import frames.csv --group video --split subset
      advisor import photos/ --encoder open_clip:ViT-B-32/laion2b_s34b_b79k --download
      advisor import photos/ --embeddings clip.npz
      advisor import train.manifest --root bucket-copy/
      advisor import annotations.json --root pictures/ --predictions results.json

    Encoders: auto (CLIP weights on this machine, else embedded), embedded, open_clip:MODEL/PRETRAINED,
    open_clip:MODEL/CHECKPOINT_FILE, transformers:NAME_OR_FOLDER (CLIP, SigLIP, DINOv2); with :int8 behind
    the last three, 8-bit weights on a CPU, and how many neighbours that costs on your pictures.
    """
    from app.commands import run_import

    run_import(
        path,
        predictions_file=predictions_file,
        model=model,
        model_version=model_version,
        encoder=encoder,
        embeddings=embeddings,
        root=root,
        download=download,
        group=group,
        split=split,
        seed=seed,
        workspace=workspace,
        json=json,
    )


@app.command()
def audit(
    check: Annotated[list[str] | None, typer.Option("--check", metavar="CODE", help="Only this check.")] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", metavar="NAME", help="Only findings about this class.")
    ] = None,
    tries: Annotated[
        int, typer.Option("--try", metavar="N", min=0, help="How many recommended changes to try out; 0 = none.")
    ] = 5,
    fail_on: Annotated[
        FailOn | None, typer.Option("--fail-on", help="Exit with 3 if a finding is at least this severe.")
    ] = None,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Look for everything that holds the model back.

    Every check ends in exactly one outcome: found, passed (with the smallest fault it could have seen),
    not applicable (with the reason) or failed. What the gravest findings recommend is tried on held-out pictures
    before it is recommended, and the verdict stands beside it.

    Examples:

      advisor audit
      advisor audit --check wrong-labels --check near-duplicates --class Lime
      advisor audit --json - --fail-on high > audit.json
    """
    from app.commands import run_audit

    reached = run_audit(
        checks=check,
        classes=class_ or [],
        tries=tries,
        fail_on=fail_on.value if fail_on else None,
        group=group,
        seed=seed,
        workspace=workspace,
        json=json,
    )
    if reached:
        raise typer.Exit(LEVEL_REACHED)


app.command()(cli_ask.ask)


@app.command()
def search(
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help="A few words, such as: a hand.")] = "",
    picture: Annotated[
        str | None, typer.Option("--picture", metavar="ID|FILE", help="Like this picture instead.")
    ] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="How many pictures.")] = 12,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Find pictures by words, or like one picture.

    Free words need an encoder with a text tower (CLIP, SigLIP) or your own text/<concept> vectors; the embedded
    encoder knows its 1,000 ImageNet names.

    Examples:

      advisor search "a hand"
      advisor search --picture train/Lime/lime_003.jpg --most 5
      advisor search --picture ~/phone/new.heic
    """
    from app.commands import run_search

    run_search(words, picture=picture, most=most, workspace=workspace, json=json)


@app.command()
def predict(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Pictures, or folders of them.")],
    thresholds: Annotated[
        Path | None, typer.Option("--thresholds", metavar="FILE", help="Decide by what `threshold --export` wrote.")
    ] = None,
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", min=0, help="A trained version; 0 = baseline. Default: the one in use."),
    ] = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Say what new pictures are, which training pictures they are like, and whether they are like any.

    The trained version in use speaks, by the thresholds chosen for it; before the first training the advisor's own
    baseline. Nothing is stored.

    Examples:

      advisor predict ~/phone/IMG_0042.heic
      advisor predict new/ --version 2 --json -
    """
    from app.predict import run_predict

    run_predict(paths, thresholds=thresholds, version=version, seed=seed, workspace=workspace, json=json)


@app.command()
def threshold(
    precision: Annotated[
        float | None,
        typer.Option("--precision", metavar="P", help="Goal: at least this share of what is said is right."),
    ] = None,
    recall: Annotated[
        float | None, typer.Option("--recall", metavar="R", help="Goal: at least this share of the class is found.")
    ] = None,
    f_beta: Annotated[
        float | None, typer.Option("--f-beta", metavar="B", help="Goal: best F; 1 weighs both alike, 2 recall more.")
    ] = None,
    cost: Annotated[
        tuple[float, float] | None,
        typer.Option("--cost", metavar="MISS ALARM", help="Goal: least cost of misses and false alarms."),
    ] = None,
    class_: Annotated[list[str] | None, typer.Option("--class", metavar="NAME", help="Only this class.")] = None,
    abstain: Annotated[
        bool, typer.Option("--abstain", help="Below which top score to leave a picture to a person.")
    ] = False,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write thresholds and temperature as JSON.")
    ] = None,
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", min=1, help="For a trained version, which keeps them from then on."),
    ] = None,
    group: Group = None,
    seed: Seed = None,
    workspace: Workspace = HOME,
    json: Json = None,
) -> None:
    """Choose score thresholds for a goal, and say what they reach on pictures they were not chosen on.

    What is said of a threshold was measured by choosing on half of the groups of pictures and looking at the other
    half. Where no threshold surely reaches the goal, the best that was seen is named: then pictures must come first.

    Examples:

      advisor threshold --precision 0.95
      advisor threshold --cost 5 1 --class Lime
      advisor threshold --precision 0.95 --abstain --export thresholds.json
      advisor threshold --f-beta 1 --version 2
    """
    from app.threshold import run_threshold

    run_threshold(
        {
            "precision": None if precision is None else (precision,),
            "recall": None if recall is None else (recall,),
            "f-beta": None if f_beta is None else (f_beta,),
            "cost": cost,
        },
        classes=class_ or [],
        whole=abstain,
        export=export,
        version=version,
        group=group,
        seed=seed,
        workspace=workspace,
        json=json,
    )


for command in (
    cli_boxes.boxes,
    cli_model.why,
    cli_versions.retrain,
    cli_change.export,
    cli_change.ledger,
    cli_decide.history,
    cli_split.split,
    cli_goal.gate,
    cli_report.report,
    cli_report.backtest,
    cli_report.schedule,
    cli_keep.forget,
    cli_keep.relink,
    cli_keep.backup,
    cli_keep.restore,
    cli_keep.gc,
):
    app.command()(command)
app.command("undo")(cli_decide.undo_last)
for name, group in {
    "fetch": cli_fetch.fetch,
    "experiment": cli_experiment.experiment,
    "versions": cli_versions.versions,
    "predictions": cli_predictions.predictions,
    "inbox": cli_inbox.inbox,
    "model": cli_model.model,
    "change": cli_change.change,
    "decide": cli_decide.decide,
    "goal": cli_goal.goal,
    "shoot": cli_shoot.shoot,
    "mail": cli_mail.mail,
}.items():
    app.add_typer(group, name=name)


@app.command()
def status(workspace: Workspace = HOME, json: Json = None) -> None:
    """Say what the workspace holds and whose errors will be explained.

    Example:

      advisor status --json -
    """
    from app.commands import run_status

    if run_status(workspace=workspace, json=json):
        raise typer.Exit(REPORT_OVERDUE)


@app.command("map")
def map_(workspace: Workspace = HOME, json: Json = None) -> None:
    """Lay the pictures out flat so that alike ones are near each other; the app's map shows them.

    Example:

      advisor map --json map.json
    """
    from app.map_command import run_map

    run_map(workspace=workspace, json=json)


@app.command("app")
def app_(
    port: Annotated[int, typer.Option("--port", metavar="N", min=1, max=65535, help="Port on 127.0.0.1.")] = 8501,
    workspace: Workspace = HOME,
) -> None:
    """Serve the chat page on this machine only; stop with Ctrl-C.

    Example:

      advisor app --port 8600 --workspace .advisor
    """
    from app.serve import serve

    raise typer.Exit(serve(workspace, port))


@app.command()
def demo(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="New or former demo folder to draw into.")
    ] = Path("advisor-demo"),
    workspace: Annotated[
        Path | None, typer.Option("--workspace", metavar="DIR", help="Default: DIR/seed-N/workspace.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Another seed, other pictures.")] = 0,
    json: Json = None,
) -> None:
    """Draw pictures with planted faults, run the whole advisor on them, and compare found with planted.

    Example:

      advisor demo --seed 3
    """
    from app.commands import run_demo_command

    run_demo_command(folder, workspace, seed, json)


def main() -> None:
    """Run the command line; never shows a traceback."""
    try:
        app()
    except AdvisorError as error:
        from app.terminal import report_error

        report_error(error)
        sys.exit(WRONG_USE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (PermissionError, NotADirectoryError, IsADirectoryError) as fault:
        from app.terminal import report_error

        seen = f"{fault.strerror} at {fault.filename}" if fault.filename else str(fault)
        todo = "Check who may write there, or name another --workspace."
        report_error(AdvisorError(expected="files that can be read and written", seen=seen, todo=todo))
        sys.exit(WRONG_USE)
    except Exception as fault:  # noqa: BLE001 - the last line of defence: one line for people, the rest in a file
        sys.exit(_internal_failure(fault))


def _internal_failure(fault: Exception) -> int:
    """Keep the traceback in a file and say where."""
    from app.terminal import report_fault

    with tempfile.NamedTemporaryFile(
        "w", prefix="advisor-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.writelines(traceback.format_exception(fault))
    report_fault(fault, file.name)
    return INTERNAL_FAILURE
