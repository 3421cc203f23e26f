"""Output-size arithmetic of windows, once for the shapes, both engines and the receptive field.

One axis at a time. i input pixels, k kernel, s stride, d dilation; the kernel reaches over e = (k - 1) d + 1 pixels.
'valid' takes windows that lie inside; 'same' gives ceil(i / s) outputs and pads more at the bottom and right;
a number pads that many pixels on each side.
Source: Dumoulin & Visin 2016, relations 2, 5 and 15; Keras for 'same'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from pellucid.errors import ShapeError, describe

Shape = tuple[int | None, ...]  # without the batch axis; None is any size


def reach(kernel: int, dilation: int = 1) -> int:
    """Pixels from the first to the last one that a kernel touches."""
    return (kernel - 1) * dilation + 1


def axis_padding(
    size: int, kernel: int, stride: int, padding: str | int, dilation: int = 1
) -> tuple[int, int]:
    """Pixels added before and after one axis."""
    if isinstance(padding, int):
        return padding, padding
    if padding == "valid":
        return 0, 0
    outputs = math.ceil(size / stride)
    total = max((outputs - 1) * stride + reach(kernel, dilation) - size, 0)
    return total // 2, total - total // 2


def axis_output(size: int | None, kernel: int, stride: int, padding: str | int, dilation: int = 1) -> int | None:
    """Outputs along one axis; 0 or less when the kernel does not fit."""
    if size is None:
        return None
    if padding == "same":
        return math.ceil(size / stride)
    added = 2 * padding if isinstance(padding, int) else 0
    return (size + added - reach(kernel, dilation)) // stride + 1


@lru_cache(1024)
def paddings(
    size: tuple[int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: str | tuple[int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) for a map of (rows, columns)."""
    each = (padding, padding) if isinstance(padding, str) else padding
    top_bottom = axis_padding(size[0], kernel[0], strides[0], each[0], dilation[0])
    left_right = axis_padding(size[1], kernel[1], strides[1], each[1], dilation[1])
    return top_bottom, left_right


@lru_cache(1024)  # engines ask at every pass
def window_outputs(
    where: str,
    shape: Shape,
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: str | tuple[int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int | None, int | None]:
    """(I, J) of a window that slides over (H, W, C); raises ShapeError when it does not fit."""
    each = (padding, padding) if isinstance(padding, str) else padding
    sizes = [axis_output(shape[a], kernel[a], strides[a], each[a], dilation[a]) for a in (0, 1)]
    if any(size is not None and size < 1 for size in sizes):
        reaches = " x ".join(str(reach(kernel[a], dilation[a])) for a in (0, 1))
        wanted = f"a map of at least the kernel's {reaches} pixels"
        remedy = "Pass padding='same', a smaller kernel, or larger images."
        raise ShapeError(describe(where, "input", wanted, f"{shape[0]} x {shape[1]}", remedy))
    return sizes[0], sizes[1]


@lru_cache(1024)  # engines ask at every pass
def window_paddings(
    where: str,
    size: tuple[int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: str | tuple[int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The paddings of a window that slides over a map of (rows, columns); raises ShapeError when it does not fit."""
    window_outputs(where, (*size, 1), kernel, strides, padding, dilation)
    return paddings(size, kernel, strides, padding, dilation)


def axis_transposed(
    size: int | None, kernel: int, stride: int, padding: str | int, extra: int | None, dilation: int = 1
) -> tuple[int | None, int]:
    """(outputs, how many of the first are cut off) along one axis of a transposed convolution.

    `extra` is Keras's output_padding: with it the outputs are counted from one pixel's kernel on, as in PyTorch.
    """
    k = reach(kernel, dilation)
    if isinstance(padding, int):
        cut, end = padding, k - 2 * padding + (extra or 0)
    elif padding == "valid":
        cut, end = 0, max(k, stride) if extra is None else k + extra
    elif extra is None:
        cut, end = max(k - stride, 0) // 2, stride
    else:
        cut, end = max(k - 1 - (k + k % 2 - 1 + extra) // 2, 0), k % 2 + extra
    return None if size is None else (size - 1) * stride + end, cut


def transposed_window(
    shape: Shape, kernel: tuple[int, int], strides: tuple[int, int], padding: str | tuple[int, int],
    extra: tuple[int, int] | None = None, dilation: tuple[int, int] = (1, 1),
) -> tuple[tuple[int | None, int | None], tuple[int, int]]:  # fmt: skip
    """(I, J) of a transposed convolution, and what is cut off at (top, left).

    Without `extra` it is the size whose convolution gives the input back.
    """
    each = (padding, padding) if isinstance(padding, str) else padding
    more = extra or (None, None)
    rows, top = axis_transposed(shape[0], kernel[0], strides[0], each[0], more[0], dilation[0])
    columns, left = axis_transposed(shape[1], kernel[1], strides[1], each[1], more[1], dilation[1])
    return (rows, columns), (top, left)


def as_map(where: str, shape: Shape) -> tuple[int | None, int | None, int]:
    """(H, W, C) of an image input; raises ShapeError for another rank or unknown channels."""
    if len(shape) != 3:
        remedy = "Add the channel axis: x[..., None]." if len(shape) == 2 else "Put it before Flatten."
        raise ShapeError(describe(where, "input", "(N, H, W, C)", shown(shape), remedy))
    height, width, channels = shape
    if channels is None:
        raise ShapeError(describe(where, "the number of channels", "known", "None", "Give it in Input((H, W, C))."))
    return height, width, channels


def volume(where: str, shape: Shape) -> int:
    """Entries of one sample; raises ShapeError while an axis is unknown."""
    if any(size is None for size in shape):
        remedy = "Give Input a full shape, or put GlobalAveragePooling2D before this layer."
        raise ShapeError(describe(where, "input", "of known size", shown(shape), remedy))
    return math.prod(size for size in shape if size is not None)


def broadcast(where: str, shapes: Sequence[Shape]) -> Shape:
    """The shape of values of one rank that go together: an axis of size 1 is repeated; raises ShapeError."""
    if len({len(shape) for shape in shapes}) > 1:
        listed = ", ".join(shown(shape) for shape in shapes)
        raise ShapeError(f"{where}: all inputs must have the same rank, but they are {listed}.")
    merged: list[int | None] = []
    for sizes in zip(*shapes, strict=True):
        wide = {size for size in sizes if size != 1}
        if len(wide - {None}) > 1:
            listed = ", ".join(shown(shape) for shape in shapes)
            raise ShapeError(describe(where, "inputs", "of one shape (or of size 1 on an axis)", listed))
        known = wide - {None}
        merged.append(known.pop() if known else (None if wide else 1))
    return tuple(merged)


def shown(shape: Shape) -> str:
    """A shape as a user sees it, with the batch axis: (N, 28, 28, 1)."""
    return "(" + ", ".join(["N", *("None" if size is None else str(size) for size in shape)]) + ")"
