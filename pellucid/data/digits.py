"""digits: the 1,797 handwritten digits that come with scikit-learn, 8x8 grey pixels, 10 classes.

The 17 grey levels 0..16 become uint8 0..255 (16 -> 255), so that they are scaled like any other picture.
The test part is fixed: a stratified fifth (360 of 1,797).
Source  E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (its test part).
"""

from __future__ import annotations

import numpy as np

from pellucid.data.apportion import stratified_sample
from pellucid.data.dataset import Dataset, NumberedNames, Part
from pellucid.data.fingerprint import fingerprint_arrays
from pellucid.data.images import ArrayImages
from pellucid.keys import Key

TEST_SAMPLES = 360
NOTE = "digits: 17 grey levels 0..16 were stretched to 0..255; the test part is a fixed stratified fifth (360 of 1,797)"


def open_digits() -> Dataset:
    """The digits with a fixed train (1,437) and test (360) part."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = np.round(bunch.images * (255.0 / 16.0)).astype(np.uint8)          # (N, H, W)
    labels = bunch.target.astype(np.int64)
    test = stratified_sample(labels, TEST_SAMPLES, key=Key.of(0).fold("digits", "test"))
    train = np.setdiff1d(np.arange(len(labels)), test)
    everything = Part(ArrayImages(pixels), labels, NumberedNames("digits", range(len(labels))),
                      np.arange(len(labels), dtype=np.int64))
    parts = {}
    for name, indices in (("train", train), ("test", test)):
        part = everything.subset(indices)
        parts[name] = Part(ArrayImages(pixels[indices]), part.labels, part.names, part.ids)
    return Dataset(
        name="digits",
        parts=parts,
        class_names=tuple("0123456789"),
        channel_names=("gray",),
        fingerprint=fingerprint_arrays({"images": pixels, "labels": labels}),
        notes=(NOTE,),
    )
