"""How RxRx1 is laid out: experiments of four plates, wells in rows and columns, two sites a well, six channels a site.

Path    .../EXPERIMENT/PlateP/WELL_sS_wC.png
Source  Recursion's rxrx1-utils and the data set's page (rxrx.ai/rxrx1): 51 experiments, 384-well plates of 16 rows and
        24 columns whose outer ring is empty
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

CHANNELS = ("nuclei", "er", "actin", "nucleoli", "mitochondria", "golgi")       # w1 to w6
ROWS, COLUMNS = "ABCDEFGHIJKLMNOP", range(1, 25)
USED_ROWS, USED_COLUMNS = ROWS[1:-1], COLUMNS[1:-1]
PLATES, SITES = range(1, 5), (1, 2)
PATH = re.compile(r"^(?:.*/)?([A-Za-z0-9]+-\d{1,4})/Plate(\d{1,3})/"
                  r"([A-P]\d{2})_s(\d{1,2})_w(\d{1,2})\.[A-Za-z]{3,4}\r?$", re.MULTILINE)


class Site(NamedTuple):
    """Where images were taken, one a channel."""

    experiment: str
    plate: str
    well: str
    site: str

    @property
    def well_id(self) -> str:
        """U2OS-01_2_B12."""
        return f"{self.experiment}_{self.plate}_{self.well}"

    @property
    def site_id(self) -> str:
        """U2OS-01_2_B12_1."""
        return f"{self.well_id}_{self.site}"


def images_in(paths: str) -> list[tuple[Site, int]]:
    """The site and channel of each line that names an image; lines that name none are passed over."""
    return [(Site._make(found[:4]), int(found[4])) for found in PATH.findall(paths)]


def used_wells() -> Iterator[str]:
    """The 308 wells of a plate that are used."""
    return (f"{row}{column:02d}" for row in USED_ROWS for column in USED_COLUMNS)
