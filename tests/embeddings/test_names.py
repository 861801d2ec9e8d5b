"""The names of the 1,000 ImageNet classes."""

import subprocess
import sys

from embeddings.names import imagenet_names


def test_known_names_stand_at_their_known_places() -> None:
    names = imagenet_names()
    known = {0: "tench", 207: "golden retriever", 504: "coffee mug", 948: "Granny Smith", 950: "orange", 951: "lemon"}
    assert {number: names[number] for number in known} == known


def test_there_are_1000_and_each_is_a_word_of_its_own() -> None:
    names = imagenet_names()
    assert len(names) == len(set(names)) == 1000
    assert all(name == name.strip() and name.isprintable() and "," not in name for name in names)
    assert names[134] != names[517]  # the bird and the machine are both called "crane"


def test_asking_for_names_imports_no_torch() -> None:
    code = "import sys; from embeddings.names import imagenet_names; imagenet_names(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
