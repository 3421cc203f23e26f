"""pellucid check: whether data, network and settings can learn at all, before hours are spent on them."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli import flags
from pellucid.cli.app import app
from pellucid.cli.flags import DEFAULTS
from pellucid.cli.help import GroupedCommand
from pellucid.cli.output import JSON_FLAG, print_json, say
from pellucid.runs.config import RunConfig


@app.command(cls=GroupedCommand)
def check(
    data: flags.Data,
    model: flags.Model = None,
    activation: flags.Activation = DEFAULTS.activation,
    dropout: flags.Dropout = None,
    batch_norm_momentum: flags.BatchNormMomentum = None,
    l2: flags.L2 = DEFAULTS.l2,
    batch_size: flags.BatchSize = DEFAULTS.batch_size,
    optimizer: flags.Optimizer = DEFAULTS.optimizer,
    lr: flags.Rate = None,
    schedule: flags.Schedule = DEFAULTS.schedule,
    loss: flags.Loss = DEFAULTS.loss,
    sampler: flags.Sampler = DEFAULTS.sampler,
    preprocess: flags.Preprocess = DEFAULTS.preprocess,
    resize: flags.Resize = None,
    fit: flags.Fit = DEFAULTS.fit,
    channels: flags.Channels = None,
    alpha: flags.Alpha = DEFAULTS.alpha,
    skip_broken: flags.SkipBroken = None,
    max_pixels: flags.MaxPixels = None,
    limit: flags.Limit = None,
    val_fraction: flags.ValFraction = DEFAULTS.val_fraction,
    train_dev_fraction: flags.TrainDevFraction = DEFAULTS.train_dev_fraction,
    split_seed: flags.SplitSeed = DEFAULTS.split_seed,
    group: flags.Group = None,
    label: flags.Label = None,
    group_pattern: flags.GroupPattern = None,
    copies: flags.Copies = "together",
    data_dir: flags.DataDir = None,
    seed: flags.Seed = DEFAULTS.seed,
    engine: flags.Engine = DEFAULTS.engine,
    precision: flags.Precision = DEFAULTS.precision,
    device: flags.Device = DEFAULTS.device,
    threads: flags.Threads = None,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """See whether this can learn, before training. Data, network, gradients, a tiny subset, the learning rate."""
    settings = {name: value for name, value in locals().items() if name in DEFAULTS.to_json()}
    from pellucid.checks.finding import record_of, verdict
    from pellucid.runs.checking import check_run

    found = []
    for finding in check_run(RunConfig(**settings)):
        found.append(finding)
        if not as_json:
            say(*finding.lines())
    if as_json:
        print_json(record_of(found))
    else:
        say(f"verdict: {verdict(found)}")
    if verdict(found) == "failure":
        raise typer.Exit(1)
