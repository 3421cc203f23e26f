"""describe_dataset: what `pellucid data info` shows, as one dictionary of plain JSON values."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset, Part
from pellucid.data.splits import leaking_groups
from pellucid.keys import Key

SAMPLE = 256            # images looked at for the smallest, largest and mean pixel


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Name, parts (n, images per class, pixels of a sample, groups), image size and dtype, fingerprint and notes."""
    height, width, channels = dataset.image_shape
    return {
        "name": dataset.name,
        "parts": {name: _describe_part(part, dataset.class_names) for name, part in dataset.parts.items()},
        "classes": list(dataset.class_names),
        "image": {"height": height, "width": width, "channels": channels, "channel_names": list(dataset.channel_names),
                  "dtype": str(dataset.dtype)},
        "leaking_groups": {group: list(parts) for group, parts in leaking_groups(dataset).items()},
        "fingerprint": dataset.fingerprint,
        "notes": list(dataset.notes),
    }


def _describe_part(part: Part, class_names: tuple[str, ...]) -> dict[str, Any]:
    counts = np.bincount(part.labels, minlength=len(class_names))
    chosen = Key.of(0).fold("info").generator().permutation(len(part))[:SAMPLE]
    pixels = part.images.take(np.sort(chosen))
    return {
        "n": len(part),
        "per_class": {name: int(count) for name, count in zip(class_names, counts, strict=True)},
        "groups": None if part.groups is None else len(np.unique(part.groups)),
        "pixels": {"sample": len(pixels), "min": float(pixels.min()), "max": float(pixels.max()),
                   "mean": round(float(pixels.mean(dtype=np.float64)), 4)},
    }
