"""Sentences whose numbers come from evidence and nowhere else."""

from collections.abc import Sequence
from string import Formatter

from tools.findings import Evidence


def phrase(template: str, evidence: Sequence[Evidence], **names: str) -> str:
    """Fill a template from evidence.

    Parameters
    ----------
    template : str
        ``{images of Lime}`` gives the value, ``{accuracy|interval}`` its interval, ``{accuracy|n}`` its n;
        other fields are taken from ``names``. Literal digits are not allowed: a number that nobody measured
        cannot enter a sentence this way.
    evidence : sequence of Evidence
    names : str
        Class names and other words.

    Raises
    ------
    ValueError
        For a literal digit, an unknown field, or an interval that is not there.
    """
    by_name = {e.name: e for e in evidence}
    out: list[str] = []
    for literal, field, _, _ in Formatter().parse(template):
        if any(c.isdigit() for c in literal):
            raise ValueError(f"a literal digit in the template {template!r}; give it as evidence")
        out.append(literal)
        if field is None:
            continue
        name, _, part = field.partition("|")
        if name in names and not part:
            out.append(names[name])
            continue
        if name not in by_name:
            raise ValueError(f"template field {field!r} is neither evidence nor a name")
        piece = by_name[name]
        text = {"": piece.text, "interval": piece.interval, "n": "" if piece.n is None else str(piece.n)}[part]
        if not text:
            raise ValueError(f"evidence {name!r} has no {part}")
        out.append(text)
    return "".join(out)


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words in a row.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""
