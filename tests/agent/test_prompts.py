"""A prompt or sentence whose variables do not fit is an error."""

import re
from importlib.resources import files
from string import Template
from typing import Any

import pytest

from agent.prompts import fill, prompt, sentence, table, version


@pytest.mark.parametrize("values", [{}, {"a": "1", "b": "2"}, {"b": "2"}])
def test_missing_or_unused_variables(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="template lacks"):
        fill("only $a", values)


def test_a_stray_dollar_is_no_template() -> None:
    with pytest.raises(ValueError, match="not a valid template"):
        fill("5 $ each", {})


def test_values_are_not_templates() -> None:
    assert fill("$a", {"a": "$b ${c}"}) == "$b ${c}"


@pytest.mark.parametrize("name", ["plan", "write"])
def test_every_prompt_wants_its_variables(name: str) -> None:
    with pytest.raises(ValueError, match="lacks"):
        prompt(name)


def test_the_version_is_of_every_prompt() -> None:
    assert re.fullmatch("[0-9a-f]{12}", version())


def leaves(node: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in leaves(value, f"{path}.{key}".strip("."))]
    return [(path, node)] if isinstance(node, str) else []


@pytest.mark.parametrize(("name", "text"), leaves(table("sentences")))
def test_sentences_hold_no_number_of_their_own(name: str, text: str) -> None:
    assert re.search(r"\d", text) is None, name
    values = dict.fromkeys(Template(text).get_identifiers(), "x")
    assert "$" not in sentence(name, **values)


def test_every_sentence_is_used() -> None:
    source = "".join(p.read_text("utf-8") for p in files("agent").iterdir() if p.name.endswith(".py"))
    by_value = {
        "subject",
        "rung",
        "verdict",
        "ruler",
        "asked",
        "threshold",
        "box_threshold",
        "progress",
        "recall",
        "consent",
        "lay",
    }
    for name, _ in leaves(table("sentences")):
        group, _, leaf = name.partition(".")
        used = f'"{name}"' in source or f"'{name}'" in source
        used |= group in by_value and re.search(rf"{group}\.[a-z_]*\{{", source) is not None
        used |= group == "headings" and (f'_block("{leaf}"' in source or f"headings.{leaf}" in source)
        assert used, name
