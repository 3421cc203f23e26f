"""pellucid data info: what is in a data set."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import data_app
from pellucid.cli.output import JSON_FLAG, MAX_PIXELS, SKIP_BROKEN, print_json, say, table


@data_app.command("info")
def info(
    data: Annotated[str, typer.Argument(help="digits, a known name, a folder or a file.")],
    data_dir: Annotated[str | None, typer.Option(help="Where known names such as mnist are looked for first.")] = None,
    resize: Annotated[
        str | None, typer.Option(help="HxW: bring all images to this size; default: their own, or one chosen.")
    ] = None,
    fit: Annotated[str, typer.Option(help="How an image comes to that size: stretch, letterbox or crop.")] = "stretch",
    channels: Annotated[str | None, typer.Option(help="rgb or gray: convert images.")] = None,
    alpha: Annotated[str, typer.Option(help="What shows where an image is transparent: white, or drop.")] = "white",
    skip_broken: SKIP_BROKEN = None,
    max_pixels: MAX_PIXELS = None,
    group: Annotated[str | None, typer.Option(help="CSV column whose values must not be in two parts.")] = None,
    label: Annotated[str | None, typer.Option(help="CSV column of the classes.")] = None,
    group_pattern: Annotated[
        str | None, typer.Option(help="Regular expression whose one group, found in a picture's path, is its group.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many images of each part.")] = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Show what a data set holds. Parts, classes, image size, pixel range, groups and fingerprint."""
    from pellucid.data.info import describe_dataset
    from pellucid.data.opening import open_dataset
    from pellucid.data.options import parse_percent, parse_size

    found = describe_dataset(
        open_dataset(data, data_dir=data_dir, resize=None if resize is None else parse_size(resize), channels=channels,
                     group=group, label=label, limit=limit, fit=fit, alpha=alpha,
                     skip_broken=parse_percent(skip_broken or "0"), max_pixels=max_pixels, group_pattern=group_pattern)
    )
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
