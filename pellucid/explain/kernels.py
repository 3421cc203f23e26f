"""Fixed kernels to look at: blur, sharpen, Sobel, Prewitt, Laplace; gradient magnitude and direction.

Axes      N images, H W pixels, C channels, U V kernel rows and columns (3 each)
Shapes    images (N,H,W,C), or one image (H,W,C) or (H,W); results keep the shape: the border repeats its last pixel
Kernels   d/dx points to the right, d/dy down; Sobel and Prewitt are not divided by their weights (8 and 6)
Source    Sobel & Feldman 1968; Prewitt 1970; Gonzalez & Woods 2018, chapter 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ArgumentError, ShapeError, describe
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.vocabulary import DepthwiseConv2D, Input

KERNELS: dict[str, np.ndarray] = {
    "blur": np.full((3, 3), 1 / 9),
    "gaussian": np.outer([1, 2, 1], [1, 2, 1]) / 16,
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], float),
    "laplace": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float),
    "sobel_x": np.outer([1, 2, 1], [-1, 0, 1]).astype(float),
    "sobel_y": np.outer([-1, 0, 1], [1, 2, 1]).astype(float),
    "prewitt_x": np.outer([1, 1, 1], [-1, 0, 1]).astype(float),
    "prewitt_y": np.outer([-1, 0, 1], [1, 1, 1]).astype(float),
}


def apply_kernel(images: Any, kernel: str | np.ndarray) -> np.ndarray:
    """Slide one kernel (its name, or an odd square of numbers) over every channel; float64.

    Raises ArgumentError for an unknown name or a kernel that is no odd square, ShapeError for a wrong rank.
    """
    values = KERNELS.get(kernel) if isinstance(kernel, str) else np.asarray(kernel, float)
    if values is None:
        raise ArgumentError(describe("apply_kernel", "kernel", f"one of {', '.join(KERNELS)}", repr(kernel)))
    if values.ndim != 2 or values.shape[0] != values.shape[1] or values.shape[0] % 2 == 0:
        raise ArgumentError(describe("apply_kernel", "kernel", "an odd square, e.g. 3x3", f"of shape {values.shape}"))
    x = np.asarray(images, float)
    if not 2 <= x.ndim <= 4:
        raise ShapeError(describe("apply_kernel", "images", "(N, H, W, C), (H, W, C) or (H, W)", str(x.shape)))
    full = {2: x[None, :, :, None], 3: x[None], 4: x}[x.ndim]  # (N,H,W,C)
    reach = values.shape[0] // 2
    padded = np.pad(full, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    channels = full.shape[3]
    graph = sliding(values.shape[0], channels)
    weights = {"slide/depthwise_kernel": np.repeat(values[:, :, None, None], channels, axis=2)}
    run = ReferenceEngine("float64").forward(graph, weights, {}, {"input": padded}, training=False)
    return np.asarray(run.outputs["output"]).reshape(x.shape)


def sliding(size: int, channels: int) -> Graph:
    """A network of one depthwise convolution: the engine's own arithmetic, not a second one."""
    entrance = Input((None, None, channels))
    slide = DepthwiseConv2D(size, use_bias=False, name="slide")
    return build([entrance], [slide(entrance)]).graph


def image_gradient(images: Any, operator: str = "sobel") -> tuple[np.ndarray, np.ndarray]:
    """(magnitude, direction) of the brightness gradient: direction in radians, 0 to the right, pi/2 down."""
    if operator not in ("sobel", "prewitt"):
        raise ArgumentError(describe("image_gradient", "operator", "'sobel' or 'prewitt'", repr(operator)))
    across, down = apply_kernel(images, f"{operator}_x"), apply_kernel(images, f"{operator}_y")
    return np.hypot(across, down), np.arctan2(down, across)
