"""pellucid diagnose: what is wrong with a trained network, how sure that is, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.options import EngineOfTheRun, Given, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, print_json, say, show_lines, table
from pellucid.runs.config import RunConfig
from pellucid.runs.diagnosing.wishes import Wishes

DEFAULTS = Wishes()


@app.command()
@with_settings(of_a_run, only=("data_dir",))
def diagnose(
    run: Annotated[str, typer.Argument(help="A run folder.")],
    *,
    reference_error: Annotated[
        float | None, typer.Option(help="Error of a person or of the best known method, a share such as 0.002.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Where the run's data lie now; default: where they lay.")] = None,
    settings: Given,
    tags: Annotated[
        str | None, typer.Option(help="A table of tags for dev images: path or id, then tags or columns of your own.")
    ] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit a temperature on dev, so that confidences are honest, and keep it "
                                               "in RUN/calibrated.safetensors.")
    ] = False,
    label_errors: Annotated[
        bool, typer.Option("--label-errors", help="Rank training labels that look wrong; trains one model a fold.")
    ] = False,
    folds: Annotated[int, typer.Option(help="Models that --label-errors trains.")] = DEFAULTS.folds,
    engine: EngineOfTheRun = None,
    train_sample: Annotated[int, typer.Option(help="Training images scored, at most; 0: all.")] = DEFAULTS.train_sample,
    no_images: Annotated[
        bool, typer.Option("--no-images", help="Leave images of the data out of the page, to pass it on.")
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Say what is wrong with a run and what to do next. Bias, variance, mismatch; curves; mistakes."""
    from pellucid.runs.diagnosing.diagnosis import diagnose_run
    from pellucid.runs.memory import keep_freed_memory

    keep_freed_memory()
    if label_errors:
        show_lines(as_json)
    found = diagnose_run(run, Wishes(reference_error, data, train_sample=train_sample, images=not no_images, tags=tags,
                                     calibrate=calibrate, label_errors=label_errors, folds=folds, engine=engine,
                                     **settings.values(RunConfig)))  # fmt: skip
    if as_json:
        print_json(found)
    else:
        say("\n".join(lines_of(found)))


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """The short reading for a terminal."""
    from pellucid.diagnosis.wording import percent, points

    yield f"{found['title']}. {found['sentence']}"
    yield ""
    yield table(
        [[part["part"], percent(part["error"], 2), " to ".join(percent(end, 2) for end in part["interval"]),
          f"{part['n']:,}"] for part in found["parts"]],
        ["part", "error", "95 % interval", "n"],
    )  # fmt: skip
    yield ""
    yield table(
        [[gap["name"], f"{gap['from']} to {gap['to']}", points(gap["value"]), "noise" if gap["noise"] else ""]
         for gap in found["gaps"]],
        ["gap", "between", "size", ""],
    )  # fmt: skip
    yield ""
    for number, step in enumerate(found["next_steps"], start=1):
        yield f"{number}. {step['action']}: {step['because']}."
        if step["command"]:
            yield f"   {step['command']}"
    yield ""
    for reading in found["readings"]:
        yield f"curves  {reading['meaning']}. {reading['remedy']}".rstrip()
    yield from lines_of_dev(found)
    for note in found["notes"]:
        yield f"note    {note}"
    yield f"page    {found['run']}/diagnosis.html"


def lines_of_dev(found: Mapping[str, Any]) -> Iterator[str]:
    """What the sections on dev say, a line each; a section that is missing says why."""
    from pellucid.diagnosis.wording import percent, points, spanned

    mistakes, slices, calibration = found["mistakes"], found["slices"], found["calibration"]
    if "absent" in mistakes:
        yield f"dev     {mistakes['absent']}"
        return
    for pair in mistakes["pairs"][:3]:
        yield (f"dev     {pair['true']} taken for {pair['predicted']}: {pair['mistakes']} of {mistakes['mistakes']} "
               f"mistakes, {percent(pair['share'])}")  # fmt: skip
    for tag in mistakes["tags"][:3]:
        yield f"tag     {tag['tag']}: {percent(tag['share'])} of the mistakes, mending them gains {points(tag['cap'])}"
    for one in slices.get("worse", [])[:3]:
        size = spanned(one["difference"], *one["difference_interval"])
        yield f"slice   {one['tag']} ({one['n']:,} images) is {size} worse than the rest"
    yield from lines_of_labels(found)
    fitted = found.get("temperature")
    if "absent" in calibration or fitted is None:
        yield f"trust   {calibration.get('absent') or 'ECE {ece:.3f} on dev'.format(**calibration)}"
    elif "absent" in fitted:
        yield f"trust   {fitted['absent']}"
    else:
        yield ("trust   temperature {value:.3g}: ECE {ece_before:.3f} becomes {ece_after:.3f}; ".format(**fitted)
               + f"kept in {found['run']}/calibrated.safetensors")  # fmt: skip


def lines_of_labels(found: Mapping[str, Any]) -> Iterator[str]:
    """How many training labels look wrong, if that was asked for."""
    labels = found.get("labels")
    if labels is not None:
        yield f"labels  {labels['absent']}" if "absent" in labels else (
            f"labels  about {labels['estimated']:,.0f} of {labels['judged']:,} training labels are wrong; "
            f"{labels['flagged']:,} are listed in {found['run']}/diagnosis-labels.csv"
        )  # fmt: skip
