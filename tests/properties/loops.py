"""The truth about windows: convolution and pooling as loops over every pixel, slow and obvious. For tests only.

Axes      N images, H W pixels, C channels, F filters, U V kernel rows and columns, I J output pixels
A window's entry (u, v) of output (i, j) lies on pixel (i*stride + u*dilation - top, j*stride + v*dilation - left);
entries beyond the map are padding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

Pair = tuple[int, int]


def entries(
    outputs: Pair, kernel: Pair, strides: Pair, dilation: Pair, around: tuple[Pair, Pair], size: Pair
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """(i, j, u, v, h, w) of every window entry that lies on a real pixel."""
    for i in range(outputs[0]):
        for j in range(outputs[1]):
            for u in range(kernel[0]):
                for v in range(kernel[1]):
                    h = i * strides[0] + u * dilation[0] - around[0][0]
                    w = j * strides[1] + v * dilation[1] - around[1][0]
                    if 0 <= h < size[0] and 0 <= w < size[1]:
                        yield i, j, u, v, h, w


def convolution(x, kernel, bias, outputs, strides, dilation, around, groups=1):
    """y (N,I,J,F)."""
    n, h_size, w_size, c = x.shape
    filters = kernel.shape[3]
    y = np.zeros((n, *outputs, filters)) + bias
    for i, j, u, v, h, w in entries(outputs, kernel.shape[:2], strides, dilation, around, (h_size, w_size)):
        for f in range(filters):
            first = f // (filters // groups) * (c // groups)  # the channels of f's group
            for channel in range(c // groups):
                y[:, i, j, f] += kernel[u, v, channel, f] * x[:, h, w, first + channel]
    return y


def convolution_backward(x, kernel, dy, outputs, strides, dilation, around, groups=1):
    """dx (N,H,W,C) and dkernel (U,V,C/groups,F)."""
    c, filters = x.shape[3], kernel.shape[3]
    dx, dkernel = np.zeros_like(x), np.zeros_like(kernel)
    for i, j, u, v, h, w in entries(outputs, kernel.shape[:2], strides, dilation, around, x.shape[1:3]):
        for f in range(filters):
            first = f // (filters // groups) * (c // groups)
            for channel in range(c // groups):
                dx[:, h, w, first + channel] += kernel[u, v, channel, f] * dy[:, i, j, f]
                dkernel[u, v, channel, f] += float((x[:, h, w, first + channel] * dy[:, i, j, f]).sum())
    return dx, dkernel


def depthwise(x, kernel, outputs, strides, dilation, around):
    """y (N,I,J,C*M)."""
    n, h_size, w_size, c = x.shape
    m = kernel.shape[3]
    y = np.zeros((n, *outputs, c * m))
    for i, j, u, v, h, w in entries(outputs, kernel.shape[:2], strides, dilation, around, (h_size, w_size)):
        for channel in range(c):
            for k in range(m):
                y[:, i, j, channel * m + k] += kernel[u, v, channel, k] * x[:, h, w, channel]
    return y


def transposed(x, kernel, outputs, strides, around):
    """y (N,I,J,F): input pixel (h, w) paints kernel (U,V,F,C) at (h*stride - top, w*stride - left)."""
    n, h_size, w_size, _ = x.shape
    y = np.zeros((n, *outputs, kernel.shape[2]))
    for h, w, u, v, i, j in entries((h_size, w_size), kernel.shape[:2], strides, (1, 1), around, outputs):
        y[:, i, j] += x[:, h, w] @ kernel[u, v].T
    return y


def pooling(x, kernel, outputs, strides, around, dy):
    """Largest, first place of the largest in row order, and mean of each window's real pixels, with both dx."""
    n, h_size, w_size, c = x.shape
    largest, mean = np.full((n, *outputs, c), -np.inf), np.zeros((n, *outputs, c))
    count = np.zeros(outputs)
    place = np.zeros((n, *outputs, c, 2), int)
    every = list(entries(outputs, kernel, strides, (1, 1), around, (h_size, w_size)))
    for i, j, _, _, h, w in every:
        larger = x[:, h, w] > largest[:, i, j]
        place[:, i, j][larger] = (h, w)
        largest[:, i, j] = np.where(larger, x[:, h, w], largest[:, i, j])
        mean[:, i, j] += x[:, h, w]
        count[i, j] += 1
    mean /= count[:, :, None]
    dx_largest, dx_mean = np.zeros_like(x), np.zeros_like(x)
    for i, j, _, _, h, w in every:
        dx_mean[:, h, w] += dy[:, i, j] / count[i, j]
    for image, i, j, channel in np.ndindex(largest.shape):
        h, w = place[image, i, j, channel]
        dx_largest[image, h, w, channel] += dy[image, i, j, channel]
    return largest, mean, dx_largest, dx_mean
