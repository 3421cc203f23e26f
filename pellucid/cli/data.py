"""pellucid data info, show, convert, draw: what a data set holds, what a network sees, other forms, drawn pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pellucid.cli.app import data_app
from pellucid.cli.options import Data, Given, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, say, table
from pellucid.cli.working import working
from pellucid.errors import UsageError, describe, shown
from pellucid.runs.config import RunConfig

PICTURES = ("task", "resize", "fit", "crop", "box_noise", "channels", "require_all_channels", "alpha",
            "skip_broken", "max_pixels", "limit", "group", "label", "where", "group_pattern", "wells", "allow_leak",
            "data_dir")  # fmt: skip
MOST_PEOPLE, SIDES = 6, (64, 1024)  # of a drawn picture: figures, and pixels of a side


@data_app.command("info")
@with_settings(of_a_run, only=PICTURES)
def info(
    data: Data, *,
    tables: Annotated[bool, typer.Option("--tables", help="Of RxRx1: its tables, missing images.")] = False,
    listing: Annotated[str | None, typer.Option(
        help="With --tables: a file that names the images there are, a path a line, or pixel_stats.csv.")] = None,
    plate: Annotated[str | None, typer.Option(help="With --tables and --out: which plate, U2OS-01_2.")] = None,
    out: Annotated[str | None, typer.Option(help="With --tables: a folder for what is drawn of them.")] = None,
    settings: Given, as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Show what a data set holds. Parts, classes, numbers, boxes or points, image size, pixel range, fingerprint."""
    if tables:
        from pellucid.runs.places import refuse_among_data
        from pellucid.using.tables import told_of_tables

        if out is not None:
            refuse_among_data("data info", out, data, None)
        told = told_of_tables(data, listing=listing, plate=plate, out=out)
        print_json(told) if as_json else say_tables(told)
        return
    if listing is not None or plate is not None or out is not None:
        raise UsageError("data info: --listing, --plate and --out go with --tables. Type it too.")
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
    kind = {"classes": "class", "numbers": "smallest, mean, largest", "boxes": "boxes",
            "points": "points marked"}[found["annotations"]]  # fmt: skip
    rows = {"numbers": rows_of_numbers, "classes": rows_of_classes, "boxes": rows_of_boxes,
            "points": rows_of_points}[found["annotations"]](found)  # fmt: skip
    everything = {"boxes": "pictures", "points": "objects"}.get(found["annotations"], "all")
    say(table([*rows, [everything, *[f"{part['n']:,}" for part in parts.values()]]], [kind, *parts]))
    for name, part in parts.items():
        pixels = part["pixels"]
        groups = "" if part["groups"] is None else f", {part['groups']} groups"
        if "boxes" in part:
            from pellucid.data.boxes.summary import in_words

            say(f"{name}: {in_words(part['boxes'])}")
        if "points" in part:
            from pellucid.data.points.summary import in_words as points_in_words

            say(f"{name}: {points_in_words(part['points'])}")
        say(f"{name}: pixels {pixels['min']:g} to {pixels['max']:g}, mean {pixels['mean']:g}{groups}")
    for leaking, where in found["leaking_groups"].items():
        say(f"group {leaking} is in {' and '.join(where)}: scores will look better than they are")
    for note in found["notes"]:
        say(note)
    say(f"fingerprint {found['fingerprint']}")


def say_tables(told: Mapping[str, Any]) -> None:
    """The joined tables of a screen in words."""
    parts = list(told["parts"])
    say(f"{told['rows']:,} wells, {len(told['columns'])} columns ({', '.join(told['columns'])}), "
        f"{told['missing_values']:,} missing values: {told['release']}")
    rows = [[cell, f"{told['experiments'][cell]}", *[f"{counts[part]:,}" for part in parts]]
            for cell, counts in told["cell_types"].items()]
    say(table([*rows, ["all", f"{sum(told['experiments'].values())}", *[f"{told['parts'][part]:,}" for part in parts]],
               ["labels", "", *[f"{told['labels'][part]:,}" for part in parts]]],
              ["wells", "experiments", *parts]))  # fmt: skip
    for pair, count in told["shared_labels"].items():
        say(f"labels that {pair} share: {count:,}")
    say(told["images"]["said"])
    for picture in told.get("pictures", ()):
        say(picture)


@data_app.command("convert")
@with_settings(of_a_run, only=(*PICTURES, "val_fraction", "split_seed", "copies"))
def convert(
    data: Data, *,
    to: Annotated[str, typer.Option(help="hdf5 or shards for pictures of classes or numbers; voc, coco or yolo for "
                                         "boxes; coco, yolo, csv or pts for points.")],
    out: Annotated[str, typer.Option(help="hdf5: a file that ends in .h5; else a new folder.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Of boxes and points: write nothing where the form cannot hold everything.")
    ] = False,
    settings: Given,
) -> None:
    """Write a data set in another form.

    hdf5: pixels as --resize and --channels make them, labels, parts, groups and names in one file, to be learnt from
    with little memory. shards: all files as they are in few tars. Both go on after a kill with the same command.
    voc, coco, yolo, csv and pts: pictures are copied; what the form cannot hold is counted.
    """
    from pellucid.runs.places import refuse_among_data
    from pellucid.using import converting

    form = to.lower()
    if form not in converting.FORMS:
        raise UsageError(describe("data convert", "--to", "hdf5, shards, voc, coco, yolo, csv or pts", repr(shown(to))))
    if strict and form not in converting.MARKED:
        raise UsageError(f"data convert: --strict is for boxes and points, and {form} keeps everything. Leave it out.")
    as_they_are = converting.OF_FILES if form in converting.MARKED else converting.OF_FILES[:1]
    if form != converting.STORE and (foreign := [flag for flag in settings.flags if flag not in as_they_are]):
        raise UsageError(f"data convert: {foreign[0]} goes with --to hdf5; {form} keeps pictures as they are. Leave it "
                         "out.")
    config = settings.of(RunConfig, data=data)
    refuse_among_data("data convert", out, data, config.data_dir)
    if form == converting.STORE:
        lines = converting.convert_images(config, out, divided="val_fraction" in settings.typed, bar=working)
    elif form == converting.SHARDS:
        lines = converting.pack(config, out, bar=working)
    else:
        lines = converting.convert_marked(config, form, out, strict=strict)
    for line in lines:
        say(line)


def rows_of_classes(found: Mapping[str, Any]) -> list[list[str]]:
    """A row a class: how many images it has in each part."""
    return [[name, *[f"{part['per_class'][name]:,}" for part in found["parts"].values()]] for name in found["classes"]]


def rows_of_boxes(found: Mapping[str, Any]) -> list[list[str]]:
    """A row a class: how many boxes of it are in each part."""
    return [[name, *[f"{part['boxes']['per_class'][name]:,}" for part in found["parts"].values()]]
            for name in found["classes"]]


def rows_of_points(found: Mapping[str, Any]) -> list[list[str]]:
    """A row a point: in how many objects of each part it is marked."""
    parts = list(found["parts"].values())
    return [[name, *[f"{part['points']['marked'][name]:,}" for part in parts]] for name in parts[0]["points"]["marked"]]


def rows_of_numbers(found: Mapping[str, Any]) -> list[list[str]]:
    """A row a number: its name and unit, and its range and mean in each part."""
    columns = zip(*(part["numbers"] for part in found["parts"].values()), strict=True)
    return [[f"{column[0]['name']} ({column[0]['unit']})" if column[0]["unit"] else column[0]["name"],
             *[f"{found['min']:g}, {found['mean']:g}, {found['max']:g}" for found in column]] for column in columns]


@data_app.command("show")
@with_settings(of_a_run, only=(*PICTURES, "val_fraction", "augment", "seed"))
def show(
    data: Data,
    name: Annotated[str | None, typer.Argument(help="One picture: a well (U2OS-01_2_B02) or a path's end.")] = None,
    *,
    out: Annotated[str, typer.Option(help="The picture to write, .png.")] = "sheet.png",
    site: Annotated[int | None, typer.Option(min=1, help="Of a well: this site, not the first.")] = None,
    composite: Annotated[bool, typer.Option("--composite", help="Of one picture: all channels in one, too.")] = False,
    colours: Annotated[str, typer.Option(
        help="Of one picture's channels: own, gray, chapter (six maps), or NAME=COLOUR with commas.")] = "own",
    rows: Annotated[int, typer.Option(min=1, max=100, help="Pictures to show.")] = 8,
    epochs: Annotated[int, typer.Option(min=1, max=50, help="Versions of each.")] = 7,
    settings: Given,
) -> None:
    """Draw a contact sheet of what a network will see. Each picture first as it is, then as --augment changes it.

    With the name of a picture, its channels are drawn, each alone.
    """
    from pellucid.runs.places import refuse_among_data
    from pellucid.runs.sheet import contact_sheet
    from pellucid.storage.writer import write_bytes

    if not out.lower().endswith(".png"):
        raise UsageError(f"data show: --out wants a name that ends in .png, but it is {out}.")
    config = settings.of_run(data)
    refuse_among_data("data show", out, data, config.data_dir)
    if name is not None:
        from pellucid.using.viewing import view

        drawn, told = view(config, name, site=site, composite=composite, colours=colours)
        write_bytes(out, drawn)
        say(f"{out}: {told}")
        return
    if site is not None or composite or colours != "own":
        raise UsageError("data show: --site, --composite and --colours are of one picture. Name it behind the data.")
    sheet, words = contact_sheet(config, rows=rows, epochs=epochs)
    write_bytes(out, sheet)
    say(f"{out}: {rows} pictures, --augment {words}")


@data_app.command("draw")
def draw(
    out: Annotated[str, typer.Argument(help="A new folder.")], *,
    train: Annotated[int, typer.Option(min=1, max=100_000, help="Pictures to learn from.")] = 800,
    val: Annotated[int, typer.Option(min=0, max=100_000, help="Pictures to choose by.")] = 100,
    test: Annotated[int, typer.Option(min=0, max=100_000, help="Pictures to be judged by.")] = 100,
    people: Annotated[str, typer.Option(help="Fewest and most stick figures in a picture, 2-6 say.")] = "1-6",
    size: Annotated[str, typer.Option(help="Height and width in pixels.")] = "128x160",
    seed: Annotated[int, typer.Option(min=0, help="Which pictures: a seed gives the same ones anywhere.")] = 0,
) -> None:
    """Draw pictures of stick figures with COCO keypoints. Their 14 joints are known: data to try poses with."""
    from pellucid.data.options import parse_size
    from pellucid.data.scenes.folder import write_scenes

    most = re.fullmatch(r"([1-9])(?:-([1-9]))?", people)
    ends = (0, 0) if most is None else (int(most[1]), int(most[2] or most[1]))
    if not 1 <= ends[0] <= ends[1] <= MOST_PEOPLE:
        wanted = f"a number from 1 to {MOST_PEOPLE}, or two such as 2-6"
        raise UsageError(describe("data draw", "--people", wanted, repr(shown(people))))
    sides = parse_size(size, "data draw", "--size")
    if not all(SIDES[0] <= side <= SIDES[1] for side in sides):
        wanted = f"height x width, each {SIDES[0]} to {SIDES[1]} pixels"
        raise UsageError(describe("data draw", "--size", wanted, shown(size)))
    counts = {part: count for part, count in (("train", train), ("val", val), ("test", test)) if count}
    folder = write_scenes(out, counts, seed=seed, people=ends, size=sides)
    say(f"{folder}: {sum(counts.values()):,} drawn pictures with COCO keypoints. Learn from them with: pellucid train "
        f"{folder} --task pose")
