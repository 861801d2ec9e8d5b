"""Every check's score of every picture as a table: Parquet, or CSV that no spreadsheet runs as formulas."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.case import Case
from tools.cells import guarded, guarded_path
from tools.errors import AdvisorError
from tools.findings import Outcome
from tools.score_columns import TEXT, WHOLE, YES, Values, table
from tools.store import replace_file

ENDINGS = (".parquet", ".csv")
PATHS = frozenset({"id", "nearest"})


def write_scores(case: Case, outcomes: Sequence[Outcome], target: Path) -> list[str]:
    """Write one row per picture; returns the columns' names.

    Raises
    ------
    AdvisorError
        If ``target`` is there already, is called otherwise, or cannot be written.
    """
    if target.suffix.lower() not in ENDINGS:
        raise AdvisorError(expected=f"a file ending in {' or '.join(ENDINGS)}", seen=str(target), todo="Name it so.")
    if target.exists() or target.is_symlink():
        raise AdvisorError(
            expected="a new file", seen=f"{target}, which is there already", todo="Name another, or remove it yourself."
        )
    columns = table(case, {outcome.code: outcome for outcome in outcomes})
    data = _parquet(columns) if target.suffix.lower() == ".parquet" else _csv(columns)
    try:
        replace_file(target, data)
    except OSError as error:
        raise AdvisorError(
            expected=f"that {target} can be written", seen=str(error.strerror or error),
            todo="Make room or give write access, or name another place.",
        ) from error  # fmt: skip
    return list(columns)


def _parquet(columns: dict[str, tuple[str, Values]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    arrays = {name: pa.array(_cells(kind, values), type=_type(pa, kind)) for name, (kind, values) in columns.items()}
    out = io.BytesIO()
    parquet.write_table(pa.table(arrays), out, compression="zstd")
    return out.getvalue()


def _type(pa: Any, kind: str) -> Any:
    return {TEXT: pa.string(), WHOLE: pa.int64(), YES: pa.bool_()}.get(kind, pa.float64())


def _cells(kind: str, values: Values) -> list[Any]:
    """Plain Python values; None where a score is missing."""
    if kind == TEXT:
        return [str(v) or None for v in values.tolist()]
    if kind == WHOLE:
        return [int(v) for v in values.tolist()]
    numbers = np.asarray(values, dtype=np.float64).tolist()
    if kind == YES:
        return [None if v != v else bool(v) for v in numbers]
    return [None if v != v else v for v in numbers]


def _csv(columns: dict[str, tuple[str, Values]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([guarded(name) for name in columns])
    texts = [_texts(name, kind, values) for name, (kind, values) in columns.items()]
    writer.writerows(zip(*texts, strict=True))
    return out.getvalue().encode("utf-8")


def _texts(name: str, kind: str, values: Values) -> list[str]:
    cells = _cells(kind, values)
    if kind == TEXT:
        write = guarded_path if name in PATHS else guarded
        return ["" if cell is None else write(cell) for cell in cells]
    if kind == YES:
        return ["" if cell is None else "yes" if cell else "no" for cell in cells]
    return ["" if cell is None else f"{cell:.9g}" if isinstance(cell, float) else str(cell) for cell in cells]
