"""Rules on numbers: a step by hand, and twenty as Keras's own, with all that is done around a rule."""

from __future__ import annotations

import json

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import ArgumentError, ShapeError
from tests.parity_keras.bridge import keras, numbers

RULES = [
    p.optimizers.SGD(0.1, 0.9, nesterov=True, weight_decay=0.1),
    p.optimizers.Adam(0.01, clipnorm=0.5, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4),
    p.optimizers.RMSprop(p.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5), global_clipnorm=1.0),
    p.optimizers.AdamW(0.01, gradient_accumulation_steps=3),
    p.optimizers.Ftrl(0.1),
    p.optimizers.Adafactor(0.1),
    p.optimizers.Muon(0.1),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_twenty_steps_are_keras_own(rule: p.optimizers.Optimizer) -> None:
    keras.config.set_floatx("float64")
    random = np.random.default_rng(3)
    first = random.normal(size=(3, 2)), np.array(1.5)
    given = {name: value for name, value in rule.get_config().items()
             if name not in ("undecayed", "learning_rate", "name")}  # fmt: skip
    rate = 0.1 if isinstance(rule, p.optimizers.RMSprop) else rule.learning_rate
    if isinstance(rule, p.optimizers.RMSprop):
        rate = keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    theirs = getattr(keras.optimizers, type(rule).__name__)(learning_rate=rate, **given)
    ours = [p.Variable(value, name=name) for value, name in zip(first, "ab", strict=True)]
    others = [keras.Variable(value, dtype="float64") for value in first]
    for _ in range(20):
        grads = [random.normal(size=(3, 2)), random.normal()]
        rule.apply(grads, ours)
        theirs.apply([keras.ops.convert_to_tensor(g, "float64") for g in grads], others)
    for mine, other in zip(ours, others, strict=True):
        np.testing.assert_allclose(mine.numpy(), numbers(other), rtol=1e-6)
    assert int(rule.iterations) == int(theirs.iterations)


def test_a_step_by_hand_and_arrays_in_their_place() -> None:
    rule, w = p.optimizers.SGD(0.5), np.array([1.0, 2.0])
    rule.apply_gradients([([2.0, -4.0], w)])
    assert w.tolist() == [0.0, 4.0]
    assert [variable.name for variable in rule.variables] == ["iterations", "learning_rate"]


def test_names_and_variables_are_left_out_of_decay() -> None:
    rule = p.optimizers.SGD(1.0, weight_decay=0.5)
    a, b, c = (p.Variable(2.0, name=name) for name in ("kernel", "bias", "other"))
    rule.exclude_from_weight_decay(var_list=[c], var_names=["bias"])
    rule.apply([0.0, 0.0, 0.0], [a, b, c])
    assert [float(variable) for variable in (a, b, c)] == [1.0, 2.0, 2.0]
    model = p.Sequential([p.Input((1,)), p.layers.Dense(1, kernel_initializer="ones", bias_initializer="ones")])
    rule = p.optimizers.SGD(0.5, weight_decay=0.5)
    rule.exclude_from_weight_decay(var_names=["bias"])
    model.compile(rule, "mse")
    model.fit(np.zeros((1, 1)), np.ones((1, 1)), verbose=0)
    assert [float(w.ravel()[0]) for w in model.get_weights()] == [0.75, 1.0]


def test_rules_by_word_and_configuration() -> None:
    rule = p.optimizers.get("RMSProp")
    again = p.optimizers.get(json.loads(json.dumps(p.optimizers.serialize(rule))))
    assert again == rule and p.optimizers.get(again) is again
    assert p.optimizers.get({"class_name": "adam", "config": {"learning_rate": 0.5}}).learning_rate == 0.5


def test_what_does_not_fit_is_said() -> None:
    rule = p.optimizers.SGD()
    with pytest.raises(ArgumentError, match=r"SGD.apply: No gradients provided for any variable\."):
        rule.apply([None], [p.Variable(1.0)])
    with pytest.raises(ShapeError, match=r"the gradient of w must be of shape \(2,\), but it is of shape \(3,\)"):
        rule.apply([np.ones(3)], [p.Variable([1.0, 2.0], name="w")])
    with pytest.raises(ArgumentError, match="variables must be those it began with, but it is later"):
        rule.apply([1.0], [p.Variable(1.0, name="later")])
    with pytest.raises(ArgumentError, match=r"optimizers.get: identifier must be one of adadelta, .*'adm'"):
        p.optimizers.get("adm")
