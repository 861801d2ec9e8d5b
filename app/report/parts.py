"""A report's document as parts in reading order, so that every format says the same."""

from collections.abc import Iterator

from app.report.details import details
from app.report.facts import Document, Facts, Part
from app.report.first_page import first_page


def parts(document: Document) -> Iterator[Part]:
    """The first page, then the details that it cites."""
    facts = Facts(document)
    yield from first_page(document, facts)
    yield Part("page", "Details")
    yield from details(document, facts)


def images_of(document: Document) -> list[str]:
    """Every image that a report shows, in order, once."""
    return list(dict.fromkeys(image for part in parts(document) for image in part.images))
