"""Update rules and schedules equal Keras's own over many steps; initialisers have the width they promise."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines.drawing import draw
from pellucid.engines.reference import ReferenceEngine
from pellucid.keys import Key
from pellucid.spec.base import rules
from pellucid.spec.initializers import INITIALIZERS, RandomNormal, RandomUniform, TruncatedNormal
from pellucid.spec.layer import WeightSpec
from pellucid.spec.optimizers import OPTIMIZERS, SGD, Adagrad, Adam, OptimizerSpec, RMSprop
from pellucid.spec.schedules import CosineDecay, ExponentialDecay, InverseTimeDecay, PolynomialDecay, Schedule
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
]


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
    theirs = getattr(keras.optimizers, type(rule).__name__)(**{name: getattr(rule, name) for name in rules(type(rule))})
    theirs.build(variables)
    for step in range(100):
        size = 10.0 ** random.integers(-4, 2)  # large and small steps, so that epsilon's place and AMSGrad show
        gradients = {name: (size * random.normal(size=shape)).astype(dtype) for name, shape in shapes.items()}
        given = [tensor(value) for value in gradients.values()]
        params, slots = engine.update(rule, params, gradients, slots, step, rate=rule.learning_rate)
        theirs.apply(given, variables)
    for (name, ours), variable in zip(params.items(), variables, strict=True):
        assert_same(name, ours, numbers(variable), dtype, 1e-5 if dtype == "float64" else 20 * TOLERANCE[dtype])


def test_every_rule_is_among_them() -> None:
    assert set(OPTIMIZERS) == {type(rule) for rule in RULES}


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
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_schedule_is_keras_own(schedule: Schedule) -> None:
    theirs = getattr(keras.optimizers.schedules, type(schedule).__name__)(
        **{name: getattr(schedule, name) for name in rules(type(schedule))}
    )
    for step in (0, 1, 6, 7, 8, 29, 30, 31, 100):
        assert schedule.rate(step) == pytest.approx(float(theirs(step)), rel=1e-5)


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
