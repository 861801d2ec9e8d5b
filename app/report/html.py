"""A report as one HTML file: thumbnails and plots inside it, no script, nothing fetched from anywhere."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.escaping import shown
from app.report.facts import Part
from app.report.first_page import title
from app.report.parts import parts
from app.report.pictures import Thumbnails
from app.report.plots import effects_svg, trend_svg

STYLE = """
body {font: 15px/1.5 system-ui, sans-serif; color: #1d2b26; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;}
h1 {font-size: 1.5rem; margin: 0 0 .3rem;} h2 {font-size: 1.08rem; margin: 1.4rem 0 .3rem;}
p {margin: .35rem 0; overflow-wrap: anywhere;} .headline {font-size: 1.08rem; font-weight: 600;}
.quiet {color: #56625d; font-size: .86rem;} .worse {border-left: 4px solid #b3382c; padding-left: .6rem;}
.better {border-left: 4px solid #1f6f5c; padding-left: .6rem;}
.news, .same {border-left: 4px solid #8a9591; padding-left: .6rem;} .same {border-color: #dfe5e2;}
.action {font-weight: 600; margin-top: .7rem;} a {color: #1f6f5c;} .ref {font-size: .78em; font-weight: 400;}
.pictures {display: flex; flex-wrap: wrap; gap: .5rem; margin: .4rem 0;}
figure {margin: 0; width: 6.4rem; font-size: .7rem; line-height: 1.25; overflow-wrap: anywhere;}
figure img {width: 6.4rem; height: 6.4rem; object-fit: contain; background: #f1f4f2; border-radius: 5px;}
table {border-collapse: collapse; font-size: .82rem; margin: .4rem 0;}
th {white-space: nowrap;}
th, td {text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top; border-bottom: 1px solid #e3e9e6;
 overflow-wrap: break-word;}
svg {max-width: 100%; height: auto;} .plot {margin: .5rem 0;}
@media (max-width: 40rem) {table {display: block; overflow-x: auto;} figure, figure img {width: 5.6rem;}
 figure img {height: 5.6rem;}}
@media (prefers-color-scheme: dark) {body {background: #14201b; color: #e4ece8;} .quiet {color: #a9b6b0;}
 figure img {background: #24332c;} a {color: #7fd0b5;} .plot {background: #f7faf8; border-radius: 5px;}
 .plot .quiet {color: #56625d;}
 th, td {border-color: #33443c;}}
@page {margin: 1.5cm;}
@media print {html {font-size: 11px;} p {margin: .22rem 0;} h1, h2 {line-height: 1.25;} h2 {margin: 1rem 0 .2rem;}
 .action {margin-top: .4rem;} .plot {margin: .3rem 0;} figure, figure img {width: 6rem;} figure img {height: 5.6rem;}
 body {margin: 0; padding: 0; max-width: none; font-size: 1rem;}
 h2, .news, .worse, .better {break-after: avoid;} .pictures {display: block;}
 figure {display: inline-block; vertical-align: top; margin: 0 .4rem .4rem 0;}
 figure, .plot, tr {break-inside: avoid;} .details {break-before: page;}}
"""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def report_html(document: Mapping[str, Any], thumbnails: Thumbnails | None, captions: Mapping[str, str]) -> str:
    """The whole page.

    Parameters
    ----------
    thumbnails : Thumbnails or None
        None leaves pictures out.
    captions : mapping of str to str
        By image id.
    """
    body = "\n".join(_one(part, document, thumbnails, captions) for part in parts(document))
    name = _text(title(document))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{STYLE}</style></head>\n<body>\n<h1>{name}</h1>\n{body}\n</body></html>\n"
    )


def _one(part: Part, document: Mapping[str, Any], thumbnails: Thumbnails | None, captions: Mapping[str, str]) -> str:
    more = "".join(f' <a class="ref" href="#{_text(ref)}">{_text(ref)}</a>' for ref in part.refs)
    match part.kind:
        case "heading":
            anchor = f' id="{_text(part.anchor)}"' if part.anchor else ""
            return f"<h2{anchor}>{_text(part.text)}</h2>"
        case "page":
            return f'<h2 class="details">{_text(part.text)}</h2>'
        case "pictures":
            return "" if thumbnails is None else _gallery(part.images, thumbnails, captions)
        case "plot":
            svg = trend_svg(document["trend"]) if part.plot == "trend" else effects_svg(document["actions"])
            label = _text(part.text)
            return f'<div class="plot" role="img" aria-label="{label}">{svg}<p class="quiet">{label}</p></div>'
        case "table":
            return _table(part.rows)
        case _:
            name = part.tone or part.kind
            return f'<p class="{_text(name)}">{_text(part.text)}{more}</p>'


def _gallery(images: Sequence[str], thumbnails: Thumbnails, captions: Mapping[str, str]) -> str:
    def one(image: str) -> str:
        said, source = _text(captions.get(image, image)), thumbnails.source(image)
        picture = f'<img src="{source}" alt="{said}">' if source else '<span class="quiet">(not shown)</span>'
        return f"<figure>{picture}<figcaption>{said}</figcaption></figure>"

    return f'<div class="pictures">{"".join(map(one, images))}</div>'


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{_text(name)}</th>" for name in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{_text(v)}</td>' for v in row.values())}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: object) -> str:
    return escape(shown(text), quote=True)
