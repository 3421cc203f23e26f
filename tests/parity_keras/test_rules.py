"""Update rules and schedules equal Keras's own over many steps; initialisers have the width they promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.engines.drawing import draw
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ArgumentError
from pellucid.graph.traced_rule import TracedRule
from pellucid.keys import Key
from pellucid.layers import Dense, Input
from pellucid.models import Sequential
from pellucid.spec.base import rules
from pellucid.spec.initializers import INITIALIZERS, RandomNormal, RandomUniform, TruncatedNormal
from pellucid.spec.layer import WeightSpec
from pellucid.spec.matrix_rules import Adafactor, Muon
from pellucid.spec.optimizers import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lion,
    Nadam,
    OptimizerSpec,
    RMSprop,
)
from pellucid.spec.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    OneCycle,
    PiecewiseConstantDecay,
    PolynomialDecay,
    Schedule,
)
from tests.parity_keras.bridge import TOLERANCE, assert_same, keras, numbers, tensor

RULES = [
    SGD(0.1),
    SGD(0.1, 0.9),
    SGD(0.1, 0.9, True),
    Adagrad(0.1),
    Adagrad(0.1, 0.5, 1e-3),
    RMSprop(),
    RMSprop(0.01, 0.7, 0.9, 1e-5),
    RMSprop(0.01, centered=True),
    RMSprop(0.01, momentum=0.5, centered=True),
    Adam(),
    Adam(0.01, 0.8, 0.99, 1e-3),
    Adam(0.01, amsgrad=True),
    AdamW(),
    AdamW(0.01, 0.3, 0.8, 0.99, 1e-3, True),
    Nadam(),
    Nadam(0.01, 0.8, 0.99, 1e-3),
    Adamax(),
    Adamax(0.01, 0.8, 0.99, 1e-3),
    Adadelta(),
    Adadelta(0.5, 0.7, 1e-3),
    Ftrl(),
    Ftrl(0.05, -0.7, 0.2, 0.01, 0.02, 0.03, 0.1),
    Lion(),
    Lion(0.01, 0.7, 0.8),
    Adafactor(),
    Adafactor(0.3, -0.5, 1e-8, 0.1, 0.5),
    Muon(),
    Muon(0.01, 0.8, 0.99, 0.1, 1e-3, weight_decay=0.2, adam_lr_ratio=0.5, momentum=0.7, ns_steps=3, nesterov=False,
         rms_rate=None),
]


KERAS_NADAM = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


@KERAS_NADAM
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_an_update_rule_is_keras_own_over_a_hundred_steps(rule: OptimizerSpec, dtype: str) -> None:
    keras.config.set_floatx(dtype)
    random = np.random.default_rng(6)
    shapes = {"a/kernel": (5, 4), "a/bias": (4,), "b/kernel": (300, 7)}
    params = {name: random.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    engine = ReferenceEngine(dtype)
    slots = engine.slots(rule, params)
    variables = [keras.Variable(tensor(value), dtype=dtype) for value in params.values()]
    theirs = keras_rule(rule)
    theirs.build(variables)
    for step in range(100):
        size = 10.0 ** random.integers(-4, 2)  # large and small steps, so that epsilon's place and AMSGrad show
        gradients = {name: (size * random.normal(size=shape)).astype(dtype) for name, shape in shapes.items()}
        given = [tensor(value) for value in gradients.values()]
        params, slots = engine.update(rule, params, gradients, slots, step, rate=rule.learning_rate)
        theirs.apply(given, variables)
    for (name, ours), variable in zip(params.items(), variables, strict=True):
        assert_same(name, ours, numbers(variable), dtype, 1e-5 if dtype == "float64" else 20 * TOLERANCE[dtype])


def keras_rule(rule: OptimizerSpec) -> Any:
    """Keras's own rule with the same arguments."""
    given = {name: getattr(rule, name) for name in rules(type(rule)) if name not in ("undecayed", "name")}
    if isinstance(rule.learning_rate, Schedule):
        given["learning_rate"] = keras_schedule(rule.learning_rate)
    theirs = getattr(keras.optimizers, type(rule).__name__)(**given)
    if rule.undecayed:
        theirs.exclude_from_weight_decay(var_names=list(rule.undecayed))
    return theirs


AROUND = [
    SGD(0.1, 0.9, weight_decay=0.2),
    Adam(0.01, weight_decay=0.3, undecayed=("bias",)),
    AdamW(0.01, 0.3, undecayed=("bias",)),
    SGD(0.1, clipnorm=0.5),
    SGD(0.1, 0.9, clipvalue=0.05),
    Adagrad(0.1, global_clipnorm=0.7),
    SGD(0.1, gradient_accumulation_steps=3),
    Adam(0.01, gradient_accumulation_steps=4, clipnorm=0.5, weight_decay=0.1),
    Nadam(0.01, gradient_accumulation_steps=2),
    SGD(0.1, use_ema=True),
    Adam(0.01, use_ema=True, ema_momentum=0.7, gradient_accumulation_steps=3),
    RMSprop(0.01, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=4),
    Adafactor(0.1, weight_decay=0.1, undecayed=("bias",)),
    Muon(0.01, exclude_layers=("b/",), use_ema=True, gradient_accumulation_steps=2, adam_lr_ratio=0.5),
    Adam(CosineDecayRestarts(0.05, 3, 1.5, 0.8), gradient_accumulation_steps=2, use_ema=True, global_clipnorm=1.0),
]


@KERAS_NADAM
@pytest.mark.parametrize("engine_name", ["reference", "pytorch"])
@pytest.mark.parametrize("rule", AROUND, ids=repr)
def test_what_is_done_around_a_rule_is_keras_own_over_twenty_steps(rule: OptimizerSpec, engine_name: str) -> None:
    """Decay, clipping, accumulation and averages through whole training steps: a linear map of five numbers to four."""
    keras.config.set_floatx("float64")
    random = np.random.default_rng(8)
    ours = Sequential([Input((5,)), Dense(4, name="a", activation="tanh"), Dense(2, name="b")])
    ours.compile(rule, "mse", engine=engine_name, precision="float64")
    dense = keras.layers.Dense
    theirs = keras.Sequential([keras.Input((5,)), dense(4, name="a", activation="tanh"), dense(2, name="b")])
    theirs.compile(keras_rule(rule), "mse")
    start = [random.normal(size=w.shape) for w in ours.get_weights()]
    ours.layers[0].weights["kernel"]  # drawn, so that float64 stays
    for layer in ours.layers:
        layer.held.update({name: value.astype(np.float64) for name, value in layer.weights.items()})
    ours.set_weights(start)
    theirs.set_weights(start)
    x, y = random.normal(size=(20 * 7, 5)), 3 * random.normal(size=(20 * 7, 2))
    ours.fit(x, y, batch_size=7, shuffle=False, verbose=0)
    theirs.fit(x, y, batch_size=7, shuffle=False, verbose=0)
    for name, ours_now, theirs_now in zip(ours.weights_by_key(), ours.get_weights(), theirs.get_weights(), strict=True):
        assert_same(name, ours_now, theirs_now, "float64", 1e-6)
        assert not np.allclose(ours_now, start[list(ours.weights_by_key()).index(name)], atol=1e-3), "it moved"


def test_a_rule_refuses_two_clippings() -> None:
    with pytest.raises(ArgumentError, match=r"^Adam: clipnorm must be the only one of clipnorm, clipvalue"):
        Adam(clipnorm=1.0, global_clipnorm=1.0)
    with pytest.raises(ArgumentError, match="var_list must be variables; arrays have no name"):
        Adam().exclude_from_weight_decay(var_list=[np.ones(3)])


def test_every_rule_is_among_them() -> None:
    assert set(OPTIMIZERS) - {TracedRule} == {type(rule) for rule in RULES}  # rules of one's own: tests/eager


SCHEDULES = [
    ExponentialDecay(0.1, 7, 0.9),
    ExponentialDecay(0.1, 7, 0.5, True),
    InverseTimeDecay(0.1, 7, 0.9),
    InverseTimeDecay(0.1, 7, 0.5, True),
    PolynomialDecay(0.1, 30, 0.01, 2.0),
    CosineDecay(0.1, 30, 0.1),
    CosineDecay(0.1, 22, 0.2, 0.5, 7),
    CosineDecay(0.0, 22, 0.0, 0.5, 8),
    CosineDecay(0.5, 23, 0.0, 0.1, 7),
    PolynomialDecay(0.1, 6, 0.01, 2.0, True),
    CosineDecayRestarts(0.1, 5, 2.0, 0.5, 0.1),
    CosineDecayRestarts(0.1, 7, 1.0, 0.9),
    PiecewiseConstantDecay((6, 29), (0.1, 0.05, 0.01)),
]


def keras_schedule(schedule: Schedule) -> Any:
    """Keras's own schedule with the same arguments."""
    given = {name: getattr(schedule, name) for name in rules(type(schedule)) if name != "name"}
    return getattr(keras.optimizers.schedules, type(schedule).__name__)(**given)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_schedule_is_keras_own(schedule: Schedule) -> None:
    theirs = keras_schedule(schedule)
    for step in (0, 1, 6, 7, 8, 29, 30, 31, 100):
        assert schedule.rate(step) == pytest.approx(float(theirs(step)), rel=1e-5)


def test_one_cycle_is_torch_own() -> None:
    import torch

    for arguments in ((40, 0.3, 25.0, 1e4), (7, 0.5, 10.0, 100.0)):
        total, start, first, last = arguments
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)
        theirs = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 0.3, total_steps=total, pct_start=start, div_factor=first, final_div_factor=last
        )
        for step in range(total - 1):
            assert OneCycle(0.3, *arguments).rate(step) == pytest.approx(theirs.get_last_lr()[0], rel=1e-9), step
            optimizer.step()
            theirs.step()


SCALED = ["glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform"]


@pytest.mark.parametrize("word", SCALED)
def test_a_scaled_initialiser_has_keras_variance_and_limits(word: str) -> None:
    """120,000 draws: the standard deviation is known to about 0.2 %; both sides are held to 1 %."""
    shape, fan = (5, 4, 60, 100), (5 * 4 * 60, 5 * 4 * 100)
    ours = draw(WeightSpec("kernel", shape, INITIALIZERS.named(word), fan), Key.of(1), np.dtype("float64"))
    theirs = numbers(keras.initializers.get(word)(shape))
    scale = {"glorot": 2 / sum(fan), "he": 2 / fan[0], "lecun": 1 / fan[0]}[word.split("_")[0]]
    assert ours.std() == pytest.approx(np.sqrt(scale), rel=0.01)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    limit = np.sqrt(3 * scale) if word.endswith("uniform") else 2 * np.sqrt(scale) / 0.8796  # Keras's torch draws leak
    assert abs(ours).max() == pytest.approx(limit, rel=0.002)
    assert abs(ours.mean()) < 0.01 * ours.std()


def test_plain_initialisers_have_the_width_they_say() -> None:
    def values(initial):
        return draw(WeightSpec("kernel", (400, 300), initial), Key.of(2), np.dtype("float64"))

    normal = values(RandomNormal(0.5, 0.2))
    assert (normal.mean(), normal.std()) == (pytest.approx(0.5, abs=0.003), pytest.approx(0.2, rel=0.01))
    cut = values(TruncatedNormal(0.0, 0.2))
    assert abs(cut).max() <= 0.4
    assert cut.std() == pytest.approx(0.2 * 0.8796, rel=0.01)
    spread = values(RandomUniform(-0.1, 0.3))
    assert -0.1 <= spread.min() < -0.0999 < 0.2999 < spread.max() <= 0.3
    assert np.all(values(INITIALIZERS.named("zeros")) == 0)
    assert np.all(values(INITIALIZERS.named("ones")) == 1)
