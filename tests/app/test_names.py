import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import app

FOLDER = Path(app.__file__).parent


def test_no_file_here_hides_a_package_when_streamlit_puts_this_folder_first() -> None:
    taken = {"agent", "tools", "embeddings", "prompts", "app", "benchmarks", "tests"} | sys.stdlib_module_names
    here = {path.stem if path.suffix == ".py" else path.name for path in FOLDER.iterdir()} - {"__init__", "__pycache__"}

    assert not here & taken
    assert not here & set(packages_distributions())
