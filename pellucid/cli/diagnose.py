"""pellucid diagnose: what is wrong with a trained network, how sure that is, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, print_json, table


@app.command()
def diagnose(
    run: Annotated[str, typer.Argument(help="A run folder.")],
    reference_error: Annotated[
        float | None, typer.Option(help="Error of a person or of the best known method, a share such as 0.002.")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Where the run's data lie now; default: where they lay.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where known names such as mnist are looked for first.")] = None,
    train_sample: Annotated[int, typer.Option(help="Training images scored, at most; 0: all.")] = 10_000,
    no_images: Annotated[
        bool, typer.Option("--no-images", help="Leave images of the data out of the page, to pass it on.")
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Say what is wrong with a run and what to do next. Bias, variance, mismatch; curves; mistakes."""
    from pellucid.runs.diagnosing.diagnosis import Wishes, diagnose_run
    from pellucid.runs.environment import keep_freed_memory

    keep_freed_memory()
    found = diagnose_run(run, Wishes(reference_error, data, data_dir, train_sample, images=not no_images))
    if as_json:
        print_json(found)
    else:
        print("\n".join(lines_of(found)))


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
    for note in found["notes"]:
        yield f"note    {note}"
    yield f"page    {found['run']}/diagnosis.html"
