"""pellucid data info: what is in a data set."""

from __future__ import annotations

from typing import Annotated

from pellucid.cli.app import data_app
from pellucid.cli.options import Data, Given, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, say, table
from pellucid.runs.config import RunConfig

PICTURES = ("resize", "fit", "channels", "alpha", "skip_broken", "max_pixels", "limit", "group", "label",
            "group_pattern", "data_dir")  # fmt: skip


@data_app.command("info")
@with_settings(of_a_run, only=PICTURES)
def info(data: Data, *, settings: Given, as_json: Annotated[bool, JSON_FLAG] = False) -> None:
    """Show what a data set holds. Parts, classes, image size, pixel range, groups and fingerprint."""
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
    rows = [[name, *[f"{part['per_class'][name]:,}" for part in parts.values()]] for name in found["classes"]]
    rows.append(["all", *[f"{part['n']:,}" for part in parts.values()]])
    say(table(rows, ["class", *parts]))
    for name, part in parts.items():
        pixels = part["pixels"]
        groups = "" if part["groups"] is None else f", {part['groups']} groups"
        say(f"{name}: pixels {pixels['min']:g} to {pixels['max']:g}, mean {pixels['mean']:g}{groups}")
    for leaking, where in found["leaking_groups"].items():
        say(f"group {leaking} is in {' and '.join(where)}: scores will look better than they are")
    for note in found["notes"]:
        say(note)
    say(f"fingerprint {found['fingerprint']}")
