"""What the summary tells of layers of bits: bits, bytes, products by kind, and S of the sources."""

from __future__ import annotations

import pytest

from pellucid.graph.bits import rows_of_bits, speed_up
from pellucid.graph.summary import table
from pellucid.layers import Conv2D, Dense, Flatten, Input, QuantConv2D, QuantDepthwiseConv2D
from pellucid.models import Sequential


def test_the_numbers_of_each_layer() -> None:
    assert speed_up(256 * 9) == pytest.approx(62.27, abs=0.005)  # as the paper has it
    graph = Sequential([
        Input((8, 6, 3)), Conv2D(256, 3, padding="same"),
        QuantConv2D(5, 3, padding="same", input_quantizer="ste_sign", kernel_quantizer="magnitude_aware_sign"),
        QuantDepthwiseConv2D(3, depthwise_quantizer="ste_sign"), QuantConv2D(4, 1), Flatten(), Dense(2),
    ]).graph  # fmt: skip
    first, second = rows_of_bits(graph)
    weights = 9 * 256 * 5
    assert (first.weights, first.bytes, first.bytes_of_floats) == (weights, weights // 8 + 4 * 5, 4 * weights)
    assert (first.products, first.of_signs, first.speed_up) == (8 * 6 * 5 * 9 * 256, True, 62.27)
    assert (second.weights, second.products, second.of_signs, second.speed_up) == (45, 6 * 4 * 5 * 9, False, None)
    told = table(graph)
    assert "Weights of one bit: 11,565" in told
    assert told.count("62.27") == 1 and "measured" not in told.partition("--measure")[0]
    row = next(line for line in table(graph, {"quant_conv2d": 7.25}).splitlines() if line.startswith("quant_conv2d  "))
    assert row.split()[1:] == ["11,520", "1,460", "46,080", "552,960", "62.27", "7.2"]
    assert "bit" not in table(Sequential([Input((4,)), Dense(2)]).graph)
