"""What one reads off a graph: parameters of the sources' networks, FLOPs and receptive fields worked by hand."""

from __future__ import annotations

import pytest

from pellucid.graph.summary import summarize, table
from pellucid.layers import (
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    LeakyReLU,
    MaxPooling2D,
    SeparableConv2D,
    Softmax,
)
from pellucid.models import Model, Sequential


def counts(model: Model) -> list[int]:
    """Parameters of the layers that have some."""
    return [row.parameters for row in summarize(model.graph).rows if row.parameters]


def cifar_full() -> Sequential:
    """Intro's full CIFAR-10 net."""
    model = Sequential([Input((32, 32, 3))])
    for filters, stride in ((32, 1), (32, 2), (64, 1), (64, 2)):
        model.add(Conv2D(filters, 3, stride, "same"))
        model.add(BatchNormalization())
        model.add(LeakyReLU())
    for layer in (Flatten(), Dense(128), BatchNormalization(), LeakyReLU(), Dropout(0.5), Dense(10), Softmax()):
        model.add(layer)
    return model


def test_intro_dense_net() -> None:
    layers = [Flatten(), Dense(200, "relu"), Dense(150, "relu"), Dense(10, "softmax")]
    model = Sequential([Input((32, 32, 3)), *layers])
    assert counts(model) == [614_600, 30_150, 1_510]
    assert model.count_params() == 646_260


def test_intro_small_convolutional_net() -> None:
    convolutions = [Conv2D(10, 4, 2, "same"), Conv2D(20, 3, 2, "same")]
    model = Sequential([Input((32, 32, 3)), *convolutions, Flatten(), Dense(10, "softmax")])
    assert counts(model) == [490, 1_820, 12_810]
    assert model.count_params() == 15_120
    assert [row.output_shape for row in summarize(model.graph).rows][1:4] == [
        "(N, 16, 16, 10)", "(N, 8, 8, 20)", "(N, 1280)",
    ]  # fmt: skip


def test_intro_full_convolutional_net() -> None:
    summary = summarize(cifar_full().graph)
    assert (summary.total, summary.trainable, summary.not_trainable) == (592_554, 591_914, 640)


def test_lecture_lenet() -> None:
    """520 + 25,050 + (7*7*50*500 + 500) + 5,010; the map is 28 -> 24 -> 12 -> 12 -> 6 pixels wide."""
    model = Sequential([
        Input((28, 28, 1)), Conv2D(20, 5, activation="relu"), MaxPooling2D(2, 2, "same"),
        Conv2D(50, 5, padding="same", activation="relu"), MaxPooling2D(2, 2, "same"),
        Flatten(), Dense(500, "relu"), Dense(10, "softmax"),
    ])  # fmt: skip
    assert counts(model) == [520, 25_050, 6 * 6 * 50 * 500 + 500, 5_010]


def test_an_inception_block_against_a_plain_convolution() -> None:
    """28x28x192 -> 64 + 128 + 32 + 32 channels: 163,328 weights without biases against 442,368 for a plain 3x3."""
    x = Input((28, 28, 192))

    def conv(filters: int, kernel: int, entry: object) -> object:
        return Conv2D(filters, kernel, padding="same", use_bias=False)(entry)

    ways = [
        conv(64, 1, x), conv(128, 3, conv(96, 1, x)), conv(32, 5, conv(16, 1, x)),
        conv(32, 1, MaxPooling2D(3, 1, "same")(x)),
    ]  # fmt: skip
    block = Model(x, Concatenate()(ways))
    assert block.count_params() == 163_328 and block.output_shape == (None, 28, 28, 256)
    assert Model(x, conv(256, 3, x)).count_params() == 442_368


def test_the_head_of_the_cells() -> None:
    layers = [Conv2D(64, 1), Flatten(), Dense(2048), Dropout(0.5), Dense(2048), Dropout(0.5), Dense(1108)]
    assert Sequential([Input((7, 7, 512)), *layers]).count_params() == 12_924_052


@pytest.mark.parametrize(
    "layer, shape, flops",
    [
        (Dense(5), (7,), 2 * 7 * 5),
        (Conv2D(6, (3, 2), padding="same"), (5, 4, 3), 2 * (3 * 2 * 3) * (5 * 4 * 6)),
        (Conv2D(6, 3, 2, groups=3), (7, 9, 3), 2 * (3 * 3 * 1) * (3 * 4 * 6)),
        (DepthwiseConv2D(3, depth_multiplier=2), (6, 5, 4), 2 * 9 * (4 * 3 * 8)),
        (SeparableConv2D(6, 3), (6, 5, 4), 2 * 9 * (4 * 3 * 4) + 2 * 4 * (4 * 3 * 6)),
        (Conv2DTranspose(6, 2, 2), (3, 4, 5), 2 * 4 * 6 * (3 * 4 * 5)),
        (MaxPooling2D(2), (6, 4, 3), 4 * (3 * 2 * 3)),
        (BatchNormalization(), (6, 4, 3), 2 * 72),
        (GlobalAveragePooling2D(), (6, 4, 3), 72),
        (Flatten(), (6, 4, 3), 0),
    ],
    ids=lambda value: repr(value),
)
def test_operations_of_one_image(layer: object, shape: tuple[int, ...], flops: int) -> None:
    assert summarize(Sequential([Input(shape), layer]).graph).flops == flops


def test_a_sub_model_counts_the_operations_of_its_layers_at_every_call() -> None:
    inner = Sequential([Input((4,)), Dense(4)])
    x = Input((4,))
    assert summarize(Model(x, inner(inner(x))).graph).flops == 2 * (2 * 4 * 4)


def test_receptive_fields() -> None:
    """r grows by (k - 1) d j; j doubles at every stride of 2."""
    x = Input((64, 64, 1))
    a = Conv2D(2, 3)(x)  # 3, jump 1
    b = MaxPooling2D(2)(a)  # 3 + 1 = 4, jump 2
    c = Conv2D(2, (3, 5))(b)  # rows 4 + 2*2 = 8, columns 4 + 4*2 = 12, jump 2
    d = Conv2D(2, 3, dilation_rate=2)(c)  # rows 8 + 4*2 = 16, columns 20
    rows = summarize(Model(x, d).graph).rows
    assert [row.receptive_field for row in rows] == [(1, 1), (3, 3), (4, 4), (8, 12), (16, 20)]


def test_a_sum_of_ways_sees_what_the_widest_sees() -> None:
    x = Input((16, 16, 2))
    wide = Conv2D(2, 3, padding="same")(Conv2D(2, 3, padding="same")(x))
    assert summarize(Model(x, Add()([x, wide])).graph).receptive_field == (5, 5)
    assert summarize(Model(x, Dense(3)(Flatten()(wide))).graph).receptive_field is None


def test_the_table() -> None:
    model = Sequential([Input((8, 8, 1)), Conv2D(4, 3, name="stem"), BatchNormalization(trainable=False), Flatten(),
                        Dense(3)])  # fmt: skip
    lines = table(model.graph).splitlines()
    assert [" ".join(line.split()) for line in lines if not line.startswith("---")] == [
        "Layer (kind) Output shape Parameters Sees From",
        "input (InputLayer) (N, 8, 8, 1) 0 1x1",
        "stem (Conv2D) (N, 6, 6, 4) 40 3x3 input",
        "batch_normalization (BatchNormalization) frozen (N, 6, 6, 4) 16 3x3 stem",
        "flatten (Flatten) (N, 144) 0 all batch_normalization",
        "dense (Dense) (N, 3) 435 all flatten",
        "Total parameters: 491",
        "Trainable: 475",
        "Not trainable: 16",
        "Operations for one image: 3,744 FLOPs",  # 2*9*144 + 2*144 + 2*144*3
    ]
    starts = {line.index("(N, ") for line in lines if "(N, " in line}
    assert starts == {lines[0].index("Output shape")}
    assert all(line == line.rstrip() for line in lines)
