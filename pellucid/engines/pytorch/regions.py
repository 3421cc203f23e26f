"""Which values of a plan are worth keeping in oneDNN's blocks while training: regions of steps that can work on them.

A region begins at convolutions and goes on through the steps that read it, as long as `blocked.py` has arithmetic for
them. It is taken where its steps save more than it costs to carry maps over its borders. Measured on one core of an AMD
EPYC (AVX-512; benchmarks/results/blocks.json), a crossing takes 1.6 ns a number in bfloat16 and 2.6 in float32; in such
crossings batch norm saves 0.32 and 0.10 a number, max pooling 0.27 and 0.09, a 1 x 1 convolution 0.01 and 0.12, ReLU
next to nothing. `SAVED` is one estimate for both precisions and all convolutions, right for all but one of the networks
in that file (ResNet-34 on 32 pixels, 2.5 % slower in bfloat16).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence, Set

from pellucid.engines.reading import ends
from pellucid.graph.plan import Plan, Step
from pellucid.spec.activations import ReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.layer import LayerSpec
from pellucid.spec.merging import Add
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.shapes import Shape, paddings

SAVED: Mapping[type[LayerSpec], float] = {
    BatchNormalization: 0.2, MaxPooling2D: 0.25, Conv2D: 0.07, ReLU: 0.05, Add: 0.0,
}  # fmt: skip
BLOCK = 16  # channels; others would be filled up with zeros, which costs more than is saved

Sizes = Mapping[int, int]


def blocked_values(steps: Sequence[Step], todo: Plan, tapped: Set[int]) -> frozenset[int]:
    """The values that are kept in blocks; none where a map's size is not known before."""
    if any(size is None for shape in todo.shapes for size in shape):
        return frozenset()
    sizes = {number: math.prod(size or 0 for size in shape) for number, shape in enumerate(todo.shapes)}
    plain = tapped | ends(steps, todo.outputs)
    region_of: dict[int, int] = {}  # value -> region, named by one of its values
    for step in steps:
        if step.output not in plain and works_in_blocks(step, todo, region_of):
            region_of[step.output] = step.output
            joined = {region_of[number] for number in step.inputs if number in region_of}
            region_of.update({value: step.output for value, region in region_of.items() if region in joined})
    worth = gains(steps, sizes, region_of)
    return frozenset(value for value, region in region_of.items() if worth[region] > 0)


def works_in_blocks(step: Step, todo: Plan, blocked: Collection[int]) -> bool:
    """Whether a step can compute on blocks; all but convolutions only where their inputs lie in blocks already.

    What is frozen cannot: batch norm with moving statistics has no way back there, and a kernel that is not trained has
    no gradient to tell of NaN.
    """
    if step.frozen or step.predicting or not step.inputs:
        return False
    spec, shape = step.spec, todo.shapes[step.inputs[0]]
    if type(spec) is Conv2D:  # not one of bits
        around = paddings(known(shape), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
        return spec.groups == 1 and spec.filters % BLOCK == 0 and all(before == after for before, after in around)
    if not all(number in blocked for number in step.inputs):
        return False
    if isinstance(spec, MaxPooling2D):
        sides = zip(paddings(known(shape), spec.pool_size, spec.steps, spec.padding), spec.pool_size, strict=True)
        return all(before == after <= window // 2 for (before, after), window in sides)  # what torch can say
    if isinstance(spec, BatchNormalization):
        return spec.scale and spec.center
    return spec.is_plain if isinstance(spec, ReLU) else isinstance(spec, Add)


def known(shape: Shape) -> tuple[int, int]:
    """Rows and columns of a map whose size is known before."""
    height, width, _ = shape
    assert height is not None and width is not None
    return height, width


def gains(steps: Sequence[Step], sizes: Sizes, region_of: Mapping[int, int]) -> dict[int, float]:
    """For each region the crossings that its steps save, less those at its borders."""
    found = dict.fromkeys(region_of.values(), 0.0)
    for step in steps:
        own = region_of.get(step.output)
        if own is not None:
            largest = step.inputs[0] if isinstance(step.spec, MaxPooling2D) else step.output
            found[own] += SAVED[type(step.spec)] * sizes[largest]
        for number in step.inputs:
            there = region_of.get(number)
            if there != own:
                crossed = own if there is None else there
                assert crossed is not None
                found[crossed] -= sizes[number]
    return found
