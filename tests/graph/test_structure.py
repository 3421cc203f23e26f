"""Names, sharing, cutting, nesting, freezing: what calling layers on tensors makes."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import ArgumentError, ShapeError, UsageError
from pellucid.layers import Add, BatchNormalization, Concatenate, Conv2D, Dense, Flatten, Input, ReLU
from pellucid.models import Model, Sequential


def names(model: Model) -> list[str]:
    return [entry.name for entry in model.graph.layers]


def test_automatic_names_are_numbered_in_each_graph_anew() -> None:
    for _ in range(2):
        model = Sequential([Input((3,)), Dense(4), ReLU(), Dense(4), ReLU(), Dense(2)])
        assert names(model) == ["input", "dense", "re_lu", "dense_1", "re_lu_1", "dense_2"]


def test_a_given_name_stays_and_automatic_ones_go_round_it() -> None:
    x = Input((3,), name="pixels")
    model = Model(x, Dense(2, name="dense")(Dense(4)(x)))
    assert names(model) == ["pixels", "dense_1", "dense"]


def test_names_that_cannot_be() -> None:
    with pytest.raises(ArgumentError, match="Dense: name must be a word without '/', but it is 'a/b'"):
        Dense(3, name="a/b")
    for bad in ("", 7):
        with pytest.raises(ArgumentError, match="name must be a word without '/'"):
            Dense(3, name=bad)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="name must be a word"):
        Sequential(name="a/b")
    x = Input((3,))
    with pytest.raises(ArgumentError, match=r"layer names must be unique, but it is 'same' twice. Give one of them an"):
        Model(x, Dense(3, name="same")(Dense(3, name="same")(x)))


def test_a_layer_called_twice_shares_its_weights() -> None:
    a, b, shared = Input((3,)), Input((3,)), Dense(2, name="both")
    model = Model([a, b], Concatenate()([shared(a), shared(b)]))
    assert model.count_params() == 3 * 2 + 2
    x, y = np.eye(3, dtype="float32"), 2 * np.eye(3, dtype="float32")
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict([x, y]), np.hstack([x @ kernel + bias, y @ kernel + bias]), rtol=1e-6)


def test_equal_layers_are_two_layers() -> None:
    x = Input((3,))
    model = Model(x, Add()([Dense(3)(x), Dense(3)(x)]))
    assert model.count_params() == 2 * 12


def test_a_shared_layer_refuses_an_input_its_weights_do_not_fit() -> None:
    shared = Dense(2, name="both")
    shared(Input((3,)))
    with pytest.raises(ShapeError, match=r"dense 'both': input must be such that the weights made for \(N, 3\) fit, but"
                                         r" it is \(N, 5\). Use two layers."):  # fmt: skip
        shared(Input((5,)))


def test_several_inputs_and_outputs_by_name_list_and_mapping() -> None:
    a, b = Input((3,), name="a"), Input((2,), name="b")
    model = Model([a, b], [Dense(4, name="wide")(a), Dense(1, name="thin")(Concatenate()([a, b]))])
    assert model.input_shape == {"a": (None, 3), "b": (None, 2)}
    assert model.output_shape == {"wide": (None, 4), "thin": (None, 1)}
    x, y = np.ones((5, 3)), np.ones((5, 2))
    wide, thin = model.predict([x, y])
    again = model.predict({"b": y, "a": x})
    assert wide.shape == (5, 4) and thin.shape == (5, 1)
    assert np.array_equal(wide, again[0]) and np.array_equal(thin, again[1])


def test_models_cut_from_one_graph_share_weights() -> None:
    x = Input((3,))
    middle = Dense(4, name="first")(x)
    whole, part = Model(x, Dense(2)(middle)), Model(x, middle)
    part.set_weights([np.ones((3, 4)), np.zeros(4)])
    np.testing.assert_array_equal(whole.get_weights()[0], np.ones((3, 4)))
    whole.compile(p.optimizers.SGD(0.1), "mse")
    whole.fit(np.eye(3), np.ones((3, 2)), verbose=0)
    np.testing.assert_array_equal(part.get_weights()[0], whole.get_weights()[0])
    assert not np.array_equal(part.get_weights()[0], np.ones((3, 4)))


def test_a_model_is_cut_at_a_layer_by_name() -> None:
    model = Sequential([Input((6, 6, 1)), Conv2D(2, 3), ReLU(), Flatten(), Dense(3)])
    features = Model(model.inputs, model.get_layer("re_lu").output)
    assert features.output_shape == (None, 4, 4, 2)
    shared = Dense(3)
    with pytest.raises(UsageError, match="dense has not been called yet"):
        _ = shared.output
    shared(Input((3,))), shared(Input((3,)))
    with pytest.raises(UsageError, match="been called 2 times"):
        _ = shared.input


def test_a_model_is_a_layer_of_another_also_twice() -> None:
    inner = Sequential([Input((3,)), Dense(3, activation="tanh"), Dense(3)], name="block")
    x = Input((3,))
    outer = Model(x, inner(inner(x)))
    assert outer.count_params() == inner.count_params() == 24
    data = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    np.testing.assert_allclose(outer.predict(data), inner.predict(inner.predict(data)), rtol=1e-6)
    assert next(iter(outer.weights_by_key())) == "block/dense/kernel"
    outer.compile(p.optimizers.SGD(0.1), "mse")
    before = inner.get_weights()
    outer.fit(data, data, verbose=0)
    assert all(not np.array_equal(old, new) for old, new in zip(before, inner.get_weights(), strict=True))


def test_a_sub_model_refuses_other_shapes() -> None:
    inner = Sequential([Input((3,)), Dense(2)], name="block")
    with pytest.raises(ShapeError, match=r"model 'block': input must be \(N, 3\), but it is \(N, 4\)"):
        inner(Input((4,)))
    with pytest.raises(ShapeError, match="the number of inputs must be 1, but it is 2"):
        inner([Input((3,)), Input((3,))])


def test_a_frozen_layer_is_counted_apart_and_does_not_move() -> None:
    model = Sequential([Input((3,)), Dense(4, name="frozen", trainable=False), Dense(2)])
    assert "Trainable: 10\nNot trainable: 16" in summary_of(model)
    model.compile(p.optimizers.SGD(0.5), "mse")
    before = model.get_weights()
    model.fit(np.eye(3), np.ones((3, 2)), verbose=0)
    after = model.get_weights()
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True, False, False]
    model.trainable = False
    assert "Trainable: 0\nNot trainable: 26" in summary_of(model)


def test_freezing_reaches_into_sub_models() -> None:
    inner = Sequential([Input((3,)), Dense(3), BatchNormalization()])
    outer = Sequential([Input((3,)), inner, Dense(1)])
    inner.trainable = False
    assert not any(weight.trainable for key, weight in outer.graph.weights.items() if key.startswith("sequential/"))
    assert "Trainable: 4" in summary_of(outer)


def summary_of(model: Model) -> str:
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    return "\n".join(lines)


def test_an_output_that_needs_another_input_is_refused() -> None:
    a, b = Input((3,), name="a"), Input((3,), name="b")
    with pytest.raises(ArgumentError, match="all inputs that the outputs need, among them input 'b', but it is"):
        Model(a, Add()([a, b]))
    with pytest.raises(ArgumentError, match="inputs must be the result of Input"):
        Model(Dense(3)(a), Dense(2)(a))
    with pytest.raises(ArgumentError, match="Model: outputs must be tensors from Input or a layer, but it is Dense"):
        Model(a, Dense(3))
    with pytest.raises(ArgumentError, match="Model: outputs must be one tensor or more, but it is none"):
        Model(a, [])


def test_calls_with_wrong_inputs_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"concatenate: inputs must be tensors from Input or a layer, but it is"):
        Concatenate()([Input((3,)), np.ones((2, 3))])
    with pytest.raises(ShapeError, match=r"add: the number of inputs must be at least 2, but it is 1. Pass a list of"):
        Add()(Input((3,)))
    with pytest.raises(ShapeError, match="dense: the number of inputs must be 1, but it is 2"):
        Dense(3)([Input((3,)), Input((3,))])
    with pytest.raises(ShapeError, match=r"conv2d: input must be \(N, H, W, C\), but it is \(N, 28, 28\). Add the"):
        Conv2D(3, 3)(Input((28, 28)))
    with pytest.raises(ShapeError, match=r"add: inputs must be of one shape .* it is \(N, 3\), \(N, 4\)"):
        Add()([Input((3,)), Input((4,))])
    with pytest.raises(ArgumentError, match="InputLayer: shape must be a tuple of integers"):
        Input(784)  # type: ignore[arg-type]


def test_a_part_of_the_data_may_have_any_size() -> None:
    x = Input((None, None, 3))
    model = Model(x, p.layers.GlobalAveragePooling2D()(Conv2D(4, 3)(x)))
    assert model.output_shape == (None, 4)
    for size in (5, 9):
        assert model.predict(np.ones((2, size, size + 1, 3))).shape == (2, 4)
    with pytest.raises(ShapeError, match="Give Input a full shape, or put GlobalAveragePooling2D before this layer"):
        Flatten()(x)


def test_a_deep_graph_needs_no_deep_stack() -> None:
    x = y = Input((1,))
    for _ in range(1500):
        y = ReLU()(y)
    model = Model(x, y)
    assert model.predict(np.array([[2.0]])).item() == 2.0
    assert len(model.graph.nodes) == 1501
