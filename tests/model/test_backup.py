"""A backup goes on where a fit was broken off, to the same numbers; a loss that is no number ends fit quietly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import ArgumentError

X, Y = np.random.default_rng(0).normal(size=(24, 3)), np.random.default_rng(1).normal(size=(24, 1))


def network(seed: int = 3, rule: Any = None) -> Any:
    p.set_random_seed(seed)
    model = p.Sequential([p.Input((3,)), p.layers.Dense(4, activation="tanh"), p.layers.Dropout(0.3),
                          p.layers.Dense(1)])  # fmt: skip
    model.compile(rule or p.optimizers.Adam(0.05), "mse")
    return model


class BreakOff(p.callbacks.Callback):
    def __init__(self, batch: int) -> None:
        self.left = batch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if not self.left:
            raise RuntimeError("the machine is gone")


RULES = [None, p.optimizers.Muon(0.02), p.optimizers.Adafactor(0.05)]  # None: Adam


@pytest.mark.parametrize(("freq", "broken_at", "rule"), [("epoch", 9, None), *((2, 9, rule) for rule in RULES)])
def test_it_goes_on_to_the_same_numbers(freq: Any, broken_at: int, rule: Any, tmp_path: Any) -> None:
    told = {"epochs": 4, "batch_size": 6, "verbose": 0}
    whole = network(rule=rule)
    history = whole.fit(X, Y, **told).history
    backup = {"callbacks": [p.callbacks.BackupAndRestore(tmp_path / "kept", save_freq=freq)]}
    with pytest.raises(RuntimeError, match="the machine is gone"):
        network(rule=rule).fit(X, Y, **told, callbacks=[*backup["callbacks"], BreakOff(broken_at)])
    again = network(rule=rule)
    later = again.fit(X, Y, **told, **backup).history
    for first, second in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert later["loss"] == history["loss"][2:]
    assert not (tmp_path / "kept" / "latest.safetensors").exists()


def test_another_model_is_refused(tmp_path: Any) -> None:
    kept = p.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    network().fit(X, Y, verbose=0, callbacks=[kept])
    other = p.Sequential([p.Input((3,)), p.layers.Dense(1)])
    other.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match=r"backup_dir must be that of this model.*Empty the folder"):
        other.fit(X, Y, verbose=0, callbacks=[kept])


def test_fit_ends_quietly_where_the_loss_is_no_number() -> None:
    model = network()
    spoilt = X.copy()
    spoilt[20] = np.nan
    history = model.fit(spoilt, Y, batch_size=6, shuffle=False, verbose=0, epochs=3,
                        callbacks=[p.callbacks.TerminateOnNaN()])  # fmt: skip
    assert "no longer finite at step 4" in history.stopped
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_weights_are_assigned_as_kerass_variables_are() -> None:
    model = network()
    kernel = model.layers[0].kernel
    kernel.assign(np.ones((3, 4))).assign_add(1.0)
    assert model.layers[0].weights["kernel"].tolist() == np.full((3, 4), 2.0).tolist()
    assert (kernel.name, kernel.path, kernel.numpy().dtype) == ("kernel", "dense/kernel", np.float32)
    model.trainable_weights[-1].assign([5.0])
    assert model.get_weights()[-1].tolist() == [5.0]
    assert p.layers.Dense(2, use_bias=False).bias is None
