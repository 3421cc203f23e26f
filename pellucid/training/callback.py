"""What a callback is: Keras's moments of fit, evaluate and predict, methods that do nothing until overridden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.errors import ArgumentError, describe, shown
from pellucid.training.arguments import spoken
from pellucid.words import nearest

Logs = dict[str, Any]


class Callback:
    """Keras's moments; `self.model` and `self.params` are set before the first.

    What `on_epoch_end` adds to its `logs` is part of the history and may be monitored.
    """

    model: Any = None
    params: Logs

    def set_model(self, model: Any) -> None:
        """Called once with the model."""
        self.model = model

    def set_params(self, params: Logs) -> None:
        """Called once with epochs, steps and verbose."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first step."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last step."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before epoch `epoch`, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After epoch `epoch`; `logs` holds loss, metrics and their val_ forms."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """The older name of on_train_batch_end."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before step `batch` of the epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After step `batch` of the epoch; `logs` holds the means over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before the first batch of an evaluation, of fit's validation too."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After the last batch of an evaluation; `logs` holds its loss and metrics."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before batch `batch` of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After batch `batch` of an evaluation; `logs` holds the means so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before the first batch of predict."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After the last batch of predict."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before batch `batch` of predict."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After batch `batch` of predict; `logs` holds its "outputs"."""


MOMENTS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """A callback made of functions, each by the name of its moment."""

    @spoken
    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **others: Callable[..., Any],
    ) -> None:
        given = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
                 "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
                 "on_train_batch_end": on_train_batch_end, **others}  # fmt: skip
        for name, function in given.items():
            if name not in MOMENTS:
                wanted, remedy = f"one of {', '.join(MOMENTS)}", nearest(name, MOMENTS)
                raise ArgumentError(describe("LambdaCallback", "argument", wanted, repr(name), remedy))
            if function is None:
                continue
            if not callable(function):
                raise ArgumentError(describe("LambdaCallback", name, "a function", shown(repr(function))))
            setattr(self, name, function)


def refuse_uncalled(callback: Any) -> None:
    """Raise ArgumentError for a method named like a moment that never comes."""
    for name in sorted(dir(callback)):
        if name.startswith("on_") and name not in MOMENTS:
            calls = f"fit, evaluate and predict call {', '.join(MOMENTS)}."
            fault = f"{type(callback).__name__}.{shown(name)} would never be called; {calls}"
            raise ArgumentError(f"{fault} {nearest(name, MOMENTS)}".rstrip())
