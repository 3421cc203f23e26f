"""The page that older programs import as K: operations by their names there, and what holds for all models."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as p
from pellucid import backend as K
from pellucid.errors import ArgumentError


def test_a_loss_written_with_it_trains() -> None:
    def rms(y_true, y_pred):
        return K.sqrt(K.mean(K.pow(y_pred - y_true, 2), axis=-1) + K.epsilon())

    K.clear_session()
    model = p.Sequential([p.Input((3,)), p.layers.Dense(2)])
    model.compile("sgd", rms)
    assert np.isfinite(model.fit(np.ones((8, 3)), np.zeros((8, 2)), verbose=0).history["loss"]).all()
    assert K.flatten(np.ones((2, 3))).shape == (6,) and K.int_shape(p.Input((4,))) == (None, 4)
    assert (K.floatx(), K.image_data_format(), p.config.epsilon()) == ("float32", "channels_last", 1e-7)


def test_what_does_not_change_is_said() -> None:
    with pytest.raises(ArgumentError, match=r"set_image_data_format: data_format must be 'channels_last'"):
        K.set_image_data_format("channels_first")
    with pytest.raises(ArgumentError, match=r"Pass compile precision='float64'"):
        K.set_floatx("float16")
    with pytest.raises(ArgumentError, match=r"Write model.optimizer.learning_rate"):
        K.set_value(0.1, 0.2)
    with pytest.raises(AttributeError):
        K.no_such_name  # noqa: B018
