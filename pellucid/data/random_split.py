"""Parts drawn at random from all images of a data set that is divided already, as large as its own; groups unheeded.

What such parts score is what a model would seem to be worth if nobody knew of the groups: their images are alike.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np

from pellucid.data.apportion import stratified_sample
from pellucid.data.dataset import PARTS, Dataset
from pellucid.data.joining import joined
from pellucid.keys import Key


def drawn_at_random(dataset: Dataset, *, seed: int) -> Dataset:
    """The data set with all of its images in parts anew, classes in proportion; the same `seed` gives the same parts.

    A class keeps an image to learn from as long as it has two.
    """
    pool = replace(reduce(joined, dataset.parts.values()), groups=None)
    left, key = np.arange(len(pool)), Key.of(seed).fold("split", "random")
    parts = {}
    for name in (name for name in PARTS if name in dataset.parts and name != "train"):
        chosen = stratified_sample(pool.annotations.strata[left], len(dataset.parts[name]), key=key.fold(name), keep=1)
        parts[name] = pool.subset(left[chosen])
        left = np.delete(left, chosen)
    parts["train"] = pool.subset(left)
    note = "parts drawn at random from all images, groups unheeded: " + ", ".join(
        f"{name} {len(parts[name]):,}" for name in PARTS if name in parts)
    return replace(dataset, parts={name: parts[name] for name in PARTS if name in parts}, notes=(*dataset.notes, note))
