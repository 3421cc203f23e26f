"""The pictures of a run, what its report shows, and its predictions: the curves are its own, the rest its task's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pellucid.reports.curves import curve_panels, curves_png
from pellucid.reports.keeping import write_predictions
from pellucid.reports.report import Shown

if TYPE_CHECKING:
    from pellucid.reports.scores import Score
    from pellucid.storage.run_folder import RunFolder
    from pellucid.tasks.protocol import Pictures

Rows = Sequence[Mapping[str, Any]]


def write_pictures(
    folder: RunFolder, *, history: Rows, steps: Rows, watched: Score, draw: Callable[[], Pictures],
    predictions: Iterable[Mapping[str, Any]],
) -> Shown:
    """Write them all; return what the report shows.

    history and steps are rows as in history.csv and steps.csv (numbers or text), `watched` the score that chose the
    best epoch; `draw` makes the task's own; predictions are the lines of predictions.jsonl, without pictures. Raises
    FileError when a file cannot be written.
    """
    from pellucid.storage.writer import write_bytes

    write_bytes(folder.curves, curves_png(history, steps, watched))
    drawn = draw()
    for name, content in drawn.files.items():
        write_bytes(folder.path / name, content)
    write_predictions(folder.predictions, predictions, drawn.sections)
    return Shown(curve_panels(history, steps, watched), watched, drawn.sections)
