"""Accepted changes on the coloured pictures of a small orchard, each in one call."""

from tools.changes import Change
from tools.changing import accept
from tools.proposals import merge, relabel, remove
from tools.replaying import labels_of
from tools.settings import Settings
from tools.workspace import Workspace

SETTINGS = Settings(threads=1)


def label(workspace: Workspace, image: str, version: int | None = None) -> str | None:
    dataset = workspace.dataset(version)
    return labels_of(dataset)[dataset.index[image]]


def relabelled(workspace: Workspace, *images: str, to: str, why: str = "") -> Change:
    case = workspace.case(SETTINGS)
    draft = relabel(case, [(case.dataset.index[image], to) for image in images], test_too=False)
    return accept(workspace, case.dataset, draft, why=why, by="me")


def removed(workspace: Workspace, *images: str, why: str = "") -> Change:
    case = workspace.case(SETTINGS)
    draft = remove(case, [case.dataset.index[image] for image in images], test_too=False)
    return accept(workspace, case.dataset, draft, why=why)


def merged(workspace: Workspace, *names: str, to: str) -> Change:
    case = workspace.case(SETTINGS)
    return accept(workspace, case.dataset, merge(case, names, to))
