"""pellucid evaluate: how well a run or a model does on a part of a data set."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.options import EngineOfTheRun, Given, TestTime, of_a_run, with_settings
from pellucid.cli.output import JSON_FLAG, complain, in_words, print_json, say, tell_of_engine
from pellucid.errors import UsageError
from pellucid.runs.config import RunConfig
from pellucid.settings import flag_of


@app.command()
@with_settings(of_a_run, only=("box_noise", "skip_broken", "max_pixels", "limit", "data_dir"))
def evaluate(
    run: Annotated[str, typer.Argument(help="A run folder or a model file.")],
    data: Annotated[str | None, typer.Argument(help="The data; default: what the run was trained on.")] = None,
    *,
    split: Annotated[
        str | None, typer.Option(help="train, validation or test; default: test, if there is one.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(help="Of classes: scores with their intervals, separated by commas, e.g. "
                          "macro_f1,auroc,recall:cat; default: accuracy, balanced_accuracy, macro_f1, top5, ece."),
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(help="Of classes: CSV of class,cost or true,predicted,cost, for the score weighted_error."),
    ] = None,
    max_latency: Annotated[
        float | None, typer.Option(help="Milliseconds that 19 of 20 single images must keep; exit code 1 if not.")
    ] = None,
    cases: Annotated[
        str | None,
        typer.Option(help="Of classes: CSV of path,label[,min_probability], pictures that must be right; exit code 1 "
                          "when one is not. Without DATA nothing else is scored."),
    ] = None,
    class_map: Annotated[
        str | None,
        typer.Option(help="CSV of two columns without a header, a name of the data and what the model calls it; names "
                          "that are not in it stay."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at a time.")] = 256,
    tta: TestTime = False,
    shrink: Annotated[
        list[int] | None,
        typer.Option(help="Score the pictures once more, shrunk to a shorter side of so many pixels and enlarged "
                          "again; may be repeated, for a curve."),
    ] = None,
    settings: Given,
    engine: EngineOfTheRun = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="With --engine packed: compare every bit of every answer with the float32 "
                                      "emulation; exit code 1 when one differs."),
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Score a model on data. Scores with their intervals; of classes, then precision, recall and F1 of each."""
    from pellucid.engines.memory import keep_freed_memory
    from pellucid.using.evaluating import evaluate_on
    from pellucid.using.predicting import judge_cases

    keep_freed_memory()
    tell_of_engine(engine)
    reading = settings.values(RunConfig)
    scored = cases is None or data is not None
    if not scored:
        refuse_without_data(split=split, metrics=metrics, costs=costs, max_latency=max_latency,
                            limit=reading["limit"], shrink=shrink)
    judged = None if cases is None else judge_cases(run, cases, engine, reading["max_pixels"])
    names = None if metrics is None else [name.strip() for name in metrics.split(",") if name.strip()]
    found = evaluate_on(run, data, split=split, batch_size=batch_size, metrics=names, costs=costs,
                        max_latency=max_latency, engine=engine, class_map=class_map, tta=tta,
                        verify=verify, shrink=shrink or (), **reading) if scored else {}  # fmt: skip
    for warning in [*found.get("warnings", ()), *(judged.found if judged else {}).get("warnings", ())]:
        complain(f"warning: {warning}")
    if as_json:
        print_json(found | ({} if judged is None else {"cases": judged.found}))
    else:
        cases_told = [] if judged is None else ["\n".join(map(in_words, judged.sections))]
        say("\n\n".join([*(pages(found) if scored else []), *cases_told]))
    if found.get("verified", {}).get("different"):
        raise typer.Exit(1)
    if found.get("latency", {}).get("satisfied") is False or (judged is not None and judged.found["lost"]):
        raise typer.Exit(1)


def refuse_without_data(**given: Any) -> None:
    """Raise UsageError for a flag that says how data are scored when only core cases are judged."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"evaluate: {flag_of(name)} says how DATA are scored, but only --cases are judged without "
                             f"DATA. Name the data too, or leave {flag_of(name)} out.")


def pages(found: dict[str, Any]) -> list[str]:
    """The parts of the answer: what the task tells of it, latency."""
    from pellucid.tasks.registry import task_named

    told = [in_words(part) for part in task_named(found["task"]).told(found)]
    if "verified" in found:
        told.append(verified_in_words(found["verified"]))
    if "shrunk" in found:
        told.append("\n".join(shrunk_in_words(one) for one in found["shrunk"]))
    return told + ([limit_in_words(found["latency"])] if "latency" in found else [])


def shrunk_in_words(one: dict[str, Any]) -> str:
    """A score of pictures that were shrunk."""
    between = "" if one["low"] is None else f" ({one['low']:.4f} to {one['high']:.4f})"
    return f"shrunk to {one['side']} pixels and enlarged: {one['name']} {one['value']:.4f}{between}"


def verified_in_words(verified: dict[str, Any]) -> str:
    """Whether words of bits gave the answers of floats."""
    if verified["different"]:
        return f"{verified['different']:,} of {verified['numbers']:,} answers differ from the float32 emulation"
    return f"every bit of {verified['numbers']:,} answers is that of the float32 emulation"


def limit_in_words(latency: dict[str, Any]) -> str:
    """The limit and whether it is kept."""
    kept = "satisfied" if latency["satisfied"] else "not satisfied"
    return (f"limit of {latency['limit_ms']:g} ms an image {kept}: 95 of 100 take at most {latency['p95_ms']:.2f} ms, "
            f"half of them at most {latency['median_ms']:.2f} ms ({latency['n']} images, one at a time)")
