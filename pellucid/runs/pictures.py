"""The three pictures of a run folder: curves.png, confusion.png and mistakes.png."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.runs.confusion import confusion_png
from pellucid.runs.curves import curves_png
from pellucid.runs.evaluation import Evaluation
from pellucid.runs.mistakes import mistakes_png

if TYPE_CHECKING:
    from pellucid.storage.run_folder import RunFolder


def write_pictures(
    folder: RunFolder,
    *,
    history: Sequence[Mapping[str, Any]],
    steps: Sequence[Mapping[str, Any]],
    evaluation: Evaluation,
    images: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Draw and write all three; images(indices) gives the raw pixels (n,H,W,C) of the evaluated part.

    history and steps are rows as in history.csv and steps.csv (numbers or text). Raises FileError when a picture
    cannot be written and ShapeError when `images` gives something that is not n pictures.
    """
    from pellucid.storage.writer import write_bytes

    write_bytes(folder.curves, curves_png(history, steps))
    write_bytes(folder.confusion, confusion_png(evaluation))
    write_bytes(folder.mistakes, mistakes_png(evaluation, images))
