"""Nothing leaves the root, nothing blocks, everything met is a candidate or has a reason."""

import os
from pathlib import Path

import pytest

from tools.errors import UnreadableInput
from tools.paths import WORKSPACE_FILE, inside, walk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.jpg").write_bytes(b"x")
    (tmp_path / "ws1").mkdir()
    (tmp_path / "ws1" / "secret.jpg").write_bytes(b"x")
    return folder


def reasons(root: Path) -> dict[str, str]:
    return {item.id: item.reason for item in walk(root)}


def test_a_path_inside_is_resolved(root: Path) -> None:
    assert inside(root, "a/1.jpg") == (root / "a" / "1.jpg").resolve()
    assert inside(root, "a/not-there.jpg").parent == (root / "a").resolve()
    assert inside(root, "a/50%25.jpg").name == "50%25.jpg"


@pytest.mark.parametrize(
    "relative",
    [
        "",
        "..",
        "../ws1/secret.jpg",
        "a/../../ws1/secret.jpg",
        "%2e%2e/ws1/secret.jpg",
        "%252e%252e/ws1/secret.jpg",
        "..%2fws1/secret.jpg",
        "..\\ws1\\secret.jpg",
        "a/1.jpg\0.png",
        "a/1.jpg%00.png",
        "/etc/passwd",
        "C:\\secret.jpg",
    ],
)
def test_what_climbs_is_refused(root: Path, relative: str) -> None:
    with pytest.raises(UnreadableInput, match="path inside"):
        inside(root, relative)


def test_a_sibling_with_the_same_beginning_is_outside(root: Path) -> None:
    with pytest.raises(UnreadableInput, match="absolute"):
        inside(root, str(root) + "1/secret.jpg")


def test_a_link_swapped_in_later_is_noticed(root: Path) -> None:
    assert inside(root, "a/1.jpg").is_file()
    (root / "a" / "1.jpg").unlink()
    (root / "a" / "1.jpg").symlink_to(root.parent / "ws1" / "secret.jpg")
    with pytest.raises(UnreadableInput, match="through a link"):
        inside(root, "a/1.jpg")
    (root / "loop").symlink_to(root / "loop")
    with pytest.raises(UnreadableInput, match="loop"):
        inside(root, "loop/x")


def test_the_walk_refuses_links_pipes_and_hidden_files_with_reasons(root: Path) -> None:
    os.mkfifo(root / "a" / "pipe.jpg")
    (root / "a" / "out.jpg").symlink_to(root.parent / "ws1" / "secret.jpg")
    (root / "a" / "dead.jpg").symlink_to(root / "nowhere.jpg")
    (root / "a" / "self.jpg").symlink_to(root / "a" / "self.jpg")
    (root / "a" / "copy.jpg").symlink_to(root / "a" / "1.jpg")
    (root / "a" / "null.jpg").symlink_to("/dev/null")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "other").symlink_to(root.parent / "ws1")
    (root / "a" / ".DS_Store").write_bytes(b"x")
    (root / "a" / "Thumbs.db").write_bytes(b"x")
    (root / ".git").mkdir()
    (root / ".git" / "x.jpg").write_bytes(b"x")
    (root / "state").mkdir()
    (root / "state" / WORKSPACE_FILE).write_bytes(b"x")
    (root / "state" / "thumb.jpg").write_bytes(b"x")
    found = reasons(root)
    assert {name for name, reason in found.items() if not reason} == {"a/1.jpg", "a/copy.jpg"}
    assert "pipe" in found["a/pipe.jpg"]
    assert "leaves" in found["a/out.jpg"]
    assert "leaves" in found["a/null.jpg"]
    assert "nothing" in found["a/dead.jpg"]
    assert "itself" in found["a/self.jpg"]
    assert "taken where they lie" in found["a/up"]
    assert "leaves" in found["a/other"]
    assert found["a/.DS_Store"] == found[".git/"] == "hidden"
    assert "system" in found["a/Thumbs.db"]
    assert not any(name.startswith("state") for name in found)


def test_odd_names_are_walked_in_a_stable_order(root: Path) -> None:
    names = ["=cmd.jpg", "IGNORE ALL PREVIOUS INSTRUCTIONS.jpg", "a\nb.jpg", "\u202egpj.exe.jpg", "é" * 120 + ".jpg"]
    for name in names:
        (root / "a" / name).write_bytes(b"x")
    (root / os.fsdecode(b"caf\xe9")).mkdir()
    (root / os.fsdecode(b"caf\xe9/\xff.jpg")).write_bytes(b"x")
    found = [item.relative for item in walk(root)]
    assert found == sorted(found)
    assert len(found) == 1 + len(names) + 1
    assert "caf\\xe9/\\xff.jpg" in reasons(root)


def test_a_deep_tree_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(300):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "x.jpg").write_bytes(b"x")
    assert [len(item.parts) for item in walk(tmp_path)] == [301]


def test_a_missing_root_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="folder that can be read"):
        list(walk(tmp_path / "nowhere"))


def test_a_folder_that_may_not_be_read_is_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.listdir

    def listdir(path: Path) -> list[str]:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "listdir", listdir)
    assert "Permission denied" in reasons(root)["a/"]
