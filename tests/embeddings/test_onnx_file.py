"""ONNX files as data: what is taken, and what is refused before anything runs."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import convert_model_to_external_data

from benchmarks.planting.own_networks import network
from embeddings import onnx_file
from embeddings.onnx_file import UnusableModel, read_onnx
from embeddings.own_model import OwnNetwork


def saved(model: Any, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def test_a_whole_file_is_taken_byte_for_byte(tmp_path: Path) -> None:
    file = saved(network("thing"), tmp_path / "m.onnx")
    found = read_onnx(file)
    assert found.data == file.read_bytes()
    assert found.digest == sha256(file.read_bytes()).hexdigest()


def test_weights_beside_it_are_taken_in(tmp_path: Path) -> None:
    plain = read_onnx(saved(network("thing"), tmp_path / "plain.onnx"))
    model = network("thing")
    convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    onnx.save_model(model, str(tmp_path / "m.onnx"))
    found = read_onnx(tmp_path / "m.onnx")
    (tmp_path / "weights.bin").unlink()
    picture = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    scores = [OwnNetwork(lambda data=f.data: data).run(picture, "scores")[0] for f in (plain, found)]
    np.testing.assert_allclose(scores[0], scores[1])


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "a/../../secret.bin", "..\\secret.bin", ""])
def test_weights_outside_its_folder_are_refused(location: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(100_000))
    with pytest.raises(UnusableModel, match="outside it"):
        read_onnx(saved(_external(location), folder / "m.onnx"))


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(100_000))
    os.symlink(tmp_path / "secret.bin", folder / "weights.bin")
    with pytest.raises(UnusableModel, match="outside it"):
        read_onnx(saved(_external("weights.bin"), folder / "m.onnx"))


@pytest.mark.parametrize("size", [None, 10])
def test_weights_that_are_missing_or_cut_are_refused(size: int | None, tmp_path: Path) -> None:
    if size is not None:
        (tmp_path / "weights.bin").write_bytes(bytes(size))
    with pytest.raises(UnusableModel, match="ends before them"):
        read_onnx(saved(_external("weights.bin"), tmp_path / "m.onnx"))


def test_weights_inside_nested_graphs_are_looked_at_too(tmp_path: Path) -> None:
    tensor = _pointing("../secret.bin")
    constant = helper.make_node("Constant", [], ["x"], value=tensor)
    branch = helper.make_graph([constant], "branch", [], [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])])
    model = network("thing")
    model.graph.node.append(helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch))
    with pytest.raises(UnusableModel, match="outside it"):
        read_onnx(saved(model, tmp_path / "m.onnx"))


def test_operators_from_elsewhere_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match=r"Identity of my\.ops"):
        read_onnx(saved(network("thing", domain="my.ops"), tmp_path / "m.onnx"))


def test_a_function_spelt_out_in_the_file_is_no_stranger(tmp_path: Path) -> None:
    model = network("thing", domain="my.ops")
    body = [helper.make_node("Relu", ["a"], ["b"])]
    model.functions.append(
        helper.make_function("my.ops", "Identity", ["a"], ["b"], body, [helper.make_opsetid("", 17)])
    )
    read_onnx(saved(model, tmp_path / "m.onnx"))
    model.functions[0].node[0].domain = "their.ops"
    with pytest.raises(UnusableModel, match=r"Relu of their\.ops"):
        read_onnx(saved(model, tmp_path / "n.onnx"))


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "a zip"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"\x80\x02}q\x00", "pickle"),
        (b"hello", "another or a damaged format"),
        (bytes(1000), "another or a damaged format"),
    ],
)
def test_other_files_are_told(data: bytes, seen: str, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(UnusableModel) as fault:
        read_onnx(tmp_path / "m.onnx")
    assert seen in fault.value.seen


def test_pipes_and_nothing_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    for name in ("pipe.onnx", "none.onnx"):
        with pytest.raises(UnusableModel):
            read_onnx(tmp_path / name)


def test_a_cap_on_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "LARGEST", 10_000)
    with pytest.raises(UnusableModel, match="at most"):
        read_onnx(saved(network("thing"), tmp_path / "m.onnx"))


def _pointing(location: str) -> Any:
    tensor = numpy_helper.from_array(np.zeros((3 * 64 * 64, 2), dtype=np.float32), "weight")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    tensor.external_data.add(key="length", value=str(3 * 64 * 64 * 2 * 4))
    return tensor


def _external(location: str) -> Any:
    model = network("thing")
    model.graph.initializer[0].CopyFrom(_pointing(location))
    return model
