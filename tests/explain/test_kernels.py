"""Fixed kernels by hand: a step edge, a bright point, a ramp."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.errors import ArgumentError, ShapeError
from pellucid.explain.kernels import KERNELS, apply_kernel, image_gradient


def test_sobel_and_prewitt_on_a_vertical_edge() -> None:
    image = np.array([[0, 0, 1, 1]] * 4, float)
    # at column 1: right neighbours 1, left neighbours 0, weights 1+2+1 = 4 (Sobel) or 1+1+1 = 3 (Prewitt)
    np.testing.assert_allclose(apply_kernel(image, "sobel_x"), np.array([[0, 4, 4, 0]] * 4))
    np.testing.assert_allclose(apply_kernel(image, "prewitt_x"), np.array([[0, 3, 3, 0]] * 4))
    np.testing.assert_allclose(apply_kernel(image, "sobel_y"), 0, atol=1e-15)


def test_direction_points_up_the_brightness() -> None:
    down = np.repeat(np.arange(5.0)[:, None], 6, axis=1)
    magnitude, direction = image_gradient(down)
    np.testing.assert_allclose(magnitude[2, 2], 8)  # rows 1 and 3 differ by 2, weights 1+2+1
    np.testing.assert_allclose(direction[2, 2], np.pi / 2)
    magnitude, direction = image_gradient(-down.T, "prewitt")
    np.testing.assert_allclose(magnitude[2, 2], 6)
    np.testing.assert_allclose(abs(direction[2, 2]), np.pi)


def test_a_bright_point_paints_the_kernel_mirrored() -> None:
    image = np.zeros((5, 5))
    image[2, 2] = 1.0
    np.testing.assert_allclose(apply_kernel(image, "blur")[1:4, 1:4], 1 / 9)
    own = np.arange(9.0).reshape(3, 3)
    np.testing.assert_allclose(apply_kernel(image, own)[1:4, 1:4], own[::-1, ::-1])


def test_flat_images_stay_flat_and_shapes_stay() -> None:
    batch = np.full((2, 4, 5, 3), 7.0)
    for name, kernel in KERNELS.items():
        result = apply_kernel(batch, name)
        assert result.shape == batch.shape
        np.testing.assert_allclose(result, 7.0 * kernel.sum(), atol=1e-12)
    colours = np.stack([np.eye(4), 2 * np.eye(4), 3 * np.eye(4)], axis=-1)
    result = apply_kernel(colours, "gaussian")
    np.testing.assert_allclose(result[..., 2], 3 * result[..., 0])


def test_bad_arguments() -> None:
    with pytest.raises(ArgumentError, match=r"kernel must be one of blur, .*, but it is 'sobel'"):
        apply_kernel(np.eye(3), "sobel")
    with pytest.raises(ArgumentError, match=r"an odd square, e.g. 3x3, but it is of shape \(2, 2\)"):
        apply_kernel(np.eye(3), np.ones((2, 2)))
    with pytest.raises(ShapeError, match=r"images must be \(N, H, W, C\), .* but it is \(3,\)"):
        apply_kernel(np.ones(3), "blur")
    with pytest.raises(ArgumentError, match="operator must be 'sobel' or 'prewitt'"):
        image_gradient(np.eye(3), "roberts")
