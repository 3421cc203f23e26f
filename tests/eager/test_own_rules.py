"""Update rules of one's own: the class moves Keras's variables alike, trains on both engines, and lasts in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid import layers
from pellucid.errors import ArgumentError, PellucidError
from tests.parity_keras.bridge import keras, numbers

X = np.random.default_rng(2).random((12, 5)).astype("float32")
Y = X[:, :2] - X[:, 2:4]


def trusting(library: Any) -> Any:
    """LARS with an average of gradients (You et al. 2017), as one writes it for Keras."""
    ops = library.ops

    class Trusting(library.optimizers.Optimizer):  # type: ignore[misc]
        def __init__(self, learning_rate: Any = 0.1, momentum: float = 0.9, **kwargs: Any) -> None:
            super().__init__(learning_rate=learning_rate, **kwargs)
            self.momentum = momentum
            self.held: list[Any] = []

        def build(self, variables: Any) -> None:
            if self.built:
                return
            super().build(variables)
            for variable in variables:
                self.held.append(self.add_variable_from_reference(variable, name="momentum"))

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            rate = ops.cast(learning_rate, variable.dtype) / (1 + ops.cast(self.iterations, variable.dtype))
            m = self.held[self._get_variable_index(variable)]
            trust = ops.sqrt(ops.sum(ops.square(variable))) / (1e-3 + ops.sqrt(ops.sum(ops.square(gradient))))
            self.assign(m, m * self.momentum + trust * gradient)
            self.assign_sub(variable, rate * m)

    return Trusting


def test_five_updates_are_those_of_keras() -> None:
    keras.config.set_floatx("float64")
    random = np.random.default_rng(3)
    first = random.normal(size=(3, 2)), random.normal(size=4)
    ours = [p.Variable(value, name=name) for value, name in zip(first, "ab", strict=True)]
    theirs = [keras.Variable(value, dtype="float64") for value in first]
    own, other = (trusting(library)(0.1, weight_decay=0.1) for library in (p, keras))
    for _ in range(5):
        grads = [random.normal(size=(3, 2)), random.normal(size=4)]
        own.apply(grads, ours)
        other.apply([keras.ops.convert_to_tensor(g, "float64") for g in grads], theirs)
    for mine, kept in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), numbers(kept), rtol=1e-6)
    assert int(own.iterations) == 5
    assert isinstance(own, p.optimizers.Optimizer) and isinstance(p.optimizers.Adam(), p.optimizers.Optimizer)


def network(rule: Any, engine: str) -> Any:
    p.set_random_seed(1)
    model = p.Sequential([p.Input((5,)), layers.Dense(4, activation="tanh"), layers.Dense(2)])
    model.compile(rule, "mse", engine=engine)
    return model


def test_both_engines_train_alike_and_a_file_goes_on_without_the_class(tmp_path: Path) -> None:
    found = []
    for engine in ("reference", "pytorch"):
        model = network(trusting(p)(0.05), engine)
        before = model.fit(X, Y, epochs=3, batch_size=4, verbose=0, shuffle=False).history["loss"]
        model.save(tmp_path / f"{engine}.safetensors")
        again = p.load_model(tmp_path / f"{engine}.safetensors")
        after = again.fit(X, Y, epochs=2, batch_size=4, verbose=0, shuffle=False).history["loss"]
        whole = model.fit(X, Y, epochs=2, batch_size=4, verbose=0, shuffle=False).history["loss"]
        assert len(model.optimizer.slots) == 1 and "trusting" in repr(again.optimizer)
        found.append([*before, *whole])
        assert after[0] < before[0]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)
    assert found[0][-1] < 0.7 * found[0][0]


def step_of(line: str) -> Any:
    """A rule whose update is this line."""
    scope: dict[str, Any] = {"ops": p.ops}
    exec(f"def update_step(self, gradient, variable, learning_rate):\n    {line}", scope)
    return type("Own", (p.optimizers.Optimizer,), {"update_step": scope["update_step"]})(0.1)


@pytest.mark.parametrize(("line", "told"), [
    ("pass", "leaves the variable as it is"),
    ("variable.assign(ops.ones((7,)))", "of shape"),
    ("self.assign(variable, variable if gradient > 0 else gradient)", "ops.where"),
    ("self.assign(self.add_variable_from_reference(3), 1.0)", "one of those that build is given"),
    ("self.add_variable((), name='t')", "self.iterations"),
])  # fmt: skip
def test_what_cannot_be_traced_is_told_in_a_sentence(line: str, told: str) -> None:
    with pytest.raises(PellucidError, match=told):
        step_of(line).apply([np.ones(3)], [p.Variable(np.ones(3))])


def test_a_rule_without_a_step_and_strange_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="write update_step"):
        p.optimizers.Optimizer(0.1)
    with pytest.raises(ArgumentError, match="unknown argument 'rate'"):
        trusting(p)(rate=3)
    with pytest.raises(ArgumentError, match="optimizer"):
        network(trusting(p), "reference")
