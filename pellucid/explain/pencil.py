"""One output pixel of a convolution, product by product, so that a reader can follow with a pencil.

The network's first convolution is taken; the input is small whole numbers, so that the products stay readable.
"""

from __future__ import annotations

import numpy as np

from pellucid.engines.reference.patches import pad
from pellucid.errors import UsageError
from pellucid.graph.footprint import kept, widest
from pellucid.graph.graph import Graph
from pellucid.model import Model
from pellucid.spec.convolution import Conv2D
from pellucid.spec.shapes import paddings

MOST_NUMBERS = 30_000_000  # in all layers together, of 8 bytes each
LARGEST = 6  # rows and columns of the input that are printed


def explain_convolution(model: Model, *, row: int = 0, column: int = 0, filter: int = 0) -> str:
    """The numbers behind y[0, row, column, filter] of the first convolution.

    Raises UsageError when the network has no convolution at its start, or no such output.
    """
    graph = model.graph
    name, spec = first_convolution(graph)
    height, width, channels = (size or 8 for size in next(iter(graph.input_shapes.values())))
    numbers = kept(graph) + widest(graph)
    if numbers > MOST_NUMBERS:
        raise UsageError(f"explain: an image of {height}x{width}x{channels} makes {numbers:,} numbers in this network, "
                         f"and {MOST_NUMBERS:,} is the most. Pass a smaller --input: the arithmetic is the same.")
    x = example(height, width, channels)
    step = model.trace(x)[name]
    y = step.output
    if not (row < y.shape[1] and column < y.shape[2] and filter < y.shape[3]):
        sizes = f"{y.shape[1]} rows, {y.shape[2]} columns and {y.shape[3]} filters"
        raise UsageError(f"explain: y has {sizes}, counted from 0.")
    around = paddings((height, width), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    padded = pad(step.inputs[0], around)[0]  # (H,W,C)
    kernel = step.weights["kernel"]
    bias = float(step.weights["bias"][filter]) if "bias" in step.weights else 0.0
    top, left = row * spec.strides[0], column * spec.strides[1]
    bottom = top + (kernel.shape[0] - 1) * spec.dilation_rate[0]
    right = left + (kernel.shape[1] - 1) * spec.dilation_rate[1]
    lines = [
        f"{name}: {step.formula}",
        f"Input x[0]: {height}x{width} pixels, {channels} channels; with padding {padded.shape[0]}x{padded.shape[1]}.",
        "Its first rows and columns, channel 0:",
        grid(padded[:LARGEST, :LARGEST, 0]),
        f"Output pixel ({row}, {column}) of filter {filter} looks at rows {top} to {bottom}, columns {left} to {right}",
        f"of the padded input (stride {spec.strides[0]}, {spec.strides[1]}).",
    ]
    total = 0.0
    group = filter // (kernel.shape[3] // spec.groups)
    for c in range(kernel.shape[2]):
        lines += [f"Kernel of channel {c}:", grid(kernel[:, :, c, filter])]
        for u, v in np.ndindex(kernel.shape[:2]):
            place = (top + u * spec.dilation_rate[0], left + v * spec.dilation_rate[1], group * kernel.shape[2] + c)
            pixel, weight = padded[place], kernel[u, v, c, filter]
            product = float(pixel * weight)
            total += product
            lines.append(f"  u={u} v={v} c={c}:  {pixel:8.4f} * {weight:8.4f} = {product:9.5f}   sum {total:9.5f}")
    lines.append(f"  + bias {bias:.5f} = {total + bias:.5f}")
    lines.append(f"y[0,{row},{column},{filter}] = {y[0, row, column, filter]:.5f}, as the engine has it.")
    return "\n".join(lines)


def first_convolution(graph: Graph) -> tuple[str, Conv2D]:
    """The convolution that sees the input itself."""
    for node in graph.nodes:
        entry = graph.layers[node.layer]
        if isinstance(entry.spec, Conv2D) and all(not graph.nodes[source].inputs for source, _ in node.inputs):
            return entry.name, entry.spec
    remedy = "Try pellucid summary conv_2,pool --explain."
    raise UsageError(f"explain: the network does not begin with a convolution. {remedy}")


def example(height: int, width: int, channels: int) -> np.ndarray:
    """(1,H,W,C) of digits 0 to 9 in an order without symmetry."""
    rows, columns, layers = np.ogrid[:height, :width, :channels]
    return np.asarray((7 * rows + 3 * columns + 5 * layers + rows * columns) % 10, float)[None]


def grid(values: np.ndarray) -> str:
    """Numbers in rows and columns."""
    return "\n".join("    " + " ".join(f"{value:8.4f}" for value in line) for line in values)
