"""Networks as they run: in torch on a CPU or GPU, exported on a CPU; an export that differs is not used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings import network
from embeddings.network import ExportFailed, OnnxNetwork, TorchNetwork, exported, kept, scaled
from embeddings.preprocessing import parted

torch = pytest.importorskip("torch")

MEAN, STD = (10.0, 20.0, 30.0), (2.0, 4.0, 8.0)


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    import faiss

    if request.param == "cuda" and not (faiss.get_num_gpus() and torch.cuda.is_available()):
        pytest.skip("neither faiss nor torch sees a GPU on this machine")
    return str(request.param)


class Sums(torch.nn.Module):  # type: ignore[misc]
    """Sums of rows and columns of a picture, times a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, pictures: Any) -> Any:
        return pictures.sum(dim=(2, 3)) * self.weight, pictures.mean(dim=1)


def pictures(n: int = 20) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 6, 5, 3), dtype=np.uint8)


def by_hand(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    planes = ((batch.astype(np.float64) - MEAN) / STD).transpose(0, 3, 1, 2)
    return planes.sum(axis=(2, 3)) * 0.5, planes.mean(axis=1)


def test_torch_gives_what_was_computed_by_hand(device: str) -> None:
    found = TorchNetwork(scaled(Sums(), MEAN, STD), ("sums", "means"), device)
    means, sums = found.run(pictures(), ("means", "sums"))
    expected = by_hand(pictures())
    tolerance = 1e-4 if device == "cpu" else 2e-2  # half precision on a GPU
    np.testing.assert_allclose(sums, expected[0], rtol=tolerance, atol=tolerance * 100)
    np.testing.assert_allclose(means, expected[1], rtol=tolerance, atol=tolerance * 10)
    assert sums.dtype == means.dtype == np.float32


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("at_once", [1, 3, 8])
def test_an_exported_network_gives_the_same_in_any_portions(tmp_path: Path, threads: int, at_once: int) -> None:
    file = exported(tmp_path / "n.onnx", lambda: scaled(Sums(), MEAN, STD), pictures(2), ("sums", "means"))
    runs = OnnxNetwork(lambda: file, threads=threads, at_once=at_once)
    for n in (1, 7, 8, 9, 20):
        sums, means = runs.run(pictures(n), ("sums", "means"))
        np.testing.assert_allclose(sums, by_hand(pictures(n))[0], rtol=1e-4, atol=1e-2)
        np.testing.assert_allclose(means, by_hand(pictures(n))[1], rtol=1e-4, atol=1e-3)


def test_an_export_that_gives_other_vectors_is_not_used(tmp_path: Path) -> None:
    class Odd(Sums):
        """The export keeps what Python decided while it watched: here, the other branch."""

        def forward(self, pictures: Any) -> Any:
            turned = pictures.flip(1) if torch.onnx.is_in_onnx_export() else pictures
            return super().forward(turned)

    with pytest.raises(ExportFailed, match="other vectors"):
        exported(tmp_path / "n.onnx", lambda: scaled(Odd(), MEAN, STD), pictures(2), ("sums", "means"))
    assert list(tmp_path.iterdir()) == []


def test_what_onnx_cannot_hold_or_express_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strange(Sums):
        def forward(self, pictures: Any) -> Any:
            return (torch.linalg.svdvals(pictures),)

    with pytest.raises(ExportFailed, match="cannot express"):
        exported(tmp_path / "n.onnx", lambda: scaled(Strange(), MEAN, STD), pictures(2), ("sums",))
    monkeypatch.setattr(network, "LARGEST", 3)
    with pytest.raises(ExportFailed, match="do not fit into one ONNX file"):
        exported(tmp_path / "n.onnx", lambda: scaled(Sums(), MEAN, STD), pictures(2), ("sums", "means"))
    assert list(tmp_path.iterdir()) == []


def test_a_kept_file_is_made_once_and_again_when_it_is_damaged(tmp_path: Path) -> None:
    made: list[Path] = []
    steps: list[tuple[str, int, int]] = []

    def make(target: Path) -> None:
        made.append(target)
        target.write_bytes(b"network")

    file = tmp_path / "models" / "n.onnx"
    for damage, count in ((None, 1), (None, 1), (b"netwark", 2), (b"", 3)):
        if damage is not None:
            file.write_bytes(damage)
        assert kept(file, make, on_step=lambda *step: steps.append(step)).read_bytes() == b"network"
        assert len(made) == count
    assert steps[:2] == [("preparing the encoder, once", 0, 1), ("preparing the encoder, once", 1, 1)]
    file.with_suffix(".sha256").unlink()
    kept(file, make)
    assert len(made) == 4


def test_a_file_whose_making_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        kept(tmp_path / "n.onnx", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_transform_is_parted_only_where_nothing_changes() -> None:
    def early(image: Any) -> np.ndarray:
        return np.asarray(image.resize((6, 5)))

    def whole(image: Any) -> np.ndarray:
        return ((early(image).astype(np.float32) / 255 - 0.5) / 0.25).transpose(2, 0, 1)

    found = parted(whole, early, (0.5,) * 3, (0.25,) * 3)
    picture = np.random.default_rng(1).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    assert found(picture).shape == (5, 6, 3)
    np.testing.assert_allclose(found.floats(found(picture)[None])[0], whole_of(whole, picture), atol=1e-5)
    other = parted(whole, early, (0.4,) * 3, (0.25,) * 3)  # the library subtracts something else than it says
    assert other.early is None
    np.testing.assert_allclose(other(picture), whole_of(whole, picture))
    np.testing.assert_allclose(other.floats(other(picture)[None])[0], whole_of(whole, picture))


def whole_of(whole: Any, picture: np.ndarray) -> np.ndarray:
    from PIL import Image

    return np.asarray(whole(Image.fromarray(picture)))
