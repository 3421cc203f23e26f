"""digits: the 1,797 handwritten digits that come with scikit-learn, 8x8 grey pixels, 10 classes.

The 17 grey levels 0..16 become uint8 0..255 (16 -> 255), so that they are scaled like any other picture.
The test part is fixed, a stratified fifth (360 of 1,797), drawn by scikit-learn so that anyone can draw it again:
train_test_split(indices, test_size=360, stratify=target, random_state=0).
Source  E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (its test part).
"""

from __future__ import annotations

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.arrays import dataset_of_arrays
from pellucid.data.dataset import Dataset
from pellucid.data.options import Options

TEST_SAMPLES = 360
NOTE = "digits: 17 grey levels 0..16 were stretched to 0..255; the test part is a fixed stratified fifth (360 of 1,797)"


def open_digits(options: Options) -> Dataset:
    """The digits with a fixed train (1,437) and test (360) part."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    pixels = np.round(bunch.images * (255.0 / 16.0)).astype(np.uint8)          # (N, H, W)
    labels = bunch.target.astype(np.int64)
    indices = np.arange(len(labels))
    train, test = train_test_split(indices, test_size=TEST_SAMPLES, stratify=labels, random_state=0)
    rows = {"train": np.sort(train), "test": np.sort(test)}
    return dataset_of_arrays("digits", "digits", {part: pixels[chosen] for part, chosen in rows.items()},
                             {part: Classes(labels[chosen]) for part, chosen in rows.items()}, tuple("0123456789"),
                             options=options, notes=(NOTE,), files={part: f"digits-{part}" for part in rows})
