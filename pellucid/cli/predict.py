"""pellucid predict: what a model sees in pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.options import EngineOfTheRun, Given, TestTime, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, complain, print_json, say, tell_of_engine, width_of
from pellucid.errors import UsageError, escaped
from pellucid.runs.config import RunConfig

if TYPE_CHECKING:
    from pellucid.using.predicting import Answered


@app.command()
@with_settings(of_a_run, only=("max_pixels",))
def predict(
    run: Annotated[str, typer.Argument(help="A run folder, a model file or a cascade's folder.")],
    images: Annotated[
        list[str] | None, typer.Argument(help="Pictures, folders of them, or patterns such as 'new/*.png'.")
    ] = None,
    *,
    well: Annotated[list[str] | None, typer.Option(
        help="Of RxRx1: a well such as U2OS-01_2_B12, in place of pictures; may be repeated.")] = None,
    data: Annotated[str | None, typer.Option(help="Where the wells are; default: the data of the run.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 5,
    csv: Annotated[str | None, typer.Option(help="Write the answers to this .csv too, one row a picture.")] = None,
    out: Annotated[str | None, typer.Option(
        help="Write the answers as JSON into this folder, and each picture with its boxes drawn into it.")] = None,
    box: Annotated[list[str] | None, typer.Option(
        help="Where the model learnt from objects cut out by boxes: x0,y0,x1,y1 of the object in pixels; once a "
             "picture, or for one picture once an object.")] = None,
    tta: TestTime = False,
    slide: Annotated[bool, typer.Option(
        "--slide", help="Of classes: read pictures in their own size and answer at every half stride of the network, "
                        "the mean over all places, and the map of them with --json.")] = False,
    settings: Given,
    engine: EngineOfTheRun = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Ask a model about pictures. Of classes, the most likely ones of each, with their probabilities."""
    from pellucid.cascades.record import is_cascade
    from pellucid.using.predicting import expanded, predict_files, write_answers, write_drawn

    tell_of_engine(engine)
    if csv is not None and not csv.lower().endswith(".csv"):
        raise UsageError(f"predict: --csv wants a name that ends in .csv, but it is {csv}. Pictures come before it.")
    if bool(images) == bool(well) or (data is not None and not well):
        raise UsageError("predict: name pictures, or wells with --well (and --data, where they are). Type one of them.")
    if slide and (well or tta):
        raise UsageError(f"predict: --slide does not go with {'--well' if well else '--tta'}. Leave one out.")
    if box and (well or slide):
        raise UsageError(f"predict: --box does not go with {'--well' if well else '--slide'}. Leave one out.")
    if is_cascade(run) and (slide or well or tta):
        raise UsageError(f"predict: {run} is a cascade, which searches pictures at all places by itself. Leave out "
                         "--slide, --well and --tta.")
    if is_cascade(run):
        from pellucid.cascades.finding import predict_cascade

        answered = predict_cascade(run, expanded(images or []), engine=engine, **settings.values(RunConfig))
    elif slide:
        from pellucid.using.sliding import predict_sliding

        answered = predict_sliding(run, expanded(images or []), top=top, engine=engine, **settings.values(RunConfig))
    elif well:
        from pellucid.using.wells import predict_wells

        answered = predict_wells(run, well, data=data, top=top, engine=engine, tta=tta, **settings.values(RunConfig))
    else:
        answered = predict_files(run, expanded(images or []), top=top, engine=engine, tta=tta, boxes=box or (),
                                 **settings.values(RunConfig))
    if csv is not None:
        write_answers(csv, answered)
    if out is not None:
        write_drawn(out, answered, **settings.values(RunConfig))
    if as_json:
        print_json({"predictions": answered.entries, "warnings": answered.warnings})
    else:
        print_answers(answered)
    for warning in answered.warnings:
        complain(f"warning: {warning}")
    for fault in answered.faults:
        complain(fault)
    if answered.faults:
        raise typer.Exit(1)


def print_answers(answered: Answered) -> None:
    """A line a picture, its answer in columns."""
    entries = [entry for entry in answered.entries if "error" not in entry]
    if not entries:
        return
    guesses = [answered.task.words(entry) for entry in entries]
    names = [str(entry["image"]) + (f"  true {entry['true']}" if "true" in entry else "") for entry in entries]
    columns = [names, *zip(*guesses, strict=True)]
    widths = [max(width_of(escaped(word)) for word in column) for column in columns]
    for name, *words in zip(*columns, strict=True):
        room = [" " * (width - width_of(escaped(word))) for width, word in zip(widths, [name, *words], strict=True)]
        say("  ".join([name + room[0], *(before + word for before, word in zip(room[1:], words, strict=True))]))
