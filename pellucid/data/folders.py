"""Image folders: `train/<class>/*` with any usual spelling of the parts, or one level `<class>/*`; also inside tars.

The class of a picture is its folder just below the part (deeper folders belong to it). Classes are numbered by name
(names that are all numbers: by value), or by the lines of a classes.txt beside them; names that differ in their
Unicode form alone are one. A folder called like a part that holds pictures itself, beside others that do, is a class.
Hidden files and files that are no pictures are ignored and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Dataset
from pellucid.data.endings import is_picture, is_unread_picture, unread_kinds
from pellucid.data.group_pattern import groups_of
from pellucid.data.naming import (
    one_form,
    parse_class_list,
    part_name,
    shown_names,
    some_names,
    sorted_names,
)
from pellucid.data.options import Options
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree, above
from pellucid.errors import DataError, shown

CLASS_LIST = "classes.txt"
LAYOUT = "A folder needs train/<class>/*.png or <class>/*.png, a CSV table (columns path,label), IDX files or an NPZ."
Located = tuple[Source, str | None, str]        # a picture, its part or None, its class


def open_image_folder(name: str, tree: Tree, options: Options, notes: Sequence[str] = ()) -> Dataset:
    """Read a tree of class folders. Raises DataError for an empty class, or a class that only the test part has."""
    listed = class_list(tree)
    inner = without_common_folder(tree)
    located = locate(inner)
    if not located:
        unread = unread_kinds(source.path for source in inner.sources)
        told = (f"no picture in it can be read, but it holds {unread}" if unread
                else f"there is no picture in it ({len(inner.sources)} other files)")
        raise DataError(f"{tree.where}: {told}. {LAYOUT}")
    found = {part for _, part, _ in located}
    learnt = next(part for part in ("train", None, "validation", "test") if part in found)
    empty = _empty_folders(inner, learnt, in_parts=None not in found, scored_only=not options.learning)
    words = {word for _, part, word in located if part == learnt or not options.learning}
    classes = listed or sorted_names(set(shown_names(words).values()))
    numbers = {one_form(word): number for number, word in enumerate(classes)}
    for source, _, word in located:
        if one_form(word) not in numbers:
            told = CLASS_LIST if listed else f"the {learnt} part"
            raise DataError(f"{source.where}: the class '{shown(word)}' is not in {told}, which has {len(classes)}: "
                            f"{some_names(classes)}. Correct the folder's name or add the class.")
    groups = groups_of(tree.where, [source.path for source, _, _ in located], options.group_pattern)
    samples = [Sample(source, part or "train", group)
               for (source, part, _), group in zip(located, groups, strict=True)]
    labels = Classes(np.array([numbers[one_form(word)] for _, _, word in located], np.int64))
    told_twice = {word for _, _, word in located if numbers[one_form(word)] != numbers.get(word)}
    same = [f"names in two Unicode forms taken as one: {some_names(sorted(told_twice))}"] if told_twice else []
    dataset = dataset_of(name, tree.where, samples, labels, classes, options=options,
                         notes=[*notes, *ignored_notes(inner), *empty, *same])
    return replace(dataset, undivided=found == {None})


def locate(tree: Tree) -> list[Located]:
    """Every picture with its part and class. Raises DataError for one that lies in no class folder."""
    pictures = [source for source in tree.sources if is_picture(source.path)]
    parts = _tops_that_are_parts(pictures)
    located = [_located(tree.where, source, parts) for source in pictures]
    inside = {part for _, part, _ in located}
    if None in inside and len(inside) > 1:
        stray = next(word for _, part, word in located if part is None)
        taken = ", ".join(sorted(parts))
        raise DataError(f"{tree.where}: the folder '{shown(stray)}' stands beside {taken}, taken for parts of the set "
                        f"(train, validation or test). Move '{shown(stray)}' into one of them or out of the data set; "
                        "rename a class that is called so, or list the pictures in a CSV (columns path,label).")
    return located


def _tops_that_are_parts(pictures: Sequence[Source]) -> frozenset[str]:
    """The top folders that are parts: none where those called so hold pictures themselves, beside others that do."""
    deep: dict[str, set[bool]] = {}
    for source in pictures:
        top, *inner = source.path.split("/")
        if inner:
            deep.setdefault(top, set()).add(len(inner) > 1)
    parts = frozenset(top for top in deep if part_name(top) is not None)
    classes = any(False in deep[top] for top in deep if top not in parts)
    if classes and all(False in deep[top] for top in parts):
        return frozenset()
    return parts


def _located(where: str, source: Source, parts: frozenset[str]) -> Located:
    top, *inner = source.path.split("/")
    words = inner if top in parts else [top, *inner]
    if len(words) >= 2:
        return source, part_name(top) if top in parts else None, words[0]
    if top in parts:
        raise DataError(f"{where}: the folder {shown(top)} is taken for a part of the data ({top}/<class>/*.png), but "
                        f"its picture {shown(source.path)} lies in no class folder. Sort its pictures into class "
                        "folders, or list them in a CSV (columns path,label); if it is a class, rename it.")
    raise DataError(f"{where}: the picture {shown(source.path)} lies in no class folder, so its class is not known. "
                    f"{LAYOUT}")


def class_list(tree: Tree) -> tuple[str, ...] | None:
    """The names in the classes.txt nearest to the top, or None."""
    lists = [source for source in tree.sources if source.path.rpartition("/")[2] == CLASS_LIST]
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
    folders, unfollowed = (frozenset(folder.removeprefix(top + "/") for folder in names if folder.startswith(top + "/"))
                           for names in (tree.folders, tree.unfollowed))
    return without_common_folder(replace(tree, sources=kept, folders=folders, unfollowed=unfollowed))


def ignored_notes(tree: Tree) -> list[str]:
    """What is left out: hidden files, pictures of a kind that is not read, and files that are no pictures."""
    names = [PurePosixPath(source.path).name for source in tree.sources if not is_picture(source.path)]
    others = [name for name in names if name != CLASS_LIST and not is_unread_picture(name)]
    notes = [f"hidden files ignored: {tree.hidden:,}"] if tree.hidden else []
    notes += tree.remarks
    if unread := unread_kinds(names):
        notes.append(f"pictures of a kind that is not read: {unread}")
    if others:
        endings = Counter(PurePosixPath(name).suffix.lower() or name for name in others)
        kinds = ", ".join(f"{count:,} {shown(ending, 20)}" for ending, count in endings.most_common(5))
        notes.append(f"files that are no pictures ignored: {len(others):,} ({kinds})")
    return notes


def _empty_folders(tree: Tree, learnt: str | None, *, in_parts: bool, scored_only: bool) -> list[str]:
    """Notes on class folders without a picture where one may be missing: in a part that is only scored.

    Raises DataError for an empty class folder to learn from and for an empty part.
    """
    full = {folder for source in tree.sources if is_picture(source.path) for folder in above(source.path)}
    empty = []
    for folder in sorted(tree.folders - full):
        words = folder.split("/")
        part = part_name(words[0]) if in_parts else None
        if len(words) == 1 and (part is not None or not in_parts):
            needed = part is not None or not scored_only
        elif part is not None and len(words) == 2:
            needed = part == learnt and not scored_only
        else:
            continue
        if needed:
            _refuse_empty(tree, folder)
        empty.append(folder)
    return [f"class folders without a picture: {some_names(empty)}"] if empty else []


def _refuse_empty(tree: Tree, folder: str) -> None:
    if folder in tree.unfollowed:
        raise DataError(f"{tree.where}: the folder {shown(folder)} is a link to a folder of the same data set, which "
                        "is not followed. Copy the pictures, link to a folder outside, or remove the link.")
    inside = [source.path for source in tree.sources if source.path.startswith(folder + "/")]
    unread = unread_kinds(inside)
    held = f" that can be read, but {unread}" if unread else f", but {len(inside):,} other files" if inside else ""
    raise DataError(f"{tree.where}: the folder {shown(folder)} holds no picture{held}. "
                    "Put pictures of that class into it, or remove the folder.")
