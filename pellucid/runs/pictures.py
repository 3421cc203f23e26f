"""The pictures of a run in its folder, and those of its report: the curves of its training, and its task's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pellucid.reports.curves import curve_panels, curves_png

if TYPE_CHECKING:
    from pellucid.reports.scores import Score
    from pellucid.storage.run_folder import RunFolder
    from pellucid.tasks.protocol import Pictures

Rows = Sequence[Mapping[str, Any]]


def write_pictures(
    folder: RunFolder, *, history: Rows, steps: Rows, watched: Score, draw: Callable[[], Pictures]
) -> dict[str, Any]:
    """Write them all; return what the report shows, as `render` of report.py takes it.

    history and steps are rows as in history.csv and steps.csv (numbers or text), `watched` the score that chose the
    best epoch; `draw` makes the task's own. Raises FileError when a picture cannot be written.
    """
    from pellucid.storage.writer import write_bytes

    write_bytes(folder.curves, curves_png(history, steps, watched))
    drawn = draw()
    for name, content in drawn.files.items():
        write_bytes(folder.path / name, content)
    return {"curves": curve_panels(history, steps, watched), **drawn.shown}
