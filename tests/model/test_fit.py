"""compile, fit, evaluate and predict as a Keras program calls them: order of arguments, defaults, names, splits."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import UsageError
from pellucid.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from pellucid.models import Model, Sequential

random = np.random.default_rng(7)
X = random.normal(size=(50, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int64") + (X[:, 1] > 0)
IMAGES = random.normal(size=(20, 6, 6, 1)).astype("float32")


def classifier(metrics: Any = ("accuracy",), **compiled: Any) -> Sequential:
    p.set_random_seed(3)
    model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(3, activation="softmax")])
    options = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": list(metrics)} | compiled
    model.compile(**options)
    return model


def test_arguments_have_keras_order_and_defaults() -> None:
    def taken(function: Any) -> list[tuple[str, Any]]:
        kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
        listed = [one for one in inspect.signature(function).parameters.values() if one.kind not in kinds]
        return [(one.name, one.default) for one in listed if one.name != "self"]

    none = inspect.Parameter.empty
    assert taken(Model.compile) == [
        ("optimizer", "rmsprop"), ("loss", None), ("loss_weights", None), ("metrics", None), ("weighted_metrics", None),
    ]  # fmt: skip
    assert taken(Model.fit) == [
        ("x", None), ("y", None), ("batch_size", None), ("epochs", 1), ("verbose", "auto"), ("callbacks", None),
        ("validation_split", 0.0), ("validation_data", None), ("shuffle", True), ("class_weight", None),
        ("sample_weight", None), ("initial_epoch", 0), ("steps_per_epoch", None), ("validation_steps", None),
        ("validation_batch_size", None), ("validation_freq", 1),
    ]  # fmt: skip
    assert taken(Model.evaluate) == [
        ("x", None), ("y", None), ("batch_size", None), ("verbose", "auto"), ("sample_weight", None), ("steps", None),
        ("callbacks", None), ("return_dict", False),
    ]  # fmt: skip
    assert taken(Model.predict) == [
        ("x", none), ("batch_size", None), ("verbose", "auto"), ("steps", None), ("callbacks", None),
    ]  # fmt: skip


def test_history_has_a_row_an_epoch_under_keras_names() -> None:
    model = classifier()
    history = model.fit(X, Y, 16, 3, 0, None, 0.2)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 3 for values in history.history.values())
    assert history.epoch == [0, 1, 2] and history.params == {"epochs": 3, "steps": 3}
    assert model.history is history


@pytest.mark.parametrize("word", ["RMSProp", "rmsprop", "SGD", "Adam", "ADAGRAD"])
def test_words_in_any_case(word: str) -> None:
    model = classifier(optimizer=word, loss="Sparse_Categorical_CrossEntropy")
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])


@pytest.mark.parametrize(
    "metrics, names",
    [
        (["accuracy"], ["accuracy"]),
        (["acc"], ["acc"]),
        (["ACCURACY", "top5"], ["accuracy", "top5"]),
        ([p.metrics.SparseCategoricalAccuracy()], ["sparse_categorical_accuracy"]),
        ([p.metrics.SparseCategoricalAccuracy(name="hits")], ["hits"]),
        (["accuracy", "accuracy"], ["accuracy", "accuracy_1"]),
        ("accuracy", ["accuracy"]),
        ([p.metrics.TopKCategoricalAccuracy(k=2)], ["top_k_categorical_accuracy"]),
    ],
)
def test_metrics_have_keras_names(metrics: Any, names: list[str]) -> None:
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=metrics)
    assert list(model.evaluate(X, Y, return_dict=True)) == ["loss", *names]


def test_what_accuracy_means_follows_from_the_outputs() -> None:
    def accuracy(units: int, loss: str, y: Any) -> float:
        p.set_random_seed(0)
        model = Sequential([Input((4,)), Dense(units, activation="sigmoid")])
        model.compile("sgd", loss, metrics=["accuracy"])
        return float(model.evaluate(X, y)[1]), model.predict(X)  # type: ignore[return-value]

    yes = (X[:, 0] > 0).astype("float32")
    score, output = accuracy(1, "binary_crossentropy", yes)  # type: ignore[misc]
    assert score == pytest.approx(np.mean((output[:, 0] > 0.5) == yes))
    one_hot = p.to_categorical(Y, 3)
    score, output = accuracy(3, "binary_crossentropy", one_hot)  # type: ignore[misc]
    assert score == pytest.approx(np.mean(output.argmax(1) == Y))
    score, output = accuracy(3, "mse", one_hot)  # type: ignore[misc]
    assert score == pytest.approx(np.mean(output.argmax(1) == Y))


def test_the_validation_part_is_the_last_one_before_shuffling() -> None:
    seen: list[np.ndarray] = []

    class Probe(p.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(self.model.evaluate(X[40:], Y[40:], return_dict=True)["loss"])

    history = classifier().fit(X, Y, epochs=2, verbose=0, validation_split=0.2, callbacks=[Probe()])
    assert history.history["val_loss"] == pytest.approx(seen)
    again = classifier().fit(X[:40], Y[:40], epochs=2, verbose=0, validation_data=(X[40:], Y[40:]))
    assert again.history == history.history


def test_sample_weights_and_masks_are_split_too() -> None:
    weight = np.linspace(0, 2, 50)
    split = classifier().fit(X, Y, verbose=0, sample_weight=weight, validation_split=0.2)
    given = classifier().fit(X[:40], Y[:40], verbose=0, sample_weight=weight[:40],
                             validation_data=(X[40:], Y[40:], weight[40:]))  # fmt: skip
    assert split.history == given.history
    masks = np.arange(50) % 3 > 0
    split = classifier().fit(X, Y, verbose=0, masks=masks, validation_split=0.2)
    assert split.history["loss"] == classifier().fit(X[:40], Y[:40], verbose=0, masks=masks[:40]).history["loss"]


def test_evaluate_gives_a_list_or_a_number_or_a_mapping() -> None:
    model = classifier()
    loss, accuracy = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(X, Y, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    probabilities = model.predict(X)
    assert loss == pytest.approx(-np.log(probabilities[np.arange(50), Y]).mean(), rel=1e-6)
    assert accuracy == pytest.approx((probabilities.argmax(1) == Y).mean())
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.evaluate(X, Y) == pytest.approx(loss)


def test_images_without_a_channel_axis() -> None:
    model = Sequential([Input((6, 6)), Flatten(), Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(IMAGES[..., 0], np.arange(20) % 2, verbose=0)
    assert model.predict(IMAGES[..., 0]).shape == (20, 2)


def test_lists_of_numbers_as_in_the_one_neuron_program() -> None:
    p.set_random_seed(0)
    model = Sequential([Dense(1, input_shape=[1])])
    model.compile(optimizer="sgd", loss="mean_squared_error")
    x, y = [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0], [-3.0, -1.0, 1.0, 3.0, 5.0, 7.0]
    model.fit(x, y, epochs=500, verbose=0)
    assert model.predict([10.0]).item() == pytest.approx(18.98, abs=0.03)  # 2x - 1 at 10 is 19
    x1, y1 = np.array(x), np.array(y)
    model.fit(x1, y1, verbose=0)
    assert model.predict(np.array([10.0])).shape == (1, 1)


def test_a_sequential_takes_its_shape_where_it_finds_it() -> None:
    first = Sequential()
    first.add(Input((4,)))
    first.add(Dense(3))
    second = Sequential([Dense(3, input_shape=(4,))])
    third = Sequential([Dense(3, input_dim=4)])
    fourth = Sequential([Dense(3)])
    fourth.build((None, 4))
    fifth = Sequential([first])
    assert [model.output_shape for model in (first, second, third, fourth, fifth)] == [(None, 3)] * 5
    late = Sequential([Dense(3, activation="softmax")])
    with pytest.raises(UsageError, match=r"the input shape is not known yet. Add Input"):
        late.summary()
    late.compile("sgd", "sparse_categorical_crossentropy")
    late.fit(X, Y, verbose=0)
    assert late.input_shape == (None, 4) and late.count_params() == 15


def test_layers_come_and_go() -> None:
    model = Sequential([Input((4,)), Dense(3), Dense(2)])
    kept = model.layers[0].get_weights()[0]
    model.pop()
    assert model.output_shape == (None, 3)
    model.add(Dropout(0.5))
    model.add(Dense(7))
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dropout", "Dense"]
    assert model.output_shape == (None, 7)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], kept)
    assert model.get_layer(index=1) is model.layers[1]


def test_a_layer_that_does_not_fit_leaves_the_model_as_it_was() -> None:
    model = Sequential([Input((4,)), Dense(3)])
    with pytest.raises(ValueError, match=r"conv2d: input must be \(N, H, W, C\)"):
        model.add(Conv2D(3, 3))
    assert len(model.layers) == 1 and model.predict(X).shape == (50, 3)


def test_weights_go_in_and_out_in_keras_order() -> None:
    model = Sequential([Input((4,)), Dense(3), BatchNormalization(), Dense(2)])
    shapes = [weight.shape for weight in model.get_weights()]
    assert shapes == [(4, 3), (3,), (3,), (3,), (3,), (3,), (3, 2), (2,)]
    values = [np.full(shape, number, "float64") for number, shape in enumerate(shapes)]
    model.set_weights(values)
    assert [weight.flat[0] for weight in model.get_weights()] == list(range(8))
    assert {weight.dtype for weight in model.get_weights()} == {np.dtype("float32")}
    values[0][:] = 99
    assert model.get_weights()[0].flat[0] == 0  # a copy was taken
    model.layers[0].set_weights([np.ones((4, 3)), np.zeros(3)])
    assert model.get_weights()[0].flat[0] == 1


def test_training_on_single_batches_equals_fit() -> None:
    first, second = classifier(optimizer="sgd"), classifier(optimizer="sgd")
    history = first.fit(X, Y, batch_size=25, epochs=1, shuffle=False, verbose=0)
    loss = [second.train_on_batch(X[at : at + 25], Y[at : at + 25])[0] for at in (0, 25)]
    assert np.mean(loss) == pytest.approx(history.history["loss"][0])
    for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert second.test_on_batch(X, Y) == second.evaluate(X, Y)
    np.testing.assert_array_equal(second.predict_on_batch(X), second.predict(X))
    assert list(second.train_on_batch(X, Y, return_dict=True)) == ["loss", "accuracy"]


def test_the_optimizer_s_memory_is_kept_between_fits() -> None:
    once, twice = classifier(), classifier()
    once.fit(X, Y, epochs=4, shuffle=False, verbose=0)
    twice.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    twice.fit(X, Y, epochs=4, initial_epoch=2, shuffle=False, verbose=0)
    for ours, theirs in zip(once.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_each_fit_shuffles_anew() -> None:
    orders: list[list[float]] = []
    model = classifier(optimizer=p.optimizers.SGD(0.0))

    class Probe(p.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            orders[-1].append(logs["loss"])

    for _ in range(2):
        orders.append([])
        model.fit(X, Y, batch_size=5, verbose=0, callbacks=[Probe()])
    assert len(orders[0]) == 10 and orders[0] != orders[1]


def test_a_seed_makes_everything_repeat() -> None:
    def run(seed: int) -> list[np.ndarray]:
        p.set_random_seed(seed)
        layers = [Dense(8, activation="relu"), Dropout(0.5), BatchNormalization(), Dense(3, activation="softmax")]
        model = Sequential([Input((4,)), *layers])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, Y, batch_size=10, epochs=2, verbose=0)
        return model.get_weights()

    assert all(np.array_equal(a, b) for a, b in zip(run(1), run(1), strict=True))
    assert not np.array_equal(run(1)[0], run(2)[0])


def test_predict_in_parts_and_of_nothing() -> None:
    model = classifier()
    np.testing.assert_allclose(model.predict(X, batch_size=7), model.predict(X, batch_size=50), rtol=1e-6)
    assert model.predict(X[:0]).shape == (0, 3)
    assert model.predict(X, 10, 0, 2).shape == (20, 3)
    np.testing.assert_array_equal(model(X), model.predict(X))


def test_steps_limit_an_epoch() -> None:
    model = classifier()
    assert model.fit(X, Y, 10, 1, 0, steps_per_epoch=3).params["steps"] == 3
    assert model.evaluate(X, Y, 10, steps=2) == pytest.approx(model.evaluate(X[:20], Y[:20]))


def test_precision_of_proofs() -> None:
    model = classifier(optimizer="sgd")
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float64")
    assert model.predict(X).dtype == np.float64
    model.fit(X, Y, verbose=0)
    assert model.predict(X).dtype == np.float64


def test_one_line_an_epoch_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    classifier().fit(X, Y, epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].startswith("epoch 1/2  loss ") and lines[1].endswith(" images/s")
    classifier().fit(X, Y, epochs=2, verbose=0)
    assert capsys.readouterr().out == ""
