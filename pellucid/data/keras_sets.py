"""Known data sets as Keras's datasets give them, read from local files; nothing is downloaded.

Shapes  mnist and fashion_mnist: x (N, 28, 28) uint8, y (N,) uint8;  cifar10: x (N, 32, 32, 3) uint8, y (N, 1) uint8
Order   as in the files; where these are sorted by class (cifar10), a fixed permutation, as the original set is mixed
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.images import Array
from pellucid.data.opening import open_dataset
from pellucid.keys import Key

Pair = tuple[Array, Array]


@dataclass(frozen=True)
class KerasSet:
    """One data set under the name that Keras's module has."""

    name: str
    grey: bool

    def load_data(self, path: str | Path | None = None) -> tuple[Pair, Pair]:
        """(x_train, y_train), (x_test, y_test), from `path`/<name>, $PELLUCID_DATA/<name> or the cache.

        Raises UsageError that lists the places looked at when the files are in none of them.
        """
        dataset = open_dataset(self.name, data_dir=path)
        return self._part(dataset, "train"), self._part(dataset, "test")

    def _part(self, dataset: Dataset, name: str) -> Pair:
        part = dataset.part(name)
        order = np.arange(len(part))
        if len(part) > 1 and (np.diff(part.labels) >= 0).all():
            order = Key.of(0).fold(self.name, name).generator().permutation(len(part))
        x, y = part.images.take(order), part.labels[order].astype(np.uint8)
        return (x[..., 0], y) if self.grey else (x, y[:, None])


mnist = KerasSet("mnist", grey=True)
fashion_mnist = KerasSet("fashion-mnist", grey=True)
cifar10 = KerasSet("cifar10", grey=False)
