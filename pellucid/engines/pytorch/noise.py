"""Random numbers of a step, uniform on [0, 1), from its key.

On the CPU they are NumPy's, so they equal the reference engine's; a GPU draws its own, from a generator seeded by the
key, for sending them over would cost more than the layer.
"""

from __future__ import annotations

import torch

from pellucid.keys import Key

SEEDS = 2**63 - 1


def uniform(key: Key, like: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Numbers (float32 or float64) of the shape of `like`, where it lies."""
    if like.device.type == "cpu":
        width = "float64" if dtype == torch.float64 else "float32"
        drawn = key.generator().random(tuple(like.shape), width)  # type: ignore[call-overload]
        return torch.from_numpy(drawn)
    generator = torch.Generator(like.device).manual_seed(key.bits % SEEDS)
    return torch.rand(like.shape, generator=generator, device=like.device, dtype=dtype)
