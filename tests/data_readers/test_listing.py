"""What lies below a folder: links to folders, what systems leave behind, names in any form."""

from __future__ import annotations

import os
import shutil
import tarfile
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.data import open_dataset
from pellucid.data.hidden import is_hidden
from pellucid.data.listing import MOST_LINKS, scan_folder
from pellucid.errors import DataError, FileError

Make = Callable[..., Path]


def counts(root: Path) -> dict[str, int]:
    dataset = open_dataset(str(root))
    return {name: int((part.labels == k).sum()) for part in dataset.parts.values()
            for k, name in enumerate(dataset.class_names)}  # fmt: skip


def test_links_to_folders_outside_are_followed_like_links_to_files(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path / "store", "ant", "bee")
    class_folder(tmp_path / "more", "x", each=2)
    (tmp_path / "set" / "ant").mkdir(parents=True)
    (tmp_path / "set" / "bee").symlink_to(tmp_path / "store" / "bee")
    (tmp_path / "set" / "ant" / "old").symlink_to(tmp_path / "store" / "ant")
    (tmp_path / "set" / "ant" / "new").symlink_to(tmp_path / "more")          # its pictures lie one level deeper
    assert counts(tmp_path / "set") == {"ant": 5, "bee": 3}


def test_a_linked_part_and_a_linked_set(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path / "store", "ant", "bee")
    class_folder(tmp_path / "set" / "val", "ant", "bee", each=2)
    (tmp_path / "set" / "train").symlink_to(tmp_path / "store")
    (tmp_path / "again").symlink_to(tmp_path / "set")
    dataset = open_dataset(str(tmp_path / "again"))
    assert {name: len(part) for name, part in dataset.parts.items()} == {"train": 6, "validation": 4}


@pytest.mark.parametrize("target", ["set", "set/ant", ".", "set/bee", "set/ant/deeper"])
def test_links_in_a_circle_end_and_are_named(tmp_path: Path, class_folder: Make, target: str) -> None:
    class_folder(tmp_path / "set", "ant", "ant/deeper", "bee")
    before = open_dataset(str(tmp_path / "set")).fingerprint
    (tmp_path / "set" / "ant" / "deeper" / "round").symlink_to(tmp_path / target)
    dataset = open_dataset(str(tmp_path / "set"))
    assert dataset.fingerprint == before and len(dataset.part("train")) == 9
    assert "links to folders above or inside, not followed: 1 (ant/deeper/round)" in dataset.notes


def test_two_folders_outside_that_link_to_each_other_end(tmp_path: Path, class_folder: Make) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        class_folder(tmp_path / "out", one)
        (tmp_path / "out" / one / "other").symlink_to(tmp_path / "out" / other)
    class_folder(tmp_path / "set", "bee")
    (tmp_path / "set" / "ant").symlink_to(tmp_path / "out" / "a")
    assert counts(tmp_path / "set") == {"ant": 6, "bee": 3}


def test_many_links_to_one_folder_are_refused(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path / "store", "x")
    class_folder(tmp_path / "set", "ant", "bee")
    for number in range(MOST_LINKS + 1):
        (tmp_path / "set" / "ant" / str(number)).symlink_to(tmp_path / "store")
    with pytest.raises(DataError, match=f"more than {MOST_LINKS} links lead to the folder"):
        open_dataset(str(tmp_path / "set"))


def test_a_class_that_is_a_link_to_a_folder_of_the_set_is_named(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path / "set", "ant", "bee")
    (tmp_path / "set" / "cat").symlink_to(tmp_path / "set" / "bee")
    with pytest.raises(DataError, match="the folder cat is a link to a folder of the same data set"):
        open_dataset(str(tmp_path / "set"))


def test_what_a_hidden_store_holds_is_reached_by_links(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path / "set" / ".store", "ant", "bee")                   # as git-annex and DVC keep files
    for name in ("ant", "bee"):
        (tmp_path / "set" / name).symlink_to(Path(".store") / name)
    assert counts(tmp_path / "set") == {"ant": 3, "bee": 3}


@pytest.mark.parametrize("left", ["@eaDir", "@EADIR", "#recycle", "@Recycle", "$RECYCLE.BIN", "lost+found",
                                  "System Volume Information", "LOST+FOUND", ".Trash-1000", "__MACOSX", ".thumbnails",
                                  ".ipynb_checkpoints", "@__thumb"])  # fmt: skip
@pytest.mark.parametrize("place", [".", "ant"])
def test_system_folders_are_left_out_and_counted(tmp_path: Path, class_folder: Make, left: str, place: str) -> None:
    root = class_folder(tmp_path / "set", "ant", "bee")
    before = open_dataset(str(root)).fingerprint
    class_folder(root / place / left, "deeper", each=2)
    packed = tmp_path / "set.tar"
    with tarfile.open(packed, "w") as archive:
        archive.add(root, ".")
    for spec in (root, packed):
        dataset = open_dataset(str(spec))
        assert dataset.fingerprint == before and dataset.class_names == ("ant", "bee")
        assert "hidden files ignored: 2" in dataset.notes
    shutil.rmtree(root / place / left)
    (root / place / left).mkdir()
    assert open_dataset(str(root)).fingerprint == before


@pytest.mark.parametrize("name", ["Thumbs.db", "THUMBS.DB", "desktop.ini", ".DS_Store", "._x.png", "ehthumbs.db"])
def test_system_files_are_hidden_in_any_case(name: str) -> None:
    assert is_hidden(name) and is_hidden(f"ant/{name}")
    assert not is_hidden(f"ant/x{name}" if name[0] != "." else "ant/x.png")


def test_a_system_folder_that_may_not_be_listed_is_passed_over(tmp_path: Path, class_folder: Make,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    class_folder(tmp_path, "ant", "lost+found")
    real = os.scandir

    def refusing(place: str) -> object:
        if os.fspath(place).endswith("lost+found"):
            raise PermissionError(13, "Permission denied", place)
        return real(place)

    monkeypatch.setattr(os, "scandir", refusing)
    assert len(scan_folder(tmp_path).sources) == 3


def test_a_link_to_itself_and_a_name_with_a_line_break_are_told(tmp_path: Path, class_folder: Make) -> None:
    class_folder(tmp_path, "ant", "b\nee")
    (tmp_path / "ant" / "self").symlink_to("self")
    with pytest.raises(FileError, match=r"ant/self: the file cannot be read \(Too many levels"):
        open_dataset(str(tmp_path))
    (tmp_path / "ant" / "self").unlink()
    (tmp_path / "classes.txt").write_text("ant\n")
    with pytest.raises(DataError) as caught:
        open_dataset(str(tmp_path))
    assert "\n" not in str(caught.value) and r"b\nee" in str(caught.value)


def forms(word: str) -> tuple[str, str]:
    return unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word)


def test_two_forms_of_one_name_are_one_class_in_folders_and_lists(tmp_path: Path, class_folder: Make) -> None:
    composed, apart = forms("Käfer")
    class_folder(tmp_path / "set", f"train/{composed}", "train/bee", f"test/{apart}", "test/bee")
    assert open_dataset(str(tmp_path / "set")).class_names == ("Käfer", "bee")
    (tmp_path / "set" / "classes.txt").write_text(f"bee\n{apart}\n", encoding="utf-8")
    assert open_dataset(str(tmp_path / "set")).class_names == ("bee", apart)
    (tmp_path / "set" / "classes.txt").write_text(f"bee\n{apart}\n{composed}\n", encoding="utf-8")
    with pytest.raises(DataError, match="listed twice"):
        open_dataset(str(tmp_path / "set"))


def test_one_form_alone_stays_as_it_is_written(tmp_path: Path, class_folder: Make) -> None:
    _, apart = forms("é")
    class_folder(tmp_path, apart, "f")                     # decomposed é comes before f, composed after it
    assert open_dataset(str(tmp_path)).class_names == (apart, "f")


@pytest.mark.parametrize("packed", [False, True])
def test_names_that_are_not_utf_8(tmp_path: Path, class_folder: Make, packed: bool) -> None:
    root = class_folder(tmp_path / "set", "ant", "bee")
    os.rename(root / "bee", os.fsencode(root) + b"/abeille\xe9")
    os.rename(root / "ant" / "ant_0.png", os.fsencode(root) + b"/ant/fourmi\xe9.png")
    shutil.copy(root / "ant" / "ant_1.png", root / "ant" / "fourmié.png")     # its Latin-1 reading is taken already
    if packed:
        with tarfile.open(tmp_path / "set.tar", "w") as archive:
            archive.add(root, ".")
    dataset = open_dataset(str(tmp_path / "set.tar" if packed else root))
    assert dataset.class_names == ("abeilleé", "ant") and len(dataset.part("train")) == 7
    names = list(dataset.part("train").names)
    assert len(set(names)) == 7 and all(name.encode() for name in names)
