"""pellucid check: whether data, network and settings can learn at all, before hours are spent on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import app
from pellucid.cli.help import GroupedCommand
from pellucid.cli.output import JSON_FLAG, print_json
from pellucid.cli.train import DATA, DEFAULTS, LEARNING, MACHINE, NETWORK, option
from pellucid.runs.config import RunConfig

if TYPE_CHECKING:
    from pellucid.checks.finding import Finding


@app.command(cls=GroupedCommand)
def check(
    data: Annotated[str, typer.Argument(help="digits, a known name, a folder or a file.")],
    model: Annotated[str | None, option(NETWORK, "A name, words such as conv_8,pool,FC_32, or a model file; "
                                                 "default: words chosen by image size.")] = None,
    activation: Annotated[str, option(NETWORK, "Activation of networks in words.")] = DEFAULTS.activation,
    l2: Annotated[float, option(NETWORK, "Penalty l2 * sum w^2 on kernels (networks in words).")] = DEFAULTS.l2,
    batch_size: Annotated[int, option(LEARNING, "Images in one step.")] = DEFAULTS.batch_size,
    optimizer: Annotated[str, option(LEARNING, "sgd, adagrad, rmsprop or adam.")] = DEFAULTS.optimizer,
    lr: Annotated[float | None, option(LEARNING, "Learning rate; default: the optimizer's own.")] = None,
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
    data_dir: Annotated[str | None, option(DATA, "Where known names such as mnist are looked for first.")] = None,
    seed: Annotated[int, option(MACHINE, "First weights, and the images that are looked at.")] = DEFAULTS.seed,
    engine: Annotated[str, option(MACHINE, "auto (pytorch where installed), reference or pytorch.")] = DEFAULTS.engine,
    as_json: Annotated[bool, JSON_FLAG] = False,
) -> None:
    """See whether this can learn, before training. Data, network, gradients, a tiny subset, the learning rate."""
    settings = {name: value for name, value in locals().items() if name in DEFAULTS.to_json()}
    from pellucid.checks.finding import verdict
    from pellucid.runs.checking import check_run

    found = []
    for finding in check_run(RunConfig(**settings)):
        found.append(finding)
        if not as_json:
            print(line_of(finding), flush=True)
    if as_json:
        print_json({"verdict": verdict(found), "checks": [finding.to_json() for finding in found]})
    else:
        print(f"verdict: {verdict(found)}")
    if verdict(found) == "failure":
        raise typer.Exit(1)


def line_of(finding: Finding) -> str:
    """Status, name and meaning; the remedy below."""
    line = f"{finding.status:<7}  {finding.name:<17}  {finding.meaning}"
    return f"{line}\n{'':<7}  {'':<17}  {finding.remedy}" if finding.remedy else line
