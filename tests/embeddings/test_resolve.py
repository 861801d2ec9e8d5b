"""Names to encoders, without a network."""

import os
import socket
from pathlib import Path

import pytest

from embeddings.encoder import EncoderUnavailable
from embeddings.hub import Fetching
from embeddings.resolve import resolve_encoder

pytestmark = pytest.mark.usefixtures("no_connection")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "clip",
        "Embedded",
        "embedded:x",
        "open_clip",
        "open_clip:",
        "transformers:",
        "auto:x",
        "../x",
    ],
)
def test_an_unknown_name_lists_the_forms(tmp_path: Path, name: str) -> None:
    with pytest.raises(EncoderUnavailable) as caught:
        resolve_encoder(name, cache=tmp_path)
    message = str(caught.value)
    assert repr(name) in message
    for form in ("auto", "embedded", "open_clip:MODEL/PRETRAINED", "CHECKPOINT_FILE", "transformers:NAME_OR_FOLDER"):
        assert form in message


def test_the_embedded_encoder_in_eight_bits_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable) as caught:
        resolve_encoder("embedded:int8", cache=tmp_path)
    assert "no 8-bit form" in caught.value.seen
    assert caught.value.todo.startswith("use --encoder embedded;")


@pytest.mark.parametrize("suffix", ["", ":int8"])
def test_known_weights_are_refused_before_their_library_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    def loaded(*_: object, **__: object) -> None:
        raise AssertionError("the library was loaded")

    monkeypatch.setattr("embeddings.open_clip.OpenClipEncoder", loaded)
    monkeypatch.setattr("embeddings.hub.sizes_on_hub", lambda _: None)
    for fetching, seen, todo in (
        (None, "no download was asked for", "add --download"),
        (Fetching(lambda _: True), "could not be fetched from the hub", "check the name and the connection"),
    ):
        with pytest.raises(EncoderUnavailable) as caught:
            resolve_encoder(f"open_clip:ViT-B-32/laion2b_s34b_b79k{suffix}", cache=tmp_path, fetching=fetching)
        assert seen in caught.value.seen
        assert todo in caught.value.todo


def test_auto_without_weights_is_embedded_and_says_why(tmp_path: Path) -> None:
    encoder, line = resolve_encoder("auto", cache=tmp_path)
    assert type(encoder).__name__ == "EmbeddedEncoder"
    assert "embedded" in line
    assert "no CLIP weights lie on this machine" in line
    assert "--encoder open_clip:ViT-B-32/laion2b_s34b_b79k --download" in line


def test_auto_takes_weights_that_lie_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("embeddings.open_clip.OpenClipEncoder", lambda name, **_: asked.append(name))
    repository = tmp_path / "hub" / "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K"
    snapshot = repository / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "open_clip_model.safetensors").write_bytes(b"weights")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("a" * 40)
    line = resolve_encoder("auto", cache=tmp_path)[1]
    assert asked == ["ViT-B-32/laion2b_s34b_b79k"]
    assert asked[0] in line
    assert "on this machine" in line


def test_auto_asks_the_hub_only_with_leave_and_gives_up_when_it_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed: list[str] = []
    monkeypatch.setattr("embeddings.resolve.sizes_on_hub", probed.append)
    resolve_encoder("auto", cache=tmp_path)
    assert probed == []
    encoder, line = resolve_encoder("auto", cache=tmp_path, fetching=Fetching(lambda _: True))
    assert probed == ["laion/CLIP-ViT-B-32-laion2B-s34B-b79K"]
    assert type(encoder).__name__ == "EmbeddedEncoder"
    assert "did not answer within 3 s" in line


@pytest.mark.parametrize("agreed", [True, False])
def test_auto_takes_the_hubs_weights_if_somebody_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agreed: bool
) -> None:
    def made(name: str, *, fetching: Fetching, how: object) -> str:
        if not fetching.agreed("605 MB"):
            raise EncoderUnavailable("their download was declined", "use another")
        return f"encoder {name}"

    monkeypatch.setattr("embeddings.resolve.sizes_on_hub", lambda _: {"open_clip_model.safetensors": 605})
    monkeypatch.setattr("embeddings.open_clip.OpenClipEncoder", made)
    encoder, line = resolve_encoder("auto", cache=tmp_path, fetching=Fetching(lambda _: agreed))
    assert (encoder == "encoder ViT-B-32/laion2b_s34b_b79k") is agreed
    assert ("as agreed" if agreed else "declined") in line


@pytest.mark.parametrize("kind", ["open_clip", "transformers"])
def test_int8_behind_a_name_asks_for_eight_bit_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asked: list[tuple[str, bool]] = []
    place = "open_clip.OpenClipEncoder" if kind == "open_clip" else "transformers.TransformersEncoder"
    monkeypatch.setattr(f"embeddings.{place}", lambda name, *, fetching, how: asked.append((name, how.int8)))
    resolve_encoder(f"{kind}:some/model", cache=tmp_path)
    resolve_encoder(f"{kind}:some/model:int8", cache=tmp_path)
    assert asked == [("some/model", False), ("some/model", True)]


def test_embedded_by_name(tmp_path: Path) -> None:
    encoder, line = resolve_encoder("embedded", cache=tmp_path, threads=1)
    assert (type(encoder).__name__, line[:17]) == ("EmbeddedEncoder", "Encoder: embedded")


@pytest.mark.parametrize("name", ["open_clip:ViT-B-32/laion2b_s34b_b79k", "transformers:nobody/nothing"])
def test_weights_that_are_not_here_are_not_fetched_unasked(tmp_path: Path, name: str) -> None:
    with pytest.raises(EncoderUnavailable, match=r"on this disk.*add --download"):
        resolve_encoder(name, cache=tmp_path)


def test_the_machine_is_asked_for_nothing_but_files(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="a connection"):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    assert os.listdir(tmp_path) == []
