"""pellucid train: from data to a run folder, or on from where a run stopped."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.output import JSON_FLAG, FileLines, print_json, show_lines
from pellucid.errors import UsageError
from pellucid.runs.config import RunConfig

DEFAULTS = RunConfig()


@app.command()
def train(
    data: Annotated[str | None, typer.Argument(help="digits, a known name, a folder or a file.")] = None,
    model: Annotated[str | None, typer.Option(help="A name, words such as conv_8,pool,FC_32, or a model file.")] = None,
    activation: Annotated[str, typer.Option(help="Activation of networks in words.")] = DEFAULTS.activation,
    engine: Annotated[str, typer.Option(help="auto, reference or pytorch.")] = DEFAULTS.engine,
    epochs: Annotated[int | None, typer.Option(help="Default: 30 below 20,000 training images, else 5.")] = None,
    batch_size: Annotated[int, typer.Option(help="Images in one step.")] = DEFAULTS.batch_size,
    optimizer: Annotated[str, typer.Option(help="sgd, adagrad, rmsprop or adam.")] = DEFAULTS.optimizer,
    lr: Annotated[float | None, typer.Option(help="Learning rate; default: the optimizer's own.")] = None,
    schedule: Annotated[
        str, typer.Option(help="constant, cosine, linear, step:N:F, exponential:F, inverse:K, sqrt, plateau:N:F.")
    ] = DEFAULTS.schedule,
    l2: Annotated[float, typer.Option(help="Penalty l2 * sum w^2 on kernels (networks in words).")] = DEFAULTS.l2,
    dropout: Annotated[
        float | None, typer.Option(help="Rate before later dense layers; default: 0.3 in the default network, else 0.")
    ] = None,
    augment: Annotated[str, typer.Option(help="E.g. flip,shift=2,rotate=10; training part only.")] = DEFAULTS.augment,
    preprocess: Annotated[
        str, typer.Option(help="E.g. scale,standardize or scale,pca; default: uint8 to 0..1, floats left alone.")
    ] = DEFAULTS.preprocess,
    class_weight: Annotated[str, typer.Option(help="none or balanced.")] = DEFAULTS.class_weight,
    patience: Annotated[int, typer.Option(help="Stop after so many epochs without improvement; 0: never.")] = 0,
    precision: Annotated[str, typer.Option(help="float32 or float64.")] = DEFAULTS.precision,
    device: Annotated[str, typer.Option(help="auto or cpu.")] = DEFAULTS.device,
    seed: Annotated[int, typer.Option(help="Weights, order, noise.")] = DEFAULTS.seed,
    split_seed: Annotated[int, typer.Option(help="Which images are held out.")] = DEFAULTS.split_seed,
    val_fraction: Annotated[float, typer.Option(help="Share of the training part held for validation.")] = 0.1,
    group: Annotated[str | None, typer.Option(help="CSV column whose values must not be in two parts.")] = None,
    label: Annotated[str | None, typer.Option(help="CSV column of the classes.")] = None,
    resize: Annotated[str | None, typer.Option(help="HxW: bring all images to this size.")] = None,
    channels: Annotated[str | None, typer.Option(help="rgb or gray: convert images (drops transparency).")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where known names are looked for.")] = None,
    limit: Annotated[int | None, typer.Option(help="Take only so many training images, classes kept even.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of NumPy's matrix products.")] = None,
    allow_leak: Annotated[bool, typer.Option("--allow-leak", help="Train although a group is in two parts.")] = False,
    out: Annotated[str | None, typer.Option(help="The run folder; default runs/DATA-DATE-TIME.")] = None,
    resume: Annotated[str | None, typer.Option(help="Continue the run in this folder.")] = None,
    checkpoint_every: Annotated[int, typer.Option(help="Steps between checkpoints; 0: each epoch only.")] = 0,
    allow_different: Annotated[
        bool, typer.Option("--allow-different", help="Resume although versions or machine differ.")
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Train a network and write a run folder: model, history, pictures, report."""
    settings = {name: value for name, value in locals().items() if name in DEFAULTS.to_json()}
    command = shlex.join(["pellucid", *sys.argv[1:]])
    if resume is not None:
        refuse_beside_resume(settings, data, out)
    elif data is None:
        raise UsageError("train: name the data, e.g. pellucid train digits, or continue a run with --resume DIR.")
    config = None if resume is not None else RunConfig(**settings)
    folder = resume or out or f"runs/{default_name(str(data))}"
    outcome = carry_out(config, folder, command, allow_different=allow_different, as_json=as_json)
    if as_json:
        print_json(outcome.metrics)
    if outcome.stopped:
        raise typer.Exit(1)


def default_name(data: str) -> str:
    """DATA-DATE-TIME, for runs/."""
    stem = Path(data).name.split(".")[0] or "data"
    return f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"


def refuse_beside_resume(settings: dict[str, Any], data: str | None, out: str | None) -> None:
    """A resumed run keeps its settings; raises UsageError that names the first one given beside --resume."""
    defaults = DEFAULTS.to_json()
    given = [f"--{name.replace('_', '-')}" for name, value in settings.items() if name != "data" and value != defaults[name]]
    given = [*(["DATA"] if data is not None else []), *(["--out"] if out is not None else []), *given]
    if given:
        raise UsageError(f"train: {given[0]} cannot be given with --resume, which keeps the run's own settings. Leave it out.")


def carry_out(config: RunConfig | None, path: str, command: str, *, allow_different: bool, as_json: bool) -> Any:
    """Run it, with lines on the terminal and in log.txt."""
    from pellucid.runs.experiment import resume_run, start_run
    from pellucid.storage.run_folder import RunFolder
    from pellucid.training.console import Bar, EpochLines

    logger = show_lines(as_json)
    console = Bar(logger.info) if sys.stdout.isatty() and not as_json else EpochLines(logger.info)
    folder = RunFolder.open(path) if config is None else RunFolder.create(path)
    logger.addHandler(FileLines(folder.log))
    if config is None:
        outcome = resume_run(path, allow_different=allow_different, console=console)
    else:
        outcome = start_run(config, folder, command=command, console=console)
    metrics = outcome.metrics
    logger.info("%s accuracy %.4f (%s images)", metrics["split"], metrics["accuracy"], f"{metrics['n']:,}")
    if outcome.stopped:
        logger.info("%s after %d epochs; continue with: pellucid train --resume %s", metrics["state"], metrics["epochs"],
                    shlex.quote(folder.path.as_posix()))
    logger.info("report %s", folder.report.as_posix())
    return outcome
