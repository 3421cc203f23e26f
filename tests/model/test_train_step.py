"""A train_step of one's own trains as fit does, on both engines; what has no gradient is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid import ops
from pellucid.errors import ArgumentError, UsageError

X = np.random.default_rng(0).normal(size=(20, 5)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 20)


class Plain(p.Model):
    """As Keras's guides write it, and with that what fit does anyway."""

    def train_step(self, data: Any) -> Any:
        x, y = data
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = self.gradients(loss)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss, "sum": float(y_pred.sum())}


class Halves(p.Model):
    """Two losses of one batch, weighed: the same gradient again."""

    def train_step(self, data: Any) -> Any:
        x, y = data
        y_pred = self(x, training=True)
        loss = 0.25 * self.compute_loss(y=y, y_pred=y_pred) + self.compute_loss(y=y, y_pred=y_pred) * 0.75
        self.optimizer.apply_gradients(zip(self.gradients(loss), self.trainable_variables, strict=True))
        return {"loss": loss}


def network(kind: type[p.Model], engine: str) -> p.Model:
    p.set_random_seed(2)
    inputs = p.Input((5,))
    x = p.layers.BatchNormalization()(p.layers.Dense(6, activation="tanh", kernel_regularizer="l2")(inputs))
    model = kind(inputs, p.layers.Dense(3, activation="softmax")(x))
    model.compile(p.optimizers.Adam(0.05), "sparse_categorical_crossentropy", engine=engine)
    return model


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
@pytest.mark.parametrize("kind", [Plain, Halves])
def test_it_trains_as_fit_does(kind: type[p.Model], engine: str, tmp_path: Any) -> None:
    whole, own = network(p.Model, engine), network(kind, engine)
    told = {"epochs": 3, "batch_size": 5, "verbose": 0, "validation_data": (X, Y)}
    first, second = whole.fit(X, Y, **told).history, own.fit(X, Y, **told).history
    for mine, other in zip(own.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(first["val_loss"], second["val_loss"], rtol=1e-4)
    assert set(second) - set(first) == ({"sum"} if kind is Plain else set())
    own.save(tmp_path / "m.safetensors")
    np.testing.assert_allclose(p.load_model(tmp_path / "m.safetensors").predict(X, verbose=0),
                               own.predict(X, verbose=0), rtol=1e-5)  # fmt: skip


def written(step: Any) -> p.Model:
    return network(type("Own", (p.Model,), {"train_step": step}), "reference")


def test_what_cannot_be_is_said() -> None:
    def tape(self: Any, data: Any) -> Any:
        with tf.GradientTape() as tape:  # type: ignore[name-defined]  # noqa: F821
            loss = self.compute_loss(y=data[1], y_pred=self(data[0], training=True))
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"loss": loss}

    def squared(self: Any, data: Any) -> Any:
        loss = self.compute_loss(y=data[1], y_pred=self(data[0], training=True))
        return {"loss": self.gradients(np.square(float(loss)))}

    def nothing(self: Any, data: Any) -> Any:
        return {"loss": self.compute_loss(y=data[1], y_pred=self(data[0], training=True))}

    def own_numbers(self: Any, data: Any) -> Any:
        return {"loss": self.compute_loss(y=data[1], y_pred=np.ones((20, 3)))}

    with pytest.raises(ArgumentError, match=r"uses GradientTape, TensorFlow's tape, .* self.gradients"):
        written(tape).fit(X, Y, verbose=0)
    with pytest.raises(ArgumentError, match=r"gradients: loss must be a tensor, but it is float64.*pellucid.ops"):
        written(squared).fit(X, Y, verbose=0)
    with pytest.raises(UsageError, match="train_step learnt nothing: it did not call the optimizer"):
        written(nothing).fit(X, Y, verbose=0)
    with pytest.raises(ArgumentError, match=r"y_pred must be what self.x, training=True. gave"):
        written(own_numbers).fit(X, Y, verbose=0)
    with pytest.raises(UsageError, match="compute_loss is there inside train_step"):
        network(p.Model, "reference").compute_loss(y=Y, y_pred=X)


class Judged(Plain):
    """What the guides write beside train_step."""

    def test_step(self, data: Any) -> Any:
        x, y = data
        y_pred = self(x, training=False)
        return {"loss": self.compute_loss(y=y, y_pred=y_pred), "right": float((y_pred.argmax(1) == y).mean())}

    def predict_step(self, data: Any) -> Any:
        return self(data[0], training=False) * 2


class Weighed(p.Model):
    """A compute_loss alone: training and evaluation both take it."""

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, **others: Any) -> Any:
        return 0.5 * super().compute_loss(y=y, y_pred=y_pred) + 0.5 * super().compute_loss(y=y, y_pred=y_pred)


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_evaluation_and_prediction_of_ones_own(engine: str) -> None:
    model, plain = network(Judged, engine), network(p.Model, engine)
    seen, usual = model.evaluate(X, Y, batch_size=20, verbose=0, return_dict=True), plain.evaluate(X, Y, verbose=0)
    assert seen["loss"] == pytest.approx(usual) and 0 <= seen["right"] <= 1
    told = model.fit(X, Y, validation_data=(X, Y), batch_size=20, verbose=0).history
    assert list(told) == ["loss", "sum", "val_loss", "val_right"]
    np.testing.assert_allclose(model.predict(X, batch_size=7, verbose=0), 2 * np.asarray(model(X)), rtol=1e-6)


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_a_loss_of_ones_own_made_of_the_compiled_one(engine: str) -> None:
    found = []
    for kind in (Weighed, p.Model):
        model = network(kind, engine)
        model.compile(p.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"], engine=engine)
        history = model.fit(X, Y, batch_size=20, epochs=3, validation_data=(X, Y), verbose=0).history
        found.append(history)
    assert list(found[0]) == list(found[1]) or set(found[0]) == set(found[1])
    for name in found[1]:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-5)


def squares_and_size(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_true - y_pred), -1) + 0.1 * ops.mean(ops.abs(y_pred), -1)


class Arithmetic(p.Model):
    """A loss of one's own, of the shape that Keras's page on compute_loss has."""

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return ops.mean(ops.square(y - y_pred)) + 0.1 * ops.mean(ops.abs(y_pred))


class Added(p.Model):
    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None,
                     training: bool = True) -> Any:  # fmt: skip
        return super().compute_loss(x, y, y_pred, sample_weight) + 0.1 * ops.mean(ops.abs(y_pred))


class Tracked(p.Model):
    """A train_step with its own loss and metric, without a compiled one."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.mse, self.tracker = p.losses.MeanSquaredError(), p.metrics.Mean(name="loss")

    def train_step(self, data: Any) -> Any:
        x, y = data
        y_pred = self(x, training=True)
        loss = self.mse(y, y_pred) + 0.1 * ops.mean(ops.abs(y_pred))
        self.optimizer.apply(self.gradients(loss), self.trainable_variables)
        self.tracker.update_state(loss)
        return {"loss": self.tracker.result()}

    @property
    def metrics(self) -> list[Any]:
        return [self.tracker]


OF_ONES_OWN = [(Arithmetic, None), (Arithmetic, "mae"), (Added, "mse"), (Tracked, None)]


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
@pytest.mark.parametrize(("kind", "loss"), OF_ONES_OWN)
def test_arithmetic_of_ones_own_trains_as_the_same_loss_compiled(kind: Any, loss: Any, engine: str) -> None:
    found, y = [], X[:, :3] * 2
    for made, given in ((p.Model, squares_and_size), (kind, loss)):
        p.set_random_seed(2)
        inputs = p.Input((5,))
        x = p.layers.BatchNormalization()(p.layers.Dense(6, activation="tanh")(inputs))
        model = made(inputs, p.layers.Dense(3)(p.layers.Dropout(0.2)(x)))
        model.compile(p.optimizers.SGD(0.1, 0.9), given, engine=engine)
        told = model.fit(X, y, epochs=3, batch_size=5, verbose=0).history["loss"]
        found.append((told, model.get_weights()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    for mine, other in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


def test_without_a_compiled_loss(tmp_path: Any) -> None:
    class Around(p.Model):
        """An encoder that needs no targets, and a loss that sees the samples beside each other."""

        def train_step(self, data: Any) -> Any:
            (x,) = data
            y_pred = self(x, training=True)
            apart = ops.mean(ops.abs(ops.matmul(y_pred, ops.transpose(y_pred)) - np.eye(len(x))))
            loss = ops.mean(ops.square(x[:, :3] - y_pred)) + (0.01 * apart if float(apart) > 0 else 0.0)
            self.optimizer.apply(self.gradients(loss), self.trainable_variables)
            return {"loss": loss}

    inputs = p.Input((5,))
    model = Around(inputs, p.layers.Dense(3)(inputs))
    model.compile(p.optimizers.SGD(0.3))
    told = model.fit(X, epochs=20, batch_size=20, verbose=0).history["loss"]
    assert told[-1] < 0.2 * told[0]
    with pytest.raises(UsageError, match=r"there is no loss to evaluate. Write test_step"):
        model.evaluate(X, X[:, :3], verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = p.load_model(tmp_path / "m.safetensors")
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)
    assert not again.compiled  # a file holds no code, and there is no other loss


class WithPenalties(p.Model):
    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None) -> Any:
        return ops.mean(ops.square(y - y_pred)) + ops.sum(self.losses)


def test_penalties_and_draws_of_ones_own(tmp_path: Any) -> None:
    found = []
    for kind, loss in ((p.Model, "mse"), (WithPenalties, None)):
        p.set_random_seed(2)
        inputs = p.Input((5,))
        head = p.layers.Dense(3, kernel_regularizer="l2", bias_regularizer=p.regularizers.L1(0.1))
        model = kind(inputs, head(inputs))
        model.compile("sgd", loss, metrics=["mae"])
        told = model.fit(X, X[:, :3], epochs=3, batch_size=5, verbose=0).history["loss"]
        found.append([*told, model.evaluate(X, X[:, :3], verbose=0)[0], *np.ravel(model.losses)])
        assert model.metrics_names == ["loss", "mae"] and len(model.losses) == 2
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


class Sampling(p.layers.Layer):
    """As the pages on variational encoders write it."""

    def call(self, inputs: Any) -> Any:
        mean, spread = inputs
        shape = (ops.shape(mean)[0], ops.shape(mean)[1])
        return mean + ops.exp(0.5 * spread) * p.random.normal(shape) + 0.0 * p.random.uniform(shape)


class Encoder(p.Model):
    def __init__(self) -> None:
        super().__init__()
        self.mean, self.spread, self.sample = p.layers.Dense(2), p.layers.Dense(2), Sampling()
        self.back, self.tracker = p.layers.Dense(5), p.metrics.Mean()

    def call(self, x: Any) -> Any:
        mean, spread = self.mean(x), self.spread(x)
        return self.back(self.sample([mean, spread])), mean, spread

    def compute_loss(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        back, mean, spread = y_pred
        apart = ops.mean(ops.sum(-0.5 * (1 + spread - ops.square(mean) - ops.exp(spread)), axis=1))
        self.tracker.update_state(apart)
        return ops.mean(ops.square(x - back)) + 0.01 * apart


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_a_variational_encoder_learns(engine: str, tmp_path: Any) -> None:
    p.set_random_seed(1)
    model = Encoder()
    model.compile(p.optimizers.Adam(0.03), engine=engine)
    told = model.fit(X, epochs=30, batch_size=20, verbose=0).history["loss"]
    assert told[-1] < 0.8 * told[0] and np.ptp(np.diff(told)) > 1e-3  # it draws
    assert 0 < float(model.tracker.result()) < 5
    found = model.predict(X, verbose=0)
    np.testing.assert_array_equal(found[0], model.predict(X, verbose=0)[0])
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_allclose(p.load_model(tmp_path / "m.safetensors").predict(X, verbose=0)[0], found[0], rtol=1e-5)


class Pairs(p.Model):
    """A contrastive loss of two outputs and one target."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = p.Sequential([p.layers.Dense(8, activation="relu"), p.layers.Dense(3)])

    def call(self, inputs: Any) -> Any:
        one, two = inputs
        return self.encoder(one), self.encoder(two)

    def train_step(self, data: Any) -> Any:
        inputs, y = data
        one, two = self(inputs, training=True)
        far = ops.sqrt(ops.sum(ops.square(one - two), axis=-1) + 1e-6)
        loss = ops.mean(y * ops.square(far) + (1 - y) * ops.square(ops.maximum(1.0 - far, 0.0)))
        self.optimizer.apply(self.gradients(loss), self.trainable_variables)
        return {"loss": loss, "right": ops.mean(ops.cast((far < 0.5) == (y > 0.5), "float32"))}


def test_one_target_of_several_outputs() -> None:
    p.set_random_seed(3)
    model, y = Pairs(), (np.arange(20) % 2).astype("float32")
    model.compile(p.optimizers.Adam(0.02))
    told = model.fit([X, np.where(y[:, None] > 0, X, -X)], y, epochs=40, batch_size=20, verbose=0).history
    assert told["right"][-1] == 1 and told["loss"][-1] < 0.2 * told["loss"][0]


@pytest.mark.parametrize(("argument", "told"), [
    ("activation", "call the function on what the layer gives"), ("kernel_initializer", "an initializer .*set_weights"),
    ("kernel_regularizer", "in compute_loss"),
])  # fmt: skip
def test_functions_in_place_of_words_are_told_where_they_go(argument: str, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        p.layers.Dense(3, **{argument: lambda x: x})


def test_a_layer_that_would_not_learn_is_refused() -> None:
    beside = p.layers.Dense(2)

    def outside(self: Any, data: Any) -> Any:
        return {"loss": self.gradients(ops.mean(beside(self(data[0], training=True))))}

    with pytest.raises(ArgumentError, match=r"calls a layer with weights .* they would not be learnt"):
        written(outside).fit(X, Y, verbose=0)


def test_what_steps_return_is_told() -> None:
    for name, given, wanted in (("test_step", None, "a mapping of numbers"), ("predict_step", 3.0, "a row a sample")):
        model = network(type("Odd", (p.Model,), {name: lambda self, data, given=given: given}), "reference")
        with pytest.raises(ArgumentError, match=wanted):
            model.evaluate(X, Y, verbose=0) if name == "test_step" else model.predict(X, verbose=0)
