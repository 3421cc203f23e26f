"""Pairs: do two pictures show the same person? And who of a list is it, or nobody?

    python docs/examples/pairs.py [SEED]

The faces are drawn from twelve numbers a person; the persons of the test are in no picture that was learnt from.
"""

from __future__ import annotations

import sys

import numpy as np

import pellucid
from pellucid import ops
from pellucid.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from pellucid.models import Model

SIDE, TRAITS = 32, 12


def persons(random: np.random.Generator, count: int) -> np.ndarray:
    """Traits (count,12), each from -1 to 1."""
    return random.uniform(-1, 1, (count, TRAITS))


def picture(random: np.random.Generator, traits: np.ndarray) -> np.ndarray:
    """One picture (32,32,1) of a person from 0 to 1: place, size, light and mouth are the moment's own."""
    size, middle = random.uniform(12, 13.5), random.uniform(15, 17, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    x, y = (columns - middle[0]) / size, (rows - middle[1]) / size
    wide, jaw, apart, eyes, brow, tilt, nose, mouth, skin, hair, line, iris = traits
    width = (0.75 + 0.12 * wide) * (1 + (0.15 + 0.15 * jaw) * np.clip(-y, -1, 1))
    face = (x / width) ** 2 + y**2 < 1
    shown = np.where(face, 0.65 + 0.15 * skin, random.uniform(0.05, 0.2))
    shown = np.where(face & (y < -0.6 + 0.2 * line), 0.35 + 0.3 * hair, shown)
    side = np.abs(x) - 0.32 - 0.07 * apart
    shown = np.where((side / (0.14 + 0.04 * eyes)) ** 2 + ((y + 0.15) / 0.1) ** 2 < 1, 0.9, shown)
    shown = np.where(side**2 + (y + 0.15) ** 2 < 0.007, 0.3 + 0.25 * iris, shown)
    shown = np.where((np.abs(y + 0.36 + 0.3 * tilt * side) < 0.05 + 0.03 * brow) & (np.abs(side) < 0.2), 0.2, shown)
    shown = np.where((np.abs(x) < 0.05) & (y > -0.1) & (y < 0.2 + 0.12 * nose), 0.45, shown)
    smile = random.normal(0, 0.15) * x**2
    shown = np.where((np.abs(y - 0.55 + smile) < 0.06) & (np.abs(x) < 0.3 + 0.12 * mouth), 0.35, shown)
    lit = shown * random.uniform(0.8, 1.15) + random.normal(0, 0.1) * x + random.normal(0, 0.03, shown.shape)
    return np.clip(lit, 0, 1)[..., np.newaxis]


def pairs(random: np.random.Generator, of: np.ndarray, count: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Two pictures each (count,32,32,1), and whether both show one person (1); half of them do."""
    first, same = random.integers(len(of), size=count), np.arange(count) % 2
    other = (first + random.integers(1, len(of), size=count)) % len(of)
    second = np.where(same == 1, first, other)
    return [np.stack([picture(random, of[n]) for n in who]) for who in (first, second)], same


def network() -> Model:
    """The same layers look at both pictures; what they see is subtracted."""
    layers = [Conv2D(16, 3, activation="relu"), MaxPooling2D(2), Conv2D(32, 3, activation="relu"), MaxPooling2D(2),
              Flatten(), Dense(64)]
    inputs = [Input((SIDE, SIDE, 1), name=name) for name in ("one", "other")]
    seen = []
    for x in inputs:
        for layer in layers:
            x = layer(x)
        seen.append(x)
    apart = ops.abs(seen[0] - seen[1])
    return Model(inputs, Dense(2, activation="softmax")(Dense(16, activation="relu")(apart)))


def same(model: Model, one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N,) the probability that a picture shows the person of each of N others."""
    return np.asarray(model.predict([np.repeat(one[np.newaxis], len(others), 0), others], verbose=0)[:, 1])


def main(seed: int = 0, people: int = 150, learnt: int = 3000, epochs: int = 8, asked: int = 400) -> dict[str, float]:
    """Learn from pairs of some persons, be asked about pairs of others, and look others up in a list."""
    random = np.random.default_rng(seed)
    pellucid.utils.set_random_seed(seed)
    known, new = persons(random, people), persons(random, 40)
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*pairs(random, known, learnt), epochs=epochs, batch_size=32, verbose=0)
    x, y = pairs(random, new, asked)
    right = float((model.predict(x, verbose=0).argmax(axis=1) == y).mean())
    on_list, strangers = new[:10], new[10:]
    papers = np.stack([picture(random, one) for one in on_list])               # a picture of each on the list
    told = [same(model, picture(random, one), papers) for one in on_list for _ in range(3)]
    named = float(np.mean([said.argmax() == n // 3 for n, said in enumerate(told)]))
    let_in = float(np.mean([same(model, picture(random, one), papers).max() > 0.9 for one in strangers]))
    print(f"seed {seed}: {100 * right:.1f} % of {asked} pairs of persons never seen; of 10 on a list the right one is "
          f"the likest in {100 * named:.0f} %; {100 * let_in:.0f} % of 30 strangers look like one of them at 0.9")
    return {"right": right, "named": named, "let_in": let_in}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
