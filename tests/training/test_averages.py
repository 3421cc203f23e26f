"""Moving averages of weights and statistics are evaluated, kept and handed out; the run goes on with its own."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.callbacks import Callback, EarlyStopping
from pellucid.layers import BatchNormalization, Dense, Input
from pellucid.models import Sequential
from pellucid.optimizers import SGD

RANDOM = np.random.default_rng(4)
X, Y = RANDOM.normal(size=(48, 3)).astype("float32"), RANDOM.normal(size=(48, 2)).astype("float32")


def line(rule: SGD, engine: str) -> Sequential:
    """A linear map of three numbers to two."""
    model = Sequential([Input((3,)), Dense(2)])
    model.compile(rule, "mse", engine=engine)
    model.set_weights([np.full((3, 2), 0.5, np.float32), np.zeros(2, np.float32)])
    return model


class Weights(Callback):
    """The kernel after every epoch, as a user reads it."""

    def on_train_begin(self, logs: object = None) -> None:
        self.seen: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.seen.append(self.model.get_weights()[0])


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_the_average_is_evaluated_handed_out_and_kept(engine: str) -> None:
    plain, note = Weights(), Weights()
    line(SGD(0.3), engine).fit(X, Y, batch_size=48, epochs=6, verbose=0, shuffle=False, callbacks=[plain])
    model = line(SGD(0.3, use_ema=True, ema_momentum=0.5), engine)
    history = model.fit(X, Y, batch_size=48, epochs=6, verbose=0, shuffle=False, callbacks=[note],
                        validation_data=(X, Y)).history  # fmt: skip
    average = plain.seen[0]  # after the first step the average is the weights
    for seen, mean in zip(note.seen, [average := 0.5 * average + 0.5 * w for w in plain.seen], strict=True):
        np.testing.assert_allclose(seen, mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[0], note.seen[-1])
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    assert history["loss"][-1] != pytest.approx(history["val_loss"][-1], rel=1e-3)  # of the weights as they move


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_the_best_averages_come_back_and_set_weights_begins_them_anew(engine: str) -> None:
    rule = SGD(0.3, use_ema=True, ema_momentum=0.5)
    model, note, best = line(rule, engine), Weights(), EarlyStopping("loss", patience=9, mode="max")
    best.restore_best_weights = True  # in the direction of a worse loss: the first epoch
    model.fit(X, Y, batch_size=48, epochs=4, verbose=0, shuffle=False, callbacks=[note, best])
    np.testing.assert_allclose(model.get_weights()[0], note.seen[0])

    class Setting(Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            if epoch == 2:
                self.model.set_weights([np.full((3, 2), 9.0), np.zeros(2)])
                assert self.model.get_weights()[0][0, 0] == 9.0

    line(rule, engine).fit(X, Y, batch_size=48, epochs=4, verbose=0, callbacks=[Setting()])


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_moving_statistics_are_averaged_with_the_weights_that_made_them(engine: str) -> None:
    """A fast layer before batch norm: the statistics of the last weights are not those of their average."""

    class Statistics(Callback):
        def on_train_begin(self, logs: object = None) -> None:
            self.seen: list[list[np.ndarray]] = []

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            self.seen.append([w.copy() for w in self.model.get_weights()])

    def normed(rule: SGD) -> Sequential:
        model = Sequential([Input((3,)), Dense(2), BatchNormalization(momentum=0.5), BatchNormalization(name="still")])
        model.layers[-1].trainable = False
        model.compile(rule, "mse", engine=engine)
        model.set_weights([np.full((3, 2), 0.5, np.float32), *model.get_weights()[1:]])
        return model

    plain, note = Statistics(), Statistics()
    normed(SGD(0.3)).fit(X, Y, batch_size=48, epochs=5, verbose=0, shuffle=False, callbacks=[plain])
    model = normed(SGD(0.3, use_ema=True, ema_momentum=0.5))
    model.fit(X, Y, batch_size=48, epochs=5, verbose=0, shuffle=False, callbacks=[note], validation_data=(X, Y))
    mean = plain.seen[0]
    for seen, now in zip(note.seen, plain.seen, strict=True):
        mean = [0.5 * held + 0.5 * new for held, new in zip(mean, now, strict=True)]
        for own, wanted in zip(seen, mean, strict=True):
            np.testing.assert_allclose(own, wanted, rtol=1e-5, atol=1e-6)
    moved, at_rest = model.layers[1].get_weights()[2:], model.layers[2].get_weights()[2:]
    assert all(np.abs(held - last).max() > 1e-3 for held, last in zip(moved, plain.seen[-1][4:6], strict=True))
    assert (at_rest[0] == 0).all() and (at_rest[1] == 1).all()  # those of a frozen layer, to the bit
