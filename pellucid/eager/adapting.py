"""adapt: numbers that a layer reads off data before it is first called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.errors import DataError, UsageError, describe
from pellucid.graph.layer import Layer
from pellucid.spec.categories import Discretization
from pellucid.spec.layer import LayerSpec
from pellucid.spec.norms import Normalization


def adapted(layer: Layer, data: Any, steps: int | None = None) -> LayerSpec:
    """What the layer is once it has seen the data: an array, or batches of arrays."""
    where = f"{type(layer).__name__}.adapt"
    found = batches(where, data, steps)
    if isinstance(layer.spec, Discretization):
        return with_borders(where, layer.spec, found)
    assert isinstance(layer.spec, Normalization)
    return with_statistics(where, layer.spec, found)


def batches(where: str, data: Any, steps: int | None) -> Iterable[np.ndarray]:
    """The arrays of data, at most `steps`; of (x, y) the first."""
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        yield np.asarray(data)
        return
    if not isinstance(data, Iterable):
        raise DataError(describe(where, "data", "an array, or batches of arrays", type(data).__name__))
    for number, batch in enumerate(data):
        if steps is not None and number >= steps:
            return
        x = batch[0] if isinstance(batch, tuple) else batch
        yield np.asarray(getattr(x, "value", x))


def with_statistics(where: str, spec: Normalization, found: Iterable[np.ndarray]) -> Normalization:
    """Mean and variance over all axes but `axis`; batches count by their sizes."""
    total: Any = None
    square, number = 0.0, 0.0
    for batch in found:
        x = batch.astype(np.float64)
        kept = () if spec.axis is None else tuple(axis % x.ndim for axis in np.atleast_1d(spec.axis))
        over = tuple(axis for axis in range(x.ndim) if axis not in kept)
        more = x.sum(over), np.square(x).sum(over), x.size / max(x.sum(over).size, 1)
        if total is not None and np.shape(total) != np.shape(more[0]):
            wanted = f"of {np.shape(total)} means, as the first batch"
            raise DataError(describe(where, "data", wanted, f"of {np.shape(more[0])}"))
        total, square, number = more if total is None else (total + more[0], square + more[1], number + more[2])
    if total is None:
        raise DataError(f"{where}: there are no data. Pass an array, or batches of arrays.")
    mean = total / number
    return replace(spec, mean=mean, variance=np.maximum(square / number - mean**2, 0))


def with_borders(where: str, spec: Discretization, found: Iterable[np.ndarray]) -> Discretization:
    """Borders such that num_bins bins hold equally many of the data."""
    if spec.num_bins is None:
        raise UsageError(f"{where}: pass num_bins= instead of bin_boundaries=.")
    flat = [x.astype(np.float64).ravel() for x in found]
    if not flat:
        raise DataError(f"{where}: there are no data. Pass an array, or batches of arrays.")
    values = np.sort(np.concatenate(flat))
    shares = np.arange(1, spec.num_bins) / spec.num_bins
    borders = np.interp(shares, np.arange(1, len(values) + 1) / len(values), values)
    return replace(spec, bin_boundaries=tuple(borders.astype(np.float32).tolist()))
