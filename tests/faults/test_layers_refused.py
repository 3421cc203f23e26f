"""What does not fit is refused in one sentence: which layer or array, which argument, wanted, got, and what to type."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from pellucid.engines.finite import first_not_finite
from pellucid.engines.protocol import Objective, Term
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ArgumentError, PellucidError, ShapeError
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.keys import Key
from pellucid.spec.activations import Softmax
from pellucid.spec.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.losses import CategoricalCrossentropy, LossSpec, MeanSquaredError, SparseCategoricalCrossentropy
from pellucid.spec.merging import Add, Concatenate
from pellucid.spec.normalization import BatchNormalization, Dropout
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.reshaping import Flatten, InputLayer
from pellucid.training.program import where_not_finite

ENGINE = ReferenceEngine()


def chain(shape: tuple[int | None, ...], *specs: LayerSpec) -> Graph:
    """Layers one after another, named stem, stem1, ..."""
    first = tensor = Layer.of(InputLayer(shape))(())
    for number, spec in enumerate(specs):
        tensor = Layer.of(spec, f"stem{number or ''}")(tensor)
    return build([first], [tensor]).graph


def run(graph: Graph, x: np.ndarray, *, training: bool = False):
    params, state = ENGINE.init(graph, Key.of(0))
    return ENGINE.forward(graph, params, state, {"input": x}, training=training, key=Key.of(1))


BUILT = {
    "wrong rank, a dense before a convolution": (
        (9,),
        Conv2D(4, 3),
        "conv2d 'stem': input must be (N, H, W, C), but it is (N, 9). Put it before Flatten.",
    ),
    "no channel axis": (
        (28, 28),
        Conv2D(4, 3),
        "conv2d 'stem': input must be (N, H, W, C), but it is (N, 28, 28). Add the channel axis: x[..., None].",
    ),
    "kernel larger than the map": (
        (4, 9, 3),
        Conv2D(4, 5),
        (
            "conv2d 'stem': input must be a map of at least the kernel's 5 x 5 pixels, but it is 4 x 9. "
            "Pass padding='same', a smaller kernel, or larger images."
        ),
    ),
    "dilated kernel larger than the map": (
        (6, 9, 3),
        DepthwiseConv2D(3, dilation_rate=3),
        (
            "depthwise_conv2d 'stem': input must be a map of at least the kernel's 7 x 7 pixels, but it is 6 x 9. "
            "Pass padding='same', a smaller kernel, or larger images."
        ),
    ),
    "pool larger than the map": (
        (1, 9, 3),
        MaxPooling2D(),
        (
            "max_pooling2d 'stem': input must be a map of at least the kernel's 2 x 2 pixels, but it is 1 x 9. "
            "Pass padding='same', a smaller kernel, or larger images."
        ),
    ),
    "padding eats the output": (
        (1, 1, 3),
        Conv2DTranspose(2, 3, padding=2),
        "conv2d_transpose 'stem': padding must be smaller than the output, but it is (2, 2).",
    ),
    "groups that do not divide the channels": (
        (8, 8, 3),
        Conv2D(4, 3, groups=2),
        "conv2d 'stem': groups must be a divisor of the input's 3 channels, but it is 2. Pass groups=1.",
    ),
    "unknown size before dense": (
        (None, None, 3),
        Flatten(),
        (
            "flatten 'stem': input must be of known size, but it is (N, None, None, 3). "
            "Give Input a full shape, or put GlobalAveragePooling2D before this layer."
        ),
    ),
    "channels first for batch norm": (
        (3, 8, 8),
        BatchNormalization(axis=1),
        (
            "batch_normalization 'stem': axis must be -1, the channels, but it is 1. "
            "Channels come last here: leave axis out."
        ),
    ),
}


@pytest.mark.parametrize(("shape", "spec", "text"), BUILT.values(), ids=BUILT)
def test_a_layer_that_does_not_fit_is_refused_when_the_network_is_built(shape, spec: LayerSpec, text: str) -> None:
    with pytest.raises(ShapeError) as caught:
        chain(shape, spec)
    assert str(caught.value) == text


def test_groups_that_do_not_divide_the_filters() -> None:
    with pytest.raises(ArgumentError, match=re.escape("Conv2D: groups must be a divisor of filters=4, but it is 3.")):
        Conv2D(4, 3, groups=3)


def test_channels_first_is_refused_as_a_data_format() -> None:
    with pytest.raises(
        ArgumentError,
        match=re.escape(
            "Conv2D: data_format must be one of None, 'channels_last', but it "
            "is 'channels_first'. Pellucid keeps channels last; pass x.transpose(0, 2, 3, 1)"
        ),
    ):
        Conv2D(4, 3, data_format="channels_first")


def test_inputs_of_two_sizes_are_not_added_or_joined() -> None:
    a, b = Layer.of(InputLayer((4, 5, 2)))(()), Layer.of(InputLayer((4, 6, 2)))(())
    listed = "but it is (N, 4, 5, 2), (N, 4, 6, 2)."
    with pytest.raises(
        ShapeError, match=re.escape(f"add 'sum': inputs must be of one shape (or of size 1 on an axis), {listed}")
    ):
        Layer.of(Add(), "sum")([a, b])
    with pytest.raises(
        ShapeError,
        match=re.escape(f"concatenate 'both': inputs must be equal on every axis but the joined one, {listed}"),
    ):
        Layer.of(Concatenate(), "both")([a, b])


ENTERING = {
    "channels first": (
        (8, 3, 10, 12),
        (
            "input 'input': data must be (N, 10, 12, 3), but it is (8, 3, 10, 12). "
            "Channels come first? Pass x.transpose(0, 2, 3, 1)."
        ),
    ),
    "other channels": (
        (8, 10, 12, 1),
        (
            "input 'input': data must be (N, 10, 12, 3), but it is (8, 10, 12, 1). "
            "Convert the images to 3 channels, or build the model with 1."
        ),
    ),
    "other size": (
        (8, 20, 12, 3),
        (
            "input 'input': data must be (N, 10, 12, 3), but it is (8, 20, 12, 3). "
            "Resize the images to 10 x 12, or build the model for 20 x 12."
        ),
    ),
    "a single image": (
        (10, 12, 3),
        (
            "input 'input': data must be (N, 10, 12, 3), but it is (10, 12, 3). "
            "A single sample? Add the batch axis: x[None]."
        ),
    ),
    "flat": ((8, 360), "input 'input': data must be (N, 10, 12, 3), but it is (8, 360)."),
}


@pytest.mark.parametrize(("shape", "text"), ENTERING.values(), ids=ENTERING)
def test_data_that_does_not_fit_the_input_is_refused(shape: tuple[int, ...], text: str) -> None:
    with pytest.raises(ShapeError) as caught:
        run(chain((10, 12, 3), Conv2D(2, 3)), np.zeros(shape))
    assert str(caught.value).strip() == text


def test_gray_images_without_a_channel_axis() -> None:
    with pytest.raises(
        ShapeError, match=re.escape("(N, 10, 12, 1), but it is (8, 10, 12). Add the channel axis: x[..., None].")
    ):
        run(chain((10, 12, 1), Conv2D(2, 3)), np.zeros((8, 10, 12)))


def test_an_image_smaller_than_the_kernel_is_refused_when_sizes_are_free() -> None:
    with pytest.raises(
        ShapeError,
        match=re.escape(
            "conv2d 'stem': input must be a map of at least the kernel's 5 x 5 pixels, "
            "but it is 4 x 9. Pass padding='same'"
        ),
    ):
        run(chain((None, None, 3), Conv2D(2, 5)), np.zeros((1, 4, 9, 3)))


def test_a_missing_input_is_named() -> None:
    with pytest.raises(ShapeError, match=re.escape("model: inputs must be given for 'input', but it is only ['x'].")):
        ENGINE.forward(chain((3,), Dense(2)), {}, {}, {"x": np.zeros((1, 3))}, training=False)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_named_by_a_prediction(value: float) -> None:
    graph = chain((3,), Dense(4), Dense(2))
    params, state = ENGINE.init(graph, Key.of(0))
    params["stem1/kernel"][2, 1] = value
    with pytest.raises(ArgumentError) as caught:
        ENGINE.forward(graph, params, state, {"input": np.ones((1, 3))}, training=False)
    assert str(caught.value) == (
        f"dense 'stem1': kernel must be finite, but it is {value} at (2, 1), in all 1 of 8 values. "
        "Load the last good checkpoint, and train with a lower learning rate or check the data for NaN."
    )


def test_data_that_are_not_finite_are_named_by_a_prediction() -> None:
    x = np.ones((4, 3))
    x[1, 2] = np.nan
    with pytest.raises(
        ArgumentError,
        match=re.escape(
            "input 'input': data must be finite, but it is nan at (1, 2), in all 1 of 12 "
            "values. Replace or leave out these samples"
        ),
    ):
        run(chain((3,), Dense(2)), x)


def test_the_layer_where_numbers_overflowed_is_named() -> None:
    graph = chain((3,), Dense(4, use_bias=False), Dense(2, use_bias=False))
    params = {"stem/kernel": np.full((3, 4), 1e30, "float32"), "stem1/kernel": np.full((4, 2), 1e30, "float32")}
    state = {"params": params, "state": {}}
    told = where_not_finite(graph, ENGINE, state, {"input": np.ones((1, 3), np.float32)}, Key.of(0))
    assert told == "it first appeared in the result of layer 'stem1'"


def test_the_first_array_that_is_not_finite_is_named_with_the_first_place() -> None:
    good, late = np.ones((2, 3)), np.ones((2, 3, 4))
    late[1, 0, 2], late[1, 2, 3] = np.inf, np.nan
    assert first_not_finite({"a": good, "b": late, "c": good * np.nan}) == (
        "b", "inf at (1, 0, 2), in all 2 of 24 values"
    )  # fmt: skip
    assert first_not_finite({"a": np.array(-np.inf)}) == ("a", "-inf at (), in all 1 of 1 values")
    assert first_not_finite({"a": good, "none": np.ones((0, 3))}) is None


SPARSE, DENSE, MSE = SparseCategoricalCrossentropy(), CategoricalCrossentropy(), MeanSquaredError()
LABELS = {
    "too large": (
        SPARSE,
        [0, 3, 1],
        "output 'output': labels must be from 0 to 2, but it is 3. Widen the last layer to 4 units.",
    ),
    "negative": (SPARSE, [0, -1, 1], "output 'output': labels must be from 0 to 2, but it is -1."),
    "between two classes": (
        SPARSE,
        [0, 0.5, 1],
        (
            "output 'output': labels must be whole class numbers, but it is 0.5. "
            "A missing label is a mask; for values use a loss such as 'mse'."
        ),
    ),
    "missing": (
        SPARSE,
        [0, np.nan, 1],
        (
            "output 'output': labels must be whole class numbers, but it is nan. "
            "A missing label is a mask; for values use a loss such as 'mse'."
        ),
    ),
    "words": (
        SPARSE,
        ["cat", "dog", "cat"],
        (
            "output 'output': labels must be class numbers, but it is of type <U3. "
            "Number the classes: numpy.unique(labels, return_inverse=True)[1]."
        ),
    ),
    "one-hot for a sparse loss": (
        SPARSE,
        np.eye(3),
        (
            "output 'output': targets must be class numbers of shape (3,), but it is of shape (3, 3). "
            "One-hot targets go with loss='categorical_crossentropy'."
        ),
    ),
    "class numbers for a dense loss": (
        DENSE,
        [0, 1, 2],
        (
            "output 'output': targets must be of shape (3, 3), but it is (3,). "
            "Class numbers go with loss='sparse_categorical_crossentropy'."
        ),
    ),
    "words for values": (
        MSE,
        [["a", "b", "c"]] * 3,
        (
            "output 'output': targets must be numbers, but it is of type <U1. "
            "Number the classes, or pass pellucid.to_categorical(numbers)."
        ),
    ),
    "too few": (MSE, np.zeros((2, 3)), "output 'output': targets must be of shape (3, 3), but it is (2, 3)."),
}


def lose(loss: LossSpec, target, **more) -> None:
    """One gradient of a loss on three samples and three classes."""
    graph = chain((3,), Softmax())
    result = ENGINE.forward(graph, {}, {}, {"input": np.zeros((3, 3))}, training=True)
    batch = SimpleNamespace(**({"targets": {"output": np.asarray(target)}, "weights": {}, "masks": {}} | more))
    ENGINE.grad(Objective((Term("output", loss),)), result, batch, wrt=("inputs",))


@pytest.mark.parametrize(("loss", "target", "text"), LABELS.values(), ids=LABELS)
def test_labels_of_the_wrong_kind_or_range_are_refused(loss: LossSpec, target, text: str) -> None:
    with pytest.raises(PellucidError) as caught:
        lose(loss, target)
    assert str(caught.value) == text


def test_whole_numbers_stored_as_floats_are_class_numbers() -> None:
    lose(SPARSE, [0.0, 2.0, 1.0])


@pytest.mark.parametrize(("field", "name"), [("weights", "sample weights"), ("masks", "masks")])
def test_weights_and_masks_hold_one_number_a_sample(field: str, name: str) -> None:
    text = f"output 'output': {name} must be of shape (3,), but it is of shape (3, 1). Pass one number a sample."
    with pytest.raises(ShapeError, match=re.escape(text)):
        lose(SPARSE, [0, 1, 2], **{field: {"output": np.ones((3, 1))}})


def test_targets_are_named_after_outputs() -> None:
    text = "model: targets must be given for 'output', but it is only for ['y']. Name the targets after the outputs."
    with pytest.raises(ArgumentError, match=re.escape(text)):
        lose(SPARSE, [0, 1, 2], targets={"y": np.zeros(3, int)})


def test_a_batch_of_one_with_batch_norm_is_refused() -> None:
    text = (
        "batch_normalization 'stem': batch norm needs at least 2 values a channel, but got 1. "
        "Use a batch size that leaves no batch of one sample, or call with training=False."
    )
    with pytest.raises(ShapeError, match=re.escape(text)):
        run(chain((4,), BatchNormalization()), np.ones((1, 4)), training=True)
    assert run(chain((4,), BatchNormalization()), np.ones((1, 4))).outputs["output"].shape == (1, 4)


def test_dropout_without_a_key_is_refused() -> None:
    with pytest.raises(
        ArgumentError, match=re.escape("dropout 'stem': training with dropout needs a key; pass key=Key.of(seed).")
    ):
        ENGINE.forward(chain((4,), Dropout(0.5)), {}, {}, {"input": np.ones((2, 4))}, training=True)


def test_an_unknown_tap_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ArgumentError, match=re.escape("taps: layer must be one of input, stem, but it is 'conv'.")):
        ENGINE.forward(chain((4,), Dense(2)), {}, {}, {"input": np.ones((2, 4))}, training=False, taps=("conv",))


def test_bfloat16_is_refused_with_the_engine_that_has_it() -> None:
    with pytest.raises(
        ArgumentError,
        match=re.escape(
            "precision must be 'float32' or 'float64' on the reference engine, but it is "
            "'bfloat16'. For bfloat16 use --engine pytorch."
        ),
    ):
        ReferenceEngine("bfloat16")
