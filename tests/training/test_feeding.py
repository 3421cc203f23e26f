"""What may be fed: generators, sequences, weights, masks; and several threads that predict at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.data.batches import ArrayBatches
from pellucid.keys import Key
from pellucid.layers import Conv2D, Dense, Flatten, Input
from pellucid.models import Model, Sequential

random = np.random.default_rng(3)
X = random.normal(size=(24, 3)).astype("float32")
Y = np.arange(24) % 2


def classifier(loss: str = "sparse_categorical_crossentropy") -> Sequential:
    p.set_random_seed(6)
    model = Sequential([Input((3,)), Dense(2, activation="softmax")])
    model.compile(p.optimizers.SGD(0.5), loss, metrics=["accuracy"])
    return model


def same_weights(first: Model, second: Model) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def parts(with_weights: bool = False) -> Iterator[Any]:
    while True:
        for at in (0, 8, 16):
            given = (X[at : at + 8], Y[at : at + 8])
            yield (*given, np.arange(8.0)) if with_weights else given


class Pages:
    """As Keras's PyDataset: a length and batches by number."""

    def __init__(self) -> None:
        self.ended = 0

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[8 * index : 8 * index + 8], Y[8 * index : 8 * index + 8]

    def on_epoch_end(self) -> None:
        self.ended += 1


def test_a_generator_and_a_sequence_learn_as_arrays_do() -> None:
    models = [classifier() for _ in range(4)]
    pages = Pages()
    histories = [
        models[0].fit(X, Y, 8, 2, 0, shuffle=False),
        models[1].fit(parts(), epochs=2, steps_per_epoch=3, verbose=0),
        models[2].fit(pages, epochs=2, verbose=0, shuffle=False),
        models[3].fit(ArrayBatches({"input": X}, {"output": Y}, batch_size=8, key=Key.of(0), shuffle=False), epochs=2,
                      verbose=0),
    ]  # fmt: skip
    for model, history in zip(models[1:], histories[1:], strict=True):
        assert same_weights(models[0], model) and history.history == histories[0].history
    assert pages.ended == 2
    assert models[0].evaluate(pages) == models[0].evaluate(X, Y, 8)
    assert models[0].evaluate(parts(), steps=3) == models[0].evaluate(X, Y, 8)
    np.testing.assert_array_equal(models[0].predict(pages), models[0].predict(X, 8))
    np.testing.assert_array_equal(models[0].predict((x for x, _ in Pages()), steps=2), models[0].predict(X[:16], 8))


def test_weights_of_a_generator_and_of_classes_count() -> None:
    first, second, third = classifier(), classifier(), classifier()
    first.fit(X, Y, 8, 1, 0, shuffle=False, sample_weight=np.tile(np.arange(8.0), 3))
    second.fit(parts(True), steps_per_epoch=3, verbose=0)
    assert same_weights(first, second)
    third.fit(Pages(), verbose=0, shuffle=False, class_weight={0: 3.0})
    fourth = classifier()
    fourth.fit(X, Y, 8, 1, 0, shuffle=False, class_weight={0: 3.0})
    assert same_weights(third, fourth) and not same_weights(third, first)


def test_validation_from_a_sequence() -> None:
    a = classifier().fit(X, Y, verbose=0, validation_data=Pages()).history
    b = classifier().fit(X, Y, verbose=0, validation_data=(X, Y), validation_batch_size=8).history
    assert a == b
    c = classifier().fit(X, Y, verbose=0, validation_data=(X, Y), validation_batch_size=8, validation_steps=1).history
    d = classifier().fit(X, Y, verbose=0, validation_data=(X[:8], Y[:8])).history
    assert c["val_loss"] == pytest.approx(d["val_loss"], rel=1e-6)


def test_a_sequential_takes_its_shape_from_a_sequence() -> None:
    model = Sequential([Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(Pages(), verbose=0)
    assert model.input_shape == (None, 3)
    late = Sequential([Dense(2)])
    late.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"the input shape is not known. Add Input"):
        late.fit(parts(), steps_per_epoch=1, verbose=0)


def test_sample_weights_multiply_and_divide_by_n() -> None:
    """Two samples, w = (3, 0), one linear unit from zero weights: loss = 3 * t0^2 / 2, dL/db = 3 * 2 * (0 - t0) / 2."""
    model = Sequential([Input((1,)), Dense(1, kernel_initializer="zeros")])
    model.compile(p.optimizers.SGD(0.1), "mse")
    x, t = np.array([[1.0], [2.0]]), np.array([4.0, 7.0])
    loss = model.train_on_batch(x, t, sample_weight=np.array([3.0, 0.0]))
    assert loss == pytest.approx(3 * 16 / 2)
    kernel, bias = model.get_weights()
    assert bias[0] == pytest.approx(0.1 * 3 * 2 * 4 / 2) and kernel[0, 0] == pytest.approx(0.1 * 3 * 2 * 4 * 1 / 2)


def test_a_missing_label_divides_by_the_labelled_count() -> None:
    """The same two samples, the second without a label: loss = t0^2 / 1."""
    model = Sequential([Input((1,)), Dense(1, kernel_initializer="zeros")])
    model.compile(p.optimizers.SGD(0.1), "mse", metrics=["mae"])
    x, t = np.array([[1.0], [2.0]]), np.array([4.0, np.nan])  # what is not there may be anything
    with np.errstate(invalid="ignore"):
        history = model.fit(x, t, verbose=0, masks=np.array([True, False])).history
    assert history["loss"] == [16.0] and history["mae"] == [4.0]
    assert model.get_weights()[1][0] == pytest.approx(0.1 * 2 * 4)


@pytest.mark.parametrize("missing", [-1.0, np.nan])
def test_what_stands_in_for_a_missing_class_may_be_anything(missing: float) -> None:
    first, second = classifier(), classifier()
    known = np.arange(24) % 3 > 0
    a = first.fit(X, np.where(known, Y, missing), verbose=0, masks=known).history
    b = second.fit(X, np.where(known, Y, 0), verbose=0, masks=known).history
    assert a == b and same_weights(first, second)


def test_a_batch_without_any_label_changes_nothing() -> None:
    model = classifier()
    before = model.get_weights()
    model.fit(X, Y, verbose=0, masks=np.zeros(24, bool))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_masks_of_several_outputs() -> None:
    x = Input((3,))
    model = Model(x, [Dense(1, name="a")(x), Dense(1, name="b")(x)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    data = {"a": np.ones(24), "b": np.ones(24)}
    model.fit(X, data, verbose=0, masks={"a": np.zeros(24, bool)})
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True]


def test_uneven_batches_add_up_right() -> None:
    """The epoch's loss is the mean over samples, not over batches."""
    model = classifier()
    model.compile(p.optimizers.SGD(0.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, batch_size=7, verbose=0).history
    loss, accuracy = model.evaluate(X, Y, batch_size=24)
    assert history["loss"][0] == pytest.approx(loss, rel=1e-6) and history["accuracy"][0] == pytest.approx(accuracy)


def test_a_penalty_is_part_of_the_loss() -> None:
    model = Sequential([Input((3,)), Dense(2, kernel_regularizer=p.regularizers.L2(0.1), activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    plain = -np.log(model.predict(X)[np.arange(24), Y]).mean()
    penalty = 0.1 * (model.get_weights()[0] ** 2).sum()  # without a half
    assert model.evaluate(X, Y, 7) == pytest.approx(plain + penalty, rel=1e-6)


def test_names_of_layers_are_understood_for_one_input_and_output() -> None:
    x = Input((3,), name="features")
    model = Model(x, Dense(1, name="score")(x))
    model.compile("sgd", {"score": "mse"}, metrics={"score": ["mae"]})
    history = model.fit({"features": X}, {"score": np.ones(24)}, verbose=0).history
    assert list(history) == ["loss", "mae"]
    np.testing.assert_array_equal(model.predict({"features": X}), model.predict([X]))


def test_threads_predict_what_one_alone_predicts() -> None:
    p.set_random_seed(0)
    model = Sequential([Input((9, 9, 2)), Conv2D(4, 3, activation="relu"), Flatten(), Dense(3, activation="softmax")])
    inputs = [random.normal(size=(20 + n, 9, 9, 2)).astype("float32") for n in range(8)]
    alone = [model.predict(x, batch_size=4) for x in inputs]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            together = list(pool.map(lambda x: model.predict(x, batch_size=4), inputs))
            assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
