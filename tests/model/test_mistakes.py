"""What users get wrong: each ends in one sentence that says which argument, what was wanted, what came."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import ArgumentError, DataError, PellucidError, ShapeError, UsageError
from pellucid.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
from pellucid.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(12, 8, 8, 1)).astype("float32")
Y = np.arange(12) % 3


def network() -> Sequential:
    model = Sequential([Input((8, 8, 1)), Conv2D(2, 3), Flatten(), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(**more: Any) -> Any:
    arguments = {"x": X, "y": Y, "verbose": 0} | more
    return lambda: network().fit(**arguments)


def without_loss() -> Any:
    model = network()
    model.compile("sgd")
    return model


def loop_forever() -> Any:
    while True:
        yield X, Y


MISTAKES: dict[str, tuple[Any, str]] = {
    "no x": (fit(x=None), "fit: x must be given, but it is None."),
    "no y": (fit(y=None), "fit: y must be given, but it is missing. Pass the labels as y."),
    "fewer labels": (fit(y=Y[:5]), "batches: target 'output' must be 12 rows long, as input 'input' is, but it is 5 "),
    "channels first": (fit(x=X.reshape(12, 1, 8, 8)), r"input 'input': data must be (N, 8, 8, 1), but it is (12, 1,"),
    "no channel axis": (fit(x=X[..., 0]), r"data must be (N, 8, 8, 1), but it is (12, 8, 8). Add the channel axis:"),
    "one image": (lambda: network().predict(X[0]), "data must be (N, 8, 8, 1), but it is (8, 8, 1)"),
    "another size": (fit(x=np.ones((12, 9, 8, 1))), "data must be (N, 8, 8, 1), but it is (12, 9, 8, 1)"),
    "text as x": (fit(x="digits"), "fit: x must be numbers, but it is an array of <U6"),
    "names as labels": (fit(y=np.array(["cat"] * 12)), "Turn class names into numbers first."),
    "unequal lists": (fit(x=[[1.0], [1.0, 2.0]]), "fit: x must be an array of numbers, but it is a list of unequal"),
    "a number as y": (fit(y=3), "fit: y must be an array with one entry a sample, but it is the number 3."),
    "a label too large": (fit(y=Y + 1), "output 'output': labels must be from 0 to 2, but it is 3 at y[2]. Widen"),
    "a negative label": (fit(y=Y - 1), "labels must be from 0 to 2, but it is -1 at y[0]."),
    "one-hot labels": (fit(y=p.to_categorical(Y)), "One-hot targets go with loss='categorical_crossentropy'."),
    "an input by a wrong name": (fit(x={"image": X}), "fit: x must be keyed by input, but it is 'image'."),
    "batch size 0": (fit(batch_size=0), "fit: batch_size must be an integer >= 1, but it is 0."),
    "batch size text": (fit(batch_size="32"), "fit: batch_size must be an integer >= 1, but it is '32'."),
    "epochs by half": (fit(epochs=1.5), "fit: epochs must be an integer >= 0, but it is 1.5."),
    "a split of all": (fit(validation_split=1.0), "fit: validation_split must be between 0 and 1, but it is 1.0."),
    "a split of nothing": (fit(validation_split=0.99, x=X[:3], y=Y[:3]), "validation_split=0.99 of 3 samples leaves"),
    "a split of batches": (fit(x=[(X, Y)], y=None, validation_split=0.5), "validation_split must be left out when x"),
    "two validations": (fit(validation_split=0.2, validation_data=(X, Y)), "pass validation_split or"),
    "validation alone": (fit(validation_data=(X,)), "validation_data must be (x, y) or (x, y, sample_weight), but"),
    "validation of another size": (fit(validation_data=(np.ones((4, 9, 9, 1)), Y[:4])), "data must be (N, 8, 8, 1),"),
    "too many steps": (fit(batch_size=6, steps_per_epoch=3), "fit: steps_per_epoch must be from 1 to the 2 batches"),
    "validation_freq": (fit(validation_freq=0), "fit: validation_freq must be an integer >= 1, but it is 0."),
    "weights too few": (fit(sample_weight=np.ones(5)), "fit: sample_weight must be 12 finite numbers, one for each"),
    "weights of NaN": (fit(sample_weight=np.full(12, np.nan)), "fit: sample_weight must be 12 finite numbers"),
    "class weights as a list": (fit(class_weight={0: -1.0}), "a mapping from class numbers to weights >= 0, but it"),
    "class weights in a list": (fit(class_weight=[1, 2]), "a mapping from class numbers to weights >= 0, but it is [1"),
    "class weights by name": (fit(class_weight={"cat": 1}), "weights >= 0, but it is {'cat': 1}"),
    "a loud fit": (fit(verbose="loud"), "fit: verbose must be 0, 1, 2 or 'auto', but it is 'loud'."),
    "patience in words": (lambda: p.callbacks.EarlyStopping(patience="3"), "patience must be an integer >= 0, but"),
    "a pause of half": (lambda: p.callbacks.ReduceLROnPlateau(cooldown=0.5), "cooldown must be an integer >= 0, but i"),
    "masks of numbers": (fit(masks=np.arange(12)), "fit: masks must be one True or False for each sample"),
    "a generator without an end": (fit(x=loop_forever(), y=None), "fit: steps_per_epoch must be given for a"),
    "a generator and y": (fit(x=loop_forever()), "fit: y must be left out when x yields batches, but it is given."),
    "a generator that ends": (fit(x=iter([(X, Y)]), y=None, steps_per_epoch=3), "x was to yield 3 batches, but it"),
    "a generator without labels": (fit(x=iter([X]), y=None, steps_per_epoch=1), "fit: y must be given, but it is"),
    "no arrays at all": (fit(x=object(), y=None), "fit: x must be arrays, a generator, or a sequence of batches,"),
    "not compiled": (lambda: Sequential([Input((2,)), Dense(1)]).fit(X, Y), "sequential is not compiled. Call"),
    "a sparse input": (lambda: Input((3,), sparse=True), "Input: sparse must be left out, but it is bool. Pass arrays"),
    "an input of a tensor": (lambda: Input(tensor=Input((3,))), "Call the layers on that tensor itself."),
    "an input's misspelt shape": (lambda: Input(shap=(3,), sparse=False), "Input: unknown argument 'shap'; known"),
    "no loss": (lambda: without_loss().fit(X, Y), "compile: loss must be given, but it is None. Pass e.g."),
    "an unknown loss": (lambda: network().compile("sgd", "crossentropy"), "loss must be one of "),
    "an unknown rule": (lambda: network().compile("adamx", "mse"), "optimizer must be one of ada"),
    "an unknown metric": (lambda: network().compile("sgd", "mse", metrics=["aucs"]), "metric must be one of "),
    "a loss by a wrong name": (lambda: network().compile("sgd", {"head": "mse"}), "compile: loss must be keyed by"),
    "weighted metrics": (lambda: network().compile("sgd", "mse", weighted_metrics=["aucs"]), "metric must be one of"),
    "a metric of values": (lambda: network().compile("sgd", "mse", metrics=["mean"]), "metrics of targets and outputs"),
    "an unknown argument": (lambda: network().compile("sgd", "mse", optimiser="sgd"), "compile: unknown argument"),
    "a function as loss": (lambda: network().compile("sgd", lambda t, y: 0), "what it returns must be made"),
    "an unknown engine": (lambda: network().compile("sgd", "mse", engine="tensorflow"), "engine must be 'auto', 'ref"),
    "bfloat16 here": (lambda: network().compile("sgd", "mse", engine="reference", precision="bfloat16"),
                      "precision must be 'float32'"),
    "an unknown layer": (lambda: network().get_layer("fc"), "sequential: layer name must be one of input, conv2d,"),
    "a layer beyond": (lambda: network().get_layer(index=9), "sequential: index must be below 3, but it is 9."),
    "too few weights": (lambda: network().set_weights([]), "sequential: weights must be a list of 4 arrays, but it"),
    "another weight": (lambda: network().set_weights([np.ones(1)] * 4), "sequential: weight 'conv2d/kernel' must be"),
    "a layer as model": (lambda: Sequential([Input((2,)), "dense"]), "sequential: layers must be layers, models or"),
    "Input in the middle": (lambda: Sequential([Input((2,)), Dense(1), Input((2,))]), "Input must be the first layer."),
    "popping nothing": (lambda: Sequential().pop(), "sequential has no layer to remove."),
    "callbacks of predict": (lambda: network().predict(X, callbacks=[1]), "predict: callbacks must be callbacks from"),
    "a seed of text": (lambda: p.set_random_seed("7"), "set_random_seed: seed must be an integer >= 0, but it is '7'."),
    "half a class": (lambda: p.to_categorical([0.5]), "to_categorical: x must be whole class numbers"),
}  # fmt: skip


@pytest.mark.parametrize("mistake, text", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_ends_in_one_sentence(mistake: Any, text: str) -> None:
    with pytest.raises(PellucidError) as caught:
        mistake()
    said = str(caught.value)
    assert text in said
    assert "\n" not in said and said.endswith((".", ")", "?")) and len(said) < 500
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_wrong_set_is_refused_before_any_weight_moves() -> None:
    model = network()
    before = model.get_weights()
    with pytest.raises(ShapeError):
        model.set_weights([*[np.zeros_like(weight) for weight in before[:3]], np.ones(99)])
    with pytest.raises(ShapeError):
        model.fit(X, Y, verbose=0, validation_data=(X[:, :5], Y))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_mistakes_with_several_outputs() -> None:
    x = Input((3,))
    model = Model(x, [Dense(2, name="a")(x), Dense(1, name="b")(x)])
    data = np.ones((4, 3))
    with pytest.raises(ArgumentError, match="compile: loss must be one for each of a, b, but it is 3 entries"):
        model.compile("sgd", ["mse"] * 3)
    with pytest.raises(ArgumentError, match="compile: loss_weights must be keyed by a, b, but it is 'c'"):
        model.compile("sgd", "mse", loss_weights={"c": 1})
    with pytest.raises(ArgumentError, match="compile: loss_weights must be a finite number, but it is 'much'"):
        model.compile("sgd", "mse", loss_weights={"a": "much"})
    with pytest.raises(ArgumentError, match=r"compile: metrics must be for outputs that have a loss, but it is 'b'."):
        model.compile("sgd", {"a": "mse"}, metrics={"b": ["mae"]})
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match="fit: y must be a list or mapping of a, b, but it is ndarray"):
        model.fit(data, np.ones((4, 2)), verbose=0)
    with pytest.raises(ArgumentError, match="fit: y for output 'b' must be given, but it is missing"):
        model.fit(data, {"a": np.ones((4, 2))}, verbose=0)
    with pytest.raises(ArgumentError, match="class_weight must be used with one output, but it is given for 2"):
        model.fit(data, [np.ones((4, 2)), np.ones(4)], verbose=0, class_weight={0: 1})
    with pytest.raises(ShapeError, match=r"output 'a': targets must be of shape \(4, 2\), but it is \(4, 1\)"):
        model.fit(data, [np.ones((4, 1)), np.ones(4)], verbose=0)


def test_an_output_without_a_loss_needs_no_labels() -> None:
    x = Input((3,))
    model = Model(x, [Dense(2, name="a")(x), Dense(1, name="b")(x)])
    model.compile("sgd", {"a": "mse"})
    before = model.get_weights()
    model.fit(np.ones((4, 3)), {"a": np.ones((4, 2))}, verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [True, True, False, False]


@pytest.mark.parametrize("samples, batch_size, better", [(9, 4, 5), (5, 1, 3), (1, 32, None), (7, 2, 4), (33, 32, 33)])
def test_a_batch_of_one_is_refused_by_batch_norm_before_the_first_epoch(
    samples: int, batch_size: int, better: int | None
) -> None:
    model = Sequential([Input((3,)), Dense(4), BatchNormalization(name="norm"), Dense(1)])
    model.compile("sgd", "mse")
    epochs: list[int] = []
    note = p.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    with pytest.raises(ArgumentError, match="batch_normalization 'norm': batch norm needs at least 2 values a") as e:
        model.fit(np.ones((samples, 3)), np.ones(samples), batch_size, verbose=0, callbacks=[note])
    assert epochs == []
    if better is not None:
        assert str(e.value).endswith(f"Pass batch_size={better}.")
        model.fit(np.ones((samples, 3)), np.ones(samples), better, verbose=0)


def test_batch_norm_over_a_map_or_at_rest_takes_one_sample() -> None:
    over_map = Sequential([Input((4, 4, 1)), BatchNormalization(), Flatten(), Dense(1)])
    at_rest = Sequential([Input((3,)), BatchNormalization(trainable=False), Dense(1)])
    for model, shape in ((over_map, (5, 4, 4, 1)), (at_rest, (5, 3))):
        model.compile("sgd", "mse")
        model.fit(np.ones(shape), np.ones(5), batch_size=4, verbose=0)
        model.train_on_batch(np.ones(shape)[:1], np.ones(1))
    inner = Sequential([Input((3,)), BatchNormalization(name="norm")], name="block")
    outer = Sequential([Input((3,)), inner, Dense(1)])
    outer.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match="batch_normalization 'block/norm'"):
        outer.fit(np.ones((5, 3)), np.ones(5), batch_size=4, verbose=0)
    with pytest.raises(ArgumentError, match="batch norm needs at least 2"):
        outer.train_on_batch(np.ones((1, 3)), np.ones(1))


def test_one_sample_is_no_advice() -> None:
    model = Sequential([Input((3,)), BatchNormalization(), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match=r"at least 2 .* Bring more samples") as caught:
        model.fit(np.ones((1, 3)), np.ones(1), verbose=0)
    assert "batch_size=" not in str(caught.value).partition(". ")[2]


def test_errors_are_the_plain_ones_too() -> None:
    """A program written against Keras catches ValueError."""
    for kind in (ArgumentError, ShapeError, UsageError, DataError):
        assert issubclass(kind, ValueError)
