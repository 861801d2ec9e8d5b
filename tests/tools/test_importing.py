"""From a folder to a case: hostile pictures, repeated imports, predictions, and a real data set."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from embeddings import resolve
from embeddings.encoder import Encoded, EncoderInfo
from tools.errors import UnreadableInput, WorkspaceDamaged
from tools.giving import add_predictions
from tools.importing import import_dataset
from tools.settings import Settings
from tools.workspace import EncoderMismatch, Workspace

SETTINGS = Settings(threads=2)


class Means:
    """An encoder that needs no weights: the mean of each colour, made a unit vector."""

    text_scale = None
    side_by_side = True

    def __init__(self, name: str, fingerprint: str) -> None:
        self.info = EncoderInfo(name, fingerprint, 4, False)

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return (pixels.reshape(-1, 3).mean(axis=0) / 255).astype(np.float32).reshape(3, 1, 1)

    def encode(self, batch: NDArray[np.float32]) -> Encoded:
        vectors = np.concatenate([batch.reshape(len(batch), 3), np.ones((len(batch), 1), np.float32)], axis=1)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Encoded(vectors, np.zeros((len(batch), 0), np.float32))

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError

    def saliency(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        raise NotImplementedError


@pytest.fixture
def known() -> dict[str, str]:
    """Fingerprints by encoder name; a test may change them."""
    return {"auto": "a" * 64, "means": "a" * 64, "other": "b" * 64}


@pytest.fixture(autouse=True)
def _encoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, known: dict[str, str]) -> None:
    def resolve_encoder(name: str, **options: object) -> tuple[Means, str]:
        return Means("means" if name == "auto" else name, known[name]), f"Encoder: {name}."

    if "real" not in request.keywords:
        monkeypatch.setattr(resolve, "resolve_encoder", resolve_encoder)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "ws")


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (40, 30), **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(sum(colour)).integers(0, 8, size=(size[1], size[0], 3))
    Image.fromarray(np.clip(noise + np.array(colour), 0, 255).astype(np.uint8)).save(path, **options)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for split, shift in (("train", 0), ("test", 9)):
        for number in range(3):
            picture(root / split / "apple" / f"{number}.jpg", (200, 10 + number * 20 + shift, 10))
            picture(root / split / "pear" / f"{number}.png", (10, 200, 10 + number * 20 + shift))
    return root


def files(root: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(root))


def test_a_folder_becomes_a_case(workspace: Workspace, photos: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    done = import_dataset(workspace, photos, SETTINGS, on_step=lambda *step: steps.append(step))
    assert (done.changed, done.diff, done.predictions, done.encoder) == (True, None, "", "Encoder: auto.")
    assert (len(done.dataset), done.dataset.version) == (12, 1)
    assert done.dataset.counts == {"apple": 6, "pear": 6}
    assert steps[-1][1] == steps[-1][2]
    case = workspace.case(SETTINGS)
    assert case.dataset.fingerprint == done.dataset.fingerprint
    assert case.subject == "baseline"
    assert case.has_test
    assert workspace.choice("encoder") == {"name": "means", "fingerprint": "a" * 64}
    assert (workspace.imports()[0]["images"], workspace.imports()[0]["changes"]) == (12, None)
    apple = case.dataset.index["test/apple/0.jpg"]
    assert case.space.vectors[apple].argmax() in (0, 3)
    assert "brightness" in " ".join(case.dataset.properties)


def bad_input(root: Path) -> None:
    """One of each hostile picture, beside good ones."""
    whole = picture(root / "a" / "whole.jpg", (90, 120, 40), (200, 160)).read_bytes()
    (root / "a" / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "a" / "empty.jpg").write_bytes(b"")
    (root / "a" / "text.jpg").write_text("this is no picture")
    (root / "a" / "drawing.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F], exif[0x0110], exif[0x0132] = "Maker", "Model 1", "2024:05:06 07:08:09"
    picture(root / "a" / "rotated.jpg", (10, 20, 200), (60, 20), exif=exif)
    Image.fromarray(np.full((20, 30), 30000, np.uint16)).save(root / "a" / "deep.png")
    (root / "b").mkdir()
    Image.new("CMYK", (25, 25), (0, 200, 200, 0)).save(root / "b" / "cmyk.jpg")
    Image.new("LA", (25, 25), (120, 40)).save(root / "b" / "alpha.png")
    os.mkfifo(root / "b" / "pipe.jpg")
    picture(root / "b" / os.fsdecode(b"caf\xe9\n=cmd.png"), (1, 2, 3))


def test_hostile_pictures_are_indexed_or_skipped_with_a_reason(workspace: Workspace, tmp_path: Path) -> None:
    bad_input(tmp_path / "bad")
    dataset = import_dataset(workspace, tmp_path / "bad", SETTINGS).dataset
    skipped = {item.path: item.reason for item in dataset.skipped}
    assert set(skipped) == {"a/truncated.jpg", "a/empty.jpg", "a/text.jpg", "a/drawing.eps", "b/pipe.jpg"}
    assert all(skipped.values())
    assert len(dataset) + len(skipped) == files(tmp_path / "bad")
    row = dataset.index["a/rotated.jpg"]
    assert (dataset.widths[row], dataset.heights[row]) == (20, 60)
    assert dataset.metadata["camera"][row] == "Maker Model 1"
    assert dataset.metadata["taken"][row].startswith("2024")
    assert dataset.metadata["camera"][dataset.index["a/whole.jpg"]] == ""
    assert dataset.metadata["flags"][row] == "rotated"
    assert "16-bit" in dataset.metadata["flags"][dataset.index["a/deep.png"]]
    vector = workspace.case(SETTINGS).space.vectors[dataset.index["a/deep.png"]]
    assert vector[0] / vector[3] == pytest.approx(30000 / 65535, abs=0.01)
    assert dataset.path("b/caf\\xe9\n=cmd.png").is_file()


def test_nothing_readable_is_one_message(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "bad" / "a").mkdir(parents=True)
    (tmp_path / "bad" / "a" / "1.jpg").write_text("no picture")
    with pytest.raises(UnreadableInput, match=r"1 that cannot, e\.g\. a/1\.jpg"):
        import_dataset(workspace, tmp_path / "bad", SETTINGS)
    assert workspace.datasets() == ()


def test_what_is_neither_folder_nor_table(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(UnreadableInput, match="is neither"):
        import_dataset(workspace, tmp_path / "a.zip", SETTINGS)
    with pytest.raises(UnreadableInput, match="does not exist"):
        import_dataset(workspace, tmp_path / "nowhere", SETTINGS)


def test_importing_the_same_again_keeps_the_version(workspace: Workspace, photos: Path) -> None:
    first = import_dataset(workspace, photos, SETTINGS)
    again = import_dataset(workspace, photos, SETTINGS)
    assert (again.changed, again.dataset.version) == (False, 1)
    assert again.diff is not None
    assert again.diff.text == "nothing changed"
    assert again.dataset.fingerprint == first.dataset.fingerprint
    assert len(workspace.datasets()) == 1


def test_a_new_version_says_what_changed(workspace: Workspace, photos: Path) -> None:
    import_dataset(workspace, photos, SETTINGS)
    picture(photos / "train" / "apple" / "new.jpg", (250, 90, 90))
    (photos / "train" / "apple" / "0.jpg").unlink()
    (photos / "train" / "apple" / "1.jpg").rename(photos / "train" / "pear" / "was_apple.jpg")
    (photos / "train" / "apple" / "2.jpg").rename(photos / "train" / "apple" / "renamed.jpg")
    (photos / "test" / "pear" / "0.png").rename(photos / "train" / "pear" / "from_test.png")
    picture(photos / "test" / "pear" / "1.png", (77, 77, 77))
    done = import_dataset(workspace, photos, SETTINGS)
    assert done.changed
    assert done.dataset.version == 2
    assert done.diff is not None
    assert done.diff.counts == {
        "added": 1,
        "removed": 1,
        "moved": 3,
        "replaced": 1,
        "relabelled": 1,
        "resplit": 1,
        "columns": 0,
        "skipped": 0,
        "folder": 0,
    }
    assert done.diff.added == ("train/apple/new.jpg",)
    assert done.diff.removed == ("train/apple/0.jpg",)
    assert done.diff.replaced == ("test/pear/1.png",)
    assert done.diff.relabelled == ("train/pear/was_apple.jpg",)
    assert done.diff.resplit == ("train/pear/from_test.png",)
    assert ("train/apple/2.jpg", "train/apple/renamed.jpg") in done.diff.moved
    assert "1 added (e.g. train/apple/new.jpg)" in done.diff.text
    assert done.diff.to_json()["moved"][0] == list(done.diff.moved[0])
    assert workspace.dataset(1).index["train/apple/0.jpg"] >= 0


def test_equal_contents_under_two_names_are_two_images(workspace: Workspace, photos: Path) -> None:
    (photos / "test" / "apple" / "copy.jpg").write_bytes((photos / "train" / "apple" / "0.jpg").read_bytes())
    dataset = import_dataset(workspace, photos, SETTINGS).dataset
    assert len(dataset) == 13
    assert len(set(dataset.sha256.tolist())) == 12


def test_a_table_and_its_metadata(workspace: Workspace, photos: Path) -> None:
    (photos / "t.csv").write_text(
        "filepath,label,farm\ntrain/apple/0.jpg,red,north\ntrain/pear/0.png,green,\nx.jpg,red,\n"
    )
    dataset = import_dataset(workspace, photos / "t.csv", SETTINGS).dataset
    assert dataset.counts == {"green": 1, "red": 1}
    assert dataset.metadata["farm"].tolist() == ["north", ""]
    assert [item.path for item in dataset.skipped] == ["x.jpg"]


def test_predictions_are_stored_with_the_dataset(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    rows = [f"test/apple/{n}.jpg,0.{n},0.{10 - n}" for n in range(1, 3)]
    (tmp_path / "model_a.csv").write_text("\n".join(["id,p_apple,p_pear", *rows]))
    done = import_dataset(workspace, photos, SETTINGS, predictions=tmp_path / "model_a.csv")
    assert done.predictions == "2 of 12 images have a prediction (2 of 6 in test, 0 of 6 in train)"
    case = workspace.case(SETTINGS)
    assert case.subject == "baseline"  # two of six judged pictures say too little of a model
    assert case.predictions is not None
    assert (case.predictions.model, case.predictions.version) == ("model_a", "1")
    assert case.predictions.probabilities[case.dataset.index["test/apple/2.jpg"]].tolist() == [0.2, 0.8]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["test/apple/0.jpg,0.5,0.5", "nobody.jpg,0.5,0.5"], "1 ids that the data set lacks, e.g. 'nobody.jpg'"),
        (["test/apple/0.jpg,nan,0.5"], "'nan' in row 2"),
        (["test/apple/0.jpg,0.25,0.25"], "sum to 1"),
        (["test/apple/0.jpg,0.5,0.5", "test/apple/0.jpg,0.5,0.5"], "more than one"),
    ],
)
def test_wrong_predictions_write_nothing(
    workspace: Workspace, photos: Path, tmp_path: Path, rows: list[str], message: str
) -> None:
    (tmp_path / "p.csv").write_text("\n".join(["id,p_apple,p_pear", *rows]))
    with pytest.raises(UnreadableInput, match=message):
        import_dataset(workspace, photos, SETTINGS, predictions=tmp_path / "p.csv")
    assert workspace.datasets() == ()
    import_dataset(workspace, photos, SETTINGS)
    with pytest.raises(UnreadableInput, match=message):
        add_predictions(workspace, tmp_path / "p.csv")
    assert workspace.case(SETTINGS).predictions is None


def test_predictions_added_later_and_for_skipped_files(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    (photos / "test" / "apple" / "cut.jpg").write_bytes(b"no picture")
    import_dataset(workspace, photos, SETTINGS)
    (tmp_path / "p.csv").write_text("id,pred,score\ntest/apple/0.jpg,pear,0.5\ncut.jpg,pear,0.5\n")
    predictions, covered = add_predictions(workspace, tmp_path / "p.csv", model="theirs", version="7")
    assert covered.startswith("1 of 12 images")
    assert covered.endswith("1 rows are for skipped files and were left out")
    kept = workspace.case(SETTINGS).predictions
    assert kept is not None
    assert kept.fingerprint == predictions.fingerprint
    assert (kept.model, kept.version) == ("theirs", "7")


def test_an_encoder_that_changed_under_its_name_is_refused(
    workspace: Workspace, photos: Path, known: dict[str, str]
) -> None:
    import_dataset(workspace, photos, SETTINGS)
    known["means"] = "c" * 64
    with pytest.raises(EncoderMismatch, match="--encoder means"):
        import_dataset(workspace, photos, SETTINGS)
    done = import_dataset(workspace, photos, replace(SETTINGS, encoder="means"))
    assert not done.changed
    assert workspace.case(SETTINGS).space.encoder.fingerprint == "c" * 64


def test_another_encoder_adds_a_space_to_the_same_version(workspace: Workspace, photos: Path) -> None:
    import_dataset(workspace, photos, SETTINGS)
    import_dataset(workspace, photos, replace(SETTINGS, encoder="other"))
    assert len(workspace.datasets()) == 1
    assert workspace.case(SETTINGS).space.encoder.name == "other"
    assert (
        import_dataset(workspace, photos, SETTINGS).encoder == "Encoder: other, with which this workspace was indexed."
    )
    import_dataset(workspace, photos, replace(SETTINGS, encoder="means"))
    assert workspace.case(SETTINGS).space.encoder.name == "means"


def test_importing_again_mends_damaged_arrays(workspace: Workspace, photos: Path) -> None:
    import_dataset(workspace, photos, SETTINGS)
    before = workspace.case(SETTINGS).fingerprint
    for file in (workspace.path / "arrays").iterdir():
        file.write_bytes(b"nonsense")
    with pytest.raises(WorkspaceDamaged):
        workspace.case(SETTINGS)
    import_dataset(workspace, photos, SETTINGS)
    assert workspace.case(SETTINGS).fingerprint == before
    assert workspace.dataset(1).version == 1


@pytest.mark.parametrize("place", ["train/state", ".advisor"])
def test_a_workspace_inside_the_folder_is_no_part_of_it(photos: Path, place: str) -> None:
    inner = Workspace.open(photos / place)
    import_dataset(inner, photos, SETTINGS)
    picture(photos / place / "thumbnail.jpg", (1, 2, 3))
    done = import_dataset(inner, photos, SETTINGS)
    assert not done.changed
    assert done.dataset.skipped == ()


def test_changes_beside_the_pictures_are_named(workspace: Workspace, photos: Path, tmp_path: Path) -> None:
    import_dataset(workspace, photos, SETTINGS)
    (photos / "notes.txt").write_text("x")
    noted = import_dataset(workspace, photos, SETTINGS)
    assert noted.diff is not None
    assert noted.diff.text == "1 skipped files changed (e.g. notes.txt)"
    photos.rename(tmp_path / "elsewhere")
    moved = import_dataset(workspace, tmp_path / "elsewhere", SETTINGS)
    assert moved.diff is not None
    assert moved.diff.text == f"1 data folder changed (e.g. {(tmp_path / 'elsewhere').resolve()})"
    assert moved.dataset.version == 3
    assert workspace.dataset().path("test/apple/0.jpg").is_file()


@pytest.mark.real
def test_cookies(shared_data: Path, tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "ws")
    done = import_dataset(workspace, shared_data / "cookies", Settings(encoder="embedded"))
    dataset = done.dataset
    assert len(dataset) == 85
    assert len(dataset) + len(dataset.skipped) == files(shared_data / "cookies")
    splits = {split: int((dataset.splits == split).sum()) for split in ("train", "test")}
    assert splits == {"train": 63, "test": 22}
    assert dataset.classes == ("broken", "intact")
    assert sum(dataset.counts.values()) == 85
    assert all("stands beside" in s.reason for s in dataset.skipped if s.path.startswith(("masks/", "manifests/")))
    case = workspace.case(Settings())
    assert case.space.vectors.shape == (85, case.space.encoder.dimension)
    assert case.subject == "baseline"
    assert case.has_test
