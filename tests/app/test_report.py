"""A report's files: whole, self-contained, free of whatever data could smuggle in, one per format and week."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.commands import open_case
from app.kept_audit import key_of, read_audit
from app.report import files
from app.report.facts import Facts
from app.report.html import report_html
from app.report.markdown import report_markdown
from app.report.parts import images_of, parts
from app.report.pictures import Thumbnails
from tests.app.conftest import NASTY
from tools.registry import checks
from tools.settings import Settings
from tools.workspace import Workspace

RUN = CliRunner()


def has_pango() -> bool:
    try:
        files.load_weasyprint()
    except files.NoPdf:
        return False
    return True


PANGO = has_pango()


@pytest.fixture(scope="module")
def workspace(small_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(small_workspace, tmp_path_factory.mktemp("reported") / "workspace"))


@pytest.fixture(scope="module")
def made(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All four files of a workspace whose names try to be HTML, Markdown and terminal codes."""
    folder = tmp_path_factory.mktemp("reports")
    words = ["report", "--workspace", str(workspace), "--out", str(folder), "--try", "1"]
    done = RUN.invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "\x1b[31m" not in done.output
    return folder


def content(made: Path, ending: str) -> str:
    (file,) = made.glob(f"*.{ending}")
    return file.read_text(encoding="utf-8")


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_four_files_named_after_the_week(made: Path) -> None:
    assert sorted(f.suffix for f in made.iterdir()) == [".html", ".json", ".md", *([".pdf"] if PANGO else [])]
    assert len({f.stem for f in made.iterdir()}) == 1
    assert re.fullmatch(r"report-\d{4}-W\d{2}", next(made.iterdir()).stem)


def test_the_page_carries_everything_and_fetches_nothing(made: Path) -> None:
    page = Elements()
    page.feed(content(made, "html"))
    tags = [tag for tag, _ in page.found]
    assert "script" not in tags
    assert "link" not in tags
    assert "b" not in tags  # the class's name tries
    pictures = [attributes for tag, attributes in page.found if tag == "img"]
    assert pictures
    assert all((p["src"] or "").startswith("data:image/jpeg;base64,") and p["alt"] for p in pictures)
    links = [attributes["href"] for tag, attributes in page.found if tag == "a"]
    anchors = {attributes.get("id") for _, attributes in page.found}
    assert links
    assert all(link and link[0] == "#" and link[1:] in anchors for link in links)


def test_a_sentence_cites_the_fact_that_holds_its_numbers(made: Path) -> None:
    document = json.loads(content(made, "json"))
    facts, cited, there = Facts(document), set[str](), list(parts(document))
    anchors = [part.anchor for part in there if part.anchor]
    assert anchors == [f"F{n}" for n in range(1, len(anchors) + 1)]
    for part in there:
        cited |= set(part.refs)
    assert cited
    assert cited <= set(anchors)
    for section in document["sections"]:
        for sentence in section["sentences"]:
            assert bool(facts.sentence(section["id"], sentence)) == bool(sentence["evidence"] or sentence["images"])


def test_a_plot_is_light_in_the_dark_and_so_are_its_words() -> None:
    from app.report.html import STYLE

    dark = STYLE.partition("prefers-color-scheme: dark")[2]
    assert dark.index(".plot .quiet {color: #56625d;}") > dark.index(".plot {background: #f7faf8")


def test_names_are_text_in_every_format(made: Path) -> None:
    assert "\u202e" not in content(made, "html") + content(made, "md")
    assert "](http" not in content(made, "md")
    assert "<b>" not in content(made, "md").replace("\\<b\\>", "")


def test_the_json_is_the_kept_report(made: Path, workspace: Path) -> None:
    from tools.reports import Reports

    document = json.loads(content(made, "json"))
    assert document == Reports(Workspace.open(workspace)).get(document["week"]).document


@pytest.mark.skipif(not PANGO, reason="PDF needs the system library Pango, which is not here")
def test_making_a_pdf_leaves_half_pictures_refused(made: Path) -> None:
    from PIL import ImageFile

    files.pdf("<p>x</p>")
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.skipif(not PANGO, reason="PDF needs the system library Pango, which is not here")
def test_the_pdf_is_one(made: Path) -> None:
    (file,) = made.glob("*.pdf")
    assert file.read_bytes().startswith(b"%PDF-")
    assert len(file.read_bytes()) > 5_000


def test_formats_say_the_same(made: Path) -> None:
    document = json.loads(content(made, "json"))
    plain = re.sub(r"\\(.)", r"\1", content(made, "md"))
    for section in document["sections"]:
        for sentence in section["sentences"]:
            if NASTY not in sentence["text"]:
                assert sentence["text"] in plain


def test_what_the_report_checked_stands_on_the_pages_too(made: Path, workspace: Path) -> None:
    kept, case = open_case(workspace)
    audit = read_audit(kept.recall(key_of(case)) or "")
    assert {o.code for o in audit.outcomes} == set(checks())
    assert len(audit.tried) <= 1


def test_thumbnails_stop_at_the_cap(made: Path, workspace: Path) -> None:
    document = json.loads(content(made, "json"))
    case = Workspace.open(workspace).case(Settings())
    every = images_of(document)
    assert every
    none = Thumbnails(case.dataset, most_bytes=0)
    page = report_html(document, none, {})
    assert "<img" not in page
    assert "(not shown)" in page
    assert "<figure" not in report_html(document, None, {})
    assert Thumbnails(case.dataset).jpeg("../outside.png") is None


def test_another_run_of_the_week_replaces_the_files(made: Path, workspace: Path) -> None:
    words = ["report", "--workspace", str(workspace), "--out", str(made), "--try", "1", "--format", "md"]
    before = content(made, "html")
    assert RUN.invoke(app, words).exit_code == 0
    assert len(list(made.iterdir())) == 3 + PANGO
    assert content(made, "html") == before


def test_a_kept_week_is_written_again_and_unknown_ones_are_not(made: Path, workspace: Path, tmp_path: Path) -> None:
    listed = RUN.invoke(app, ["report", "--list", "--workspace", str(workspace), "--json", "-"])
    assert len(json.loads(listed.stdout)["reports"]) == 1
    for wrong in ("2020-W01", "now"):
        done = RUN.invoke(app, ["report", "--week", wrong, "--workspace", str(workspace), "--out", str(tmp_path)])
        assert done.exit_code != 0
    assert not list(tmp_path.iterdir())


def test_without_pango_the_rest_is_written(
    made: Path, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(page: str) -> bytes:
        raise files.NoPdf("PDF needs the system library Pango (none)")

    monkeypatch.setattr(files, "pdf", missing)
    document = json.loads(content(made, "json"))
    case = Workspace.open(workspace).case(Settings())
    written, left = files.write_report(document, case, tmp_path, files.FORMATS)
    assert sorted(written) == ["html", "json", "md"]
    assert "Pango" in left["pdf"]


def test_a_document_without_news_is_one_short_page(made: Path) -> None:
    document = json.loads(content(made, "json"))
    quiet = {**document, "sections": [], "actions": [], "trend": [], "failed": [], "headline": "Nothing changed."}
    text = report_markdown(quiet, {})
    first_page = text.split("# Details")[0]
    assert len(first_page.splitlines()) < 20
    assert "Nothing above low asks for a change" in first_page


def test_the_json_fits_its_schema(made: Path) -> None:
    import jsonschema

    schema = json.loads((Path(__file__).parents[2] / "docs/schemas/report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(content(made, "json"))
    jsonschema.validate(document, schema)
    document["sections"][0]["sentences"] = [{"text": "no tone"}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)
