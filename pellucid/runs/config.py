"""RunConfig: every setting of a run in one frozen value, saved whole as config.json. An unknown key is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.errors import ArgumentError, DataError, FileError, ShapeError, UsageError
from pellucid.runs.old_settings import MEANINGS
from pellucid.settings import (
    DATA,
    LEARNING,
    MACHINE,
    NETWORK,
    RUN,
    TRANSFER,
    Meaning,
    check,
    from_json,
    listed,
    others,
    setting,
    to_json,
)
from pellucid.tasks.registry import AUTO, FIRST, settings_of_task
from pellucid.training.schedule_words import ENDING, PATIENCE
from pellucid.training.schedule_words import WORDS as SCHEDULE_WORDS

if TYPE_CHECKING:
    from pellucid.storage.run_folder import RunFolder

FEW_IMAGES = 20_000  # below this a run sees the training part more often
EPOCHS_FEW, EPOCHS_MANY = 30, 5
FEW_VALIDATE = 100  # pictures, of which one more or less that is right says nothing about an epoch
ANEW = "Start the run anew with pellucid train"


@dataclass(frozen=True)
class RunConfig:
    """The settings of a run; the defaults here are those of the command line. None means: chosen from the data."""

    meanings: ClassVar[Mapping[str, Meaning]] = MEANINGS

    data: str = setting("digits", "digits, a known name, a folder or a file.", flag=None)  # an argument
    own: Any = others()  # settings of the task; until the data have been asked, those of them that were typed, by name

    model: str | None = setting(
        None, "A name, words such as conv_8,pool,FC_32, or a model file to go on from; default: words chosen by image "
        "size.", panel=NETWORK)
    activation: str = setting("relu", "Activation of networks in words.", panel=NETWORK)
    dropout: float | None = setting(
        None, "Rate before later dense layers, or of cifar10cnn's dropout; default: 0.3 in the default network, 0.5 in "
        "cifar10cnn, else 0.", panel=NETWORK, least=0, below=1)
    batch_norm_momentum: float | None = setting(
        None, "Momentum of every batch norm, the share of its moving statistics that a step keeps; default: the "
        "network's own.", panel=NETWORK, least=0, below=1)
    l1: float = setting(0.0, "Penalty l1 * sum |w| on kernels (networks in words).", panel=NETWORK, least=0)
    l2: float = setting(0.0, "Penalty l2 * sum w^2 on kernels (networks in words).", panel=NETWORK, least=0)

    pretrained: str | None = setting(
        None, "Begin with weights known by name, their network and what it was shown: pellucid weights lists them.",
        panel=TRANSFER)
    weights: str | None = setting(
        None, "Begin with the weights of this file: one of ours, a state dict of torchvision or timm as .safetensors, "
        "or Keras's .weights.h5.", panel=TRANSFER)
    new_head: bool = setting(False, "Make the last layer anew, for the classes of the data.", panel=TRANSFER)
    head_by_name: bool = setting(  # older runs took it as it lay
        True, "Put a file's head in the order of the data.", flag=None)
    freeze: str = setting(
        "", "Layers that keep their weights: all-but-head, names such as conv1*,bn1, or how many.",
        panel=TRANSFER)
    unfreeze_after: int = setting(
        0, "Train all layers after so many epochs; 0: the frozen ones stay so.", panel=TRANSFER, least=0)
    unfreeze_rate: float = setting(
        0.1, "Share of the learning rate from then on.", panel=TRANSFER, above=0, most=1)
    trunk_rate: float = setting(
        1.0, "Share of the learning rate for all layers but the last with weights.",
        panel=TRANSFER, above=0, most=1)

    epochs: int | None = setting(
        None, f"Passes over the training part; default: {EPOCHS_FEW} below {FEW_IMAGES:,} training images, else "
        f"{EPOCHS_MANY}; of few photos more, for photonet and for a new head, and of few objects with points.",
        panel=LEARNING, least=1)
    batch_size: int = setting(32, "Images in one step.", panel=LEARNING, least=1)
    optimizer: str = setting(
        "adam", "sgd, adam, adamw, nadam, adamax, adagrad, adadelta, adafactor, rmsprop, ftrl, lion or muon.",
        panel=LEARNING)
    lr: float | None = setting(None, "Learning rate; default: the optimizer's own.", panel=LEARNING, above=0)
    momentum: float | None = setting(
        None, "Momentum of sgd or rmsprop, default: none; of muon, default: 0.95.", panel=LEARNING, least=0, most=1)
    nesterov: bool = setting(False, "Nesterov's momentum, of sgd.", panel=LEARNING)
    amsgrad: bool = setting(False, "Keep the largest second moment, of adam or adamw.", panel=LEARNING)
    weight_decay: float | None = setting(
        None, "Each step shrinks kernels by this share of the rate; default: 0.004 for adamw, else none.",
        panel=LEARNING, least=0)
    clipnorm: float | None = setting(
        None, "Shorten each weight's gradient to this length.", panel=LEARNING, above=0)
    clipvalue: float | None = setting(
        None, "Cut each number of the gradient to this size.", panel=LEARNING, above=0)
    global_clipnorm: float | None = setting(
        None, "Shorten the gradient of all weights together to this length.", panel=LEARNING, above=0)
    gradient_accumulation_steps: int = setting(
        1, "Batches whose mean gradient makes one update.", panel=LEARNING, least=1)
    use_ema: bool = setting(
        False, "Evaluate and keep a moving average of the weights.", panel=LEARNING)
    ema_momentum: float = setting(
        0.99, "Share of that average that a step keeps.", panel=LEARNING, least=0, below=1)
    schedule: str = setting(
        "cosine", f"{SCHEDULE_WORDS}.", panel=LEARNING)
    warmup: float = setting(
        0.0, "Epochs over which the rate rises in a straight line to the schedule's.", panel=LEARNING, least=0)
    patience: int | None = setting(
        None, "Stop after so many epochs without improvement; 0: never. Default: never for schedules that end in "
        f"themselves ({', '.join(ENDING)}), else {PATIENCE}, with plateau three times its N if that is more.",
        panel=LEARNING, least=0)
    keep_epoch: str | None = setting(
        None, "Which epoch's model is kept: sure, of those whose validation score is the best within its noise the "
        "one whose loss is lower by a tenth; best, the one with the best score; last. Default: last for photos that "
        f"fewer than {FEW_VALIDATE} validate, where the schedule ends in itself, else sure.", panel=LEARNING,
        choices=("sure", "best", "last"))
    augment: str | None = setting(
        None, "Change training images a little, e.g. flip,shift=2,rotate=10; none; or auto, the default: photos, "
        "and objects with boxes or points that a recipe is chosen for, as suits them, other pictures not.",
        panel=LEARNING)

    task: str = setting(AUTO, "What is learnt; auto asks the data.", panel=DATA)
    preprocess: str = setting(
        "", "E.g. scale,standardize or scale,pca; default: uint8 to 0..1, floats left alone.", panel=DATA)
    resize: str | None = setting(
        None, "HxW: bring all images to this size; default: their own, or one chosen where they differ.",
        panel=DATA)
    fit: str = setting(
        "stretch", "How an image comes to that size: stretch, letterbox (whole, on grey) or crop (its middle).",
        panel=DATA, choices=("stretch", "letterbox", "crop"))
    crop: str = setting(
        "auto", "Of objects with points: cut each out by its box, with this share of its longer side around it, e.g. "
        "0.25; none: whole images; auto: 0.25 where the data have boxes.", panel=DATA)
    box_noise: float = setting(
        0.0, "Shift and scale those boxes at random by up to this share of a side, as a detector's are.", panel=DATA,
        least=0, below=1)
    channels: str | None = setting(
        None, "gray, rgb, hsv, hsl, yuv or ycbcr; or names of channels, nuclei,actin; or which file holds which: "
        "w1=nuclei,w2=er.", panel=DATA)
    require_all_channels: bool = setting(False, "Refuse images of which channels are missing.", panel=DATA)
    alpha: str = setting(
        "white", "What shows where an image is transparent: white, or drop for what lies below.",
        panel=DATA, choices=("white", "drop"))
    skip_broken: str | None = setting(
        None, "N%: go on without images that cannot be read, if they are no more than that.", panel=DATA)
    max_pixels: int | None = setting(
        None, "Pixels one image may have; default: 50,000,000.", panel=DATA, least=1)
    limit: int | None = setting(
        None, "At most so many images of each part, classes in proportion.", panel=DATA, least=1)
    val_fraction: float = setting(0.1, "Share of train held for validation.", panel=DATA, least=0, below=1)
    join_validation: bool = setting(
        False, "Learn from the validation part that the data bring, too: the last epoch is kept, as nothing can "
        "choose one.", panel=DATA)
    train_dev_fraction: float = setting(
        0.0, "Share of train held out for pellucid diagnose, which then tells variance from mismatch.",
        panel=DATA, least=0, below=1)
    split_seed: int = setting(0, "Which images are held out.", panel=DATA, least=0)
    group: str | None = setting(
        None, "CSV column whose values must not be in two parts; several with commas: experiment,plate.", panel=DATA)
    label: str | None = setting(
        None, "CSV column of the classes, or of the numbers, several with commas.", panel=DATA)
    where: str | None = setting(
        None, "Only rows of the table with these values: COLUMN=VALUE,..., | between values.", panel=DATA)
    group_pattern: str | None = setting(
        None, "Regular expression; what its groups find in a picture's path must not be in two parts.",
        panel=DATA)
    copies: str = setting(
        "together", "together: copies of an image stay in one part where parts are split off; apart: anywhere.",
        panel=DATA, choices=("together", "apart"))
    wells: str = setting(
        "together", "Pictures of one well of a CSV with a column well: together in one part, or apart anywhere.",
        panel=DATA, choices=("together", "apart"))
    parts: str = setting(
        "data", "data: as the data and their groups have them; random: all images pooled and drawn anew, groups "
        "unheeded.", panel=DATA, choices=("data", "random"))
    also_split: str | None = setting(
        None, "random: train once more with --parts random, and report both scores and the gap.", panel=DATA,
        choices=("random",))
    allow_leak: bool = setting(False, "Train although a group or an image is in two parts.", panel=DATA)
    data_dir: str | None = setting(None, "Where known names such as mnist are looked for first.", panel=DATA)

    seed: int = setting(0, "First weights, order of images, noise.", panel=MACHINE, least=0)
    engine: str = setting("auto", "auto (pytorch where installed), reference or pytorch.", panel=MACHINE)
    precision: str = setting("float32", "float32, float64, or bfloat16 on pytorch.", panel=MACHINE)
    device: str = setting("auto", "auto, cpu, or cuda on pytorch.", panel=MACHINE)
    compile: bool = setting(
        False, "On pytorch: compile the training steps of networks without convolutions; pays from some thousand "
        "steps on.", panel=MACHINE)
    sync_batch_norm: bool = setting(
        False, "Under torchrun: batch norm over the batch of all processes, not over each one's share of it.",
        panel=MACHINE)
    threads: int | None = setting(  # as environment.threads_for has it
        None, "Of the engine; default: 1 for steps below 20 GFLOP (on pytorch 2), else all cores.",
        panel=MACHINE, least=1, most=4096)

    checkpoint_every: int = setting(0, "Steps between checkpoints; 0: after each epoch only.", panel=RUN, least=0)
    no_checks: bool = setting(
        False, "Begin without the quick checks of data and network, and whatever they would say.",
        panel=RUN)

    def __post_init__(self) -> None:
        check(self, "train")
        if self.unfreeze_after and not self.freeze:
            raise UsageError("train: --unfreeze-after goes with --freeze, e.g. --freeze all-but-head.")

    def to_json(self) -> dict[str, Any]:
        """As config.json holds it: the settings of every run, and those of its task."""
        own = {} if self.own is None else dict(self.own) if isinstance(self.own, Mapping) else to_json(self.own)
        return to_json(self) | own

    @classmethod
    def from_json(cls, settings: Mapping[str, Any], where: str) -> RunConfig:
        """As `to_json` wrote it, in this version or an older one; what it lacks is as `old_settings` says.

        Raises FileError for a setting this version does not know, of another type or outside its legal values.
        """
        task = FIRST if settings.get("task") is None else settings["task"]
        try:
            kinds = (cls, settings_of_task(task)) if isinstance(task, str) and task != AUTO else (cls,)
        except UsageError as fault:
            raise FileError(f"{where}: {fault}") from None
        config, *own = from_json(settings, where, *kinds, remedy=f"{ANEW}.")
        assert isinstance(config, RunConfig)
        return replace(config, own=own[0] if own else None)

    def typed(self) -> dict[str, Any]:
        """What is not at its default, the data left out; every task but the first, since data may have several."""
        own = self.own if self.own is None or isinstance(self.own, Mapping) else to_json(self.own)
        defaults = to_json(RunConfig()) | ({} if own is self.own else to_json(type(self.own)()))
        told = {"data", *({"task"} if self.task == FIRST else set())}
        return {name: value for name, value in self.to_json().items()
                if name not in told and (name not in defaults or value != defaults[name])}  # fmt: skip

    def changed(self, **values: Any) -> RunConfig:
        """The same with other values, also of the task's settings; those are words until the task is decided."""
        general = {known.name for known in listed(RunConfig)} | {"own"}
        mine = {name: value for name, value in values.items() if name in general}
        theirs = {name: value for name, value in values.items() if name not in general}
        if theirs and (self.own is None or isinstance(self.own, Mapping)):
            mine["own"] = {**(self.own or {}), **theirs}
        elif theirs:
            mine["own"] = replace(self.own, **theirs)
        return replace(self, **mine)

    def epochs_for(self, images: int) -> int:
        """The number of epochs in force."""
        return self.epochs or (EPOCHS_FEW if images < FEW_IMAGES else EPOCHS_MANY)

    def epochs_of(self, steps: int, images: int) -> int:
        """As many epochs as make so many steps."""
        return math.ceil(steps / math.ceil(images / self.batch_size))


def read_record(folder: RunFolder) -> dict[str, Any]:
    """What config.json holds; raises FileError when a part of it is missing."""
    from pellucid.storage.reading import read_json
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.runs import ConfigRecord

    record = read_json(folder.config)
    for name in ("settings", "environment"):
        if not isinstance(record, dict) or not isinstance(record.get(name), dict):
            raise FileError(f"{folder.config} is damaged: it has no {name}. {ANEW}.")
    return dict(checked(record, ConfigRecord, folder.config, ANEW))


@contextmanager
def blamed(path: Path) -> Iterator[None]:
    """Name the record before what a block says about settings that were read from it and not typed."""
    try:
        yield
    except (UsageError, ArgumentError, ShapeError, DataError, FileError) as fault:
        if str(path.parent) in str(fault):
            raise
        raise FileError(f"{path}: {fault}") from fault


@contextmanager
def named(flag: str) -> Iterator[None]:
    """Put the flag before what a block says about its words."""
    try:
        yield
    except UsageError:
        raise
    except (ArgumentError, ShapeError) as fault:
        raise UsageError(f"{flag}: {fault}") from fault
