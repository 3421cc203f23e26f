"""Model: a network that learns. Keras's names, argument order and defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Tensor
from pellucid.graph.selecting import Selection
from pellucid.model import learning, tracing
from pellucid.model.compiled import Compiled
from pellucid.model.freezing import checked_factors, factors_by_key
from pellucid.model.network import Network
from pellucid.model.tracing import Trace
from pellucid.spec.optimizers import OptimizerSpec
from pellucid.training.callbacks import History
from pellucid.training.compiling import rule_of
from pellucid.training.session import engine_named

KERAS_ONLY = {"run_eagerly", "steps_per_execution", "auto_scale_loss"}  # how, not what: taken, not used


class Model(Network):
    """A network from `inputs` to `outputs` (tensors or lists of them).

    Outputs that are in `training_only` too are left out by predict. Weights hang on the layers, so models cut from
    the same layers share them.
    """

    stop_training = False
    history: History | None = None

    def __init__(
        self, inputs: Any, outputs: Any, name: str | None = None, *, training_only: Sequence[Tensor] = ()
    ) -> None:
        self._start(name or "model")
        self._construct(tensors("inputs", inputs), tensors("outputs", outputs), training_only)

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        """The model as a layer of another (tensors), or its outputs for arrays."""
        if any(isinstance(entry, Tensor) for entry in entries(inputs)):
            return self.as_layer()(inputs)
        if training:
            raise ArgumentError(describe(self.name, "training", "False for arrays", "True", "Use fit to train."))
        return self.predict(inputs, verbose=0)

    @property
    def optimizer(self) -> OptimizerSpec | None:
        """The update rule, once compiled."""
        return self._compiled.optimizer if self._compiled else None

    @property
    def engine(self) -> Engine:
        """What runs the model: what compile chose, until then what engine='auto' would."""
        return self._compiled.engine if self._compiled else engine_named("auto", "float32", None)

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

        With `jit_compile=True` PyTorch compiles the training steps of dense networks; "auto" is no, for compiling
        takes longer than most small networks train. The reference engine has nothing to compile.
        `rate_factors` multiplies the learning rate of chosen layers, e.g. {"all-but-head": 0.1}; its keys are
        selections as in `freeze`, later ones win. Raises ArgumentError for a factor that is not above 0.
        """
        unknown = sorted(set(ignored) - KERAS_ONLY)
        if unknown:
            raise ArgumentError(f"compile: unknown argument '{unknown[0]}'.")
        if loss is None:
            remedy = "Pass e.g. 'sparse_categorical_crossentropy'."
            raise ArgumentError(describe("compile", "loss", "given", "None", remedy))
        if weighted_metrics:
            remedy = "Pass them as metrics=..., which counts every sample once."
            raise ArgumentError(describe("compile", "weighted_metrics", "left out", repr(weighted_metrics), remedy))
        compiled = Compiled(
            rule_of(optimizer), engine_named(engine, precision, device, compiled=jit_compile is True),
            (loss, loss_weights, metrics),
            rate_factors=checked_factors(rate_factors or {}),
        )
        if self._built is not None:
            compiled.objective_of(self._built.graph)
            factors_by_key(self._built, compiled.rate_factors, self.name)
        self._compiled = compiled

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
        validation_freq: int = 1,
        *,
        masks: Any = None,
    ) -> History:
        """Train for `epochs` epochs; return the history. Ctrl-C ends it after the step in hand, with the weights kept.

        x, y: arrays, lists or mappings of them, a generator of (x, y), or batches of `pellucid.data`. `masks` (N,) per
        output says which labels exist; the others do not count. Raises ArgumentError or ShapeError that names what
        does not fit, and TrainingError that names step and layer when the loss is no longer finite.
        """
        if validation_freq != 1:
            raise ArgumentError(describe("fit", "validation_freq", "1", repr(validation_freq), "Leave it out."))
        data = {"x": x, "y": y, "sample_weight": sample_weight, "class_weight": class_weight, "masks": masks,
                "shuffle": shuffle, "steps": steps_per_epoch}  # fmt: skip
        validation = {"split": validation_split, "data": validation_data, "steps": validation_steps,
                      "batch_size": validation_batch_size}  # fmt: skip
        recorder = learning.fit(
            self, data, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks,
            validation=validation, initial_epoch=initial_epoch,
        )  # fmt: skip
        self.history = recorder.record
        return recorder.record

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
        refuse_callbacks("evaluate", callbacks)
        row = learning.evaluate(self, x, y, batch_size=batch_size, steps=steps, weight=sample_weight)
        if verbose not in (0, "auto"):
            print("  ".join(f"{name} {value:.4f}" for name, value in row.items()))
        return row if return_dict else alone_or_list(row)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Any] | None = None,
    ) -> Any:
        """Outputs for x (N, ...): one array, or a list of them when there are several outputs."""
        refuse_callbacks("predict", callbacks)
        return learning.predict(self, x, batch_size=batch_size, steps=steps)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update on one batch; returns what evaluate returns, measured before the update."""
        row = learning.train_on_batch(self, x, y, sample_weight, class_weight)
        return row if return_dict else alone_or_list(row)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """What evaluate returns, for one batch."""
        return self.evaluate(x, y, None, 0, sample_weight, return_dict=return_dict)

    def trace(self, x: Any, y: Any = None, *, training: bool = False) -> Trace:
        """Every number between input and output, with formulas; with targets y also the gradient at each place."""
        return tracing.trace(self, x, y, training=training)

    def with_head(self, classes: int) -> Model:
        """This model with a new last layer, for so many classes; the other layers are shared, not copied.

        Raises ArgumentError when there are several outputs, or the last layer with weights is no Dense or Conv2D.
        """
        from pellucid.model.heads import with_head

        return with_head(self, classes)

    def predict_on_batch(self, x: Any) -> np.ndarray | list[np.ndarray]:
        """Outputs for one batch."""
        found: np.ndarray | list[np.ndarray] = self.predict(x, verbose=0)
        return found


def refuse_callbacks(where: str, callbacks: Any) -> None:
    """Raise ArgumentError for callbacks that nothing would call."""
    if callbacks:
        raise ArgumentError(describe(where, "callbacks", "left out", "given", "Only fit calls them."))


def alone_or_list(row: Mapping[str, float]) -> Any:
    """The only value, or the list of them."""
    values = list(row.values())
    return values[0] if len(values) == 1 else values


def entries(given: Any) -> list[Any]:
    """What a list or mapping holds; anything else alone."""
    if isinstance(given, Mapping):
        return list(given.values())
    return list(given) if isinstance(given, (list, tuple)) else [given]


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
