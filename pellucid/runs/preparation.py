"""From settings to what a run trains on and with: data set, fitted preprocessing, network, update rule, batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pellucid.data.augmentation import Augmentation
from pellucid.data.batches import Batches
from pellucid.data.choosing import AUTO, NONE, Chosen, Looks
from pellucid.data.dataset import Dataset
from pellucid.data.joining import with_validation_joined
from pellucid.data.mosaic import Tiles
from pellucid.data.preprocessing import Pipeline, default_pipeline
from pellucid.data.random_split import drawn_at_random
from pellucid.data.scales import Scales
from pellucid.data.splits import ensure_test, leaking_groups, split_train_dev, split_validation
from pellucid.engines.protocol import Engine
from pellucid.errors import DataError, UsageError
from pellucid.keys import Key
from pellucid.runs.config import FEW_VALIDATE, RunConfig, named
from pellucid.runs.deciding import decided, meant_for_some, task_of
from pellucid.runs.freezing import freeze_layers
from pellucid.runs.networks import (
    LINEAR,
    dropout_in_force,
    make_model,
    names_words,
    preprocessing_of_file,
    set_batch_norm_momentum,
)
from pellucid.runs.prepared import Prepared
from pellucid.runs.pretrained import head_alone, with_rate_of_head
from pellucid.runs.reading import read_data, reading_of
from pellucid.runs.room import refuse_too_large, refuse_too_large_at
from pellucid.runs.rules import rule_of
from pellucid.runs.several import share_of, shared_engine
from pellucid.runs.weights import native_weights
from pellucid.settings import flag_of
from pellucid.spec.optimizers import OptimizerSpec
from pellucid.training.preflight import refuse_lonely_batches
from pellucid.training.program import MultiScale, Supervised
from pellucid.training.schedule_words import ENDING
from pellucid.training.schedules import patience_of, refuse_two_rises, schedule_of, words_of
from pellucid.training.session import engine_named

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes

TAUGHT = ("model", "pretrained", "weights", "optimizer", "lr", "weight_decay", "batch_size", "clipnorm", "clipvalue",
          "global_clipnorm", "gradient_accumulation_steps", "use_ema", "warmup", "schedule")  # fmt: skip
PHOTONET_FROM = 48  # pixels of the shorter side; the networks in words for smaller ones look closely enough
PHOTONET_RATE = 0.006
PHOTONET_EPOCHS, PHOTONET_STEPS = 60, 300  # at least, both
PHOTOS_TO = 1_000  # training pictures; of more the networks in words learn more than photonet, with shifts alone


def load_data(config: RunConfig) -> Dataset:
    """The data set with its parts: train, train-dev if it is asked for, validation, test; no group in two of them."""
    dataset = read_data(config)
    if config.also_split and dataset.undivided and dataset.part("train").groups is None:
        raise UsageError(f"train: --also-split {config.also_split} compares with parts by group, but {config.data} has "
                         "no groups. Name them with --group COLUMN or --group-pattern.")  # fmt: skip
    dataset = divide(dataset, config)
    if config.parts == "random":
        return drawn_at_random(dataset, seed=config.split_seed)
    refuse_leaks(dataset, config)
    return dataset


def refuse_leaks(dataset: Dataset, config: RunConfig) -> None:
    """Raise DataError for a group in two parts, unless the settings say that it is meant."""
    leaking = leaking_groups(dataset)
    if leaking and not config.allow_leak:
        group, parts = next(iter(leaking.items()))
        raise DataError(
            f"{config.data}: group '{group}' is in {' and '.join(parts)} ({len(leaking)} such groups), so scores would "
            "look better than they are. Split by group, or train all the same with --allow-leak."
        )


def divide(dataset: Dataset, config: RunConfig) -> Dataset:
    """The data set with the parts it lacks, taken from its training part."""
    together = config.copies == "together"
    dataset = ensure_test(dataset, seed=config.split_seed, together=together)
    if "train" not in dataset.parts:
        raise DataError(f"{config.data} has no training part. Put the images to learn from into a folder train/.")
    seed = config.split_seed
    if config.join_validation:
        dataset = with_validation_joined(dataset)
    else:
        dataset = split_validation(dataset, fraction=config.val_fraction, seed=seed, together=together)
    return split_train_dev(dataset, fraction=config.train_dev_fraction, seed=seed, together=together)


@dataclass(frozen=True)
class Words:
    """The settings that are words of a small language, understood before any data are read."""

    engine: Engine
    preprocessing: Pipeline
    augmentation: Augmentation | None
    processes: Processes | None = None  # which share the work; None for one


def understand(config: RunConfig, processes: Processes | None = None) -> Words:
    """Raise UsageError or ArgumentError, which names the flag, for words that mean nothing."""
    preprocessing, augmentation = understand_words(config)
    with named("--engine, --precision or --device"):
        device = None if config.device == "auto" else config.device
        engine = engine_named(config.engine, config.precision, device, compiled=config.compile)
        engine = engine if processes is None else shared_engine(engine, config, processes)
    if engine.name == "packed":
        raise UsageError("train: --engine packed predicts alone. Train with --engine reference or pytorch.")
    if config.compile and (engine.name != "pytorch" or processes is not None):
        raise UsageError("train: --compile goes with one process on the PyTorch engine; pass --engine pytorch.")
    return Words(engine, preprocessing, augmentation, processes)


def understand_words(config: RunConfig) -> tuple[Pipeline, Augmentation | None]:
    """Those that need no engine, and of them what is done to images. Raises UsageError as `understand` does."""
    reading_of(config)
    refuse_two_rises(config.schedule, config.warmup)
    if not meant_for_some(config):
        decided(config, read_data(config))  # so that the fault is told by the task at hand
    rule_of(config)
    with named("--preprocess"):
        preprocessing = Pipeline.parse(config.preprocess) if config.preprocess else default_pipeline()
    with named("--augment"):
        augmentation = augmentation_of(config.augment)
    return preprocessing, augmentation


def augmentation_of(words: str | None) -> Augmentation | None:
    """What --augment says; None for nothing, and while `auto` has not looked at the data."""
    return None if words in (None, "", NONE, AUTO) else Augmentation.parse(str(words))


def looks_of(dataset: Dataset, key: Key) -> Looks:
    """What the training part looks like, by which settings are chosen that nobody typed."""
    return Looks(dataset.part("train"), dataset.channel_names, key)


def chosen(config: RunConfig, dataset: Dataset, looks: Looks) -> tuple[RunConfig, str]:
    """The settings with all that the data choose where nobody typed it, and a line on the changes of pictures."""
    config, recipe = with_recipe(decided(config, dataset), looks)
    config, told = with_augmentation(config, looks)
    config = with_network(config, looks)
    config = config if looks.no_photos else with_rate_of_head(config, len(looks.part))
    return with_kept_epoch(config, dataset, looks), recipe or told


def with_recipe(config: RunConfig, looks: Looks) -> tuple[RunConfig, str]:
    """The settings with those that the task teaches with where none of them is said, and a line that types them."""
    plain = RunConfig()
    if any(getattr(config, name) != getattr(plain, name) for name in TAUGHT):
        return config, ""
    recipe = task_of(config).recipe(config.own, looks.part, looks.key)
    if not recipe:
        return config, ""
    recipe = {name: value for name, value in recipe.items()
              if getattr(config, name) in (getattr(plain, name), AUTO)}  # epochs and changes of pictures stay as typed
    told = {name: f" {value:g}" if isinstance(value, float) else f" {value}" for name, value in recipe.items()}
    words = " ".join(flag_of(name) + ("" if recipe[name] is True else value) for name, value in told.items())
    why = f"chosen for {looks.part.annotations.kind}; none of it is once a network, rate, rule or batch size is typed"
    return config.changed(**recipe), f"recipe {words}, {why}"


def with_augmentation(config: RunConfig, looks: Looks) -> tuple[RunConfig, str]:
    """The settings with what `auto` chooses, and a line that says it, empty where nothing was chosen.

    Raises UsageError for what annotations cannot follow.
    """
    part, told = looks.part, ""
    if config.augment in (None, AUTO):
        chosen = looks.augmentation if config.augment == AUTO else unasked(config, looks)
        told = f"augment {chosen.words}, chosen {chosen.why}" if chosen.words else f"augment {chosen.why}"
        config = config.changed(augment=chosen.words)
    augmentation = augmentation_of(config.augment)
    if augmentation is not None and part.annotations.moves and augmentation.unfollowed:
        word = augmentation.unfollowed[0]
        raise UsageError(f"train: --augment {word} cannot go with {part.annotations.kind}, which could not follow the "
                         "pixels. Leave it out.")  # fmt: skip
    if augmentation is not None and augmentation.mosaic and not isinstance(part.annotations, Tiles):
        raise UsageError("train: --augment mosaic goes with boxes: four pictures in one have the "
                         f"{part.annotations.kind} of all four. Leave it out, or mix two with mixup or cutmix.")
    return config, told


def unasked(config: RunConfig, looks: Looks) -> Chosen:
    """The changes of pictures that a run takes when nothing is said of them."""
    if head_alone(config) and not looks.no_photos:
        return looks.mirrors
    return looks.augmentation if len(looks.part) <= PHOTOS_TO else looks.shifts


def with_network(config: RunConfig, looks: Looks) -> RunConfig:
    """The settings with the network for photos where nobody says another, and rate and epochs that were chosen for it.

    What is said of a network in words (--dropout, --l1, --l2, --activation) is said of those that image size chooses.
    """
    part, plain = looks.part, RunConfig()
    said = any(getattr(config, name) != getattr(plain, name) for name in ("dropout", "l1", "l2", "activation"))
    shaped = config.preprocess or config.weights or min(part.images.shape[1:3]) < PHOTONET_FROM
    if config.model is not None or said or shaped or len(part) > PHOTOS_TO or looks.no_photos:
        return config
    rate = PHOTONET_RATE if config.lr is None and config.optimizer in ("adam", "adamw") else config.lr
    epochs = config.epochs or max(PHOTONET_EPOCHS, config.epochs_of(PHOTONET_STEPS, len(part)))
    return config.changed(model="photonet", lr=rate, epochs=epochs)


def with_kept_epoch(config: RunConfig, dataset: Dataset, looks: Looks) -> RunConfig:
    """The settings with which epoch is kept, where nobody says it."""
    few = "validation" in dataset.parts and len(dataset.part("validation")) < FEW_VALIDATE
    last = few and words_of(config.schedule)[0] in ENDING and not looks.no_photos
    return config.changed(keep_epoch=config.keep_epoch or ("last" if last else "sure"))


def prepare(config: RunConfig, words: Words, dataset: Dataset | None = None) -> Prepared:
    """Read the data, fit the preprocessing on the training part alone, build the network and the batches.

    `dataset` is what `load_data` gave for the same settings of the data, if it is at hand already.
    """
    key = Key.of(config.seed)
    dataset = load_data(config) if dataset is None else dataset
    config, told = chosen(config, dataset, looks_of(dataset, key))
    task = task_of(config)
    problem = task.settled(task.problem(dataset), config.own, config.model, dataset)
    train, share = dataset.part("train"), share_of(words.processes)
    preprocessing = preprocessing_of_file(config, dataset) or words.preprocessing.fit(
        train, key=key.fold("preprocessing")
    )
    engine = words.engine
    shape = tuple(preprocessing.output_shape(dataset.image_shape))
    with named("--model"):
        model, name = make_model(config, shape, problem, key, partial(refuse_too_large, config, dataset))
    set_batch_norm_momentum(model, name, config.batch_norm_momentum)
    epochs = config.epochs_for(len(train))
    problem.refuse_unfit(config.own, epochs)  # here, before anything is written
    rates = freeze_layers(model, config, epochs, problem.trunk(model))
    encodes = problem.encodes(config.own, model.graph)
    refuse_too_large_at(list(encodes), config, dataset, model.graph)
    batches = Batches(
        train,
        batch_size=config.batch_size,
        key=key.fold("batches"),
        preprocessing=preprocessing,
        augmentation=augmentation_of(config.augment),
        sample_weights=problem.sample_weights(config.own, train),
        sampler=problem.sampler(config.own, train),
        share=share,
        scale_later=engine.name == "pytorch",
        encode=problem.encode,
        scales=Scales(encodes, key.fold("scales")) if encodes else None,
    )
    with named("--batch-size"):
        apart = 1 if config.sync_batch_norm else share.count
        refuse_lonely_batches(model.graph, batches.samples, config.batch_size, apart)
    validation = None
    if "validation" in dataset.parts:
        validation = Batches(
            dataset.part("validation"), batch_size=256, key=key, shuffle=False, preprocessing=preprocessing,
            share=share, scale_later=engine.name == "pytorch", encode=problem.encode,
        )
    rule = make_rule(config, batches.steps_per_epoch, epochs)
    objective = problem.objective(config.own, model.graph)
    program = (MultiScale if encodes else Supervised)(
        model.graph, objective, rule, initial=lambda engine, key: native_weights(model, engine), rates=rates
    )
    return Prepared(
        config, dataset, preprocessing, model, name, problem, engine, program, batches, validation, epochs, key,
        words.processes, told,
    )


def make_rule(config: RunConfig, steps_per_epoch: int, epochs: int) -> OptimizerSpec:
    """The update rule with its annealed rate."""
    rule = rule_of(config)
    rate = config.lr if config.lr is not None else float(rule.learning_rate)  # type: ignore[arg-type]
    schedule = schedule_of(
        config.schedule, rate, steps_per_epoch=steps_per_epoch, epochs=epochs, warmup=config.warmup
    )
    return replace(rule, learning_rate=schedule)


def settings_in_force(prepared: Prepared) -> Mapping[str, Any]:
    """The settings with what was chosen from the data filled in."""
    config, name = prepared.config, prepared.model_name
    named_by_task = config.model is None and name != LINEAR and not names_words(name)
    chosen = {"model": name, "engine": prepared.engine.name, "epochs": prepared.epochs,
              "dropout": config.dropout if named_by_task else dropout_in_force(config),
              "patience": patience_of(prepared.config.schedule, prepared.config.patience)}  # fmt: skip
    rule = prepared.program.rule
    rate = rule.learning_rate if isinstance(rule.learning_rate, float) else rule.learning_rate.to_config()
    return prepared.config.to_json() | chosen | {"learning_rate": rate}
