"""RxRx1 as a data set: a sample a site, six channels, the siRNA or any other column as its class.

Classes   are the names that the column holds; with the siRNA, control wells are left out where there are treated ones
Groups    the well, so that its two sites stay together; or what --group names: experiment, plate, cell_type ...
Parts     train and test as the tables say; wells of the test part whose class is not known are left out
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.channels import CHANNELS as KINDS
from pellucid.data.channels import names_of, refuse_unknown
from pellucid.data.dataset import Dataset
from pellucid.data.group_pattern import groups_of
from pellucid.data.naming import sorted_names
from pellucid.data.options import Options
from pellucid.data.rxrx1.images import images_of
from pellucid.data.rxrx1.plates import CHANNELS
from pellucid.data.rxrx1.tables import TREATMENT, UNKNOWN, Wells, check_column, join
from pellucid.data.samples import Sample, dataset_of
from pellucid.data.sources import Source, Tree
from pellucid.data.stacks import incomplete, stack_of
from pellucid.data.wells import grouped_by_well
from pellucid.data.where import parse_where, refuse_none
from pellucid.errors import ArgumentError, DataError, shown

LABEL, SITE = "sirna", "site"


@dataclass(frozen=True)
class Image:
    """One site: its source of all channels wanted, and the row of its well."""

    source: Source
    row: int
    site: str


def open_rxrx1(name: str, tree: Tree, options: Options) -> Dataset | None:
    """The data set of a tree with RxRx1's tables; None for another tree. Raises DataError, ArgumentError."""
    if options.annotations not in (None, "classes"):
        return None
    wells = join(tree)
    if wells is None:
        return None
    sites, notes = whole_sites(tree, wells, options)
    sites = chosen_sites(wells, sites, options.where)
    notes += [f"rows where {options.where}: {len(sites):,} sites"] if options.where else []
    label = check_column(wells, "--label", options.label or LABEL)
    chosen, told = _learnt(wells, sites, label, options)
    classes = sorted_names({wells.columns[label][site.row] for site in chosen})
    numbers = {word: number for number, word in enumerate(classes)}
    groups, parted = _groups(wells, chosen, options)
    samples = [Sample(site.source, wells.columns["dataset"][site.row].removesuffix("_controls"), group)
               for site, group in zip(chosen, groups, strict=True)]
    labels = Classes(np.array([numbers[wells.columns[label][site.row]] for site in chosen], np.int64))
    counted = [f"{len(wells):,} wells in the tables, {wells.release}", f"classes from the column {label}"]
    kind = options.channels if options.channels in KINDS else None
    return dataset_of(name, tree.where, samples, labels, classes, options=replace(options, channels=kind),
                      notes=[*counted, *notes, *told, *parted], extra_hashes=wells.hashes)


def whole_sites(tree: Tree, wells: Wells, options: Options) -> tuple[list[Image], list[str]]:
    """The sites that have every channel wanted, and notes. Raises DataError where none has, or all are required to."""
    names = wanted_channels(options)
    found = images_of(tree)
    if not found:
        raise DataError(f"{tree.where}: the tables are RxRx1's, but there is no image of it here "
                        "(.../EXPERIMENT/Plate1/B02_s1_w1.png). Add the images, or type: pellucid data info --tables")
    numbers = [CHANNELS.index(name) + 1 for name in names]
    whole, lacking, strays = [], dict[str, list[str]](), 0
    for site, planes in sorted(found.items()):
        if site.well_id not in wells.row_of:
            strays += 1
        elif all(number in planes for number in numbers):
            stack = stack_of(site.site_id, [planes[number] for number in numbers], names)
            whole.append(Image(stack, wells.row_of[site.well_id], site.site))
        else:
            lacking[site.site_id] = [CHANNELS[number - 1] for number in numbers if number not in planes]
    notes = incomplete(tree.where, lacking, len(whole) + len(lacking), require_all=options.require_all_channels)
    empty = len(wells) - len(wells.row_of.keys() & {site.well_id for site in found})
    notes += [f"wells of the tables without an image: {empty:,}"] if empty > 0 else []
    return whole, notes + ([f"sites of wells that no table lists, left out: {strays:,}"] if strays else [])


def chosen_sites(wells: Wells, sites: list[Image], where: str | None) -> list[Image]:
    """The sites whose rows have the values wanted. Raises UsageError for another column, DataError where none does."""
    if where is None:
        return sites
    wanted = parse_where(where)
    columns = {name: wells.columns[check_column(wells, "--where", name)] for name in wanted if name != SITE}
    kept = [site for site in sites if all(column[site.row] in wanted[name] for name, column in columns.items())
            and site.site in wanted.get(SITE, (site.site,))]
    if not kept:
        raise refuse_none(wells.where, where)
    return kept


def wanted_channels(options: Options) -> tuple[str, ...]:
    """The channels to read. Raises ArgumentError for others, and for a pattern."""
    word = options.channels
    if word is None or word in KINDS:
        return CHANNELS
    if "=" in word:
        raise ArgumentError(f"data: --channels: RxRx1's channels are known. Type names of them, such as --channels "
                            f"{','.join(CHANNELS[:2])}.")
    refuse_unknown(CHANNELS, word)
    return names_of(word)


def _learnt(wells: Wells, sites: Sequence[Image], label: str, options: Options) -> tuple[list[Image], list[str]]:
    """The sites whose class is known and meant, and notes. Raises DataError where they are all of one class."""
    column, kinds = wells.columns[label], wells.columns["well_type"]
    known = [site for site in sites if column[site.row] != UNKNOWN]
    less = len(sites) - len(known)
    notes = [f"images whose {label} is not told, left out: {less:,}"] if less else []
    treated = [site for site in known if kinds[site.row] == TREATMENT]
    if label == LABEL and options.label is None and treated:
        if len(treated) < len(known):
            controls = len(known) - len(treated)
            notes.append(f"images of control wells, left out: {controls:,}; --label sirna takes them in")
        known = treated
    if not known:
        raise DataError(f"{wells.where}: of no image the {label} is told. Type --label cell_type, or another column.")
    words = {column[site.row] for site in known}
    if options.learning and len(words) == 1:
        raise DataError(f"{wells.where}: all {len(known):,} images are of one {label}, {shown(words.pop())}, so there "
                        "is nothing to tell apart. Type --label cell_type, or add images of other wells.")
    return known, notes


def _groups(wells: Wells, sites: Sequence[Image], options: Options) -> tuple[list[str | None], list[str]]:
    """The group of each site, and notes; sites of one well stay together unless the options part them."""
    columns: Mapping[str, Sequence[str]] = wells.columns
    ids = [columns["id_code"][site.row] for site in sites]
    found = groups_of(wells.where, [site.source.path for site in sites], options.group_pattern)
    if options.group is not None:
        names = [check_column(wells, "--group", name) for name in options.group.split(",")]
        found = ["/".join(_group(columns, name, site.row) for name in names) for site in sites]
    return grouped_by_well(wells.where, found, ids, options)


def _group(columns: Mapping[str, Sequence[str]], name: str, row: int) -> str:
    """What parts must not share: a plate and a well are those of their experiment."""
    if name == "plate":
        return f"{columns['experiment'][row]}_{columns['plate'][row]}"
    return columns["id_code" if name == "well" else name][row]
