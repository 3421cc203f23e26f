"""One picture of a data set, drawn: its channels alone, and in one."""

from __future__ import annotations

import numpy as np

from pellucid.data.finding import find_pictures
from pellucid.reports.views import OWN, views_png
from pellucid.runs.config import RunConfig
from pellucid.runs.reading import reading_of

TOLD = ("sirna", "well_type", "cell_type")     # of a well


def view(config: RunConfig, name: str, *, site: int | None = None, composite: bool = False,
         colours: str = OWN) -> tuple[bytes, str]:  # fmt: skip
    """PNG of the picture of that name (of a well, of its first site with all channels), and what it shows in words.

    Raises UsageError for a picture that is not there and for colours that mean nothing, DataError for channels that
    are missing.
    """
    found, options = find_pictures(config.data, name, reading_of(config), site=site)
    pixels, names = found[0].read(options)
    known = found[0].known
    told = ", ".join(f"{key.replace('_', ' ')} {known[key]}" for key in TOLD if key in known)
    size = f"{pixels.shape[0]}x{pixels.shape[1]}, {pixels.dtype}, {pixels.min():g} to {pixels.max():g}"
    below = f"{told}; {size}." if told else f"{size}."
    drawn = views_png(np.asarray(pixels), names, title=found[0].name, below=below, colours=colours,
                      composite=composite and len(names) > 1)
    return drawn, f"{found[0].name}: {', '.join(names)}{f' ({told})' if told else ''}"
