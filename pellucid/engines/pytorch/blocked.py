"""Layers on maps in oneDNN's blocks: 16 channels of a pixel lie side by side, then those of the next pixel.

In bfloat16 batch norm and max pooling take about half the time there that torch's kernels for channels-last maps take,
in float32 about a quarter less (benchmarks/results/blocks.json). Such a map is an opaque tensor (N,C,H,W), `is_mkldnn`,
for which torch has a dozen operations, all of them with a way back. Which values are kept so, `regions.py` says; only
training keeps any.

NaN       oneDNN's ReLU and max pooling take NaN for a number below all others, so the outputs may hide that a network
          has diverged. A gradient of a kernel does not: it sums products with the map that the kernel has read. Where
          only gradients of inputs are asked for, nothing tells
Sources   oneDNN's developer guide, "Understanding Memory Formats"; torch.utils.mkldnn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pellucid.engines.entering import refuse_one_value
from pellucid.engines.pytorch.activations import relu
from pellucid.engines.pytorch.arithmetic import Context, Forward, Weights, as_nchw, as_nhwc
from pellucid.engines.pytorch.normalization import remember
from pellucid.engines.pytorch.reshaping import add
from pellucid.spec.activations import ReLU
from pellucid.spec.convolution import Conv2D
from pellucid.spec.layer import LayerSpec
from pellucid.spec.merging import Add
from pellucid.spec.normalization import BatchNormalization
from pellucid.spec.pooling import MaxPooling2D
from pellucid.spec.shapes import paddings


def can_block(device: torch.device, compute: torch.dtype) -> bool:
    """Whether blocks pay here: on processors with AVX-512, where it was measured."""
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    narrow = compute == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return device.type == "cpu" and bool(wide and (narrow or compute == torch.float32))


def into_blocks(x: Tensor) -> Tensor:
    """A map (N,H,W,C) as an opaque one (N,C,H,W), if it is not."""
    return x if x.is_mkldnn else as_nchw(x).to_mkldnn()


def out_of_blocks(x: Tensor) -> Tensor:
    """An opaque map as (N,H,W,C), channels-last in memory; others as they are."""
    return as_nhwc(x.to_dense().contiguous(memory_format=torch.channels_last)) if x.is_mkldnn else x


def hides_nan(gradients: Iterable[Tensor]) -> bool:
    """Whether some gradient is not finite, read off its sum."""
    sums = [gradient.sum(dtype=torch.float32) for gradient in gradients]
    return bool(sums) and not bool(torch.isfinite(torch.stack(sums)).all())


def convolution(spec: Conv2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """As in `convolution.py`."""
    (x,) = inputs
    size = (x.shape[2], x.shape[3])
    (top, _), (left, _) = paddings(size, spec.kernel_size, spec.strides, spec.padding, spec.dilation_rate)
    kernel, bias = weights["kernel"].permute(3, 2, 0, 1), weights.get("bias")
    return torch.mkldnn_convolution(x, kernel, bias, (top, left), spec.strides, spec.dilation_rate, 1)


def largest(spec: MaxPooling2D, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """As in `pooling.py`."""
    (x,) = inputs
    (top, _), (left, _) = paddings((x.shape[2], x.shape[3]), spec.pool_size, spec.steps, spec.padding)
    return F.max_pool2d(x, spec.pool_size, spec.steps, (top, left))


def batch_norm(spec: BatchNormalization, inputs: Sequence[Tensor], weights: Weights, context: Context) -> Tensor:
    """As in `normalization.py`, in training."""
    (x,) = inputs
    refuse_one_value(context.label, x.numel() // x.shape[1])
    given = (x, weights["gamma"], weights["beta"], None, None, True, 0.0, spec.epsilon)
    y, mean, variance = torch.native_batch_norm(*given)
    remember(spec, weights, context, mean.detach().to_dense(), variance.detach().to_dense())
    return y


ON_BLOCKS: Mapping[type[LayerSpec], Forward] = {
    Conv2D: convolution, MaxPooling2D: largest, BatchNormalization: batch_norm, ReLU: relu, Add: add,
}  # fmt: skip
