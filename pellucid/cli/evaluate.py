"""pellucid evaluate: how well a run or a model does on a part of a data set."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.output import ENGINE_FLAG, JSON_FLAG, print_json, table


@app.command()
def evaluate(
    run: Annotated[str, typer.Argument(help="A run folder or a model file.")],
    data: Annotated[str | None, typer.Argument(help="The data; default: what the run was trained on.")] = None,
    split: Annotated[
        str | None, typer.Option(help="train, validation or test; default: test, if there is one.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(help="Scores with their intervals, separated by commas, e.g. macro_f1,auroc,recall:cat; "
                          "default: accuracy, balanced_accuracy, macro_f1, top5, ece."),
    ] = None,
    costs: Annotated[
        str | None, typer.Option(help="CSV of class,cost or true,predicted,cost, for the score weighted_error.")
    ] = None,
    max_latency: Annotated[
        float | None, typer.Option(help="Milliseconds that 19 of 20 single images must keep; exit code 1 if not.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at a time.")] = 256,
    data_dir: Annotated[str | None, typer.Option(help="Where known names such as mnist are looked for first.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many images of each part, classes in proportion.")
    ] = None,
    engine: Annotated[str | None, ENGINE_FLAG] = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Score a model on data. Scores with their intervals, then precision, recall and F1 of each class."""
    from pellucid.diagnosis.scores import DEFAULT
    from pellucid.runs.environment import keep_freed_memory
    from pellucid.runs.using import evaluate_on

    keep_freed_memory()
    names = list(DEFAULT) if metrics is None else [name.strip() for name in metrics.split(",") if name.strip()]
    if costs is not None and metrics is None:
        names.append("weighted_error")
    found = evaluate_on(run, data, split=split, batch_size=batch_size, data_dir=data_dir, limit=limit,
                        metrics=names, costs=costs, max_latency=max_latency, engine=engine)  # fmt: skip
    if as_json:
        print_json(found)
    else:
        print("\n\n".join(pages(found)))
    if found.get("latency", {}).get("satisfied") is False:
        raise typer.Exit(1)


def pages(found: dict[str, Any]) -> list[str]:
    """The parts of the answer: headline, scores, classes, latency."""
    low, high = found["accuracy_interval"]
    headline = (f"{found['split']} accuracy {found['accuracy']:.4f} ({low:.4f} to {high:.4f}, {found['n']:,} images)  "
                f"loss {score(found['loss'])}  macro F1 {score(found['macro_f1'])}")
    scores = [
        [row["name"], score(row["value"]), *map(score, row["interval"] or (None, None)), f"{row['n']:,}", row["note"]]
        for row in found["scores"]
    ]
    classes = [
        [str(row["class"]), f"{row['n']:,}", *(score(row[name]) for name in ("precision", "recall", "f1"))]
        for row in found["per_class"]
    ]
    told = [
        headline,
        table(scores, ["score", "value", "from", "to", "n", ""]),
        table(classes, ["class", "n", "precision", "recall", "F1"]),
    ]
    return told + ([in_words(found["latency"])] if "latency" in found else [])


def in_words(latency: dict[str, Any]) -> str:
    """The limit and whether it is kept."""
    kept = "satisfied" if latency["satisfied"] else "not satisfied"
    return (f"limit of {latency['limit_ms']:g} ms an image {kept}: 95 of 100 take at most {latency['p95_ms']:.2f} ms, "
            f"half of them at most {latency['median_ms']:.2f} ms ({latency['n']} images, one at a time)")


def score(value: float | None) -> str:
    """Four digits, or a dash where it is not defined."""
    return "-" if value is None else f"{value:.4f}"
