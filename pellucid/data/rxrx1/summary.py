"""What RxRx1's tables hold, counted: cells by type and part, labels by part, and which labels parts share."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pellucid.data.rxrx1.tables import COLUMNS, DATASETS, UNKNOWN, Wells


def summarize(wells: Wells) -> dict[str, Any]:
    """Rows, columns, missing values, release; wells by part and cell type; labels of each part and those they share."""
    columns = wells.columns
    parts = [part for part in DATASETS if part in set(columns["dataset"])]
    cells = Counter(zip(columns["cell_type"], columns["dataset"], strict=True))
    labels = {part: {label for label, of in zip(columns["sirna"], columns["dataset"], strict=True)
                     if of == part and label != UNKNOWN} for part in parts}
    return {
        "rows": len(wells), "columns": list(COLUMNS), "release": wells.release,
        "missing_values": sum(not cell for column in columns.values() for cell in column),
        "parts": {part: columns["dataset"].count(part) for part in parts},
        "cell_types": {cell: {part: cells[cell, part] for part in parts} for cell in sorted(set(columns["cell_type"]))},
        "experiments": {cell: len({name for name, kind in zip(columns["experiment"], columns["cell_type"], strict=True)
                                   if kind == cell}) for cell in sorted(set(columns["cell_type"]))},
        "well_types": dict(Counter(columns["well_type"]).most_common()),
        "labels": {part: len(found) for part, found in labels.items()},
        "shared_labels": {f"{one} and {other}": len(labels[one] & labels[other])
                          for at, one in enumerate(parts) for other in parts[at + 1:] if labels[one] and labels[other]},
    }
