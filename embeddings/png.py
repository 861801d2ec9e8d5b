"""What a PNG's chunks say before any pixel is decoded."""

from typing import BinaryIO

MOST_CHUNKS = 100_000
"""Looked at; a file with more counts as one that goes on."""


def goes_on(file: BinaryIO) -> bool:
    """Whether further chunks stand between a PNG's pixels and its end; the place in the file stays as it was.

    EXIF may stand there (PNG third edition, section 5.6), and Pillow reads it only after decoding.
    """
    before, at, pixels = file.tell(), 8, False
    try:
        for _ in range(MOST_CHUNKS):
            file.seek(at)
            head = file.read(8)
            name = head[4:]
            if len(head) < 8 or name == b"IEND":
                return False
            if pixels and name != b"IDAT":
                return True
            pixels = pixels or name == b"IDAT"
            at += 12 + int.from_bytes(head[:4], "big")
        return True
    finally:
        file.seek(before)
