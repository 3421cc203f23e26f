"""Plain values as the report words them: shares, sizes, lists, shapes, and the rows of its tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pellucid.data.blending import legend
from pellucid.data.channels import CHANNELS, word_of
from pellucid.reports.drawing import percent

DASH = "\N{EN DASH}"


def scores(evaluation: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Loss and speed as label and text, only what was measured."""
    numbers = {"loss": ("Loss", "{:.4g}"), "seconds": ("Seconds", "{:,.1f}"),
               "images_per_second": ("Images a second", "{:,.0f}")}  # fmt: skip
    return [(label, form.format(evaluation[key])) for key, (label, form) in numbers.items()
            if measured(evaluation.get(key))]  # fmt: skip


def measured(value: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and math.isfinite(value)


def share(value: float | None) -> str:
    """A share as a percentage with two digits, or a dash where it is undefined."""
    return DASH if value is None or not math.isfinite(value) else percent(value, 2)


def facts_of_dataset(dataset: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Everything the description of a data set says, except its notes; long lists are cut with their length."""
    return facts({key: value for key, value in dataset.items() if key != "notes"})


def dataset_in_words(found: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a data set as a reader wants it: a line a part, a line for the images."""
    image = found["image"]
    names = tuple(image["channel_names"])
    channels = ", ".join(names) if len(names) == 1 or word_of(names) in CHANNELS else f"drawn as {legend(names)}"
    leaking = {"groups in several parts": ", ".join(found["leaking_groups"])} if found["leaking_groups"] else {}
    return {
        "name": found["name"],
        **{f"{name} part": part_in_words(part) for name, part in found["parts"].items()},
        "images": f"{image['height']} x {image['width']} pixels, {channels}, {image['dtype']}",
        **({"classes": found["classes"]} if found["classes"] else {}),
        **leaking,
        "fingerprint": found["fingerprint"],
        "notes": found["notes"],
    }


def part_in_words(part: Mapping[str, Any]) -> str:
    """How many images, how what is known of them is spread, from how many groups, how bright."""
    groups = "" if part["groups"] is None else f", {part['groups']:,} groups"
    pixels = part["pixels"]
    brightness = f"pixels {pixels['min']:g} to {pixels['max']:g}, mean {pixels['mean']:.4g}"
    return f"{part['n']:,} images{spread_in_words(part)}{groups}; {brightness}"


def spread_in_words(part: Mapping[str, Any]) -> str:
    """How many images a class has, how many boxes there are, or between what the numbers lie."""
    if boxes := part.get("boxes"):
        return f", {boxes['n']:,} boxes"
    if points := part.get("points"):
        return f", {len(points['marked'])} points each"
    if counts := part.get("per_class", {}).values():
        spread = f"{min(counts):,}" if min(counts) == max(counts) else f"{min(counts):,} to {max(counts):,}"
        return f", {spread} a class"
    return "".join(f", {one['name']} {one['min']:g} to {one['max']:g} {one['unit']}".rstrip()
                   for one in part.get("numbers", ()))  # fmt: skip


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and text of every value, in the given order."""
    return [(str(key).replace("_", " "), text(value)) for key, value in values.items()]


def text(value: Any) -> str:
    """A plain value as a person writes it: yes and no, sizes with thousands, lists with commas, groups as a: b."""
    if value is None or value == "" or value in ([], {}, ()):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return "; ".join(_pair(str(key).replace("_", " "), inner) for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        shown = ", ".join(text(inner) for inner in value[:40])
        return shown if len(value) <= 40 else f"{shown} and {len(value) - 40} more"
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _pair(key: str, value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return f"{key} ({text(value).replace('; ', ', ')})"
    return f"{key}: {text(value)}"


def network(context: Mapping[str, Any]) -> dict[str, Any]:
    """Rows (layer, output shape, parameters) and the totals of the network table."""
    rows = [
        {"layer": str(row.get("layer", "")), "shape": shape_text(row.get("output_shape")),
         "parameters": text(row.get("parameters", 0))}
        for row in context.get("summary_rows") or []
    ]  # fmt: skip
    totals = context.get("totals") or {}
    labels = {"total": "Parameters", "trainable": "trainable", "not_trainable": "not trainable",
              "flops": "FLOPs for one image", "receptive_field": "Receptive field, pixels"}  # fmt: skip
    known = [(label, totals[key]) for key, label in labels.items() if totals.get(key) is not None]
    known += [(key.replace("_", " "), value) for key, value in totals.items() if key not in labels]
    return {"rows": rows, "totals": [(label, _size(value)) for label, value in known]}


def _size(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return " \N{MULTIPLICATION SIGN} ".join(map(text, value)) if isinstance(value, (list, tuple)) else text(value)


def shape_text(shape: Any) -> str:
    """(None, 26, 26, 32) as 26 × 26 × 32; the axis of images is left out. Several outputs stand side by side."""
    if not isinstance(shape, (list, tuple)):
        return text(shape)
    if shape and isinstance(shape[0], (list, tuple)):
        return ", ".join(shape_text(inner) for inner in shape)
    sizes = list(shape[1:] if shape and shape[0] in (None, "N") else shape)
    return " \N{MULTIPLICATION SIGN} ".join("any" if size is None else str(size) for size in sizes) or DASH


def weights_of(epoch: int, because: str) -> str:
    """Which epoch a run's model is of; `because` says why, where its score was not the best."""
    return f"weights of epoch {epoch}" + ("" if because else ", the best")


def lines_of_steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What a diagnosis says to do, numbered, each with the command that does it where there is one."""
    for number, step in enumerate(steps, start=1):
        yield f"{number}. {step['action']}: {step['because']}."
        if step["command"]:
            yield f"   {step['command']}"


def lines_of_curves(readings: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the curves say, a line each."""
    for reading in readings:
        yield f"curves  {reading['meaning']}. {reading['remedy']}".rstrip()
