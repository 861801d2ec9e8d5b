"""Finds checks and experiments: one file each, its name the code, its docstring's first line the sentence."""

import importlib
import pkgutil
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tools.errors import UnknownName
from tools.findings import Finding, Measured, Scope

if TYPE_CHECKING:
    from tools.case import Case

Findings = Generator[Finding, None, Measured]
"""What a check is: it yields findings and returns what it measured."""


class NotApplicable(Exception):
    """Raised by a check that cannot speak of a case; the message says why."""


@dataclass(frozen=True)
class Check:
    """A check as found on disk."""

    code: str
    sentence: str
    run: "Callable[[Case, Scope], Findings]"


def discover(package: ModuleType) -> dict[str, ModuleType]:
    """Every module of a package by its code (``_`` written as ``-``), sorted.

    Raises
    ------
    ValueError
        If two files claim one code or a module has no docstring.
    """
    found: dict[str, ModuleType] = {}
    for info in pkgutil.iter_modules(package.__path__):
        code = info.name.replace("_", "-")
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        if code in found:
            raise ValueError(f"two files claim the code {code}")
        if not module.__doc__:
            raise ValueError(f"{module.__name__} needs a docstring: its first line is what users read")
        found[code] = module
    return dict(sorted(found.items()))


def sentence_of(module: ModuleType) -> str:
    """First line of a module's docstring."""
    return (module.__doc__ or "").strip().splitlines()[0]


@cache
def checks() -> dict[str, Check]:
    """All checks by code."""
    import tools.checks

    return {
        code: Check(code, sentence_of(module), _member(module, "check"))
        for code, module in discover(tools.checks).items()
    }


def _member(module: ModuleType, name: str) -> Any:
    member = getattr(module, name, None)
    if member is None:
        raise ValueError(f"{module.__name__} must define {name}()")
    return member


def find_check(code: str) -> Check:
    """The check with this code.

    Raises
    ------
    UnknownName
        Listing the codes there are.
    """
    try:
        return checks()[code]
    except KeyError:
        raise UnknownName(
            expected=f"one of the checks {', '.join(checks())}", seen=code, todo="Name one of these."
        ) from None
