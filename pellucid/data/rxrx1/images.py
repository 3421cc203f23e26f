"""Which images of RxRx1 are there, and which are missing.

Grid    the images that the tables' experiments should have: 4 plates of 308 wells, 2 sites, 6 channels, so 14,784 an
        experiment and 753,984 of 51
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice

from pellucid.data.rxrx1.plates import CHANNELS, PATH, PLATES, SITES, Site, images_in, used_wells
from pellucid.data.rxrx1.tables import Wells
from pellucid.data.sources import Source, Tree
from pellucid.data.table_text import Table, read_table
from pellucid.errors import DataError, FileError, shown

COLUMNS = ("experiment", "plate", "well", "site", "channel")      # of pixel_stats.csv


@dataclass(frozen=True)
class Missing:
    """What of a grid is not there: images in all, by experiment and by channel, examples, and strays."""

    expected: int
    found: int
    missing: int
    by_experiment: Mapping[str, int]
    by_channel: Mapping[str, int]
    sites: int                      # that lack some, but not all of their channels
    wells_without: int              # wells of the tables without an image
    unlisted: int                   # wells with images of which the tables know nothing
    examples: tuple[str, ...]

    @property
    def said(self) -> str:
        """In a sentence."""
        if not self.missing:
            return f"all {self.expected:,} channel images are there"
        worst = ", ".join(f"{name} {count:,}" for name, count in list(self.by_experiment.items())[:5])
        channels = ", ".join(f"{name} {count:,}" for name, count in self.by_channel.items())
        more = " ..." if len(self.by_experiment) > 5 else ""
        return (f"{self.missing:,} of {self.expected:,} channel images are missing ({worst}{more}; {channels}); "
                f"{self.sites:,} sites lack some of their channels; such as {', '.join(self.examples)}")


def images_of(tree: Tree) -> dict[Site, dict[int, Source]]:
    """The files of each site by channel. Raises DataError for two files of one image."""
    found: dict[Site, dict[int, Source]] = {}
    for source in tree.sources:
        for site, channel in images_in(source.path):
            planes = found.setdefault(site, {})
            if channel in planes:
                raise DataError(f"{tree.where}: {shown(planes[channel].path, 200)} and {shown(source.path, 200)} are "
                                "the same channel of the same site. Remove one.")
            planes[channel] = source
    return found


def listed_images(content: bytes, where: str) -> dict[Site, set[int]]:
    """The channels of each site that a listing names: a path a line, or pixel_stats.csv. Raises FileError for none."""
    begin = content.partition(b"\n")[0].lower()
    if b"experiment" in begin and b"channel" in begin:
        named = _rows(read_table(content, where, COLUMNS))
    else:
        named = PATH.findall(content.decode("utf-8", "replace"))
    if not named:
        raise FileError(f"{where}: no line names an image (.../EXPERIMENT/Plate1/B02_s1_w1.png). Write one with: find "
                        "FOLDER -name '*.png' > listing.txt")
    found: dict[tuple[str, ...], set[int]] = {}       # plain: of a million a class of its own would take seconds
    for experiment, plate, well, number, channel in named:
        found.setdefault((experiment, plate, well, number), set()).add(int(channel))
    return {Site._make(site): channels for site, channels in found.items()}


def _rows(table: Table) -> list[list[str]]:
    places = [table.place_of([name]) for name in COLUMNS]
    if None in places:
        raise FileError(f"{table.where}: the table must have the columns {', '.join(COLUMNS)}. Take pixel_stats.csv as "
                        "it is.")
    told = ([cells[place or 0] for place in places] for _, cells in table.rows())
    return [row for row in told if row[4].isdecimal()]


def missing_images(wells: Wells, there: Mapping[Site, Collection[int]]) -> Missing:
    """What of the tables' experiments is not among the channels of each site that are there."""
    experiments = sorted(set(wells.columns["experiment"]))
    numbers = range(1, len(CHANNELS) + 1)
    grid = [Site(experiment, str(plate), well, str(site)) for experiment in experiments for plate in PLATES
            for well in used_wells() for site in SITES]
    lacking = {site: gaps for site in grid if (gaps := [one for one in numbers if one not in there.get(site, ())])}
    by_experiment, by_channel = Counter[str](), Counter[str]()
    for site, gaps in lacking.items():
        by_experiment[site.experiment] += len(gaps)
        by_channel.update(CHANNELS[one - 1] for one in gaps)
    examples = ((site, one) for site, gaps in lacking.items() for one in gaps)
    with_images = {site.well_id for site in there}
    return Missing(
        expected=len(grid) * len(CHANNELS), found=sum(map(len, there.values())), missing=by_channel.total(),
        by_experiment=dict(by_experiment.most_common()),
        by_channel={name: by_channel[name] for name in CHANNELS if by_channel[name]},
        sites=sum(len(gaps) < len(CHANNELS) for gaps in lacking.values()),
        wells_without=len(wells.row_of.keys() - with_images), unlisted=len(with_images - wells.row_of.keys()),
        examples=tuple(f"{site.experiment}/Plate{site.plate}/{site.well}_s{site.site}_w{one}.png"
                       for site, one in islice(examples, 3)),
    )  # fmt: skip
