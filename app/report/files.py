"""Writes a report in every format: one file per format and week, replaced whole."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.report.html import report_html
from app.report.markdown import report_markdown
from app.report.parts import images_of
from app.report.pictures import Thumbnails, captions
from app.terminal import WrongUse
from tools.store import replace_file

if TYPE_CHECKING:
    from tools.case import Case

FORMATS = ("html", "md", "json", "pdf")


def write_report(
    document: Mapping[str, Any], case: "Case", folder: Path, formats: Sequence[str], *, pictures: bool = True
) -> tuple[dict[str, Path], dict[str, str]]:
    """Write a report's files as ``report-<week>.<format>``.

    Returns
    -------
    written : dict of str to Path
    missing : dict of str to str
        Formats that cannot be written here, and why.

    Raises
    ------
    WrongUse
        If the folder cannot be written.
    """
    said = captions(case, images_of(document))
    page = report_html(document, Thumbnails(case.dataset) if pictures else None, said)
    written: dict[str, Path] = {}
    missing: dict[str, str] = {}
    makers = {
        "html": lambda: page.encode("utf-8", "replace"),
        "md": lambda: report_markdown(document, said).encode("utf-8", "replace"),
        "json": lambda: (json.dumps(document, indent=1, allow_nan=False) + "\n").encode(),
        "pdf": lambda: pdf(page),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in formats:
            target = folder / f"report-{document['week']}.{name}"
            try:
                content = makers[name]()
            except NoPdf as reason:
                missing[name] = str(reason)
                continue
            replace_file(target, content)
            written[name] = target
    except OSError as error:
        raise WrongUse(
            expected="a folder that can be written after --out", seen=f"{folder} ({error.strerror})",
            todo="Name another folder.",
        ) from None  # fmt: skip
    return written, missing


class NoPdf(RuntimeError):
    """What WeasyPrint needs of the system is not here."""


def pdf(page: str) -> bytes:
    """A page as PDF by WeasyPrint, which fetches nothing.

    Raises
    ------
    NoPdf
        If Pango is not installed.
    """
    weasyprint = load_weasyprint()
    inside_only = weasyprint.URLFetcher(allowed_protocols=("data",))
    made: bytes = weasyprint.HTML(string=page, url_fetcher=inside_only).write_pdf()
    return made


def load_weasyprint() -> Any:
    """The library, without what its import does to the whole process.

    It tells Pillow to take half of a picture for a whole one; every picture that is opened afterwards would be.

    Raises
    ------
    NoPdf
        If Pango is not installed.
    """
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        import weasyprint
    except OSError as fault:
        raise NoPdf(f"PDF needs the system library Pango ({fault})") from None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    return weasyprint
