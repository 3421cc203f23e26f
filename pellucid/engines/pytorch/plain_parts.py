"""The few modules that torch itself lacks and `plain_module` needs; none knows a Pellucid graph or engine.

Axes      N images, C channels, H W pixels: maps are (N,C,H,W), as everywhere in torch
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Pair = tuple[int, int]


class BiasedVariance:
    """Batch norm whose moving variance is the mean of the batches' biased ones; torch's own would be n/(n-1) larger.

    `frozen` keeps the moving statistics as they are, in training too.
    """

    frozen = False

    def forward(self: Any, x: Tensor) -> Tensor:
        """x normalised by its own statistics in training, by the moving ones afterwards."""
        if not self.training or self.frozen:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        self._check_input_dim(x)
        y, mean, inverse = torch.native_batch_norm(x, self.weight, self.bias, None, None, True, 0.0, self.eps)
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
            variance = (inverse**-2 - self.eps).clamp_(min=0).to(self.running_var.dtype)
            self.running_var.lerp_(variance, self.momentum)
        return y


class BatchNorm1d(BiasedVariance, nn.BatchNorm1d):
    """Over (N,C)."""


class BatchNorm2d(BiasedVariance, nn.BatchNorm2d):
    """Over (N,C,H,W)."""


class RReLU(nn.RReLU):
    """After training the leaky ReLU that it then is, which exporters know."""

    def forward(self, x: Tensor) -> Tensor:
        """Slopes drawn in training, their mean afterwards."""
        return super().forward(x) if self.training else F.leaky_relu(x, (self.lower + self.upper) / 2)


class Rescale(nn.Module):
    """y = scale x + offset, both (C,), or (C,1,1) for maps, in x's precision."""

    scale: Tensor
    offset: Tensor

    def __init__(self, scale: Tensor, offset: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)
        self.register_buffer("offset", offset)

    def forward(self, x: Tensor) -> Tensor:
        """x in other units."""
        return x * self.scale.to(x.dtype) + self.offset.to(x.dtype)


class Weighed(nn.Module):
    """y = A x B' + border on each channel, in x's precision: a picture of another size."""

    rows: Tensor
    columns: Tensor
    border: Tensor

    def __init__(self, rows: Tensor, columns: Tensor, border: Tensor) -> None:
        super().__init__()
        for name, value in (("rows", rows), ("columns", columns.t().contiguous()), ("border", border)):
            self.register_buffer(name, value.float())

    def forward(self, x: Tensor) -> Tensor:
        """(N,C,H,W) -> (N,C,I,J)."""
        return self.rows.to(x.dtype) @ x @ self.columns.to(x.dtype) + self.border.to(x.dtype)


class SamePad2d(nn.Module):
    """Pixels of `value` around a map whose size is not known beforehand, so that ceil(size / stride) windows fit."""

    def __init__(self, reach: Pair, stride: Pair, value: float) -> None:
        super().__init__()
        self.reach, self.stride, self.value = reach, stride, value

    def forward(self, x: Tensor) -> Tensor:
        """(N,C,H,W) with more at the bottom and right where the two sides differ."""
        around: list[Any] = []
        for axis in (1, 0):  # columns first, as F.pad wants them
            size, stride = x.shape[2 + axis], self.stride[axis]
            total = torch.sym_max((-(-size // stride) - 1) * stride + self.reach[axis] - size, 0)  # type: ignore[no-untyped-call]
            around += [total // 2, total - total // 2]
        return F.pad(x, around, value=self.value)

    def extra_repr(self) -> str:
        return f"reach={self.reach}, stride={self.stride}, value={self.value}"


class RealAvgPool2d(nn.Module):
    """The mean of each window's real pixels, where the padding in front of it, `pad`, is not the same on all sides."""

    def __init__(self, pad: nn.Module, pool: Pair, stride: Pair) -> None:
        super().__init__()
        self.pad, self.pool, self.stride = pad, pool, stride

    def forward(self, x: Tensor) -> Tensor:
        """Sums of windows over the number of real pixels in each."""
        sums, real = (
            F.avg_pool2d(self.pad(value), self.pool, self.stride, divisor_override=1)
            for value in (x, torch.ones_like(x[:1, :1]))
        )
        return sums / real

    def extra_repr(self) -> str:
        return f"pool={self.pool}, stride={self.stride}"


class TrainingOutputs(nn.Module):
    """Outputs by name; those that only training looks at are left out in eval mode."""

    def __init__(self, names: Sequence[str], training_only: Sequence[str]) -> None:
        super().__init__()
        self.names, self.training_only = tuple(names), tuple(training_only)

    def forward(self, *values: Tensor) -> Tensor | dict[str, Tensor]:
        """All of them in training; afterwards the rest, one alone without its name."""
        found = dict(zip(self.names, values, strict=True))
        if self.training:
            return found
        kept = {name: value for name, value in found.items() if name not in self.training_only}
        return next(iter(kept.values())) if len(kept) == 1 else kept
