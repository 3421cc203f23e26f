"""pellucid train: from data to a run folder, or on from where a run stopped."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.app import app
from pellucid.cli.help import GroupedCommand
from pellucid.cli.output import JSON_FLAG, FileLines, print_json, show_lines
from pellucid.errors import PellucidError, UsageError
from pellucid.runs.config import RunConfig, flag
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import append_text

if TYPE_CHECKING:
    from pellucid.runs.experiment import Outcome

DEFAULTS = RunConfig()
NETWORK, LEARNING, DATA = "Network", "Learning", "Data"
MACHINE, RUN = "Machine and chance", "The run folder"


def option(panel: str, text: str, *names: str) -> Any:
    """An option under a heading of the help page."""
    return typer.Option(*names, help=text, rich_help_panel=panel)


@app.command(cls=GroupedCommand)
def train(
    data: Annotated[str | None, typer.Argument(help="digits, a known name, a folder or a file.")] = None,
    model: Annotated[str | None, option(NETWORK, "A name, words such as conv_8,pool,FC_32, or a model file to go on "
                                                 "from; default: words chosen by image size.")] = None,
    activation: Annotated[str, option(NETWORK, "Activation of networks in words.")] = DEFAULTS.activation,
    dropout: Annotated[
        float | None, option(NETWORK, "Rate before later dense layers; default: 0.3 in the default network, else 0.")
    ] = None,
    l2: Annotated[float, option(NETWORK, "Penalty l2 * sum w^2 on kernels (networks in words).")] = DEFAULTS.l2,
    epochs: Annotated[
        int | None,
        option(LEARNING, "Passes over the training part; default: 30 below 20,000 training images, else 5."),
    ] = None,
    batch_size: Annotated[int, option(LEARNING, "Images in one step.")] = DEFAULTS.batch_size,
    optimizer: Annotated[str, option(LEARNING, "sgd, adagrad, rmsprop or adam.")] = DEFAULTS.optimizer,
    lr: Annotated[float | None, option(LEARNING, "Learning rate; default: the optimizer's own.")] = None,
    schedule: Annotated[
        str, option(LEARNING, "constant, cosine, linear, step:N:F, exponential:F, inverse:K, sqrt or plateau:N:F.")
    ] = DEFAULTS.schedule,
    patience: Annotated[
        int, option(LEARNING, "Stop after so many epochs without improvement; 0: never.")
    ] = DEFAULTS.patience,
    class_weight: Annotated[
        str, option(LEARNING, "none, or balanced: rare classes count as much as common ones.")
    ] = DEFAULTS.class_weight,
    augment: Annotated[
        str, option(LEARNING, "Change training images a little, e.g. flip,shift=2,rotate=10.")
    ] = DEFAULTS.augment,
    preprocess: Annotated[
        str, option(DATA, "E.g. scale,standardize or scale,pca; default: uint8 to 0..1, floats left alone.")
    ] = DEFAULTS.preprocess,
    resize: Annotated[str | None, option(DATA, "HxW: bring all images to this size.")] = None,
    channels: Annotated[str | None, option(DATA, "rgb or gray: convert images (drops transparency).")] = None,
    limit: Annotated[int | None, option(DATA, "At most so many images of each part, classes in proportion.")] = None,
    val_fraction: Annotated[
        float, option(DATA, "Share of the training part held for validation.")
    ] = DEFAULTS.val_fraction,
    split_seed: Annotated[int, option(DATA, "Which images are held out.")] = DEFAULTS.split_seed,
    group: Annotated[str | None, option(DATA, "CSV column whose values must not be in two parts.")] = None,
    label: Annotated[str | None, option(DATA, "CSV column of the classes.")] = None,
    allow_leak: Annotated[bool, option(DATA, "Train although a group is in two parts.", "--allow-leak")] = False,
    data_dir: Annotated[str | None, option(DATA, "Where known names such as mnist are looked for first.")] = None,
    seed: Annotated[int, option(MACHINE, "First weights, order of images, noise.")] = DEFAULTS.seed,
    engine: Annotated[str, option(MACHINE, "auto (pytorch where installed), reference or pytorch.")] = DEFAULTS.engine,
    precision: Annotated[str, option(MACHINE, "float32, float64, or bfloat16 on pytorch.")] = DEFAULTS.precision,
    device: Annotated[str, option(MACHINE, "auto, cpu, or cuda on pytorch.")] = DEFAULTS.device,
    threads: Annotated[
        int | None,
        option(MACHINE, "Of the engine; default: 1 for steps below 20 GFLOP (on pytorch 2), else all cores."),
    ] = None,
    out: Annotated[str | None, option(RUN, "The run folder; default runs/DATA-DATE-TIME.")] = None,
    checkpoint_every: Annotated[
        int, option(RUN, "Steps between checkpoints; 0: after each epoch only.")
    ] = DEFAULTS.checkpoint_every,
    resume: Annotated[str | None, option(RUN, "Continue the run in this folder, to the same bits.")] = None,
    allow_different: Annotated[
        bool, option(RUN, "Resume although versions or machine differ.", "--allow-different")
    ] = False,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """Train a network on images. Writes a run folder: model, history, pictures, report."""
    settings = {name: value for name, value in locals().items() if name in DEFAULTS.to_json()}
    command = shlex.join(["pellucid", *sys.argv[1:]])
    if resume is not None:
        refuse_beside_resume(settings, data, out)
    elif data is None:
        raise UsageError("train: name the data, e.g. pellucid train digits, or continue a run with --resume DIR.")
    elif allow_different:
        raise UsageError("train: --allow-different goes with --resume DIR. Leave it out.")
    config = None if resume is not None else RunConfig(**settings)
    path = resume or out or f"runs/{default_name(str(data))}"
    logger = show_lines(as_json)
    folder = RunFolder.create(path) if config is not None else RunFolder.open(path)
    with kept_log(logger, folder):
        outcome = carry_out(config, folder, command, allow_different=allow_different, logger=logger, as_json=as_json)
        tell(outcome, logger)
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
    given = [flag(name) for name, value in settings.items() if name != "data" and value != defaults[name]]
    given = [*(["DATA"] if data is not None else []), *(["--out"] if out is not None else []), *given]
    if given:
        raise UsageError(
            f"train: {given[0]} cannot be given with --resume, which keeps the run's own settings. Leave it out."
        )


@contextmanager
def kept_log(logger: logging.Logger, folder: RunFolder) -> Iterator[None]:
    """Write a block's lines to log.txt too, a fault as the last; a folder that came to nothing is removed."""
    lines = FileLines(folder.log, after=folder.config)
    logger.addHandler(lines)
    try:
        yield
    except PellucidError as fault:
        if folder.config.exists():
            with suppress(PellucidError):  # the disk may be what is at fault
                append_text(folder.log, f"{fault}\n")
        raise
    finally:
        logger.removeHandler(lines)
        if not folder.config.exists():
            with suppress(OSError):  # it may have held something before
                folder.path.rmdir()


def carry_out(
    config: RunConfig | None, folder: RunFolder, command: str, *, allow_different: bool, logger: logging.Logger,
    as_json: bool,
) -> Outcome:
    """Begin or continue the run, with a bar on a terminal and a line an epoch elsewhere."""
    from pellucid.runs.environment import keep_freed_memory
    from pellucid.runs.experiment import resume_run, start_run
    from pellucid.training.console import Bar, EpochLines

    keep_freed_memory()
    console = Bar(logger.info) if sys.stdout.isatty() and not as_json else EpochLines(logger.info)
    if config is None:
        return resume_run(folder.path, allow_different=allow_different, console=console)
    return start_run(config, folder, command=command, console=console)


def tell(outcome: Outcome, logger: logging.Logger) -> None:
    """The last lines: the score, how to go on, where the report is."""
    metrics, folder = outcome.metrics, outcome.folder
    low, high = metrics["accuracy_interval"]
    best = f", best epoch {metrics['best_epoch']}" if metrics["best_epoch"] else ""
    logger.info("%s accuracy %.4f (%.4f to %.4f, %s images%s)", metrics["split"], metrics["accuracy"], low, high,
                f"{metrics['n']:,}", best)
    if outcome.stopped:
        path = shlex.quote(folder.path.as_posix())
        logger.info("%s; continue with: pellucid train --resume %s", metrics["state"], path)
    elif metrics["state"] != "finished":
        logger.info("%s", metrics["state"])
    logger.info("report %s", folder.report.as_posix())
