"""pellucid evaluate: how well a run or a model does on a part of a data set."""

from __future__ import annotations

from typing import Annotated

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
    batch_size: Annotated[int, typer.Option(min=1, help="Images at a time.")] = 256,
    data_dir: Annotated[str | None, typer.Option(help="Where known names such as mnist are looked for first.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many images of each part, classes in proportion.")
    ] = None,
    engine: Annotated[str | None, ENGINE_FLAG] = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Score a model on data. Accuracy with its interval, loss, precision, recall and F1 of each class."""
    from pellucid.runs.environment import keep_freed_memory
    from pellucid.runs.using import evaluate_on

    keep_freed_memory()
    metrics = evaluate_on(
        run, data, split=split, batch_size=batch_size, data_dir=data_dir, limit=limit, engine=engine
    )
    if as_json:
        print_json(metrics)
        return
    low, high = metrics["accuracy_interval"]
    print(f"{metrics['split']} accuracy {metrics['accuracy']:.4f} ({low:.4f} to {high:.4f}, {metrics['n']:,} images)  "
          f"loss {metrics['loss']:.4f}  macro F1 {metrics['macro_f1']:.4f}")
    rows = [
        [str(row["class"]), f"{row['n']:,}", *(score(row[name]) for name in ("precision", "recall", "f1"))]
        for row in metrics["per_class"]
    ]
    print(table(rows, ["class", "n", "precision", "recall", "F1"]))


def score(value: float | None) -> str:
    """Four digits, or a dash where it is not defined."""
    return "-" if value is None else f"{value:.4f}"
