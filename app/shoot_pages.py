"""The shopping list as one page: for the phone, with boxes to tick, or for paper. Nothing is fetched from anywhere."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

from app.escaping import shown
from app.report.html import POLICY
from app.report.pictures import Thumbnails
from app.shoot_list import gain_text

if TYPE_CHECKING:
    from tools.dataset import Dataset

SIDE = 320
COMMON = """
* {box-sizing: border-box;} body {font: 17px/1.45 system-ui, sans-serif; color: #1d2b26; margin: 0 auto;}
h1 {font-size: 1.35rem; margin: 0 0 .2rem;} h2 {font-size: 1.12rem; margin: 0;} p {margin: .3rem 0;}
h2, p, figcaption, code {overflow-wrap: anywhere;} .quiet {color: #56625d; font-size: .85rem;}
figure {margin: 0;} figcaption {font-size: .8rem; color: #56625d; line-height: 1.25; margin-top: .2rem;}
img, .none {width: 100%; aspect-ratio: 1; object-fit: contain; background: #eef2f0; border-radius: 8px;
 display: block;}
.none {display: flex; align-items: center; justify-content: center; color: #56625d; font-size: .8rem;
 text-align: center; padding: .4rem;}
.helps {color: #17604f; font-weight: 600;}
"""
PHONE = """
body {max-width: 40rem; padding: .9rem; background: #f4f7f5;}
article {background: #fff; border-radius: 14px; padding: .9rem; margin: .8rem 0; border: 1px solid #dde5e1;}
.pictures {display: grid; grid-template-columns: 1fr 1fr; gap: .6rem; margin: .6rem 0;}
.tick {display: flex; align-items: center; gap: .8rem; min-height: 3.2rem; padding: 0 .9rem; margin-top: .5rem;
 border-radius: 10px; background: #e5f1ec; font-weight: 600; cursor: pointer;}
.tick input {width: 1.7rem; height: 1.7rem; accent-color: #1f6f5c; flex: none;}
article:has(input:checked) .pictures, article:has(input:checked) .gain {display: none;}
article:has(input:checked) h2 {color: #56625d; text-decoration: line-through;}
@media (prefers-color-scheme: dark) {body {background: #101a16; color: #e4ece8;}
 article {background: #1a2721; border-color: #33443c;} .quiet, figcaption, .none {color: #a9b6b0;}
 img, .none {background: #24332c;} .tick {background: #24402f;} .helps {color: #7fd0b5;}}
"""
PAPER = """
@page {size: A4; margin: 14mm;} body {font-size: 10.5pt;}
table {width: 100%; border-collapse: collapse;} td, th {text-align: left; vertical-align: top; padding: 2.2mm 2mm;
 border-bottom: .3mm solid #cfd8d4;} tr {break-inside: avoid;} td.box {width: 9mm;} td.picture {width: 30mm;}
.box span {display: inline-block; width: 5mm; height: 5mm; border: .4mm solid #1d2b26; border-radius: 1mm;}
td img, td .none {height: 26mm; width: 26mm;} td.many {width: 20mm; font-size: 13pt; font-weight: 600;}
"""
SCRIPT = """
for (const box of document.querySelectorAll("input[type=checkbox]")) {
  try {
    box.checked = localStorage.getItem(box.id) === "1";
    box.addEventListener("change", () => localStorage.setItem(box.id, box.checked ? "1" : "0"));
  } catch (refused) { /* private windows keep nothing; the boxes still tick */ }
}
"""


def list_page(document: Mapping[str, Any], dataset: "Dataset", *, phone: bool) -> str:
    """The whole page.

    Parameters
    ----------
    document : mapping
        As ``advisor shoot list --json`` writes it.
    dataset : Dataset
        Whose pictures are shown.
    phone : bool
        Cards and boxes to tick that remember; else a table for paper.
    """
    thumbnails = Thumbnails(dataset, side=SIDE)
    rows = document["rows"]
    code = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    policy = f"{POLICY}; script-src 'sha256-{code}'" if phone else POLICY
    body = (
        "".join(_card(r, n, document["case"], thumbnails) for n, r in enumerate(rows, start=1))
        if phone
        else f"<table><tbody>{''.join(_line(r, thumbnails) for r in rows)}</tbody></table>"
    )
    name = "What to photograph" + (f": shoot {document['shoot']}" if document["shoot"] else "")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{COMMON}{PHONE if phone else PAPER}</style></head>\n<body>\n<h1>{name}</h1>\n"
        f'<p class="quiet">{_text(document["headline"])}. Gains are of balanced accuracy, measured by leaving out as '
        "many pictures as are there; the next ones usually bring less.</p>\n"
        f"{body}\n{f'<script>{SCRIPT}</script>' if phone else ''}</body></html>\n"
    )


def _card(row: Mapping[str, Any], number: int, case: str, thumbnails: Thumbnails) -> str:
    key = sha256(f"{case} {row['class']} {row['condition']}".encode("utf-8", "replace")).hexdigest()[:16]
    folder = f'<p class="quiet">Into <code>{_text(row["folder"])}/</code></p>' if row["folder"] else ""
    return (
        f"<article><h2>{number}. {_text(row['class'])} × {row['pictures']}</h2><p>{_text(row['condition'])}</p>"
        f'<p class="gain {_tone(row)}">{_text(gain_text(row))}</p>'
        f'<div class="pictures">{"".join(_figures(row, thumbnails))}</div>{folder}'
        f'<label class="tick"><input type="checkbox" id="shoot-{key}"> Taken</label></article>\n'
    )


def _line(row: Mapping[str, Any], thumbnails: Thumbnails) -> str:
    folder = f'<p class="quiet">{_text(row["folder"])}/</p>' if row["folder"] else ""
    return (
        f'<tr><td class="box"><span></span></td><td class="many">{row["pictures"]} ×</td>'
        f"<td><h2>{_text(row['class'])}</h2><p>{_text(row['condition'])}</p>"
        f'<p class="{_tone(row)}">{_text(gain_text(row))}</p>{folder}</td>'
        + "".join(f'<td class="picture">{figure}</td>' for figure in _figures(row, thumbnails))
        + "</tr>\n"
    )


def _figures(row: Mapping[str, Any], thumbnails: Thumbnails) -> tuple[str, str]:
    """What is there, and what fails; where nothing does, another class's picture of the condition."""
    second = ("Like this", row["like"]) if row["like"] and not row["fails"] else ("Fails", row["fails"])
    return _figure(row["there"], "There is", thumbnails), _figure(second[1], second[0], thumbnails)


def _tone(row: Mapping[str, Any]) -> str:
    return "helps" if row["gain"] and row["gain"]["verdict"] == "helps" else "quiet"


def _figure(image: str | None, words: str, thumbnails: Thumbnails) -> str:
    source = thumbnails.source(image) if image else None
    alt = f"{words}: {_text(image.rsplit('/', 1)[-1])}" if image else f"{words}: none"
    instead = f'<div class="none">{"not shown" if image else "none"}</div>'
    picture = f'<img src="{source}" alt="{alt}">' if source else instead
    return f"<figure>{picture}<figcaption>{alt}</figcaption></figure>"


def _text(text: object) -> str:
    return escape(shown(text), quote=True)
