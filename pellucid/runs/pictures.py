"""The pictures of a run: curves.png, confusion.png and mistakes.png in its folder, and those of its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.reports.curves import curve_panels, curves_png
from pellucid.reports.drawing import to_png, to_svg
from pellucid.runs.cards import mistake_cards, right_cards, sample_cards
from pellucid.runs.confusion import confusion_figure
from pellucid.runs.evaluation import Evaluation
from pellucid.runs.mistakes import MOST, mistakes_png

if TYPE_CHECKING:
    from pellucid.data.dataset import Part
    from pellucid.storage.run_folder import RunFolder


Rows = Sequence[Mapping[str, Any]]
Images = Callable[[np.ndarray], np.ndarray]


def write_pictures(
    folder: RunFolder, *, history: Rows, steps: Rows, evaluation: Evaluation, images: Images, training: Part
) -> dict[str, Any]:
    """Draw and write all three; return what the report shows, as `render` of report.py takes it.

    images(indices) gives the raw pixels (n,H,W,C) of the evaluated part. history and steps are rows as in history.csv
    and steps.csv (numbers or text); `training` is the training part, of which a sample is shown. Raises FileError when
    a picture cannot be written and ShapeError when `images` gives something that is not n pictures.
    """
    from pellucid.storage.writer import write_bytes

    write_bytes(folder.curves, curves_png(history, steps))
    confusion = confusion_figure(evaluation)
    matrix = to_svg(confusion, "Confusion matrix: rows are true classes, columns predicted ones")
    write_bytes(folder.confusion, to_png(confusion))
    write_bytes(folder.mistakes, mistakes_png(evaluation, images))
    return {
        "curves": curve_panels(history, steps),
        "confusion": matrix,
        "mistakes": mistake_cards(evaluation, images, MOST),
        "right": right_cards(evaluation, images),
        "sample": sample_cards(training.labels, evaluation.class_names, training.images.take),
    }
