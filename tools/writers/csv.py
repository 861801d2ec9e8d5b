"""A table filepath,label,split and every metadata column, which advisor import reads back to the same data set."""

import csv
import io

from tools.added import is_added
from tools.cells import guarded, guarded_path
from tools.exporting import Request, Written, of_inbox
from tools.readers.csv_table import AMBIGUOUS
from tools.replaying import labels_of
from tools.store import replace_file


def write(request: Request) -> Written:
    """Write UTF-8 without a mark, every cell quoted; paths are relative to the pictures' folder."""
    dataset = request.dataset
    columns = sorted(dataset.metadata)
    out = io.StringIO(newline="")
    table = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(["filepath", "label", "split", *map(guarded, columns)])
    values = (
        zip(*(dataset.metadata[name].tolist() for name in columns), strict=True) if columns else [()] * len(dataset)
    )
    each = zip(dataset.ids.tolist(), labels_of(dataset), dataset.splits.tolist(), values, strict=True)
    own = [row for row in each if not is_added(row[0])]
    for image, label, split, cells in own:
        table.writerow([guarded_path(image), guarded(label or "", AMBIGUOUS), split, *map(guarded, cells)])
    replace_file(request.target, out.getvalue().encode())
    notes = of_inbox(len(dataset) - len(own))
    if request.target.resolve().parent != dataset.root.resolve():
        notes += (f"Paths are relative to {dataset.root}: put the table there to import it",)
    return Written(len(own), notes)
