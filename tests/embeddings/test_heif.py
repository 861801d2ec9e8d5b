"""HEIC as phones write it: turned once, decoded from one main picture, and no damage that brings the process down."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embeddings import heif
from embeddings.images import Limits, Unreadable, decode, open_picture
from tests.embeddings.pictures import ORIENTATION, RED, encoded, exif_of, heic, refusal, scene, stored, written


@pytest.mark.parametrize("turn", range(1, 9))
def test_rotation_is_applied_exactly_once(tmp_path: Path, turn: int) -> None:
    data = heic(stored(scene(), turn), exif=exif_of(turn))  # the encoder writes irot and imir beside the EXIF block
    assert (b"irot" in data or b"imir" in data) == (turn > 1)
    picture = open_picture(written(tmp_path / "a.heic", data))
    assert (picture.format, picture.width, picture.height) == ("HEIF", 96, 64)
    assert np.abs(picture.pixels.astype(int) - np.asarray(scene())).max() <= 1
    assert picture.flags == (("rotated",) if turn > 1 else ())


def test_exif_alone_turns_no_heic() -> None:
    data = heic(scene(), exif=exif_of(6))
    assert data.count(b"irot") == 1
    picture = decode(data.replace(b"irot", b"free"))
    assert (picture.width, picture.height, picture.flags) == (96, 64, ())


def test_camera_and_date_are_read_and_never_the_place() -> None:
    picture = decode(heic(scene(), exif=exif_of(place=True)))
    assert picture.exif == {"camera": "Maker Phone 7", "taken": "2024:05:06 07:08:09"}


def test_the_main_picture_of_several_is_taken_and_flagged() -> None:
    first, main = Image.new("RGB", (32, 32), (0, 0, 255)), Image.new("RGB", (48, 32), RED)
    picture = decode(heic(first, main, primary=1))
    assert (picture.width, picture.flags) == (48, ("multi-page",))
    assert np.abs(picture.pixels.astype(int) - RED).max() <= 2


def test_alpha_shows_white() -> None:
    rgba = np.asarray(scene().convert("RGBA")).copy()
    rgba[:32, :, 3] = 0
    picture = decode(heic(Image.fromarray(rgba)))
    assert picture.flags == ("alpha",)
    assert (picture.pixels[:30] == 255).all()
    assert np.abs(picture.pixels[34:].astype(int) - rgba[34:, :, :3]).max() <= 1


@pytest.mark.parametrize(("mode", "flags"), [("RGB;16", ("16-bit",)), ("L;16", ("16-bit", "grey"))])
def test_ten_bits_are_scaled(mode: str, flags: tuple[str, ...]) -> None:
    import pillow_heif

    file = pillow_heif.HeifFile()
    file.add_frombytes(mode, (32, 32), np.full((32, 32, 3 if mode[0] == "R" else 1), 30_000, np.uint16).tobytes())
    memory = io.BytesIO()
    file.save(memory, quality=-1, chroma=444)
    picture = decode(memory.getvalue())
    assert picture.flags == flags
    assert picture.pixels.mean() == 117  # 30000 / 257, rounded


def test_grey() -> None:
    picture = decode(heic(scene().convert("L"), chroma=420))
    assert picture.flags == ("grey",)
    assert (picture.pixels[:, :, 1] == np.asarray(scene().convert("L"))).all()


def test_a_reduced_heic_keeps_its_true_size_and_look() -> None:
    image = scene(800, 600)
    picture = decode(heic(image, quality=95, exif=exif_of(6)), smallest_side=150)
    assert (picture.width, picture.height, picture.pixels.shape) == (600, 800, (200, 150, 3))
    twin = np.asarray(image.rotate(-90, expand=True).reduce(4), dtype=float)
    assert np.abs(picture.pixels - twin).mean() < 2


def test_the_size_is_read_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(_: object) -> None:
        raise AssertionError("pixels were decoded")

    data = heic(scene(200, 100), quality=30)
    assert decode(data, limits=Limits(megapixels=0.02)).width == 200
    monkeypatch.setattr(heif, "decoded", decoded)
    with pytest.raises(Unreadable, match="200 × 100"):
        decode(data, limits=Limits(megapixels=0.0199))
    at = data.index(b"ispe") + 8
    with pytest.raises(Unreadable, match="at most 64 megapixels, saw 50000 × 50000"):
        decode(data[:at] + (50_000).to_bytes(4, "big") * 2 + data[at + 8 :])


def test_a_header_that_promises_less_than_is_coded_is_refused() -> None:
    data = heic(Image.new("RGB", (2000, 1600), RED), quality=30)  # 3.2 megapixels in a few kilobytes
    at = data.index(b"ispe") + 8
    with pytest.raises(Unreadable, match="damaged"):
        decode(data[:at] + (64).to_bytes(4, "big") * 2 + data[at + 8 :], limits=Limits(megapixels=1))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.95])
def test_a_truncated_heic_is_refused(tmp_path: Path, share: float) -> None:
    data = heic(scene())
    assert "damaged" in refusal(written(tmp_path / "a.heic", data[: int(share * len(data))]))


def test_flipped_and_lost_bytes_give_a_reason_or_a_picture() -> None:
    rng = np.random.default_rng(7)
    good = heic(scene(48, 32), exif=exif_of(6, place=True), quality=40)
    header = good.index(b"mdat")
    for _ in range(150):
        bad = bytearray(good)
        for at in rng.integers(8, header if rng.random() < 0.6 else len(good), 3):
            bad[at] = int(rng.integers(256))
        if rng.random() < 0.2:
            del bad[int(rng.integers(len(bad))) :]
        with contextlib.suppress(Unreadable):
            assert decode(bytes(bad), limits=Limits(megapixels=1)).pixels.shape[2] == 3


CHILD = """
import sys
from embeddings.images import Unreadable, decode
try:
    decode(sys.stdin.buffer.read())
except Unreadable as fault:
    print(fault.reason)
"""


@pytest.mark.parametrize("name", [b"\xc1xif", b"\xff\xff\xff\xff"])
def test_an_item_type_that_is_no_text_ends_no_process(name: bytes) -> None:
    # pi_heif 1.4 crashes on this, so a process of its own looks at it.
    data = heic(scene(), exif=exif_of())
    assert data.count(b"\0Exif\0") == 1
    data = data.replace(b"\0Exif\0", b"\0" + name + b"\0")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", CHILD], input=data, capture_output=True, cwd=root)
    assert (done.returncode, done.stdout.strip()) == (0, b"the picture data is damaged; copy it again")


def test_avif_is_refused_by_its_name(tmp_path: Path) -> None:
    data = b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B" + bytes(200)
    assert "saw AVIF" in refusal(written(tmp_path / "a.heic", data))
    assert "saw AVIF" in refusal(written(tmp_path / "b.jpg", data.replace(b"ftypavif", b"ftypmif1")))


def test_the_name_says_nothing(tmp_path: Path) -> None:
    assert open_picture(written(tmp_path / "a.jpg", heic(scene()))).format == "HEIF"
    assert open_picture(written(tmp_path / "a.heic", encoded(scene()))).format == "JPEG"


def test_pillow_is_left_as_it_is() -> None:
    Image.init()
    before = (set(Image.OPEN), set(Image.SAVE), dict(Image.EXTENSION))
    decode(heic(scene()))
    assert (set(Image.OPEN), set(Image.SAVE), dict(Image.EXTENSION)) == before


def test_the_decoder_is_imported_with_the_first_heic_only() -> None:
    code = (
        "import sys, embeddings.images; from embeddings.images import decode;"
        "late = {'pi_heif', 'cv2', 'PIL.ImageCms'} & set(sys.modules); assert not late, late;"
        "decode(sys.stdin.buffer.read()); assert 'pi_heif' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], input=encoded(scene()), cwd=root, check=True)


def test_brands() -> None:
    assert heif.brands(b"\0\0\0\x18ftypmif1\0\0\0\0heicmiaf") == {b"mif1", b"heic", b"miaf"}
    assert heif.brands(b"\xff\xff\xff\xffftypheic") == {b"heic"}
    assert heif.brands(b"\xff\xd8\xff\xe0") == heif.brands(b"") == set()
    assert heif.is_heif(frozenset({b"mif1", b"heic", b"avif"}))
    assert not heif.is_heif(frozenset({b"mif1", b"avif"}))
    assert not heif.is_heif(frozenset({b"isom", b"mp42"}))


def test_exif_orientation_tag_is_reset() -> None:
    file = heif.opened(heic(stored(scene(), 6), exif=exif_of(6)))
    assert heif.decoded(file).getexif()[ORIENTATION] == 1
