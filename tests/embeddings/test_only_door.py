"""Pictures are decoded in one module, and nothing in the product runs code that comes from data."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("agent", "tools", "embeddings", "app", "benchmarks")
DOOR = ROOT / "embeddings" / "images.py"

DRAWN = ROOT / "app" / "demo" / "draw.py"
"""Packs its own drawings again, as a chat would; it opens bytes that it made a moment before and no file."""

PRODUCT = ("agent", "tools", "embeddings", "app")

DECODERS = frozenset({"imageio", "skimage", "matplotlib.image", "torchvision.io", "torchvision.datasets"})
"""Modules whose only use here would be to decode a file."""

OPENERS = frozenset({"PIL.Image.open", "PIL.ImageFile.Parser", "PIL.ImageShow.show"})

CV2_READERS = ("imread", "imdecode", "imcount", "VideoCapture", "Animation", "samples", "gapi", "*")
"""Beginnings of the names by which OpenCV decodes pictures and films, and a star import, which would bring them all;
the rest of the library works on arrays. Constants (``IMREAD_COLOR``) decode nothing."""

BANNED_MODULES = frozenset({"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"})
HARMLESS = "pickle.UnpicklingError"
"""What torch raises when it refuses a weights file with code in it."""

BANNED_CALLS = frozenset(
    {
        "builtins.eval",
        "builtins.exec",
        "builtins.compile",
        "joblib.load",
        "os.popen",
        "os.system",
        "pandas.read_pickle",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "tarfile.TarFile.extractall",
        "yaml.full_load",
        "yaml.load",
        "yaml.unsafe_load",
    }
)
BUILTINS = frozenset({"eval", "exec", "compile", "__import__"})


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(tree: ast.AST) -> dict[str, str]:
    """What each local name stands for: ``import numpy as np`` gives np: numpy."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def modules(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """``Image.open`` as ``PIL.Image.open``; empty for what is no plain dotted name."""
    if isinstance(node, ast.Attribute):
        base = full_name(node.value, names)
        return f"{base}.{node.attr}" if base else ""
    if isinstance(node, ast.Name):
        return names.get(node.id, f"builtins.{node.id}" if node.id in BUILTINS else node.id)
    return ""


def opens(name: str) -> bool:
    """Whether a full name decodes; OpenCV's also under its inner modules (``cv2.cv2.imread``)."""
    head, _, rest = name.partition(".")
    return name in OPENERS or (head == "cv2" and any(part.startswith(CV2_READERS) for part in rest.split(".")))


def within(name: str, modules: frozenset[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def refused(name: str) -> bool:
    return name != HARMLESS and within(name, BANNED_MODULES | BANNED_CALLS)


def option(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def is_constant(node: ast.expr | None, *values: object) -> bool:
    return isinstance(node, ast.Constant) and any(node.value is value for value in values)


def decoding(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every way in which this source would decode a picture."""
    names = imported(tree)
    yield from ((line, name) for line, name in modules(tree) if within(name, DECODERS) or opens(name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and opens(full_name(node, names)):
            yield node.lineno, full_name(node, names)
        if isinstance(node, ast.Call) and full_name(node.func, names) == "getattr" and len(node.args) > 1:
            module, asked = full_name(node.args[0], names), node.args[1]
            # A name that is computed could be any, so of a module with readers it counts as one.
            if module.partition(".")[0] in ("cv2", "PIL") and (
                not isinstance(asked, ast.Constant) or opens(f"{module}.{asked.value}")
            ):
                yield node.lineno, f"getattr of {module}"


def dangers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every way in which this source would run, or show as HTML, what comes from data."""
    names = imported(tree)
    yield from ((line, name) for line, name in modules(tree) if refused(name))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = full_name(node.func, names)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
        if name in BANNED_CALLS or method == "extractall":
            yield node.lineno, name or method
        if name.startswith("torch.") and method == "load" and not is_constant(option(node, "weights_only"), True):
            yield node.lineno, "torch.load without weights_only=True"
        if name in ("numpy.load", "numpy.save") and not (
            option(node, "allow_pickle") is None or is_constant(option(node, "allow_pickle"), False)
        ):
            yield node.lineno, "numpy with allow_pickle"
        if option(node, "shell") is not None and not is_constant(option(node, "shell"), False):
            yield node.lineno, "shell=True"
        if option(node, "trust_remote_code") is not None and not is_constant(option(node, "trust_remote_code"), False):
            yield node.lineno, "trust_remote_code"
        if is_html(node, name) and not (node.args and is_constant_text(node.args[0], tree, names)):
            yield node.lineno, "HTML from something that is not a constant"


def is_html(call: ast.Call, name: str) -> bool:
    allowed = option(call, "unsafe_allow_html")
    return (allowed is not None and not is_constant(allowed, False)) or name.startswith("streamlit.html")


def is_constant_text(node: ast.expr, tree: ast.AST, names: dict[str, str]) -> bool:
    """A literal, or the name of a literal at the top of this or another module of the product."""
    if isinstance(node, ast.Constant):
        return True
    if not isinstance(node, ast.Name):
        return False
    module, _, name = names.get(node.id, node.id).rpartition(".")
    path = ROOT / f"{module.replace('.', '/')}.py"
    home = ast.parse(path.read_bytes()) if module and path.is_file() else tree
    assigned = [
        statement.value
        for statement in ast.walk(home)
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name) and target.id == name
    ]
    return len(assigned) == 1 and isinstance(assigned[0], ast.Constant)


@pytest.mark.parametrize("room", PRODUCT)
def test_pictures_are_decoded_in_one_module(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in sources()
        if path not in (DOOR, DRAWN) and path.is_relative_to(ROOT / room)
        for line, what in decoding(ast.parse(path.read_bytes()))
    ]
    assert not found


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_runs_or_shows_what_comes_from_data(room: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in sources()
        if path.is_relative_to(ROOT / room)
        for line, what in dangers(ast.parse(path.read_bytes()))
    ]
    assert not found


def test_the_door_is_where_it_is_looked_for() -> None:
    assert {name for _, name in decoding(ast.parse(DOOR.read_bytes()))} == {"PIL.Image.open", "cv2.imdecode"}


@pytest.mark.parametrize(
    "code",
    [
        "from PIL import Image\nImage.open('x')",
        "import PIL.Image\nPIL.Image.open('x')",
        "from PIL import Image as Pictures\nread = Pictures.open",
        "from PIL.Image import open as look\nlook('x')",
        "import cv2\ncv2.imread('x')",
        "import cv2\nread = cv2.imread",
        "import cv2 as x\nx.imreadmulti('x')",
        "def f():\n    import cv2\n    cv2.imdecode(data, 1)",
        "import cv2 as x\nx.imdecodemulti(data, 1)",
        "import cv2\ncv2.imreadWithMetadata('x')",
        "import cv2\ncv2.imdecodeanimation(data)",
        "import cv2\ncv2.VideoCapture('x')",
        "import cv2\ncv2.cv2.imread('x')",
        "import cv2.cv2\ncv2.cv2.imdecode(data, 1)",
        "from cv2 import imread",
        "from cv2 import imdecode as look",
        "from cv2 import VideoCapture",
        "from cv2 import *",
        "from cv2 import cv2 as x\nx.imread('x')",
        "import cv2\ngetattr(cv2, 'imread')('x')",
        "import cv2\ngetattr(cv2, 'im' + 'read')('x')",
        "from PIL import Image\ngetattr(Image, 'open')('x')",
        "from imageio.v3 import imread",
        "from torchvision.io import read_image",
    ],
)
def test_each_way_to_decode_is_seen(code: str) -> None:
    assert list(decoding(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "from joblib import load",
        "import joblib\njoblib.load('x')",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "import torch\ntorch.load('x', weights_only=choice)",
        "eval('1')",
        "exec(text)",
        "import yaml\nyaml.load(text)",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import subprocess\nsubprocess.run('ls', shell=maybe)",
        "import os\nos.system('ls')",
        "from os import system",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "archive.extractall('x')",
        "import streamlit as st\nst.markdown(text, unsafe_allow_html=True)",
        "import streamlit as st\nst.markdown(f'<b>{name}</b>', unsafe_allow_html=True)",
        "import streamlit as st\nst.html(text)",
        "import streamlit as st\nSTYLE = '<p>'\nSTYLE += name\nst.html(STYLE)",
        "import streamlit as st\nSTYLE = f'<p>{name}'\nst.html(STYLE)",
        "Model.from_pretrained('x', trust_remote_code=True)",
    ],
)
def test_each_danger_is_seen(code: str) -> None:
    assert list(dangers(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "from PIL import Image\nImage.new('RGB', (1, 1)).save('x')",
        "import re\nre.compile('x')",
        "import cv2\ncv2.resize(pixels, (1, 1), interpolation=cv2.INTER_AREA)",
        "import cv2 as x\nx.imencode('.jpg', pixels, [x.IMWRITE_JPEG_QUALITY, 80])",
        "from cv2 import grabCut, inpaint",
        "import cv2\nhow = cv2.IMREAD_COLOR",
        "import cv2\ngetattr(cv2, 'INTER_AREA')",
        "model.eval()",
        "import torch\ntorch.load('x', weights_only=True)",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "import streamlit as st\nst.markdown('<style>p {}</style>', unsafe_allow_html=True)",
        "import streamlit as st\nSTYLE = '<style>'\nst.html(STYLE)",
        "with open('x') as file: file.read()",
    ],
)
def test_what_is_harmless_passes(code: str) -> None:
    tree = ast.parse(code)
    assert not list(decoding(tree))
    assert not list(dangers(tree))
