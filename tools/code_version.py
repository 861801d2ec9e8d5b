"""A digest of the code that computes, so that nothing cached outlives a change of method."""

from functools import cache
from hashlib import sha256
from pathlib import Path


@cache
def code_version() -> str:
    """Digest of every source file of ``tools`` and ``embeddings``."""
    digest = sha256()
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent / "embeddings"):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
