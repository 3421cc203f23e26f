"""Binary kernels as a file keeps them, a bit a weight and a scale a filter, and back as floats that predict the same.

Arrays    key: bytes (ceil(n / 8),) uint8, bit i % 8 of byte i // 8 is 1 where weight i in C order is at least 0;
          key:alpha (F,) float32, the mean size of a filter's weights, where the quantizer has a scale
Floats    +-alpha, or +-1: their signs are the bits, and their mean size is alpha again, to the bit
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

import numpy as np

from pellucid.engines.finite import why_unfit
from pellucid.engines.reference.quantized import scale_of
from pellucid.errors import FileError, UsageError, shown
from pellucid.graph.bits import latent
from pellucid.graph.graph import Graph
from pellucid.spec.quantizers import MagnitudeAwareSign
from pellucid.storage.tensors import COPY_AGAIN

ALPHA = ":alpha"
FORMAT = 1
Arrays = dict[str, np.ndarray]


def bits_of(graph: Graph, weights: Mapping[str, np.ndarray]) -> Arrays:
    """The arrays of a packed file; raises UsageError for a network without bits and for weights that have no sign."""
    kernels = latent(graph)
    if not kernels:
        raise UsageError("export: no layer of this network multiplies with bits, so there is nothing to pack. Train "
                         "one of QuantConv2D or words such as bconv_32, or pass --format onnx.")  # fmt: skip
    found = dict(weights)
    for key, spec in kernels.items():
        w = np.asarray(weights[key], np.float32)
        why = why_unfit(w)
        if why:
            raise UsageError(f"export: '{key}' holds {why}, which has no sign. Train again with a lower learning rate.")
        found[key] = np.packbits(w.reshape(-1) >= 0, bitorder="little")
        alpha = scale_of(spec, w)
        if alpha is not None:
            found[key + ALPHA] = alpha
    return found


def floats_of(graph: Graph, arrays: Mapping[str, np.ndarray], path: str | os.PathLike[str]) -> Arrays:
    """The weights of a packed file as floats; raises FileError for one that does not fit its graph."""
    found = dict(arrays)
    for key, spec in latent(graph).items():
        shape = graph.weights[key].shape
        data, alpha = found.get(key), found.pop(key + ALPHA, None)
        scaled = isinstance(spec.quantizer, MagnitudeAwareSign)
        filters = [size for axis, size in enumerate(shape) if axis not in spec.filter_axes]
        whole = data is not None and data.dtype == np.uint8 and data.shape == (-(-math.prod(shape) // 8),)
        fits = whole and scaled == (alpha is not None)
        if alpha is not None:
            sized = alpha.dtype == np.float32 and alpha.shape == (math.prod(filters),)
            fits = fits and sized and bool((alpha >= 0).all())
        if not fits:
            raise FileError(f"{os.fspath(path)} is damaged: the bits of '{shown(key)}' do not fit its graph. "
                            f"{COPY_AGAIN}.")  # fmt: skip
        assert data is not None
        signs = np.unpackbits(data, count=math.prod(shape), bitorder="little").reshape(shape)
        w = np.where(signs, np.float32(1), np.float32(-1))
        if alpha is not None:
            sizes = [1 if axis in spec.filter_axes else size for axis, size in enumerate(shape)]
            w = w * alpha.reshape(sizes)
        found[key] = w
    return found
