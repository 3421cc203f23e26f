"""report.html written anew from the run folder alone: neither the data nor the network is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.reports.curves import curve_panels
from pellucid.reports.keeping import REMEDY, read_sections
from pellucid.reports.report import Shown, render
from pellucid.storage.reading import read_json
from pellucid.storage.writer import write_text

if TYPE_CHECKING:
    from pellucid.storage.run_folder import RunFolder


def rebuild_report(folder: RunFolder) -> Path:
    """Write report.html anew from the run folder alone; returns its path.

    Raises FileError for a file that is missing or damaged.
    """
    sections, about, watched = read_sections(folder.sections, folder.predictions)
    history, steps = folder.logged()
    shown = Shown(curve_panels(history, steps, watched), watched, sections)
    write_text(folder.report, render(told_by(folder), about, path=folder.path, shown=shown))
    return Path(folder.report)


def told_by(folder: RunFolder) -> dict[str, Any]:
    """What config.json, metrics.json and checks.json say to a report."""
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.runs import ChecksRecord, ConfigRecord, MetricsRecord

    config = checked(read_json(folder.config), ConfigRecord, folder.config, REMEDY)
    metrics = checked(read_json(folder.metrics), MetricsRecord, folder.metrics, REMEDY)
    found = checked(read_json(folder.checks), ChecksRecord, folder.checks, REMEDY) if folder.checks.exists() else {}
    return {
        "command": config["command"], "data": config["settings"].get("data"),
        "state": metrics["state"], "best_epoch": metrics.get("best_epoch"), "evaluation": metrics,
        "checks": found.get("checks", []),
    }  # fmt: skip
