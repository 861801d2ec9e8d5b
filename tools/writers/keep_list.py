"""The path of every picture that is kept, one a line, relative to the pictures' folder: for rsync, tar and scripts."""

import os

from tools.added import is_added
from tools.dataset import decode_id
from tools.exporting import Request, Written, of_inbox
from tools.store import replace_file

SEPARATOR = "between them stands a zero byte instead of a line break (rsync -0, tar --null, xargs -0)"


def write(request: Request) -> Written:
    """Write the names as the file system has them, byte for byte."""
    every = request.dataset.ids.tolist()
    paths = [decode_id(image) for image in every if not is_added(image)]
    broken = sum("\n" in path or "\r" in path for path in paths)
    end = "\0" if broken else "\n"
    replace_file(request.target, os.fsencode("".join(f"{path}{end}" for path in paths)))
    notes = of_inbox(len(every) - len(paths))
    return Written(len(paths), (*notes, f"{broken} names hold a line break, so {SEPARATOR}") if broken else notes)
