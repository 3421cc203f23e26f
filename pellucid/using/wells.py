"""What a model says of wells of a screen, beside what the table says they are."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.data.finding import find_pictures
from pellucid.data.options import Options, options_of_record
from pellucid.data.rxrx1.opening import LABEL
from pellucid.data.rxrx1.tables import UNKNOWN
from pellucid.errors import UsageError, shown
from pellucid.runs.begun import settings_of
from pellucid.runs.config import read_record
from pellucid.using.opening import classifier_of
from pellucid.using.predicting import Answered, answered


def predict_wells(run: str, wells: Sequence[str], *, data: str | None, top: int, engine: str | None = None,
                  max_pixels: int | None = None, tta: bool = False) -> Answered:  # fmt: skip
    """The answer for each site of the wells that has the model's channels; `true` is the class that the table tells.

    `data` is the folder of the screen; None: that of the run. Raises UsageError for a well that is not there and for
    data that are no screen, DataError where no site has the channels.
    """
    opened = classifier_of(run)
    model, folder = opened
    config = None if folder is None else settings_of(read_record(folder), str(folder.config))
    if data is None and config is None:
        raise UsageError(f"predict: a model file does not say where its wells are. Type --data FOLDER beside "
                         f"--well {shown(wells[0])}.")
    options = Options(max_pixels=max_pixels, **options_of_record(model.input_record or {}))
    label = (None if config is None else config.label) or LABEL
    where = data or (config.data if config is not None else "")
    found = [one for well in wells for one in find_pictures(where, well, options)[0]]
    if any(label not in one.known for one in found):
        raise UsageError(f"predict: --well names wells of RxRx1's tables, and {shown(where)} has none. Give pictures.")
    told = answered(opened, run, found, top=top, engine=engine, max_pixels=max_pixels, tta=tta)
    names = set(model.class_names or ())
    for entry, one in zip(told.entries, found, strict=True):
        entry["true"] = one.known[label]
    strange = sorted({one.known[label] for one in found} - names - {UNKNOWN})
    if strange:
        told.warnings.append(f"the model has no class {', '.join(map(shown, strange))}: it was not among those that it "
                             f"learnt, or the tables are of another release, whose {label} has other names")
    return told
