"""Batch normalisation over the batch of all processes (--sync-batch-norm), on CPUs too, which torch's own refuses.

Axes      M values of a channel here (samples and pixels), C channels, P processes; T = sum_p M values in all
Forward   mean = sum_p M_p mean_p / T;  variance = sum_p M_p (variance_p + (mean_p - mean)^2) / T
          z = (x - mean) / sqrt(variance + e);  y = gamma z + beta
Backward  dx = gamma / sqrt(variance + e) * (dy - (sum dy + z sum dy z) / T), both sums over all processes
          dgamma = sum dy z, dbeta = sum dy over this process: gradients of weights are added up later, as all are
Source    Ioffe & Szegedy 2015, section 3.1; joining of variances: Chan, Golub & LeVeque 1979, eq. 2.1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pellucid.engines.entering import refuse_one_value
from pellucid.engines.pytorch.arithmetic import Context
from pellucid.engines.pytorch.processes import Processes


def whole_batch_norm(
    context: Context, x: Tensor, gamma: Tensor | None, beta: Tensor | None, epsilon: float
) -> tuple[Tensor, Tensor, Tensor]:
    """y like x (..., C), and mean and (biased) variance (C,) of the whole batch; every process must call it."""
    assert context.company is not None, "batch_norm asks for this only where there are other processes"
    given = x, gamma, beta, epsilon, context.company
    y, mean, variance, values = OverProcesses.apply(*given)  # type: ignore[no-untyped-call]
    refuse_one_value(context.label, values)
    return y, mean, variance


class OverProcesses(torch.autograd.Function):
    """The step as a function of x, gamma and beta."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gamma: Tensor | None, beta: Tensor | None, epsilon: float, company: Processes
    ) -> tuple[Tensor, Tensor, Tensor, int]:
        rows = wide_rows(x)                                                                     # (M, C)
        mean, variance, values = joint(rows, company)                                           # (C,), (C,)
        inverse = (variance + epsilon).rsqrt()
        y = (rows - mean) * inverse
        y = y if gamma is None else y * gamma
        y = y if beta is None else y + beta
        ctx.save_for_backward(x, gamma, mean, inverse)
        ctx.company, ctx.values, ctx.has_beta = company, values, beta is not None
        ctx.mark_non_differentiable(mean, variance)
        return y.to(x.dtype).view(x.shape), mean, variance, values

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        x, gamma, mean, inverse = ctx.saved_tensors
        dy = wide_rows(upstream[0])                                                             # (M, C)
        z = (wide_rows(x) - mean) * inverse                                                     # (M, C)
        dbeta, dgamma = dy.sum(dim=0), (dy * z).sum(dim=0)                                      # (C,), of this process
        all_dy, all_dyz = ctx.company.add([dbeta, dgamma])
        scale = inverse if gamma is None else inverse * gamma
        dx = scale * (dy - (all_dy + z * all_dyz) / ctx.values)
        of_weights = None if gamma is None else dgamma, dbeta if ctx.has_beta else None
        return dx.to(x.dtype).view(x.shape), *of_weights, None, None


def wide_rows(x: Tensor) -> Tensor:
    """(M, C), in float32 at least."""
    rows = x.reshape(-1, x.shape[-1])
    return rows.float() if rows.dtype == torch.bfloat16 else rows


def joint(rows: Tensor, company: Processes) -> tuple[Tensor, Tensor, int]:
    """Mean and variance (C,) of the rows of all processes, and how many rows there are."""
    own = len(rows)
    mean = rows.sum(dim=0) / max(own, 1)
    variance = ((rows - mean) ** 2).sum(dim=0) / max(own, 1)
    all_of = company.gather(torch.cat([mean.new_full((1,), own), mean, variance]))              # (P, 1 + 2C)
    counts = all_of[:, :1]                                                                      # (P, 1)
    means, variances = all_of[:, 1:].chunk(2, dim=1)                                            # (P, C)
    values = counts.sum()
    together = (counts * means).sum(dim=0) / values
    spread = (counts * (variances + (means - together) ** 2)).sum(dim=0) / values
    return together, spread, int(values)
