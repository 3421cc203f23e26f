"""The network of a run: by name, in words of the notation, chosen by image size, or a model file to go on from."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pellucid.architectures.names import EVERY, NAMES, architecture, default_notation
from pellucid.data.dataset import Dataset
from pellucid.data.preprocessing import Pipeline
from pellucid.errors import FileError, UsageError, shown
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.graph.notation import is_notation
from pellucid.graph.selecting import head_of
from pellucid.keys import Key
from pellucid.model import Model, Sequential, load_model
from pellucid.model.bounds import layers_in_words
from pellucid.model.ending import with_ending
from pellucid.model.heads_by_name import differing, order_of, reordered
from pellucid.model.loading import pipeline_of
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import problem_of, task_of_model
from pellucid.runs.weights import draw_weights
from pellucid.spec.activations import Softmax
from pellucid.spec.normalization import BatchNormalization, Dropout
from pellucid.storage.foreign import is_ours
from pellucid.storage.model_file import read_model
from pellucid.storage.reading import sha256_of
from pellucid.tasks.protocol import Problem

LOG = logging.getLogger("pellucid")
FILES = (".safetensors", ".h5", ".keras", ".pt", ".pth", ".bin", ".npz")  # the first is read, the others explained
MEANT = re.compile(r"\s*(conv|pool|fc)(\d|[_*,\s]|$)", re.IGNORECASE)
LINEAR = "linear"  # how a record names the network of no words
DEFAULT_DROPOUT = 0.3  # in the network chosen by image size


def make_model(
    config: RunConfig, shape: tuple[int, ...], problem: Problem, key: Key,
    admit: Callable[[Graph], None] = lambda graph: None,
) -> tuple[Model, str]:
    """The network that --model names: an architecture, words of the notation, or a model file to go on from.

    `admit` raises for a network that is too large, before it has weights.
    """
    wanted, classes = config.model, len(problem.names)
    if wanted is not None and wanted.lower().endswith(FILES):
        refuse_penalties(config, wanted)
        refuse_setting("--dropout", bool(config.dropout), wanted)
        if config.weights:
            raise UsageError(f"--weights goes with a network by name or in words; --model {wanted} has its own.")
        return model_from_file(config, shape, problem, key.fold("init")), wanted
    if config.new_head and not config.weights:
        raise UsageError("--new-head goes with --weights FILE or a model file as --model. Leave it out.")
    own = problem.network(wanted, config.own, shape)
    if own is not None:
        refuse_penalties(config, own[1])
        refuse_setting("--dropout", config.dropout is not None, own[1])
        refuse_setting("--activation", config.activation != RunConfig.activation, own[1])
        model, name = own
    elif wanted and not in_words(wanted):
        refuse_penalties(config, wanted)
        model = architecture(wanted, shape, classes, config.dropout, names=NAMES)  # type: ignore[arg-type]
        name = wanted
    else:
        name = default_notation(shape) if wanted is None and len(shape) == 3 else (wanted or "")
        layers = layers_in_words(name, input_shape=shape, classes=classes, activation=config.activation, l1=config.l1,
                                 l2=config.l2)  # fmt: skip
        model = Sequential(with_dropout(layers, dropout_in_force(config) or 0.0))
        name = name or LINEAR
    model = ended(model, problem)
    admit(model.graph)
    draw_weights(model, key.fold("init"))
    if config.weights:
        read_weights(model, config, problem)
    return model, name


def ended(model: Model, problem: Problem) -> Model:
    """The network with the end that its task wants, in place of a softmax; as it came where that is it."""
    return model if problem.ending is None else with_ending(model, problem.ending)


def read_weights(model: Model, config: RunConfig, problem: Problem) -> None:
    """Take the weights of --weights FILE; its head too where it is for the data's classes, put in their order."""
    path, class_names = str(config.weights), problem.names
    trunk = problem.trunk(model)
    if trunk is not None:
        from pellucid.model.foreign.loading import load_weights  # few runs begin with weights of others

        LOG.info("read   %s", load_weights(trunk, path, part=True))
        return
    ours = path.lower().endswith(".safetensors") and os.path.isfile(path) and is_ours(path)
    has = read_model(path).class_names if ours and config.head_by_name else None
    order = None if has is None else order_of(has, class_names)
    others = has is not None and order is None and len(has) == len(class_names)  # other counts are seen by their shapes
    LOG.info("read   %s", model.load_weights(path, new_head=config.new_head or others))
    if others and has is not None:
        LOG.info("head   made anew: the file is for other classes, %s", differing(has, class_names))
    elif order is not None and not config.new_head:
        put_in_order(model, order)


def put_in_order(model: Model, order: np.ndarray) -> None:
    """Bring the heads of a file into the order of the data, and say so."""
    if reordered(model, order):
        LOG.info("head   %s: its outputs put in the order of the data's classes", ", ".join(head_of(model.graph)))


def in_words(text: str) -> bool:
    """Whether a text is meant as notation, well written or not; the notation itself says what is wrong with it."""
    return text.lower().replace("_", "-") not in EVERY and (is_notation(text) or MEANT.match(text) is not None)


def names_words(model: str) -> bool:
    """Whether --model is words of the notation, and neither a file nor a network with a name."""
    return not model.lower().endswith(FILES) and (not model or in_words(model))


def dropout_in_force(config: RunConfig) -> float | None:
    """The rate that a network in words has; None where a network's own holds."""
    if config.dropout is not None or (config.model is not None and not names_words(config.model)):
        return config.dropout
    return DEFAULT_DROPOUT if config.model is None else 0.0


def refuse_setting(name: str, given: bool, model: str) -> None:
    """Raise UsageError when a setting of networks in notation was given for one with a name of its own."""
    if given:
        fitting = "networks in notation (--model conv_8,pool,FC_32)"
        raise UsageError(f"{name} goes with {fitting}, not with --model {model}.")


def refuse_penalties(config: RunConfig, model: str) -> None:
    """Raise UsageError for a penalty on the kernels of a network that is not in words."""
    refuse_setting("--l1", config.l1 > 0, model)
    refuse_setting("--l2", config.l2 > 0, model)


def with_dropout(layers: list[Layer], rate: float) -> list[Layer]:
    """Dropout before every dense layer but the first of the network."""
    if not rate:
        return layers
    dense = [place for place, layer in enumerate(layers) if layer.spec.prefix == "dense"]
    chosen = dense[1:] or dense
    spread: list[Layer] = []
    for place, layer in enumerate(layers):
        spread += [Layer.of(Dropout(rate)), layer] if place in chosen else [layer]
    return spread


def set_batch_norm_momentum(model: Model, name: str, momentum: float | None) -> None:
    """Give every batch norm this momentum, those of sub-models too; raises UsageError for a network without any."""
    if momentum is None:
        return
    layers = [layer for outer in model.layers for layer in outer.innermost()]
    norms = [layer for layer in layers if isinstance(layer.spec, BatchNormalization)]
    if not norms:
        fitting = "networks that have batch norm, such as cifar10cnn"
        raise UsageError(f"--batch-norm-momentum goes with {fitting}, not with {name}, which has none. Leave it out.")
    for layer in norms:
        layer.spec = replace(layer.spec, momentum=momentum)


def model_from_file(config: RunConfig, shape: tuple[int, ...], problem: Problem, key: Key) -> Model:
    """A saved model to go on from, its head in the order of the data; raises UsageError when it does not fit them."""
    path, class_names, classes = str(config.model), problem.names, len(problem.names)
    if not os.path.isfile(path):
        raise UsageError(f"--model {path}: there is no such file.")
    model = load_model(path)
    if isinstance(model.input_shape, dict) or isinstance(model.output_shape, dict):
        raise UsageError(f"--model {path} has several inputs or outputs; a run needs one of each.")
    refuse_no_classifier(model, path)
    refuse_other_task(model, config, path)
    has = int(model.output_shape[-1])
    if model.input_shape[1:] != shape or (has != problem.outputs and not config.new_head):
        wanted = f"{model.input_shape[1:]} images and {has} classes"
        remedy = " Its last layer is made anew with --new-head." if model.input_shape[1:] == shape else ""
        raise UsageError(f"--model {path} is made for {wanted}, but the data has {shape} and {classes}.{remedy}")
    if not config.new_head:
        names = problem_of(model, path).names if config.head_by_name and (model.class_names or model.task) else None
        order = None if names is None else order_of(names, class_names)
        if names is not None and order is None:
            raise UsageError(f"--model {path} is for other classes than the data: {differing(names, class_names)}. "
                             "Make its last layer anew with --new-head.")
        if order is not None:
            refuse_order(problem, order, path)
            put_in_order(model, order)
        return model
    own_end = problem.ending is not None or task_of_model(model).name != config.task
    made = (with_ending(model, ()) if own_end else model).with_head(classes)
    if own_end:
        made = with_ending(made, problem.ending or (Softmax(),))
    draw_weights(made, key, head_of(made.graph, side=True))
    LOG.info("head   %s: made anew for %d classes, %d before", ", ".join(head_of(made.graph)), classes, has)
    return made


def refuse_order(problem: Problem, order: np.ndarray, path: str) -> None:
    """Raise UsageError for outputs in another order where more than weights follows it."""
    if problem.ending is not None and not np.array_equal(order, np.arange(len(order))):
        raise UsageError(f"--model {path} gives {', '.join(problem.names)} in another order than the data. Put the "
                         "columns of the data in its order, or make its last layer anew with --new-head.")


def refuse_other_task(model: Model, config: RunConfig, path: str) -> None:
    """Raise UsageError for a model that was taught something else than the run learns."""
    taught = task_of_model(model).name
    if taught != config.task and not config.new_head:
        raise UsageError(f"--model {path} was trained for the task {taught}, and this run is one of the task "
                         f"{config.task}. Keep its layers and make its last one anew with --new-head.")


def refuse_no_classifier(model: Model, path: str) -> None:
    """Raise FileError for a network that does not give one image a number a class, as the commands need it."""
    graph = model.graph
    outputs = {name: graph.output_shapes[name] for name in graph.lasting}
    rank = task_of_model(model).rank
    if list(graph.input_shapes) != ["input"] or list(outputs) != ["output"] or len(outputs["output"]) != rank:
        got = f"from {', '.join(graph.input_shapes)} to {', '.join(f'{k} {v}' for k, v in outputs.items())}"
        raise FileError(f"{path} is no network that the command line can use: one image in (input) and a number a "
                        f"class out (output) are wanted, but it leads {shown(got)}. Use it in Python with load_model.")


def preprocessing_of_file(config: RunConfig, dataset: Dataset) -> Pipeline | None:
    """What a model file does to its images before the network, when nothing else is asked for; None without one.

    Weights are worth nothing on pixels of another scale.
    """
    path = config.weights or config.model or ""
    if config.preprocess or not path.endswith(".safetensors") or not os.path.isfile(path):
        return None
    if not is_ours(path):
        return None
    file = read_model(path)
    if file.preprocessing is None or (file.input or {}).get("dtype") != str(dataset.dtype):
        return None
    return pipeline_of(file, path)


def sha256_of_model(config: RunConfig) -> str | None:
    """What the file of the first weights holds; None without one, or without a file of that name."""
    named = config.weights or (config.model or "" if (config.model or "").lower().endswith(FILES) else "")
    return sha256_of(named) if named and os.path.isfile(named) else None
