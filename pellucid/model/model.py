"""Model: a network that learns. Keras's names, argument order and defaults."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from pellucid.data.triples import unpack_x_y_sample_weight
from pellucid.errors import ArgumentError, UsageError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.selecting import Selection
from pellucid.graph.temperature import temperature_of
from pellucid.model import heads, learning, subclassed, tracing
from pellucid.model.compiled import Compiled
from pellucid.model.cooling import cooled
from pellucid.model.freezing import checked_factors, factors_by_key
from pellucid.model.portable import Portable
from pellucid.model.running_rule import RunningRule
from pellucid.model.tracing import Trace
from pellucid.spec.base import snake
from pellucid.spec.optimizers import OptimizerSpec
from pellucid.training.arguments import flag, one_of, spoken, whole
from pellucid.training.callbacks import History
from pellucid.training.compiling import Wanted, rule_of
from pellucid.training.console import loudness
from pellucid.training.inputs import Names
from pellucid.training.session import engine_named
from pellucid.words import nearest

KERAS_ONLY = {"run_eagerly", "steps_per_execution", "auto_scale_loss"}  # how, not what: taken, not used


class Model(Portable):
    """A network from `inputs` to `outputs` (tensors or lists of them).

    Outputs that are in `training_only` too are left out by predict. Weights hang on the layers, so models cut from
    the same layers share them.
    """

    @spoken
    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None, *, training_only: Sequence[Tensor] = ()
    ) -> None:
        if inputs is None and outputs is None and self.own:
            self._start(snake(type(self).__name__) if name is None else name)
            return
        self._start("model" if name is None else name)
        for argument, given in (("inputs", inputs), ("outputs", outputs)):
            if given is None:
                remedy = "Build it from layers called on Input(...), or write a subclass with call(self, inputs)."
                raise ArgumentError(describe(type(self).__name__, argument, "given", "None", remedy))
        self._construct(tensors("inputs", inputs), tensors("outputs", outputs), training_only,
                        (keys_of("inputs", inputs), keys_of("outputs", outputs)))  # fmt: skip

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """The model as a layer of another (tensors; training=False as layers take it), or its outputs for arrays."""
        if any(isinstance(entry, Tensor) for entry in entries(inputs)):
            self._build_on(inputs)
            return self._called(inputs, training)
        if self._stepping is not None:
            return self._stepping.forward(inputs, training=bool(training))
        self._build_for(inputs)
        changes = training is None and not self.graph.weights and any(e.spec.noisy for e in self.graph.layers)
        if training or changes:  # what only changes pictures does so on numbers, as its layers do
            return self.as_layer()(inputs, training=True)
        return learning.predict(self, inputs, batch_size=None, steps=None)

    def train_step(self, data: Any) -> dict[str, Any]:
        """What fit does with a batch; a class of one's own may write it: compute_loss, gradients, optimizer.apply."""
        x, y, weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=True)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight, **self._mode(training=True))
        self.optimizer.apply(self.gradients(loss), self.trainable_variables)  # type: ignore[union-attr]
        return {**self._at_step("train_step").measured(y, y_pred), "loss": loss}

    def test_step(self, data: Any) -> dict[str, Any]:
        """What evaluate and validation do with a batch, if a class of one's own writes it; the last batch's is told."""
        x, y, weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight, **self._mode(training=False))
        return {**self._at_step("test_step").measured(y, y_pred), "loss": loss}

    def predict_step(self, data: Any) -> Any:
        """What predict does with a batch (x,), if a class of one's own writes it: arrays with as many rows."""
        return self(data[0] if isinstance(data, tuple) else data, training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The compiled loss of what the model gave in a step; it can be added to others and multiplied."""
        return self._at_step("compute_loss").loss(y, y_pred, sample_weight)

    def _mode(self, *, training: bool) -> dict[str, bool]:
        """`training`, where compute_loss takes it; an older one of the user's own may not."""
        taken = inspect.signature(self.compute_loss).parameters.values()
        return {"training": training} if any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in taken) else {}

    def gradients(self, loss: Any) -> list[Any]:
        """The gradients of a loss of this train_step, in the order of trainable_variables."""
        found: list[Any] = self._at_step("gradients").gradients(loss)
        return found

    def _at_step(self, what: str) -> Any:
        if self._stepping is None:
            raise UsageError(f"{self.name}.{what} is there inside train_step, which fit calls.")
        return self._stepping

    @property
    def own(self) -> bool:
        """Whether a user wrote what the model does, as a class with `call`."""
        return type(self).call is not Model.call

    def call(self, inputs: Any, training: Any = None) -> Any:
        """What the model makes of its inputs; a class of one's own writes it, and it is run once, with tensors."""
        return self(inputs)

    def build(self, input_shape: Any) -> None:
        """Say the inputs' shapes, batch axis included, of a model written as a class."""
        if self.own:
            subclassed.build_for(self, self.call, subclassed.shapes_in(input_shape))

    def _build_for(self, x: Any) -> None:
        """A model written as a class takes the inputs' shapes from the first data."""
        if self.own and self._built is None and x is not None:
            subclassed.build_for(self, self.call, subclassed.shapes_of_data(self.name, x))

    def _build_on(self, inputs: Any) -> None:
        """A model written as a class takes the inputs' shapes from the tensors it is called on."""
        if self.own and self._built is None:
            subclassed.build_for(self, self.call, subclassed.shapes_of_tensors(inputs))

    def _called(self, inputs: Any, training: bool | None) -> Any:
        """The output tensors for input tensors: one, a list, a mapping by name."""
        if isinstance(inputs, Mapping):
            names = Names.of_inputs(self.built.graph).also(self._keys)
            by_name = names.keyed(self.name, "inputs", inputs)
            missing = [name for name in names.listed if name not in by_name]
            if missing:
                raise ArgumentError(describe(self.name, "inputs", f"given for '{missing[0]}'", "missing"))
            inputs = [by_name[name] for name in names.listed]
        given = self.as_layer()(inputs, **({} if training is None else {"training": training}))
        if not self._output_keys:
            return given
        listed = given if isinstance(given, list) else [given]
        by_output = dict(zip(self.built.graph.output_shapes, listed, strict=True))
        return {key: by_output[name] for key, name in self._output_keys.items()}

    @property
    def compiled(self) -> bool:
        """Whether compile was called, or the file held what it said."""
        return self._compiled is not None

    @property
    def optimizer(self) -> RunningRule | None:
        """The update rule, once compiled; its `learning_rate` is that of this moment and can be set."""
        return RunningRule(self, self._compiled.optimizer) if self._compiled else None

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        raise ArgumentError(f"{self.name}: optimizer is chosen by compile. Call model.compile(optimizer, loss).")

    @spoken
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
        rate_factors: Mapping[Selection, float] | None = None,
        jit_compile: bool | str = "auto",
        **ignored: Any,
    ) -> None:
        """Choose the update rule, the loss and what to watch; `engine`, `precision` and `device` are ours.

        `weighted_metrics` count each sample by its weight, `metrics` each sample once.

        With `jit_compile=True` PyTorch compiles the training steps of dense networks; "auto" is no, for compiling
        takes longer than most small networks train. The reference engine has nothing to compile.
        `rate_factors` multiplies the learning rate of chosen layers, e.g. {"all-but-head": 0.1}; its keys are
        selections as in `freeze`, later ones win. Raises ArgumentError for a factor that is not above 0.
        """
        refuse_unknown(ignored)
        own = learning.own_step_of(self) if loss is None else None
        loss = own.unjudged if own else loss
        one_of("compile", "jit_compile", jit_compile, ("auto", True, False), "'auto', True or False")
        compiled = Compiled(
            rule_of(optimizer), engine_named(engine, precision, device, compiled=jit_compile is True),
            Wanted(loss, loss_weights, metrics, weighted_metrics, self._keys),
            rate_factors=checked_factors(rate_factors), judged=not own,
        )
        if self._built is not None and loss is not None:  # without one it is said where one is needed
            compiled.objective_of(self._built.graph)
            factors_by_key(self._built, compiled.rate_factors, self.name)
        self._compiled = compiled

    @spoken
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
        validation_freq: int | Sequence[int] = 1,
        *,
        masks: Any = None,
    ) -> History:
        """Train for `epochs` epochs; return the history. Ctrl-C ends it after the step in hand, with the weights kept.

        x: arrays (N, ...), lists or mappings of them; a generator, loader, sequence or list of batches (x, y)
        y: targets (N, ...), left out where x yields batches
        batch_size: samples a step, 32 where x are arrays
        epochs: the epoch to end after
        verbose: 0 silent, 1 a bar, 2 a line an epoch
        callbacks: what is called in between
        validation_split: the last share of the samples to watch, not to learn from
        validation_data: (x, y), (x, y, sample_weight) or batches to watch
        shuffle: another order each epoch
        class_weight: class number -> how much its samples count
        sample_weight: (N,) how much each sample counts
        initial_epoch: where to begin counting
        steps_per_epoch: batches an epoch, which goes on where the one before stopped
        validation_steps: batches of a validation
        validation_batch_size: samples a batch of it
        validation_freq: every so many epochs, or a list of them
        masks: (N,) per output, which labels exist; the others do not count

        Raises ArgumentError or ShapeError that names what does not fit, and TrainingError that names step and layer
        when the loss is no longer finite.
        """
        data = {"x": x, "y": y, "sample_weight": sample_weight, "class_weight": class_weight, "masks": masks,
                "shuffle": shuffle, "steps": steps_per_epoch}  # fmt: skip
        validation = {"split": validation_split, "data": validation_data, "steps": validation_steps,
                      "batch_size": validation_batch_size, "freq": validation_freq}  # fmt: skip
        recorder = learning.fit(
            self, data, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks,
            validation=validation, initial_epoch=initial_epoch,
        )  # fmt: skip
        self.history = recorder.record
        return recorder.record

    @spoken
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
        loudness("evaluate", verbose)
        flag("evaluate", "return_dict", return_dict)
        row = learning.evaluate(self, x, y, batch_size=batch_size, steps=steps, weight=sample_weight,
                                callbacks=callbacks, verbose=verbose)  # fmt: skip
        if verbose not in (0, "auto"):
            print("  ".join(f"{name} {value:.4f}" for name, value in row.items()))
        return row if return_dict else alone_or_list(row)

    @spoken
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Any] | None = None,
    ) -> Any:
        """Outputs for x (N, ...): one array, a list of several, a mapping where the model was made with one.

        The rows stand in the order of x; pictures of a folder in that of its `filenames`, however they are shuffled.
        """
        loudness("predict", verbose)
        return learning.predict(self, x, batch_size=batch_size, steps=steps, callbacks=callbacks, verbose=verbose,
                                step=learning.written(self, "predict_step"))  # fmt: skip

    @spoken
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on one batch; returns what evaluate returns, measured before the update."""
        flag("train_on_batch", "return_dict", return_dict)
        row = learning.train_on_batch(self, x, y, sample_weight, class_weight)
        return row if return_dict else alone_or_list(row)

    @spoken
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """What evaluate returns, for one batch."""
        flag("test_on_batch", "return_dict", return_dict)
        row = learning.test_on_batch(self, x, y, sample_weight)
        return row if return_dict else alone_or_list(row)

    @spoken
    def trace(self, x: Any, y: Any = None, *, training: bool = False) -> Trace:
        """Every number between input and output, with formulas; with targets y also the gradient at each place."""
        return tracing.trace(self, x, y, training=training)

    @spoken
    def with_head(self, classes: int) -> Model:
        """This model with a new last layer, for so many classes; the other layers are shared, not copied.

        Raises ArgumentError when there are several outputs, or the last layer with weights is no Dense or Conv2D.
        """
        outputs, side = heads.with_heads(self, classes)
        made = Model(self.inputs, outputs, self.name, training_only=side)
        made.preprocessing, made.input_record = self.preprocessing, self.input_record
        return made

    @property
    def temperature(self) -> float:
        """What the logits are divided by before the last softmax; 1 unless `with_temperature` gave another."""
        return temperature_of(self.graph)

    def with_temperature(self, value: float) -> Self:
        """A copy whose logits are divided by `value`: above 1 it is less sure. Its order of classes stays the same.

        Raises ArgumentError when the model does not end in one softmax, or for a value that is not above 0.
        """
        return cooled(self, value)

    @spoken
    def predict_on_batch(self, x: Any) -> np.ndarray | list[np.ndarray]:
        """Outputs for one batch."""
        found: np.ndarray | list[np.ndarray] = self.predict(x, verbose=0)
        return found


def refuse_unknown(ignored: Mapping[str, Any]) -> None:
    """Raise ArgumentError for what compile does not take, in Keras's words or ours."""
    for name, value in ignored.items():
        if name not in KERAS_ONLY:
            remedy = nearest(name, [*inspect.signature(Model.compile).parameters, *KERAS_ONLY])
            raise ArgumentError(f"compile: unknown argument '{shown(name)}'. {remedy}".rstrip())
        if name == "steps_per_execution":
            whole("compile", name, value, 1)
        else:
            flag("compile", name, value)


def alone_or_list(row: Mapping[str, float]) -> Any:
    """The only value, or the list of them."""
    values = list(row.values())
    return values[0] if len(values) == 1 else values


def entries(given: Any) -> list[Any]:
    """What a list or mapping holds; anything else alone."""
    if isinstance(given, Mapping):
        return list(given.values())
    return list(given) if isinstance(given, (list, tuple)) else [given]


def keys_of(argument: str, given: Any) -> list[str] | None:
    """The keys of a mapping of tensors, None for anything else; raises ArgumentError for keys that are no words."""
    if not isinstance(given, Mapping):
        return None
    for key in given:
        if not isinstance(key, str) or not key or "/" in key:
            raise ArgumentError(describe("Model", argument, "keyed by words without '/'", shown(repr(key))))
    return list(given)


def tensors(argument: str, given: Any) -> list[Tensor]:
    """A list of tensors from one, a list, or a mapping; raises ArgumentError for anything else, or for none."""
    found = entries(given)
    if not found:
        raise ArgumentError(describe("Model", argument, "one tensor or more", "none"))
    for entry in found:
        if not isinstance(entry, Tensor):
            wanted = "tensors from Input or a layer"
            raise ArgumentError(describe("Model", argument, wanted, type(entry).__name__))
    return found
