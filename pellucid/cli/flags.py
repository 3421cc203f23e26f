"""The settings of a run as flags, one entry each: `train` and the commands that ask about a run share them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pellucid.runs.config import RunConfig

DEFAULTS = RunConfig()
NETWORK, TRANSFER, LEARNING, DATA = "Network", "Transfer", "Learning", "Data"
MACHINE, RUN = "Machine and chance", "The run folder"


def option(panel: str, text: str, *names: str) -> Any:
    """An option under a heading of the help page."""
    return typer.Option(*names, help=text, rich_help_panel=panel)


WHAT = typer.Argument(help="digits, a known name, a folder or a file.")
Data = Annotated[str, WHAT]
DataOrNone = Annotated[str | None, WHAT]

Model = Annotated[
    str | None,
    option(NETWORK, "A name, words such as conv_8,pool,FC_32, or a model file to go on from; default: words chosen by "
                    "image size."),
]  # fmt: skip
Activation = Annotated[str, option(NETWORK, "Activation of networks in words.")]
Dropout = Annotated[
    float | None,
    option(NETWORK, "Rate before later dense layers, or of cifar10cnn's dropout; default: 0.3 in the default network, "
                    "0.5 in cifar10cnn, else 0."),
]  # fmt: skip
BatchNormMomentum = Annotated[
    float | None,
    option(NETWORK, "Momentum of every batch norm, the share of its moving statistics that a step keeps; default: the "
                    "network's own."),
]  # fmt: skip
L2 = Annotated[float, option(NETWORK, "Penalty l2 * sum w^2 on kernels (networks in words).")]

Weights = Annotated[
    str | None,
    option(TRANSFER, "Begin with the weights of this file: one of ours, a state dict of torchvision or timm as "
                     ".safetensors, or Keras's .weights.h5."),
]  # fmt: skip
NewHead = Annotated[
    bool, option(TRANSFER, "Make the last layer anew, for the classes of the data.", "--new-head")
]
Freeze = Annotated[
    str, option(TRANSFER, "Layers that keep their weights: all-but-head, names such as conv1*,bn1, or how many.")
]
UnfreezeAfter = Annotated[
    int, option(TRANSFER, "Train all layers after so many epochs; 0: the frozen ones stay so.")
]
UnfreezeRate = Annotated[float, option(TRANSFER, "Share of the learning rate from then on.")]
TrunkRate = Annotated[
    float, option(TRANSFER, "Share of the learning rate for all layers but the last with weights.")
]

Epochs = Annotated[
    int | None,
    option(LEARNING, "Passes over the training part; default: 30 below 20,000 training images, else 5."),
]
BatchSize = Annotated[int, option(LEARNING, "Images in one step.")]
Optimizer = Annotated[str, option(LEARNING, "sgd, adagrad, rmsprop or adam.")]
Rate = Annotated[float | None, option(LEARNING, "Learning rate; default: the optimizer's own.")]
Schedule = Annotated[
    str, option(LEARNING, "constant, cosine, linear, step:N:F, exponential:F, inverse:K, sqrt or plateau:N:F.")
]
Patience = Annotated[int, option(LEARNING, "Stop after so many epochs without improvement; 0: never.")]
Loss = Annotated[
    str, option(LEARNING, "crossentropy, or focal[:GAMMA[:ALPHA]]: what is known well counts for little.")
]
ClassWeight = Annotated[str, option(LEARNING, "none, or balanced: rare classes count as much as common ones.")]
Sampler = Annotated[
    str, option(LEARNING, "none, over: every class is shown as often as the largest, or under: as the smallest.")
]
MineRounds = Annotated[
    int, option(LEARNING, "Times, evenly spread, that training images which are wrong get double weight; 0: never.")
]
Augment = Annotated[str, option(LEARNING, "Change training images a little, e.g. flip,shift=2,rotate=10.")]

Preprocess = Annotated[
    str, option(DATA, "E.g. scale,standardize or scale,pca; default: uint8 to 0..1, floats left alone.")
]
Resize = Annotated[
    str | None, option(DATA, "HxW: bring all images to this size; default: their own, or one chosen where they differ.")
]
Fit = Annotated[
    str, option(DATA, "How an image comes to that size: stretch, letterbox (whole, on grey) or crop (its middle).")
]
Channels = Annotated[str | None, option(DATA, "rgb or gray: convert images.")]
Alpha = Annotated[str, option(DATA, "What shows where an image is transparent: white, or drop for what lies below.")]
SkipBroken = Annotated[
    str | None, option(DATA, "N%: go on without images that cannot be read, if they are no more than that.")
]
MaxPixels = Annotated[int | None, option(DATA, "Pixels one image may have; default: 50,000,000.")]
Limit = Annotated[int | None, option(DATA, "At most so many images of each part, classes in proportion.")]
ValFraction = Annotated[float, option(DATA, "Share of train held for validation.")]
TrainDevFraction = Annotated[
    float,
    option(DATA, "Share of train held out for pellucid diagnose, which then tells variance from mismatch."),
]
SplitSeed = Annotated[int, option(DATA, "Which images are held out.")]
Group = Annotated[str | None, option(DATA, "CSV column whose values must not be in two parts.")]
Label = Annotated[str | None, option(DATA, "CSV column of the classes.")]
GroupPattern = Annotated[
    str | None,
    option(DATA, "Regular expression; what its one group finds in a picture's path must not be in two parts."),
]
Copies = Annotated[
    str, option(DATA, "together: copies of an image stay in one part where parts are split off; apart: anywhere.")
]
AllowLeak = Annotated[
    bool, option(DATA, "Train although a group or an image is in two parts.", "--allow-leak")
]
DataDir = Annotated[str | None, option(DATA, "Where known names such as mnist are looked for first.")]

Seed = Annotated[int, option(MACHINE, "First weights, order of images, noise.")]
Engine = Annotated[str, option(MACHINE, "auto (pytorch where installed), reference or pytorch.")]
Precision = Annotated[str, option(MACHINE, "float32, float64, or bfloat16 on pytorch.")]
Device = Annotated[str, option(MACHINE, "auto, cpu, or cuda on pytorch.")]
Compile = Annotated[
    bool,
    option(MACHINE, "On pytorch: compile the training steps of networks without convolutions; pays from some thousand "
           "steps on.", "--compile"),
]  # fmt: skip
SyncBatchNorm = Annotated[
    bool,
    option(MACHINE, "Under torchrun: batch norm over the batch of all processes, not over each one's share of it.",
           "--sync-batch-norm"),
]  # fmt: skip
Threads = Annotated[
    int | None,
    option(MACHINE, "Of the engine; default: 1 for steps below 20 GFLOP (on pytorch 2), else all cores."),
]

Out = Annotated[str | None, option(RUN, "The run folder; default runs/DATA-DATE-TIME.")]
CheckpointEvery = Annotated[int, option(RUN, "Steps between checkpoints; 0: after each epoch only.")]
NoChecks = Annotated[
    bool, option(RUN, "Begin without the quick checks of data and network, and whatever they would say.", "--no-checks")
]
Resume = Annotated[str | None, option(RUN, "Continue the run in this folder, to the same bits.")]
Verify = Annotated[
    bool, option(RUN, "Read every picture to see whether it changed; else one of the same size and time has not.",
                 "--verify")
]
AllowDifferent = Annotated[
    bool, option(RUN, "Resume although versions or machine differ.", "--allow-different")
]
