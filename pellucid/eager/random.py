"""Random numbers on their own, with Keras's names; without a seed they follow from set_random_seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.eager.calculating import hold
from pellucid.eager.making import kind_of
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.operators import node
from pellucid.graph.ops.elementwise import erf
from pellucid.graph.tracing import ENTERED
from pellucid.keys import Key
from pellucid.spec.moving import BatchOf
from pellucid.spec.noise import GaussianNoise
from pellucid.training.seed import ROOT


class SeedGenerator:
    """Seeds one after another: handed as `seed=`, each call draws other numbers, the same in every run."""

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.seed = ROOT.next_key().bits % (1 << 31) if seed is None else int(seed)
        self.name, self.calls = name or "seed_generator", 0

    def next(self) -> int:
        """A seed that has not been."""
        self.calls += 1
        return Key.of(self.seed).fold(self.calls).bits % (1 << 63)

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """The one that `get_config` told of."""
        return cls(**config)


def generator(seed: Any) -> np.random.Generator:
    """What draws for a seed."""
    if isinstance(seed, SeedGenerator):
        return Key.of(seed.next()).generator()
    return (ROOT.next_key() if seed is None else Key.of(int(seed))).generator()


def in_training(shape: Any, seed: Any) -> Any:
    """In a `call` of one's own: unit normals (N, ...) for the samples of its input, drawn anew in training, else 0.

    None where the shape is of numbers alone.
    """
    sizes = tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)
    if not sizes or sizes[0] is not None:
        return None
    if not ENTERED:
        raise ArgumentError(describe("random", "shape", "of known sizes", shown(repr(shape))))
    zeros = node(BatchOf(), np.zeros(sizes[1:], np.float32), ENTERED[-1])
    given = seed.seed if isinstance(seed, SeedGenerator) else seed
    return node(GaussianNoise(1.0, None if given is None else int(given)), zeros)


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal numbers; in a `call` of one's own, of shape (None, ...), those of training, and the mean in prediction."""
    drawn = in_training(shape, seed)
    if drawn is not None:
        return drawn * stddev + mean
    return np.asarray(generator(seed).normal(mean, stddev, shape)).astype(kind_of(dtype))


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> np.ndarray:
    """Normal numbers, those farther than two deviations drawn again."""
    draw = generator(seed)
    found = draw.normal(size=shape)
    while (far := np.abs(found) > 2).any():
        found = np.where(far, draw.normal(size=shape), found)
    return np.asarray(mean + stddev * found).astype(kind_of(dtype))


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers from minval up to but without maxval, all alike often; whole ones for a whole kind of number.

    In a `call` of one's own, of shape (None, ...), those of training, and the middle in prediction.
    """
    drawn = in_training(shape, seed)
    if drawn is not None:  # the share of normal numbers below one of them is uniform
        return (erf(drawn * 0.5**0.5) + 1.0) * (0.5 * (maxval - minval)) + minval
    if np.dtype(kind_of(dtype)).kind in "iu":
        return randint(shape, int(minval), int(maxval), dtype, seed)
    return np.asarray(generator(seed).uniform(minval, maxval, shape)).astype(kind_of(dtype))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> np.ndarray:
    """Whole numbers from minval up to but without maxval, all alike often."""
    return np.asarray(generator(seed).integers(minval, maxval, shape)).astype(kind_of(dtype))


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> np.ndarray:
    """For each row of logits so many class numbers, drawn with their probabilities."""
    logits = hold(logits)
    noise = generator(seed).gumbel(size=(*logits.shape[:-1], int(num_samples), logits.shape[-1]))
    return np.asarray((logits[..., None, :] + noise).argmax(-1)).astype(kind_of(dtype))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> np.ndarray:
    """The entries of `axis` in another order."""
    return generator(seed).permutation(hold(x), axis)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> np.ndarray:
    """Each number 0 with probability rate, the others divided by 1 - rate; repeated along axes of 1 in noise_shape."""
    x = hold(inputs)
    sizes = x.shape if noise_shape is None else [n if n is not None else x.shape[a] for a, n in enumerate(noise_shape)]
    kept = generator(seed).random(sizes) >= rate
    return np.asarray(np.where(kept, x / (1 - rate), 0)).astype(x.dtype)


def gamma(shape: Any, alpha: float, dtype: Any = None, seed: Any = None) -> np.ndarray:
    """Numbers of the gamma distribution."""
    return np.asarray(generator(seed).gamma(alpha, size=shape)).astype(kind_of(dtype))


def beta(shape: Any, alpha: float, beta: float, dtype: Any = None, seed: Any = None) -> np.ndarray:
    """Numbers of the beta distribution."""
    return np.asarray(generator(seed).beta(alpha, beta, shape)).astype(kind_of(dtype))


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> np.ndarray:
    """How many of `counts` trials succeed."""
    return np.asarray(generator(seed).binomial(counts, probabilities, shape)).astype(kind_of(dtype))
