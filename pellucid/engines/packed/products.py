"""A product of bits: the kernel of a QuantDense or QuantConv2D in words, and the whole numbers that it gives.

y = n - 2 differing bits, n of the window. A tap beyond the border has words of 0, that is -1 in every channel: the
filter's sum at that tap is added back, so that it counts nothing, as zeros do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.engines.packed.words import Bits, packed
from pellucid.engines.reference.functions import bits
from pellucid.engines.reference.quantized import scale_of
from pellucid.spec.quantized import QuantConv2D, QuantDense
from pellucid.spec.shapes import paddings, window_outputs

Product = QuantDense | QuantConv2D
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel of bits: signs (n, F) bool, alpha (F,) float32 or None, bias (F,) float32 or None."""

    spec: Product
    positive: np.ndarray  # (taps, C, F)
    alpha: np.ndarray | None
    bias: np.ndarray | None

    @classmethod
    def of(cls, spec: Product, weights: dict[str, np.ndarray]) -> Kernel:
        """From the float weights."""
        w = weights["kernel"]
        positive = (bits(w) > 0).reshape(-1, w.shape[-2], w.shape[-1])
        return cls(spec, positive, scale_of(spec, w), weights.get("bias"))

    @property
    def most(self) -> int:
        """The largest whole number that comes out."""
        return self.positive.shape[0] * self.positive.shape[1]

    @property
    def features(self) -> int:
        """Filters or units."""
        return self.positive.shape[2]

    @cached_property
    def blocks(self) -> np.ndarray:
        """The words of the filters, blocks side by side as the kernel reads them."""
        from pellucid.engines.packed.kernels import side_by_side

        return side_by_side(packed(np.moveaxis(self.positive, 2, 0)).reshape(self.features, -1))  # (F, taps * words)

    @cached_property
    def sums(self) -> np.ndarray:
        """(taps, F) the sum of a filter's signs at each tap."""
        return np.asarray(2 * self.positive.sum(1, dtype=np.int32) - self.positive.shape[1], np.int32)

    def whole_numbers(self, x: Bits) -> np.ndarray:
        """The products, (N, F) or (N,I,J,F) int32."""
        from pellucid.engines.packed.kernels import differing

        rows, sizes, border = self.rows(x)
        y = differing(rows, self.blocks)[:, : self.features]
        y *= -2
        y += self.most
        y = y.reshape(*sizes, self.features)
        return y if border is None else np.add(y, border, out=y)

    def rows(self, x: Bits) -> tuple[np.ndarray, tuple[int, ...], np.ndarray | None]:
        """The words of every window (M,K), the sizes of the result without features, and what the border adds."""
        words = x.words
        if isinstance(self.spec, QuantDense):
            return words.reshape(-1, words.shape[-1]), words.shape[:-1], None
        spec, (n, h, w, depth) = self.spec, words.shape
        around = paddings((h, w), spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
        i, j = window_outputs(spec.prefix, (h, w, x.channels), spec.kernel_size, spec.strides, spec.padding,
                              spec.dilation_rate)  # fmt: skip
        assert i is not None and j is not None
        if any(side for sides in around for side in sides):
            words = np.pad(words, [(0, 0), *around, (0, 0)])
        (u, v), (down, right), (gap_u, gap_v) = spec.kernel_size, spec.strides, spec.dilation_rate
        a, b, c, d = words.strides
        windows = np.lib.stride_tricks.as_strided(
            words, (n, i, j, u, v, depth), (a, b * down, c * right, b * gap_u, c * gap_v, d), writeable=False
        )
        return windows.reshape(n * i * j, u * v * depth), (n, i, j), self.border((h, w), (i, j), around)

    def border(self, size: Pair, outputs: Pair, around: tuple[Pair, Pair]) -> np.ndarray | None:
        """(I,J,F) the sums of the taps that lie beyond the border; None without one."""
        spec = self.spec
        assert isinstance(spec, QuantConv2D)
        if not any(side for sides in around for side in sides):
            return None
        beyond = [outside(size[axis], outputs[axis], around[axis][0], spec.kernel_size[axis], spec.strides[axis],
                          spec.dilation_rate[axis]) for axis in (0, 1)]  # fmt: skip
        outer = beyond[0][:, None, :, None] | beyond[1][None, :, None, :]  # (I,J,U,V)
        return np.asarray(outer.reshape(*outputs, -1) @ self.sums, np.int32)


def outside(size: int, outputs: int, before: int, kernel: int, stride: int, gap: int) -> np.ndarray:
    """(outputs, kernel) whether a tap lies beyond the map."""
    places = np.arange(outputs)[:, None] * stride - before + np.arange(kernel)[None] * gap
    return np.asarray((places < 0) | (places >= size))


def enough(channels: int) -> bool:
    """Whether words of so many channels are worth it: fewer than 8 stay float."""
    return channels >= 8
