"""pellucid data info: what is in a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pellucid.cli.app import data_app
from pellucid.cli.options import Data, Given, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, say, table
from pellucid.runs.config import RunConfig

PICTURES = ("resize", "fit", "channels", "alpha", "skip_broken", "max_pixels", "limit", "group", "label",
            "group_pattern", "data_dir")  # fmt: skip


@data_app.command("info")
@with_settings(of_a_run, only=PICTURES)
def info(data: Data, *, settings: Given, as_json: Annotated[bool, JSON_FLAG] = False) -> None:
    """Show what a data set holds. Parts, classes, numbers or boxes, image size, pixel range, groups and fingerprint."""
    from pellucid.data.info import describe_dataset
    from pellucid.runs.reading import read_data

    found = describe_dataset(read_data(settings.of(RunConfig, data=data)))
    if as_json:
        print_json(found)
        return
    image = found["image"]
    say(f"{found['name']}: {image['height']}x{image['width']}x{image['channels']} {image['dtype']}, "
          f"channels {', '.join(image['channel_names'])}")
    parts = found["parts"]
    kind = {"classes": "class", "numbers": "smallest, mean, largest", "boxes": "boxes"}[found["annotations"]]
    rows = {"numbers": rows_of_numbers, "classes": rows_of_classes, "boxes": rows_of_boxes}[found["annotations"]](found)
    everything = "pictures" if found["annotations"] == "boxes" else "all"
    say(table([*rows, [everything, *[f"{part['n']:,}" for part in parts.values()]]], [kind, *parts]))
    for name, part in parts.items():
        pixels = part["pixels"]
        groups = "" if part["groups"] is None else f", {part['groups']} groups"
        if "boxes" in part:
            from pellucid.data.boxes.summary import in_words

            say(f"{name}: {in_words(part['boxes'])}")
        say(f"{name}: pixels {pixels['min']:g} to {pixels['max']:g}, mean {pixels['mean']:g}{groups}")
    for leaking, where in found["leaking_groups"].items():
        say(f"group {leaking} is in {' and '.join(where)}: scores will look better than they are")
    for note in found["notes"]:
        say(note)
    say(f"fingerprint {found['fingerprint']}")


def rows_of_classes(found: Mapping[str, Any]) -> list[list[str]]:
    """A row a class: how many images it has in each part."""
    return [[name, *[f"{part['per_class'][name]:,}" for part in found["parts"].values()]] for name in found["classes"]]


def rows_of_boxes(found: Mapping[str, Any]) -> list[list[str]]:
    """A row a class: how many boxes of it are in each part."""
    return [[name, *[f"{part['boxes']['per_class'][name]:,}" for part in found["parts"].values()]]
            for name in found["classes"]]


def rows_of_numbers(found: Mapping[str, Any]) -> list[list[str]]:
    """A row a number: its name and unit, and its range and mean in each part."""
    columns = zip(*(part["numbers"] for part in found["parts"].values()), strict=True)
    return [[f"{column[0]['name']} ({column[0]['unit']})" if column[0]["unit"] else column[0]["name"],
             *[f"{found['min']:g}, {found['mean']:g}, {found['max']:g}" for found in column]] for column in columns]
