"""What noise layers draw, for both engines: (a, b) of y = a x + b, on the CPU, from the step's key."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engines.coloring import erased
from pellucid.engines.picturing import generator_of
from pellucid.keys import Key
from pellucid.spec.colors import RandomErasing
from pellucid.spec.noise import AlphaDropout, GaussianDropout, GaussianNoise, Noise, SpatialDropout

LOW = -1.7580993408473766  # where SELU ends for very small x
Array = np.ndarray[Any, np.dtype[Any]]


def factors(spec: Noise | RandomErasing, shape: tuple[int, ...], key: Key | None, label: str) -> tuple[Array, Array]:
    """a and b, of the shape of x or with axes of 1."""
    draw = generator_of(spec, key, "noise", label)
    if isinstance(spec, RandomErasing):
        return erased(spec, shape, draw, label)
    if isinstance(spec, GaussianNoise):
        return np.ones(1), spec.stddev * draw.standard_normal(shape)
    if isinstance(spec, GaussianDropout):
        return 1 + (spec.rate / (1 - spec.rate)) ** 0.5 * draw.standard_normal(shape), np.zeros(1)
    if isinstance(spec, SpatialDropout):
        kept = draw.random((shape[0], *(1 for _ in shape[1:-1]), shape[-1])) >= spec.rate
        return kept / (1 - spec.rate), np.zeros(1)
    assert isinstance(spec, AlphaDropout)
    kept = draw.random(shape) >= spec.rate
    scale = ((1 - spec.rate) * (1 + spec.rate * LOW**2)) ** -0.5
    return scale * kept, scale * (LOW * ~kept - spec.rate * LOW)
