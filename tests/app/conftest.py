"""A small workspace of real files with planted vectors, whose names try to be Markdown, HTML and terminal codes."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import app
from benchmarks.planting.vectors import assemble
from tools.case import Case
from tools.dataset import Label, Skipped
from tools.settings import Settings
from tools.workspace import Workspace

SHELL = str(Path(app.__file__).parent / "pages" / "shell.py")
OpenPage = Callable[[str], AppTest]
NASTY = "Kiwi [x](http://evil.example) <b>"
CLASSES = ("Lime", "Lemon", NASTY)


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 pictures in three classes, two of which are confused; a third of them test; one file skipped."""
    folder = tmp_path_factory.mktemp("small")
    case = planted(folder / "pictures")
    kept = Workspace.open(folder / "workspace")
    kept.save_dataset(case.dataset, case.space, record={"source": "planted"})
    return folder / "workspace"


@pytest.fixture
def own_workspace(small_workspace: Path, tmp_path: Path) -> Path:
    """A copy of the small workspace that a test may change."""
    return Path(shutil.copytree(small_workspace, tmp_path / "workspace"))


@pytest.fixture
def open_page(own_workspace: Path, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Opens a page of the app by its name, in a session of its own, on a workspace of the test's own."""
    for name in ("ADVISOR_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", ["shell.py", "--workspace", str(own_workspace)])
    return page_named


def page_named(name: str) -> AppTest:
    """A page of the shell, not yet run."""
    page = AppTest.from_file(SHELL, default_timeout=120)
    page._page_hash = calc_hash("" if name == "chat" else name)  # AppTest has no public way to a page of st.navigation
    return page


def everything(page: AppTest) -> str:
    """All text of a page."""
    kinds = (page.markdown, page.caption, page.title, page.subheader, page.info, page.warning, page.error, page.success)
    return "\n".join(str(e.value) for kind in kinds for e in kind)


def planted(root: Path) -> Case:
    """Vectors and files of the small workspace."""
    rng = np.random.default_rng(1)
    centres = np.zeros((3, 32))
    centres[0, 0], centres[1, 0], centres[1, 1], centres[2, 2] = 3.0, 2.6, 1.2, 4.0
    names = [CLASSES[i % 3] for i in range(90)]
    vectors = centres[np.arange(90) % 3] + rng.normal(size=(90, 32)) * 0.6
    splits = ["test" if i % 9 < 3 else "train" for i in range(90)]
    case = assemble(vectors, names, splits)
    ids = [f"{split}/{i % 3}/*img*_{i:02d}\u202e.png" for i, split in enumerate(splits)]
    digests = []
    for number, image_id in enumerate(ids):
        path = root / image_id
        path.parent.mkdir(parents=True, exist_ok=True)
        colour = [(160, 200, 60), (240, 220, 60), (130, 100, 50)][number % 3]
        noise = rng.integers(-25, 25, (48, 64, 3))
        Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)).save(path)
        digests.append(sha256(path.read_bytes()).hexdigest())
    dataset = replace(
        case.dataset,
        root=root,
        ids=np.array(ids),
        sha256=np.array(digests),
        labels=tuple(Label(i, name) for i, name in zip(ids, names, strict=True)),
        skipped=(Skipped("notes\x1b[31m.txt", "not a picture"),),
    )
    return Case(dataset, replace(case.space, ids=np.array(ids)), Settings())
