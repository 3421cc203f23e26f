"""The compact notation, both ways: `conv_8 pool conv_12*3 FC_64` <-> layers.

conv_F       F filters 3x3, stride 1, padding 1; conv_F_K, conv_F_K_S, conv_F_K_S_P give kernel, stride and padding
             (without P the padding is (K - 1) // 2, which keeps the size at stride 1)
pool         max pooling 2x2, stride 2;   FC_N  dense N;   word*3  the word three times
bconv, bFC   of bits: batch norm, then signs of what comes in times alpha and signs of the kernel (XNOR), linear
bwconv, bwFC of bits in the kernel alone (BWN), with the activation; a binary kernel has no penalty
The last dense layer (to the classes) and softmax are implied; no words are the linear model. Every conv and FC but
the last is followed by the chosen activation. Words stand apart by spaces or commas.
Source: the notation of the CNN book, chapter 9; `*` is ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pellucid.errors import ArgumentError, ShapeError
from pellucid.errors import shown as quoted
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.spec.activations import Activation, Softmax
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.initializers import INITIALIZERS
from pellucid.spec.layer import LAYERS, LayerSpec
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.regularizers import L1L2
from pellucid.spec.reshaping import Flatten, InputLayer
from pellucid.spec.shapes import Shape, as_map

WORD = re.compile(
    r"(?P<bits>bw?)?(?P<kind>conv|pool|fc)(?P<numbers>(?:_\d{1,15})*)(?:\*(?P<times>\d{1,15}))?", re.IGNORECASE
)
EXPECTED = ("conv_F, conv_F_K, conv_F_K_S, conv_F_K_S_P, pool or FC_N (with *3 to repeat; bconv, bFC of bits, bwconv, "
            "bwFC with kernels of bits)")  # fmt: skip


def words_of(notation: str | Sequence[str]) -> list[str]:
    """The single words, repeats written out."""
    return [word for word, times in repeats_of(notation) for _ in range(times)]


def repeats_of(notation: str | Sequence[str]) -> list[tuple[str, int]]:
    """Each word with how often it stands there; a few letters may mean millions of layers."""
    pieces = re.split(r"[,\s]+", notation.strip()) if isinstance(notation, str) else list(notation)
    found: list[tuple[str, int]] = []
    for piece in pieces:
        if not piece:
            continue
        match = WORD.fullmatch(piece)
        if match is None:
            raise ArgumentError(f"network notation: '{quoted(piece)}' is no word; known are {EXPECTED}.")
        word, times = piece.split("*")[0], int(match["times"] or 1)
        if times < 1:
            raise ArgumentError(f"network notation: '{quoted(piece)}' repeats less than once; write *1 or more.")
        found.append((word, times))
    return found


def is_notation(text: str) -> bool:
    """Whether a text is meant as notation: its first word has the form of one."""
    pieces = re.split(r"[,\s]+", text.strip())
    return text.strip() == "" or WORD.fullmatch(pieces[0]) is not None


def parse(
    notation: str | Sequence[str],
    *,
    input_shape: Shape,
    classes: int,
    activation: str = "relu",
    l1: float = 0.0,
    l2: float = 0.0,
    initializer: str | None = None,
) -> list[Layer]:
    """The layers for a Sequential, Input included; every kernel has the penalty l1 * sum |w| + l2 * sum w^2."""
    penalty = L1L2(l1, l2) if l1 or l2 else None
    first = INITIALIZERS.named(
        initializer or ("he_normal" if "relu" in activation or activation == "elu" else "glorot_uniform")
    )
    layers = [Layer.of(InputLayer(input_shape))]
    shape, where = input_shape, ""

    def append(spec: LayerSpec) -> None:
        nonlocal shape
        shape = spec.output_shape([shape], f"network notation: '{where}'")
        layers.append(Layer.of(spec))

    for word in words_of(notation):
        where = word
        match = WORD.fullmatch(word)
        assert match is not None, "words_of lets only words through"
        numbers = [int(number) for number in match["numbers"].split("_")[1:]]
        kind, bits = match["kind"].lower(), (match["bits"] or "").lower()
        arguments = {"activation": activation, "kernel_initializer": first, "kernel_regularizer": penalty}
        if kind == "fc":
            if len(shape) > 1:
                append(Flatten())
            for spec in multiplying("Dense", bits, {"units": one(word, numbers)} | arguments):
                append(spec)
            continue
        if len(shape) == 1:
            raise ShapeError(f"network notation: '{word}' needs a map, but after FC there is none; put FC words last.")
        as_map(f"network notation: '{word}'", shape)
        if kind == "pool":
            if numbers or bits:
                raise ArgumentError(f"network notation: '{word}' is no word; known are {EXPECTED}.")
            append(MaxPooling2D())
            continue
        filters, kernel, stride, padding = conv_numbers(word, numbers)
        window = {"kernel_size": kernel, "strides": stride, "padding": (padding, padding)}
        for spec in multiplying("Conv2D", bits, {"filters": filters} | window | arguments):
            append(spec)
    where = "the last layer"
    if len(shape) > 1:
        append(Flatten())
    append(Dense(classes, "softmax", kernel_regularizer=penalty))
    return layers


def multiplying(kind: str, bits: str, arguments: dict[str, Any]) -> list[LayerSpec]:
    """A Dense or Conv2D with these arguments, of floats or of bits ("b", "bw"), and what goes before it."""
    if not bits:
        return [LAYERS.revive({"type": kind} | arguments)]
    arguments |= {"kernel_quantizer": "magnitude_aware_sign", "kernel_constraint": "weight_clip",
                  "kernel_regularizer": None}  # fmt: skip
    if bits == "bw":
        return [LAYERS.revive({"type": f"Quant{kind}"} | arguments)]
    arguments |= {"input_quantizer": "ste_sign", "activation": None, "use_bias": False}
    return [BatchNormalization(), LAYERS.revive({"type": f"Quant{kind}"} | arguments)]


def one(word: str, numbers: Sequence[int]) -> int:
    """The one number of FC_N."""
    if len(numbers) != 1 or numbers[0] < 1:
        raise ArgumentError(f"network notation: '{word}' needs one number >= 1, as in FC_64.")
    return numbers[0]


def conv_numbers(word: str, numbers: Sequence[int]) -> tuple[int, int, int, int]:
    """(filters, kernel, stride, padding) of a conv word."""
    if not 1 <= len(numbers) <= 4 or min(numbers[:3]) < 1:
        raise ArgumentError(f"network notation: '{word}' needs numbers >= 1, as in conv_8 or conv_8_5_1_2.")
    filters, *rest = numbers
    kernel = rest[0] if rest else 3
    stride = rest[1] if len(rest) > 1 else 1
    padding = rest[2] if len(rest) > 2 else (kernel - 1) // 2
    return filters, kernel, stride, padding


def to_notation(graph: Graph) -> list[str]:
    """The words of a network that the notation can say; raises ArgumentError that names the layer it cannot."""
    words: list[str] = []
    specs = [graph.layers[node.layer] for node in graph.nodes]
    straight = all(len(node.inputs) <= 1 for node in graph.nodes) and len(graph.outputs) == 1
    kept = [entry for entry in specs if not isinstance(entry.spec, (InputLayer, Flatten, Activation, Softmax))]
    if not straight or not kept or type(kept[-1].spec) is not Dense:
        raise ArgumentError("network notation: only a straight network that ends in Dense can be written in words.")
    normed = False  # the layer before is a batch norm that waits for its bits
    for entry in kept[:-1]:
        spec, before, normed = entry.spec, normed, isinstance(entry.spec, BatchNormalization)
        bits = prefix_of(spec)
        if normed and not before:
            continue
        if before != (bits == "b") or bits is None:
            raise ArgumentError(f"network notation: {entry.label} has no word; save the model as JSON instead.")
        if isinstance(spec, Conv2D):
            words.append(bits + conv_word(spec, entry.label))
        elif isinstance(spec, MaxPooling2D) and (spec.pool_size, spec.steps, spec.padding) == ((2, 2), (2, 2), "valid"):
            words.append("pool")
        elif isinstance(spec, Dense):
            words.append(f"{bits}FC_{spec.units}")
        else:
            raise ArgumentError(f"network notation: {entry.label} has no word; save the model as JSON instead.")
    return words


def prefix_of(spec: LayerSpec) -> str | None:
    """b or bw of a layer of bits that has a word, None of one that has none, nothing of any other."""
    quantizers = tuple(getattr(spec, f"{which}_quantizer", None) for which in ("input", "kernel", "depthwise"))
    if quantizers == (None, None, None):
        return ""
    signs, alpha, _ = (None if one is None else one.to_config() for one in quantizers)
    word = multiplying("Dense", "b", {"units": 1})[1].to_config()
    wanted = word["input_quantizer"], word["kernel_quantizer"]
    if getattr(spec, "activation_scale", False) or alpha != wanted[1] or signs not in (None, wanted[0]):
        return None
    return "bw" if signs is None else "b"


def conv_word(spec: Conv2D, label: str) -> str:
    """The shortest word for a convolution."""
    kernel, stride = spec.kernel_size[0], spec.strides[0]
    padding = spec.padding
    if padding == "valid":
        padding = (0, 0)
    elif padding == "same" and stride == 1 and kernel % 2 == 1:
        padding = ((kernel - 1) // 2, (kernel - 1) // 2)
    plain = spec.kernel_size == (kernel, kernel) and spec.strides == (stride, stride) and spec.groups == 1
    if not plain or isinstance(padding, str) or padding[0] != padding[1] or spec.dilation_rate != (1, 1):
        raise ArgumentError(f"network notation: {label} has no word; save the model as JSON instead.")
    numbers = [spec.filters, kernel, stride, padding[0]]
    if padding[0] == (kernel - 1) // 2:
        numbers = numbers[:3]
        if stride == 1:
            numbers = numbers[:2]
            if kernel == 3:
                numbers = numbers[:1]
    return "conv_" + "_".join(str(number) for number in numbers)
