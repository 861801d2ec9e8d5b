"""Folder names for classes and file names inside them: what a file system and our own folder reader both take."""

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from tools.dataset import decode_id
from tools.paths import SYSTEM_FILES
from tools.readers.listing import UNLABELLED_FOLDERS, class_name

LONGEST = 255
"""Bytes of a name on the file systems in use."""
_FORBIDDEN = re.compile(r"[/\0]")


def legal(name: str) -> bool:
    """Whether a folder can be called as a class is, so that it is read as that class.

    >>> legal("apple"), legal("a/b"), legal(".hidden"), legal("_unlabeled")
    (True, False, False, False)
    """
    folder = decode_id(name)
    return (
        bool(folder)
        and not _FORBIDDEN.search(folder)
        and not folder.startswith(".")
        and len(folder.encode("utf-8", "surrogateescape")) <= LONGEST
        and folder.casefold() not in SYSTEM_FILES | UNLABELLED_FOLDERS
        and class_name(folder) == name
    )


def folders(names: Iterable[str]) -> dict[str, str]:
    """A folder for each class: its own name, or a legal one near it; no two differ by case alone.

    >>> folders(["a/b", "a_b", "pear"])
    {'a/b': 'a_b (2)', 'a_b': 'a_b', 'pear': 'pear'}
    """
    out: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda n: (not legal(n), n)):
        plain = decode_id(name) if legal(name) else _mended(name)
        folder, number = plain, 2
        while folder.casefold() in taken:
            folder, number = f"{plain} ({number})", number + 1
        taken.add(folder.casefold())
        out[name] = folder
    return dict(sorted(out.items()))


def _mended(name: str) -> str:
    text = _FORBIDDEN.sub("_", decode_id(name))
    while len(text.encode("utf-8", "surrogateescape")) > LONGEST - 8:
        text = text[:-1]
    text = text.lstrip(".") or "class"
    reserved = text.casefold() in SYSTEM_FILES | UNLABELLED_FOLDERS
    return f"{text} (class)" if reserved else text


def file_names(images: Sequence[str], wanted: Mapping[str, str]) -> dict[str, str]:
    """A place for each image: its wanted one, or where several want one (case aside), one with a part of its id's hash.

    Parameters
    ----------
    images : sequence of str
        Ids.
    wanted : mapping of str to str
        Relative path by id, decoded.

    >>> sorted(file_names(["x/1.jpg", "y/1.jpg"], {"x/1.jpg": "a/1.jpg", "y/1.jpg": "a/1.jpg"}).values())
    ['a/1-cb74bf03.jpg', 'a/1-ff843a6d.jpg']
    """
    shared: dict[str, int] = {}
    for image in images:
        shared[wanted[image].casefold()] = shared.get(wanted[image].casefold(), 0) + 1
    return {
        image: wanted[image] if shared[wanted[image].casefold()] == 1 else marked(wanted[image], image)
        for image in images
    }


def marked(path: str, image_id: str) -> str:
    """A path with a part of an id's hash before its ending, cut to a legal length.

    >>> marked("a/1.jpg", "x/1.jpg")
    'a/1-ff843a6d.jpg'
    """
    folder, slash, name = path.rpartition("/")
    stem, dot, tail = name.rpartition(".")
    stem, dot, tail = (stem, dot, tail) if dot and stem else (name, "", "")
    mark = f"-{sha256(image_id.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    while len(f"{stem}{mark}{dot}{tail}".encode("utf-8", "surrogateescape")) > LONGEST:
        stem = stem[:-1]
    return f"{folder}{slash}{stem}{mark}{dot}{tail}"
