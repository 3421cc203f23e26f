"""Image folders: `train/<class>/*` with any usual spelling of the parts, or one level `<class>/*`; also inside tars.

The class of a picture is its folder just below the part (deeper folders belong to it). Classes are numbered by name
(names that are all numbers: by value), or by the lines of a classes.txt beside them.
Hidden files and files that are no pictures are ignored and counted.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pellucid.data.dataset import Dataset
from pellucid.data.naming import parse_class_list, part_name, sorted_names
from pellucid.data.options import Options
from pellucid.data.picture_files import EXTENSIONS
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree, above
from pellucid.errors import DataError

CLASS_LIST = "classes.txt"
LAYOUT = "A folder needs train/<class>/*.png or <class>/*.png, a CSV table (columns path,label), IDX files or an NPZ."


def is_picture(path: str) -> bool:
    """Whether a file name ends as those of pictures do."""
    return posixpath.splitext(path)[1].lower() in EXTENSIONS


def open_image_folder(name: str, tree: Tree, options: Options) -> Dataset:
    """Read a tree of class folders. Raises DataError for an empty class, or a class that only the test part has."""
    listed = class_list(tree)
    inner = without_common_folder(tree)
    located = [(source, *_locate(tree.where, source)) for source in inner.sources if is_picture(source.path)]
    if not located:
        raise DataError(f"{tree.where}: there is no picture in it ({len(inner.sources)} other files). {LAYOUT}")
    _refuse_mixed_levels(tree.where, located)
    _refuse_empty_folders(tree.where, inner, in_parts=located[0][1] is not None)
    found = {part for _, part, _ in located}
    learnt = next(part for part in ("train", None, "validation", "test") if part in found)
    classes = listed or sorted_names({word for _, part, word in located if part == learnt})
    numbers = {word: number for number, word in enumerate(classes)}
    for source, _, word in located:
        if word not in numbers:
            told = CLASS_LIST if listed else f"the {learnt} part"
            raise DataError(f"{source.where}: the class '{word}' is not in {told}, which has {len(classes)}: "
                            f"{_some(classes)}. Correct the folder's name or add the class.")
    samples = [Sample(source, numbers[word], part or "train") for source, part, word in located]
    return dataset_of(name, tree.where, samples, classes, options=options, notes=ignored_notes(inner))


def class_list(tree: Tree) -> tuple[str, ...] | None:
    """The names in the classes.txt nearest to the top, or None."""
    lists = [source for source in tree.sources if PurePosixPath(source.path).name == CLASS_LIST]
    if not lists:
        return None
    source = min(lists, key=lambda source: source.path.count("/"))
    return parse_class_list(bytes(source.read()), source.where)


def without_common_folder(tree: Tree) -> Tree:
    """The tree below the folders that hold everything: `fruits/Training/..` -> `Training/..`; a part's name stays."""
    split = [source.path.split("/") for source in tree.sources if is_picture(source.path)]
    tops = {words[0] for words in split}
    if len(tops) != 1 or any(len(words) < 3 for words in split):
        return tree
    top = tops.pop()
    alone = all(folder == top or folder.startswith(top + "/") for folder in tree.folders)
    if part_name(top) is not None or not (alone or all(part_name(words[1]) for words in split)):
        return tree
    kept = tuple(replace(source, path=source.path.removeprefix(top + "/")) for source in tree.sources)
    folders = frozenset(folder.removeprefix(top + "/") for folder in tree.folders if folder.startswith(top + "/"))
    return without_common_folder(replace(tree, sources=kept, folders=folders))


def ignored_notes(tree: Tree) -> list[str]:
    """What is left out: hidden files, and files that are neither pictures nor the list of classes."""
    others = [PurePosixPath(source.path).name for source in tree.sources if not is_picture(source.path)]
    others = [name for name in others if name != CLASS_LIST]
    notes = [f"hidden files ignored: {tree.hidden:,}"] if tree.hidden else []
    if others:
        endings = Counter(PurePosixPath(name).suffix.lower() or name for name in others)
        kinds = ", ".join(f"{count:,} {ending}" for ending, count in endings.most_common(5))
        notes.append(f"files that are no pictures ignored: {len(others):,} ({kinds})")
    return notes


def _locate(where: str, source: Source) -> tuple[str | None, str]:
    """(part or None, class) of one picture, from its path."""
    words = source.path.split("/")
    part = part_name(words[0]) if len(words) > 1 else None
    inner = words[1:] if part is not None else words
    if len(inner) < 2:
        raise DataError(f"{where}: the picture {source.path} lies in no class folder, so its class is not known. "
                        f"{LAYOUT}")
    return part, inner[0]


def _refuse_mixed_levels(where: str, located: Sequence[tuple[Source, str | None, str]]) -> None:
    parts = {part for _, part, _ in located}
    if None in parts and len(parts) > 1:
        stray = next(word for _, part, word in located if part is None)
        raise DataError(f"{where}: the folder '{stray}' stands beside folders called train, validation or test. "
                        "Move it into one of them, or out of the data set.")


def _refuse_empty_folders(where: str, tree: Tree, *, in_parts: bool) -> None:
    """Every class folder (and every part folder) must hold a picture."""
    full = {folder for source in tree.sources if is_picture(source.path) for folder in above(source.path)}
    for folder in sorted(tree.folders - full):
        words = folder.split("/")
        is_part = part_name(words[0]) is not None
        if (len(words) == 1 and (is_part or not in_parts)) or (in_parts and is_part and len(words) == 2):
            raise DataError(f"{where}: the folder {folder} holds no picture. Put pictures of that class into it, "
                            "or remove the folder.")


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(f"'{name}'" for name in names[:5]) + more
