"""Model and Sequential: what a user holds. Keras's names, argument order and defaults; the graph is underneath."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.engines.protocol import Engine, Measure, Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ArgumentError, FileError, ShapeError, UsageError, describe
from pellucid.graph.build import Built, build
from pellucid.graph.graph import Graph, Nested
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.rebuild import homes, layers_of, refreshed, replay
from pellucid.graph.summary import summarize, table
from pellucid.graph.vocabulary import Input
from pellucid.spec.losses import LOSSES, METRICS
from pellucid.spec.optimizers import OPTIMIZERS, OptimizerSpec
from pellucid.spec.reshaping import InputLayer
from pellucid.storage.model_file import read_model, write_model
from pellucid.training.callbacks import History, Recorder
from pellucid.training.compiling import make_objective, rule_of
from pellucid.training.events import Event, Position, Progress
from pellucid.training.inputs import IterableBatches, array_batches, named, split_off
from pellucid.training.loop import evaluate, train
from pellucid.training.preflight import refuse_lonely_batches
from pellucid.training.program import State, Supervised
from pellucid.training.seed import ROOT
from pellucid.training.session import engine_named, events_of, predict_chunks

Path = str | os.PathLike[str]
SECTIONS = ("params", "state")


class Model:
    """A network from `inputs` to `outputs` (tensors or lists of them); outputs in `training_only` are left out by predict.

    Weights hang on the layers, so models cut from the same layers share them.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, *, training_only: Sequence[Tensor] = ()) -> None:
        self.name = name or "model"
        self._reset()
        self._construct(build(tensors("inputs", inputs), tensors("outputs", outputs), training_only))

    def _reset(self) -> None:
        self._built: Built | None = None
        self._layer: Layer | None = None
        self._state: State | None = None  # slots and clock, kept between calls of fit
        self._objective: Objective | None = None
        self._compiled: dict[str, Any] = {}
        self.optimizer: OptimizerSpec | None = None
        self.engine: Engine = ReferenceEngine()
        self.key = ROOT.next_key()
        self.stop_training = False
        self.history: History | None = None
        self.preprocessing: Any = None  # a fitted data.Pipeline, saved with the model
        self.class_names: list[str] | None = None
        self.input_record: dict[str, Any] | None = None
        self.training_record: dict[str, Any] | None = None

    def _construct(self, built: Built) -> None:
        self._built = built
        missing = [(key, home) for key, home in homes(built.graph, built.layers).items() if home[1] not in home[0].weights]
        if missing:
            params, state = ReferenceEngine().init(built.graph, self.key)
            for key, (layer, short) in missing:
                layer.weights[short] = params[key] if key in params else state[key]

    # What the network is

    @property
    def built(self) -> Built:
        """Graph and layers; raises UsageError while a Sequential does not know its input yet."""
        if self._built is None:
            raise UsageError(f"{self.name}: the input shape is not known yet. Add Input(shape) first, or call fit.")
        return self._built

    @property
    def graph(self) -> Graph:
        """The network as data, with every layer's trainable flag as it is now."""
        return refreshed(self.built)

    @property
    def layers(self) -> list[Layer]:
        """The layers, in Keras's order."""
        return list(self.built.layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or place; raises ArgumentError that lists the names."""
        if index is not None:
            return self.layers[index]
        for layer, entry in zip(self.built.layers, self.built.graph.layers, strict=True):
            if entry.name == name:
                return layer
        known = ", ".join(entry.name for entry in self.built.graph.layers)
        raise ArgumentError(describe(self.name, "layer name", f"one of {known}", repr(name)))

    @property
    def inputs(self) -> list[Tensor]:
        """The input tensors, to cut another model from."""
        return self._tensors()[0]

    @property
    def outputs(self) -> list[Tensor]:
        """The output tensors, to build on."""
        return self._tensors()[1]

    def _tensors(self) -> tuple[list[Tensor], list[Tensor]]:
        return replay(self.built.graph, self.built.layers)

    @property
    def input_shape(self) -> Any:
        """The input's shape with the batch axis; a mapping when there are several."""
        return with_batch(self.built.graph.input_shapes)

    @property
    def output_shape(self) -> Any:
        """The output's shape with the batch axis; a mapping when there are several."""
        return with_batch(self.built.graph.output_shapes)

    @property
    def trainable(self) -> bool:
        """Whether any layer is trained; setting it sets every layer."""
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = value

    def __call__(self, inputs: Any) -> Any:
        """The model as a layer of another (tensors), or its outputs for arrays."""
        first = inputs[0] if isinstance(inputs, (list, tuple)) and inputs else inputs
        return self.as_layer()(inputs) if isinstance(first, Tensor) else self.predict(inputs, verbose=0)

    def as_layer(self) -> Layer:
        """The one layer that stands for this model in others."""
        if self._layer is None:
            self._layer = Layer.of(Nested(self.built.graph), self.name if self.name != "model" else None)
            self._layer.inner = self.built.layers
        return self._layer

    def summary(self, print_fn: Any = print) -> None:
        """Print the table of layers: output shape, parameters, receptive field; totals below."""
        print_fn(table(self.graph))

    def count_params(self) -> int:
        """All parameters, trained or not."""
        return summarize(self.graph).total

    # Weights

    def weights_by_key(self) -> dict[str, np.ndarray]:
        """Every weight by "layer/kernel", in Keras's order; the arrays themselves, not copies."""
        return {key: layer.weights[short] for key, (layer, short) in homes(self.built.graph, self.built.layers).items()}

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in Keras's order."""
        return [np.array(value) for value in self.weights_by_key().values()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace all weights; raises ShapeError that names the first that does not fit."""
        own = homes(self.built.graph, self.built.layers)
        if len(weights) != len(own):
            raise ShapeError(describe(self.name, "weights", f"a list of {len(own)} arrays", f"{len(weights)} arrays"))
        self._take(dict(zip(own, weights, strict=True)))

    def _take(self, weights: Mapping[str, Any]) -> None:
        for key, (layer, short) in homes(self.built.graph, self.built.layers).items():
            value = np.asarray(weights[key])
            if value.shape != layer.weights[short].shape:
                wanted = f"of shape {layer.weights[short].shape}"
                raise ShapeError(describe(self.name, f"weight '{key}'", wanted, str(value.shape)))
            layer.weights[short] = np.array(value, layer.weights[short].dtype)

    def _native(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parameters and moving statistics as the engine's arrays."""
        weights = self.weights_by_key()
        moving = {key for key, weight in self.graph.weights.items() if weight.name.startswith("moving_")}
        params = {key: value for key, value in weights.items() if key not in moving}
        return self.engine.put(params), self.engine.put({key: weights[key] for key in moving})

    def _keep(self, state: State) -> None:
        """Hang the trained arrays on the layers."""
        own = homes(self.built.graph, self.built.layers)
        for section in SECTIONS:
            for key, value in self.engine.get(state[section]).items():
                layer, short = own[key]
                layer.weights[short] = value

    def save(self, path: Path) -> None:
        """Write the model, weights and preprocessing to one .safetensors file; raises FileError that says why not."""
        record = dict(self.training_record or {})
        if self._compiled:
            record["compiled"] = self._compiled
        pipeline = self.preprocessing
        write_model(
            path,
            graph=self.graph.to_json(),
            weights=self.weights_by_key(),
            input=self.input_record,
            preprocessing=None if pipeline is None else pipeline.to_config(),
            preprocessing_arrays=None if pipeline is None else pipeline.arrays(),
            class_names=self.class_names,
            training=record or None,
        )

    def save_weights(self, path: Path) -> None:
        """The same file as `save`: it holds the weights by name."""
        self.save(path)

    def load_weights(self, path: Path) -> None:
        """Take the weights of a model file with the same layers; raises ShapeError or ArgumentError that names what differs."""
        weights = read_model(path).weights
        own = set(self.weights_by_key())
        if set(weights) != own:
            differing = ", ".join(sorted(set(weights) ^ own)[:5])
            raise ArgumentError(f"{os.fspath(path)}: its weights are not this model's; they differ in {differing}.")
        self._take(weights)

    # Training

    def compile(
        self,
        optimizer: str | OptimizerSpec = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        *,
        engine: str = "auto",
        precision: str = "float32",
        device: str | None = None,
        **ignored: Any,
    ) -> None:
        """Choose the update rule, the loss and what to watch; `engine`, `precision` and `device` are ours."""
        unknown = set(ignored) - {"run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"}
        if unknown:
            raise ArgumentError(f"compile: unknown argument '{sorted(unknown)[0]}'.")
        if loss is None:
            raise ArgumentError(describe("compile", "loss", "given", "None", "Pass e.g. 'sparse_categorical_crossentropy'."))
        watched = [*as_list(metrics), *as_list(weighted_metrics)] if weighted_metrics else metrics
        self.optimizer = rule_of(optimizer)
        self.engine = engine_named(engine, precision, device)
        self._wanted = (loss, loss_weights, watched)
        self._objective = self._state = None
        if self._built is not None:
            self._resolve()

    def _resolve(self) -> tuple[Objective, OptimizerSpec]:
        if self.optimizer is None:
            raise UsageError(f"{self.name} is not compiled. Call model.compile(optimizer, loss, metrics) first.")
        if self._objective is None:
            self._objective = make_objective(self.built.graph, *self._wanted)
            self._compiled = {
                "optimizer": self.optimizer.to_config(),
                "losses": [[term.output, term.loss.to_config(), term.weight] for term in self._objective.terms],
                "metrics": [[m.output, m.metric.to_config(), m.name] for m in self._objective.measures],
            }
        return self._objective, self.optimizer

    def _recompile(self, compiled: dict[str, Any]) -> None:
        """Compile as a file says."""
        self.optimizer = OPTIMIZERS.revive(compiled["optimizer"])
        self._compiled = compiled
        self._objective = Objective(
            tuple(Term(output, LOSSES.revive(loss), weight) for output, loss, weight in compiled["losses"]),
            tuple(Measure(output, METRICS.revive(metric), name) for output, metric, name in compiled["metrics"]),
        )

    def _program(self) -> Supervised:
        objective, rule = self._resolve()
        return Supervised(self.graph, objective, rule, initial=lambda engine, key: self._native())

    def _start(self, program: Supervised) -> State:
        """The state of this call: weights as they are, slots and clock as the last call left them."""
        state = program.start(self.engine, self.key)
        if self._state is not None and set(self._state["slots"]) == set(state["slots"]):
            state["slots"], state["clock"] = self._state["slots"], self._state["clock"]
        return state

    def _batches(self, x: Any, y: Any, batch_size: int, *, steps: int | None = None, **options: Any) -> Any:
        if hasattr(x, "epoch") and hasattr(x, "steps_per_epoch"):
            return x
        inputs = [name for name, _ in self.built.graph.inputs]
        outputs = [name for name, _ in self.built.graph.outputs]
        if y is None and not isinstance(x, (np.ndarray, list, tuple, Mapping)):
            return IterableBatches(x, inputs, outputs, steps)
        return array_batches(x, y, inputs=inputs, outputs=outputs, batch_size=batch_size, key=self.key, **options)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Any] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        *,
        masks: Any = None,
    ) -> History:
        """Train for `epochs` epochs; return the history. Ctrl-C ends it after the step in hand, with the weights kept.

        x, y: arrays, lists or mappings of them, a generator of (x, y), or batches of `pellucid.data`. `masks` (N,) per
        output says which labels exist; the others do not count.
        """
        size = batch_size or 32
        if validation_split:
            given = {"x": x, "y": y, "sample_weight": sample_weight}
            first, last = split_off(validation_split, given)
            x, y, sample_weight = first["x"], first["y"], first.get("sample_weight")
            validation_data = (last["x"], last["y"])
        self._build_for(x)
        program = self._program()
        batches = self._batches(x, y, size, steps=steps_per_epoch, shuffle=shuffle, sample_weight=sample_weight,
                                class_weight=class_weight, masks=masks)
        if hasattr(batches, "samples"):
            refuse_lonely_batches(self.graph, batches.samples, batches.batch_size)
        recorder, keeper = Recorder(), Keeper(self)
        self.stop_training = False
        progress = train(
            program,
            self.engine,
            batches,
            [keeper, recorder, *events_of(callbacks, self, verbose)],
            state=self._start(program),
            position=Position(epoch=initial_epoch, step=int(self._state["clock"]["step"]) if self._state else 0),
            epochs=epochs,
            key=self.key.fold("noise"),
            validation=self._validation(validation_data, validation_batch_size or size, validation_steps),
        )
        self._keep(progress.state)
        self._state = progress.state
        self.history = recorder.record
        return recorder.record

    def _validation(self, data: Any, batch_size: int, steps: int | None) -> Any:
        if data is None:
            return None
        if isinstance(data, tuple):
            x, y, weight = (*data, None)[:3]
            return self._batches(x, y, batch_size, sample_weight=weight)
        return self._batches(data, None, batch_size, steps=steps)

    def _build_for(self, x: Any) -> None:
        """A Sequential without an input shape takes it from the first data."""

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Any] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss, or [loss, metrics...], or all by name with return_dict."""
        self._build_for(x)
        program = self._program()
        batches = self._batches(x, y, batch_size or 32, steps=steps, sample_weight=sample_weight)
        row = program.report(evaluate(program, self.engine, self._start(program), batches))
        if verbose not in (0, "auto"):
            print("  ".join(f"{name} {value:.4f}" for name, value in row.items()))
        values = list(row.values())
        return row if return_dict else (values[0] if len(values) == 1 else values)

    def predict(self, x: Any, batch_size: int | None = None, verbose: int | str = "auto", steps: int | None = None) -> Any:
        """Outputs for x (N, ...): one array, or a list of them when there are several outputs."""
        self._build_for(x)
        inputs = named("x", x, [name for name, _ in self.built.graph.inputs])
        params, state = self._native()
        parts = list(predict_chunks(self.graph, self.engine, params, state, inputs, batch_size or 32))
        names = list(parts[0]) if parts else []
        joined = [np.concatenate([part[name] for part in parts]) for name in names]
        return joined[0] if len(joined) == 1 else joined

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None,
                       return_dict: bool = False) -> Any:
        """One update on one batch; returns what evaluate returns, measured before the update."""
        self._build_for(x)
        program = self._program()
        state = self._start(program)
        (batch,) = self._batches(x, y, len(as_list(x)[0] if isinstance(x, list) else x), sample_weight=sample_weight,
                                 class_weight=class_weight).epoch(0)
        step = int(state["clock"]["step"])
        state, sums = program.step(self.engine, state, batch, self.key.fold("noise", step))
        self._keep(state)
        self._state = state
        row = self._resolve()[0].report(sums)
        values = list(row.values())
        return row if return_dict else (values[0] if len(values) == 1 else values)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """What evaluate returns, for one batch."""
        return self.evaluate(x, y, len(x), 0, sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch."""
        return self.predict(x, len(x), 0)


class Keeper(Event):
    """Hangs the trained arrays on the layers after each epoch, so that callbacks see them."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        self.model._keep(progress.state)


class Sequential(Model):
    """Layers one after another; the first is Input(shape), has input_shape=..., or takes its shape from the first data."""

    def __init__(self, layers: Sequence[Any] | None = None, name: str | None = None) -> None:
        self.name = name or "sequential"
        self._stack: list[Layer] = []
        self._first: Tensor | None = None
        self._reset()
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    def add(self, layer: Any) -> None:
        """Append a layer or a model."""
        self._append(layer)
        self._rebuild()

    def pop(self) -> None:
        """Remove the last layer."""
        if not self._stack:
            raise UsageError(f"{self.name} has no layer to remove.")
        self._stack.pop()
        self._rebuild()

    def _append(self, layer: Any) -> None:
        if isinstance(layer, Tensor) and isinstance(layer.call.layer.spec, InputLayer):
            if self._stack or self._first is not None:
                raise ArgumentError(f"{self.name}: Input must be the first layer.")
            self._first = layer
            return
        if isinstance(layer, Model):
            layer = layer.as_layer()
        if not isinstance(layer, Layer):
            raise ArgumentError(describe(self.name, "layers", "layers, models or Input(shape)", repr(layer)))
        if not self._stack and self._first is None:
            if layer.input_shape is not None:
                self._first = Input(layer.input_shape)
            elif isinstance(layer.spec, Nested):
                self._first = Input(next(iter(layer.spec.graph.input_shapes.values())))
        self._stack.append(layer)

    def _rebuild(self) -> None:
        self._objective = self._layer = None
        if self._first is None or not self._stack:
            self._built = None
            return
        tensor = self._first
        for layer in self._stack:
            tensor = layer(tensor)
        self._construct(build([self._first], [tensor]))

    def _build_for(self, x: Any) -> None:
        if self._built is not None or x is None:
            return
        shape = np.shape(x)[1:]
        if not hasattr(x, "shape") and not isinstance(x, (list, tuple)):
            raise UsageError(f"{self.name}: the input shape is not known. Add Input(shape) as the first layer.")
        self._first = Input(shape or (1,))
        self._rebuild()

    @property
    def layers(self) -> list[Layer]:
        """The layers added, Input left out."""
        return list(self._stack)


def tensors(argument: str, given: Any) -> list[Tensor]:
    """A list of tensors from one, a list, or a mapping."""
    listed = list(given.values()) if isinstance(given, Mapping) else as_list(given)
    for entry in listed:
        if not isinstance(entry, Tensor):
            wanted = "tensors from Input or a layer"
            raise ArgumentError(describe("Model", argument, wanted, type(entry).__name__))
    return listed


def as_list(value: Any) -> list[Any]:
    """A list as it is, None as an empty one, anything else as its only entry."""
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def with_batch(shapes: Mapping[str, Any]) -> Any:
    """Shapes with the batch axis; a single one alone."""
    full = {name: (None, *shape) for name, shape in shapes.items()}
    return next(iter(full.values())) if len(full) == 1 else full


def load_model(path: Path) -> Model:
    """The model of a .safetensors file, compiled as it was; raises FileError that names the file and the remedy."""
    from pellucid.data.preprocessing import Pipeline

    file = read_model(path)
    graph = Graph.from_json(file.graph)
    expected = {key: weight.shape for key, weight in graph.weights.items()}
    given = {key: value.shape for key, value in file.weights.items()}
    if expected != given:
        differing = sorted(key for key in expected.keys() | given.keys() if expected.get(key) != given.get(key))
        raise FileError(f"{os.fspath(path)} is damaged: weight '{differing[0]}' does not fit its graph. Save it again.")
    layers = layers_of(graph)
    for key, (layer, short) in homes(graph, layers).items():
        layer.weights[short] = file.weights[key]
    model = Model.__new__(Model)
    model.name = "model"
    model._reset()
    model._construct(Built(graph, layers))
    model.preprocessing = file.preprocessing and Pipeline.from_config(file.preprocessing, file.preprocessing_arrays)
    model.class_names, model.input_record = file.class_names, file.input
    record = dict(file.training or {})
    compiled = record.pop("compiled", None)
    model.training_record = record or None
    if compiled:
        model._recompile(compiled)
    return model
