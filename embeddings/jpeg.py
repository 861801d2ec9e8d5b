"""What a JPEG's bytes say before any pixel is decoded, and the scales at which it can be decoded."""

SCALES = (8, 4, 2, 1)
"""Whole divisors at which libjpeg decodes by a smaller cosine transform, the strongest first."""


def ends(data: bytes) -> bool:
    """Whether an end-of-image marker follows the start of the picture's own scan.

    libjpeg fills what is missing with grey and only warns, so a half copy padded with zeros would pass. Inside a
    scan ``FF D9`` cannot occur by chance (ITU-T T.81, B.1.1.5); segments before it, where an embedded thumbnail has
    an end of its own, are stepped over by their lengths.
    """
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at = data.find(b"\xff", at)  # stray bytes between segments are skipped, as libjpeg does
            if at < 0:
                return False
            continue
        marker = data[at + 1]
        if marker == 0xDA:
            return data.rfind(b"\xff\xd9", at) >= 0
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def scale_for(width: int, height: int, smallest_side: int | None) -> int:
    """The strongest of ``SCALES`` that leaves at least ``smallest_side`` pixels along both sides."""
    if smallest_side is None:
        return 1
    room = min(width, height) // max(1, smallest_side)
    return next((scale for scale in SCALES if scale <= room), 1)
