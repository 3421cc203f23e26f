"""open_dataset: from what the user typed (a name, a folder, a file) to a data set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pellucid.data.beside import table_beside
from pellucid.data.dataset import Dataset
from pellucid.data.digits import open_digits
from pellucid.data.endings import ARRAY, ending, is_picture
from pellucid.data.folders import class_list, open_image_folder
from pellucid.data.hdf5 import open_hdf5_store
from pellucid.data.idx import is_idx_folder, open_idx_folder, refuse_nearly_idx
from pellucid.data.known import KNOWN, find_known
from pellucid.data.listing import file_source, scan_folder
from pellucid.data.naming import part_name, readable
from pellucid.data.npz import open_npz
from pellucid.data.options import Options, margin_of
from pellucid.data.rxrx1.opening import open_rxrx1
from pellucid.data.sources import Source, Tree, is_tar, stem
from pellucid.data.tables import open_table
from pellucid.errors import ArgumentError, DataError, FileError, UsageError
from pellucid.storage.memory import asking
from pellucid.words import user_path

FILES = ".npz, .h5, .csv, .tar, .tar.gz"
READ_FROM = {
    "boxes": "VOC XML beside pictures, COCO JSON, YOLO txt with a data.yaml, or a CSV (columns filename, class, xmin, "
             "ymin, xmax, ymax)",
    "points": "a CSV (columns image, x0, y0, x1, y1 ... or image, nose_x, nose_y ...), COCO keypoints, YOLO pose with "
              "a data.yaml, .pts files beside pictures, or the labeled-data of DeepLabCut",
    "people": "COCO keypoints (also a folder of pellucid data draw), YOLO pose with a data.yaml, or a CSV with several "
              "rows a picture",
}  # fmt: skip


def open_dataset(spec: str, *, data_dir: str | Path | None = None, resize: tuple[int, int] | None = None,
                 channels: str | None = None, limit: int | None = None, group: str | None = None,
                 label: str | None = None, fit: str = "stretch", alpha: str = "white", skip_broken: float = 0.0,
                 max_pixels: int | None = None, group_pattern: str | None = None, learning: bool = True,
                 annotations: str | None = None, require_all_channels: bool = False, wells: str = "together",
                 allow_leak: bool = False, where: str | None = None, crop: str = "auto",
                 box_noise: float = 0.0) -> Dataset:
    """Open `digits`, a known name (`mnist` ...), a folder, or a file (.npz, .h5, .csv, .tar, .tar.gz).

    resize (height, width) in pixels; channels: a kind of colour (gray, rgb, hsv, hsl, yuv, ycbcr), names of channels
    ("nuclei,er"), or what in a file's name says which channel it holds ("w1=nuclei,w2=er"); limit: the most samples a
    part keeps, every class in proportion; group and label: columns of a CSV table, several with commas; fit "stretch",
    "letterbox" or "crop"; alpha "white" or "drop"; skip_broken: percent of the pictures that may be left out;
    max_pixels: the most one may have; group_pattern: a regular expression whose groups, found in the path of a picture,
    are its group;
    learning=False: the data are only scored, so that a single class, and classes without a picture, are fine;
    annotations: "classes", "numbers", "boxes", "points" or "people", what is to be learnt (None: the data decide);
    require_all_channels: refuse pictures in several files of which some are missing, rather than leave them out; wells:
    "together" or "apart", whether pictures of one well of a table are a group; allow_leak: groups may part them; where:
    which rows of a table are read ("cell_type=U2OS,site=1|2"); crop: "none", or how much around its box is cut out with
    each object that has points ("0.25", of its longer side), "auto" where there are boxes; box_noise: how much, of its
    sides, that box is shifted and scaled at random.

    Raises UsageError (no such data), DataError (data that cannot be learnt from), FileError (a broken file)
    and ArgumentError (an illegal option).
    """
    options = Options(resize=resize, channels=channels, limit=limit, group=group, label=label, fit=fit, alpha=alpha,
                      skip_broken=skip_broken, max_pixels=max_pixels, group_pattern=group_pattern, learning=learning,
                      annotations=annotations, require_all_channels=require_all_channels, wells=wells,
                      allow_leak=allow_leak, where=where, crop=crop, box_noise=box_noise)
    if spec == "digits":
        _refuse_columns(spec, options)
        _refuse_numbers(spec, options)
        return open_digits(options)
    path = find_known(spec, data_dir) if spec in KNOWN else user_path(spec)
    if not os.path.exists(path):  # pathlib raises for names that are too long
        if path.is_symlink():
            raise FileError(f"{path}: the link leads nowhere. Repair or remove it.")
        raise UsageError(f"'{spec}' is neither a known data set (digits, {', '.join(KNOWN)}) nor a folder or file "
                         "here. Check the path.")
    with asking(spec, "Take fewer images with --limit N, or smaller ones with --resize."):
        dataset = _open_folder(path, options) if os.path.isdir(path) else _open_file(path, options)
    _refuse_crop(spec, dataset, options)
    if "=" in (options.channels or ""):
        from pellucid.data.stacks import STACK

        dataset = replace(dataset, reading={**dataset.reading, STACK: str(options.channels)})
    return replace(dataset, name=spec) if spec in KNOWN else dataset


def _open_folder(folder: Path, options: Options) -> Dataset:
    name = readable(folder.resolve().name)
    files = _files_in(folder)
    if is_idx_folder([file.name for file in files]):
        _refuse_columns(str(folder), options)
        _refuse_numbers(str(folder), options)
        return open_idx_folder(folder, options)
    tree = _tree(folder, files)
    if (wells := open_rxrx1(name, tree, options)) is not None:
        return wells
    tree, options = as_pictures(tree, options)
    if (marked := _marked(name, tree, options)) is not None:
        return marked
    table, notes = table_beside(tree, options)
    if table is not None:
        return open_table(name, table, tree, class_list(tree), options)
    arrays = [file for file in files if file.suffix.lower() == ".npz"]
    if len(arrays) == 1 and not any(is_picture(source.path) for source in tree.sources):
        return _open_file(arrays[0], options)
    if not any(is_picture(source.path) for source in tree.sources):
        refuse_nearly_idx(folder, [file.name for file in files])
    _refuse_columns(str(folder), options, of_paths=True)
    _refuse_numbers(str(folder), options, notes)
    try:
        return open_image_folder(name, tree, options, notes)
    except DataError as error:
        if type(error) is not DataError or not notes:
            raise
        raise DataError(f"{error} {'; '.join(notes)}.") from error  # the table may be where the classes are


def _marked(name: str, tree: Tree, options: Options, table: Source | None = None) -> Dataset | None:
    """The points or boxes of a tree, or of a `table` that was named, if they are wanted and there are any.

    Raises DataError where they are wanted and missing.
    """
    found: Dataset | None = None
    if options.annotations == "people":
        from pellucid.data.people.opening import open_people

        found = open_people(name, tree, options, table)
    if options.annotations == "points" or (options.annotations is None and options.label is None):
        from pellucid.data.points.opening import open_points

        found = open_points(name, tree, options, table)
    if found is None and options.annotations in (None, "boxes"):
        from pellucid.data.boxes.opening import marks_boxes, open_boxes  # its readers take msgspec and a parser of XML

        found = open_boxes(name, tree, options, table) if table is None or marks_boxes(table) else None
        if found is not None:
            _refuse_columns(tree.where, options, of_paths=True)
    if found is not None:
        _refuse_where(tree.where, options)
    if found is None and options.annotations in READ_FROM and table is None:
        raise DataError(f"{tree.where}: {options.annotations} are wanted, but there are none here. They are read from "
                        f"{READ_FROM[options.annotations]}.")
    return found


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        raise FileError(f"{folder}: the folder cannot be read ({error.strerror}).") from error


def _open_file(path: Path, options: Options) -> Dataset:
    if path.suffix.lower() in (".csv", ".tsv"):
        tree, options = as_pictures(_tree(path.parent, _files_in(path.parent)), options)
        table = file_source(readable(path.name), path)
        if (marked := _marked(readable(path.stem), tree, options, table)) is not None:
            return marked
        return open_table(readable(path.stem), table, tree, class_list(tree), options)
    if is_tar(path.name):
        return _open_tar(path, options)
    _refuse_columns(str(path), options)
    if path.suffix.lower() == ".npz":
        return open_npz(path, options)
    if path.suffix.lower() in (".h5", ".hdf5"):
        return open_hdf5_store(path, options)
    raise DataError(f"{path}: a file of data must end in {FILES}. IDX files are opened by their folder: {path.parent}.")


def _open_tar(path: Path, options: Options) -> Dataset:
    from pellucid.data.tars import scan_tar

    tree = scan_tar(path)
    if (wells := open_rxrx1(stem(path.name), tree, options)) is not None:
        return wells
    tree, options = as_pictures(tree, options)
    if (marked := _marked(stem(path.name), tree, options)) is not None:
        return marked
    _refuse_columns(str(path), options, of_paths=True)
    _refuse_numbers(str(path), options)
    return open_image_folder(stem(path.name), tree, options)


def tree_at(path: Path) -> Tree:
    """All files of a folder, of a tar, or of the folder that a table lies in."""
    if is_tar(path.name) and path.is_file():
        from pellucid.data.tars import scan_tar

        return scan_tar(path)
    folder = path if path.is_dir() else path.parent
    return _tree(folder, _files_in(folder))


def _tree(folder: Path, files: list[Path]) -> Tree:
    """The folder, with the tars at its top seen as folders when no picture lies outside them."""
    tree = scan_folder(folder)
    archives = [file for file in files if is_tar(file.name)]
    if not archives or any(is_picture(source.path) for source in tree.sources):
        return tree
    from pellucid.data.tars import refuse_missing, scan_tar

    refuse_missing(folder, [archive.name for archive in archives])
    trees = [_placed(scan_tar(archive), stem(archive.name)) for archive in archives]
    outside = tuple(source for source in tree.sources if not is_tar(source.path))
    return Tree(tree.where, (*outside, *(source for inner in trees for source in inner.sources)),
                frozenset().union(*(inner.folders for inner in trees)),
                tree.hidden + sum(inner.hidden for inner in trees),
                tree.unfollowed, (*tree.remarks, *(remark for inner in trees for remark in inner.remarks)))


def as_pictures(tree: Tree, options: Options) -> tuple[Tree, Options]:
    """The tree with a source a picture, and the options that are left to ask of each.

    Arrays (.npy) are pictures where there are no others; files of one channel are joined as a pattern says.
    """
    pictures = [source for source in tree.sources if is_picture(source.path)]
    arrays = [source for source in pictures if ending(source.path) == ARRAY]
    if 0 < len(arrays) < len(pictures):
        kept = tuple(source for source in tree.sources if ending(source.path) != ARRAY)
        remark = f"arrays beside pictures, not read: {len(arrays):,} {ARRAY}"
        tree = replace(tree, sources=kept, remarks=(*tree.remarks, remark))
    if options.channels is None or "=" not in options.channels:
        return tree, options
    from pellucid.data.stacks import parse_pattern, stacked

    pattern = parse_pattern(options.channels)
    return stacked(tree, pattern, require_all=options.require_all_channels), replace(options, channels=None)


def _placed(tree: Tree, name: str) -> Tree:
    """The tree of `train.tar` below `train/`, unless its own paths begin with the name of that part already."""
    if part_name(name) is None or all(part_name(source.path.partition("/")[0]) for source in tree.sources):
        return tree
    return replace(tree, sources=tuple(replace(source, path=f"{name}/{source.path}") for source in tree.sources),
                   folders=frozenset(f"{name}/{folder}" for folder in tree.folders))


def _refuse_columns(where: str, options: Options, *, of_paths: bool = False) -> None:
    """Refuse options that name columns where there are none, and a pattern where there are no paths."""
    if options.group_pattern is not None and not of_paths:
        raise ArgumentError(f"{where}: --group-pattern is searched in the paths of pictures, but this data set has "
                            "none. Leave it out.")
    _refuse_where(where, options)
    for flag, value in (("--group", options.group), ("--label", options.label)):
        if value is not None:
            raise ArgumentError(f"{where}: {flag} names a column of a CSV table, but this data set is not a table. "
                                f"Leave {flag} out, or give a CSV with the columns path,label,{value}.")


def _refuse_where(where: str, options: Options) -> None:
    if options.where is not None:
        raise ArgumentError(f"{where}: --where names columns of a CSV table of classes or numbers, but this data set "
                            "is none. Leave it out.")


def _refuse_crop(where: str, dataset: Dataset, options: Options) -> None:
    kind = next(iter(dataset.parts.values())).annotations.kind
    for flag, typed in (("--crop", margin_of(options.crop) is not None), ("--box-noise", bool(options.box_noise))):
        if typed and kind != "points":
            raise ArgumentError(f"{where}: {flag} is about objects with points, but these pictures have {kind}. Leave "
                                "it out.")


def _refuse_numbers(where: str, options: Options, notes: Sequence[str] = ()) -> None:
    """Refuse numbers where there are none; `notes` are on tables that hold none either."""
    if options.annotations == "numbers":
        told = "".join(f" {note}." for note in notes)
        raise DataError(f"{where}: numbers are wanted, but there are only classes here. Numbers come from a CSV table "
                        f"beside the pictures (columns path,target) or from y_train of an NPZ or HDF5 file.{told}")
