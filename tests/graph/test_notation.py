"""The compact notation, both ways: words to layers, a graph to words, and what is no word."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph.notation import is_notation, parse, to_notation, words_of
from pellucid.layers import Add, BatchNormalization, Conv2D, Dense, Flatten, Input, QuantDense
from pellucid.models import Model, Sequential
from pellucid.spec.convolution import Conv2D as ConvSpec
from pellucid.spec.quantizers import MagnitudeAwareSign

BOOK = "conv_8 pool conv_12*3 pool conv_36*3 pool FC_64"


def model_of(notation: str | list[str], shape: tuple[int, ...] = (28, 28, 1), **options: object) -> Sequential:
    return Sequential(parse(notation, input_shape=shape, classes=10, **options))  # type: ignore[arg-type]


def test_the_book_s_net() -> None:
    model = model_of(BOOK, activation="elu", l2=0.01)
    convolutions = [layer.spec for layer in model.layers if isinstance(layer.spec, ConvSpec)]
    assert [spec.filters for spec in convolutions] == [8, 12, 12, 12, 36, 36, 36]
    assert {(spec.kernel_size, spec.strides, spec.padding) for spec in convolutions} == {((3, 3), (1, 1), (1, 1))}
    assert {spec.activation for spec in convolutions} == {"elu"}
    assert all(spec.kernel_regularizer.l2 == 0.01 and spec.bias_regularizer is None for spec in convolutions)
    # 28 -> 14 -> 7 -> 3 pixels, 3*3*36 = 324 numbers enter FC_64
    # 80 + 876 + 2*1,308 + 3,924 + 2*11,700 + (324*64 + 64) + (64*10 + 10)
    assert model.count_params() == 80 + 876 + 2 * 1308 + 3924 + 2 * 11700 + 20800 + 650
    assert to_notation(model.graph) == words_of(BOOK)


@pytest.mark.parametrize("notation", ["", [], " , "])
def test_no_words_are_the_linear_model(notation: str) -> None:
    model = model_of(notation)
    assert model.count_params() == 7850 and to_notation(model.graph) == []


@pytest.mark.parametrize(
    "text", ["conv_8,pool,FC_32", "conv_8 pool FC_32", "conv_8, pool,\nFC_32 ", "Conv_8 POOL fc_32"]
)
def test_words_stand_apart_by_commas_or_spaces_in_any_case(text: str) -> None:
    assert is_notation(text)
    assert to_notation(model_of(text).graph) == ["conv_8", "pool", "FC_32"]


def test_repeats_are_written_out() -> None:
    assert words_of("conv_4*3 pool*2 FC_5*1") == ["conv_4"] * 3 + ["pool"] * 2 + ["FC_5"]


@pytest.mark.parametrize(
    "word, kernel, stride, padding, back",
    [
        ("conv_8", 3, 1, 1, "conv_8"),
        ("conv_8_3", 3, 1, 1, "conv_8"),
        ("conv_8_5", 5, 1, 2, "conv_8_5"),
        ("conv_8_5_2", 5, 2, 2, "conv_8_5_2"),
        ("conv_8_4_2_0", 4, 2, 0, "conv_8_4_2_0"),
        ("conv_8_3_1_0", 3, 1, 0, "conv_8_3_1_0"),
    ],
)
def test_the_numbers_of_a_convolution(word: str, kernel: int, stride: int, padding: int, back: str) -> None:
    spec = model_of(word).layers[0].spec
    assert (spec.kernel_size, spec.strides, spec.padding) == ((kernel,) * 2, (stride,) * 2, (padding,) * 2)
    assert to_notation(model_of(word).graph) == [back]


@pytest.mark.parametrize(
    "notation, error, text",
    [
        ("conv_8 pol FC_3", ArgumentError, "'pol' is no word; known are conv_F, conv_F_K, conv_F_K_S, conv_F_K_S_P,"),
        ("conv_8*", ArgumentError, "'conv_8*' is no word"),
        ("conv_8*0", ArgumentError, "'conv_8*0' repeats less than once"),
        ("conv_0", ArgumentError, "'conv_0' needs numbers >= 1, as in conv_8"),
        ("conv", ArgumentError, "'conv' needs numbers >= 1"),
        ("conv_8_3_1_1_1", ArgumentError, "'conv_8_3_1_1_1' needs numbers >= 1"),
        ("FC", ArgumentError, "'FC' needs one number >= 1, as in FC_64"),
        ("FC_3_4", ArgumentError, "'FC_3_4' needs one number"),
        ("pool_3", ArgumentError, "'pool_3' is no word"),
        ("FC_64 conv_8", ShapeError, "'conv_8' needs a map, but after FC there is none; put FC words last"),
        ("FC_64 pool", ShapeError, "'pool' needs a map"),
        ("pool*4 conv_8_3_1_0", ShapeError, "'conv_8_3_1_0': input must be a map of at least the kernel's 3 x 3"),
        ("pool*5", ShapeError, "'pool': input must be a map of at least the kernel's 2 x 2 pixels, but it is 1 x 1"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_named(notation: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=f"network notation: {re.escape(text)}"):
        parse(notation, input_shape=(28, 28, 1), classes=10)


def test_convolutions_need_images() -> None:
    with pytest.raises(ShapeError, match="network notation: 'conv_8' needs a map"):
        parse("conv_8", input_shape=(4,), classes=3)
    with pytest.raises(ShapeError, match=r"'conv_8': input must be \(N, H, W, C\), but it is \(N, 28, 28\)"):
        parse("conv_8", input_shape=(28, 28), classes=3)


def test_other_networks_have_no_words() -> None:
    with pytest.raises(ArgumentError, match="conv2d 'conv2d' has no word; save the model as JSON instead"):
        to_notation(Sequential([Input((9, 9, 1)), Conv2D(4, (3, 5)), Flatten(), Dense(2)]).graph)
    x = Input((3,))
    with pytest.raises(ArgumentError, match="only a straight network that ends in Dense"):
        to_notation(Model(x, Dense(2)(Add()([x, Dense(3)(x)]))).graph)


def test_paths_and_names_are_no_notation() -> None:
    for text in ("lenet", "runs/a/model.safetensors", "resnet50"):
        assert not is_notation(text)


def test_weights_start_as_the_activation_wants() -> None:
    kernel = model_of("FC_2000", activation="relu").get_weights()[0]
    assert np.std(kernel) == pytest.approx(np.sqrt(2 / 784), rel=0.02)
    kernel = model_of("FC_2000", activation="tanh").get_weights()[0]
    assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (784 + 2000)), rel=0.01)


def test_words_of_bits() -> None:
    words = ["conv_8", "pool", "bconv_12_5_2", "pool", "bwconv_6_1", "bFC_16", "bwFC_4"]
    model = model_of(",".join(words), (20, 20, 1), activation="relu", l2=0.1)
    assert to_notation(model.graph) == words
    kinds = [type(layer.spec).__name__ for layer in model.layers]
    assert kinds == ["Conv2D", "MaxPooling2D", "BatchNormalization", "QuantConv2D", "MaxPooling2D", "QuantConv2D",
                     "Flatten", "BatchNormalization", "QuantDense", "QuantDense", "Dense"]  # fmt: skip
    xnor, weights = model.layers[3].spec, model.layers[5].spec
    assert (xnor.activation, xnor.use_bias, xnor.strides, xnor.kernel_regularizer) == ("linear", False, (2, 2), None)
    assert (weights.activation, weights.input_quantizer, weights.kernel_regularizer) == ("relu", None, None)
    assert {xnor.kernel_quantizer, weights.kernel_quantizer} == {MagnitudeAwareSign()}


@pytest.mark.parametrize("word", ["bpool", "bconv", "bwFC_3_4", "xconv_8"])
def test_words_of_bits_that_are_none(word: str) -> None:
    with pytest.raises(ArgumentError, match="notation"):
        model_of(word)


def test_layers_of_bits_without_a_word() -> None:
    layers = [Input((4,)), BatchNormalization(), QuantDense(3, input_quantizer="approx_sign"), Dense(2)]
    with pytest.raises(ArgumentError, match="has no word"):
        to_notation(Sequential(layers).graph)
    with pytest.raises(ArgumentError, match="has no word"):
        to_notation(Sequential([Input((4,)), BatchNormalization(), Dense(3), Dense(2)]).graph)
