"""Everything a run may be told, read once at the edge and passed down."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the user chose; no module below ``app`` reads the environment.

    Attributes
    ----------
    workspace : Path
        Folder that keeps the state.
    encoder : str
        ``auto`` or an encoder's name (see ``embeddings.encoder.EncoderInfo.name``).
    seed : int
        Seeds every random choice of a run.
    group_column : str or None
        Metadata column whose equal values must stay in one fold (video, line, customer, camera).
    folds, repeats : int
        Cross-validation of what-ifs: ``repeats`` independent partitions into ``folds`` parts.
    confidence : float
        Level of the intervals shown.
    margin : float
        The smallest change of a metric worth having; an interval inside ±margin means "no effect".
    threads : int
        CPU threads for decoding and encoding; 0 = all.
    """

    workspace: Path = Path(".advisor")
    encoder: str = "auto"
    seed: int = 0
    group_column: str | None = None
    folds: int = 5
    repeats: int = 4
    confidence: float = 0.95
    margin: float = 0.01
    threads: int = 0
