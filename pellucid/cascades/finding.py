"""Objects in pictures by a cascade: the windows that pass, of those that cover one another the surest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.cascades.record import read_cascade
from pellucid.data.boxes.column import Boxes
from pellucid.data.options import options_of_record
from pellucid.data.single import read_sized
from pellucid.errors import DataError, FileError, describe
from pellucid.tasks.registry import task_for
from pellucid.using.held import Holder
from pellucid.using.predicting import Answered


def predict_cascade(
    place: str, images: Iterable[str], *, engine: str | None = None, max_pixels: int | None = None
) -> Answered:
    """The boxes of each picture, read in its own size; one that cannot be read or is too small has an `error`."""
    kept = read_cascade(place, engine)
    cascade, look, last = kept.cascade, kept.look, kept.last
    model, names, holder = last.model, last.names, Holder.of(last.model, last.run)
    words = {"max_pixels": max_pixels, **options_of_record(model.input_record or {}), "resize": None, "fit": "stretch"}
    task, background = task_for(Boxes.kind), cascade.stages[-1].background
    assert task is not None, "boxes are learnt by a task of ours"
    found = Answered([], task)
    for image in images:
        entry: dict[str, Any] = {"image": image}
        found.entries.append(entry)
        try:
            pixels = holder.bring(read_sized(image, **words)[0], image)
            if not look.fits(pixels):
                wanted, got = (f"{height}x{width}" for height, width in (look.window, pixels.shape[:2]))
                raise DataError(describe(image, "a picture for a cascade", f"at least {wanted} pixels", got))
        except (FileError, DataError) as fault:
            entry["error"] = str(fault)
            continue
        boxes, answers = [np.empty((0, 4))], [np.empty((0, len(names)))]
        for windows, places in look.all(pixels):
            passed, told = cascade.passed(windows)
            if len(passed):
                boxes.append(places[passed])
                answers.append(told)
        told = np.concatenate(answers)
        scores = 1 - told[:, background]
        told[:, background] = -1
        entry |= task.boxed(np.concatenate(boxes), scores, told.argmax(axis=1), names)
    found.warnings = holder.warnings
    return found
