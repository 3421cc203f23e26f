"""Blinks: from 68 points to crops of eyes, from crops to open or closed, from frames to blinks.

    python docs/examples/blinks.py [SEED]

The faces are drawn; for real ones a network of points (`pellucid train FACES`, docs/faces.md) takes the place of
`face`.
"""

from __future__ import annotations

import sys

import numpy as np

import pellucid
from pellucid.layers import Conv2D, Dense, Flatten, MaxPooling2D
from pellucid.models import Sequential

SIDE, CROP = 64, 16
EYES = slice(36, 42), slice(42, 48)             # of the 68 points: the right and the left one of the face
LEAST, MOST = 2, 8                              # frames of a blink; longer is no blink


def face(random: np.random.Generator, opened: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A drawn face (64,64) uint8 whose eyes are open by these shares, and its points (68,2)."""
    turn, size, middle = random.normal(0, 0.1), random.uniform(20, 25), random.uniform(30, 34, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    cos, sin = np.cos(turn), np.sin(turn)
    x = ((columns - middle[0]) * cos + (rows - middle[1]) * sin) / size
    y = ((rows - middle[1]) * cos - (columns - middle[0]) * sin) / size
    skin, ground = random.uniform(120, 230), random.uniform(20, 90)
    picture = np.where((x / 0.85) ** 2 + y**2 < 1, skin, ground)
    points = np.zeros((68, 2))
    around = np.linspace(0.15, np.pi - 0.15, 17)
    points[:17] = np.stack([-0.85 * np.cos(around), np.sin(around)], axis=1)
    points[27:36] = np.stack([np.zeros(9), np.linspace(-0.2, 0.25, 9)], axis=1)
    lips = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    points[48:] = np.stack([0.3 * np.cos(lips), 0.55 + 0.08 * np.sin(lips)], axis=1)
    picture = np.where((x / 0.3) ** 2 + ((y - 0.55) / 0.08) ** 2 < 1, 0.6 * skin, picture)
    for eye, share, side in zip(EYES, opened, (-0.38, 0.38), strict=True):
        wide, high = random.uniform(0.18, 0.22), 0.02 + 0.12 * share
        inside = ((x - side) / wide) ** 2 + ((y + 0.2) / high) ** 2 < 1
        iris = (x - side) ** 2 + (y + 0.2) ** 2 < 0.09**2
        picture = np.where(inside, np.where(iris | (share < 0.15), 40, 250), picture)
        picture = np.where(np.abs(y + 0.45 - 0.1 * np.abs(x - side)) < 0.03, 50, picture)
        lids = np.array([-1, -0.5, 0.5, 1, 0.5, -0.5]), np.array([0, -1, -1, 0, 1, 1])
        points[eye] = np.stack([side + wide * lids[0], -0.2 + high * lids[1]], axis=1)
    points = points @ np.array([[cos, sin], [-sin, cos]]) * size + middle
    lit = picture * random.uniform(0.7, 1.1) + random.normal(0, 8, picture.shape)
    return np.clip(lit, 0, 255).astype(np.uint8), points + random.normal(0, 0.5, points.shape)


def eye_crops(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(2,16,16,1) both eyes, cut out about their points along the line between their corners."""
    crops = []
    for eye in EYES:
        middle, across = points[eye].mean(axis=0), points[eye][3] - points[eye][0]
        steps = (np.arange(CROP) + 0.5) / CROP - 0.5
        down = across[::-1] * (-1, 1)
        grid = 1.6 * (steps[np.newaxis, :, np.newaxis] * across + steps[:, np.newaxis, np.newaxis] * down)
        at = np.clip((middle + grid).astype(int), 0, SIDE - 1)
        crops.append(picture[at[..., 1], at[..., 0]])
    return np.stack(crops)[..., np.newaxis]


def eyes_of(random: np.random.Generator, faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Crops (2 faces,16,16,1) and whether each is open (1) or closed (0)."""
    crops, labels = [], []
    for _ in range(faces):
        seen = random.random(2) < 0.5
        shares = np.where(seen, random.uniform(0.5, 1, 2), random.uniform(0, 0.1, 2))
        crops.append(eye_crops(*face(random, (shares[0], shares[1]))))
        labels += seen.astype(int).tolist()
    return np.concatenate(crops) / 255, np.array(labels)


def sequence(length: int, blinks: list[tuple[int, int]]) -> list[float]:
    """By how much the eyes are open in each frame: closed from the first to before the second of each pair."""
    shares = np.ones(length)
    for start, end in blinks:
        shares[start:end] = 0.03
    return list(shares)


def blinks_in(closed: np.ndarray) -> list[tuple[int, int]]:
    """Runs of closed frames that are long enough, and not too long, to be a blink."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], closed.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if LEAST <= b - a <= MOST]


def main(seed: int = 0, faces: int = 300, epochs: int = 6) -> dict[str, object]:
    """Learn, ask faces that were not learnt from, watch a sequence."""
    random = np.random.default_rng(seed)
    pellucid.utils.set_random_seed(seed)
    model = Sequential([Conv2D(8, 3, activation="relu", input_shape=(CROP, CROP, 1)), MaxPooling2D(2), Flatten(),
                        Dense(16, activation="relu"), Dense(2, activation="softmax")])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*eyes_of(random, faces), epochs=epochs, batch_size=16, verbose=0)
    x, y = eyes_of(random, 100)
    right = float((model.predict(x, verbose=0).argmax(axis=1) == y).mean())
    true = [(20, 24), (50, 53), (83, 88)]
    shares = sequence(160, [*true, (110, 140)])                                  # and a doze, which is no blink
    crops = np.stack([eye_crops(*face(random, (share, share))) for share in shares])
    said = model.predict(crops.reshape(-1, CROP, CROP, 1) / 255, verbose=0)[:, 1].reshape(-1, 2)
    found = blinks_in(said.mean(axis=1) < 0.5)
    print(f"seed {seed}: {100 * right:.1f} % of {len(y)} eyes of other faces; blinks {found}, true {true}")
    return {"right": right, "found": found, "true": true}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
