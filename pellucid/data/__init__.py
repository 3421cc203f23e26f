"""Data: from files to batches.

    dataset = open_dataset("mnist")                                     # parts, class names, fingerprint, notes
    preprocessing = default_pipeline().fit(dataset.part("train"), key=Key.of(1))
    batches = Batches(dataset.part("train"), batch_size=32, key=Key.of(1), preprocessing=preprocessing)
    for batch in batches.epoch(0):                                      # batch.inputs["input"] (32, 28, 28, 1) float32
        ...
"""

from __future__ import annotations

from pellucid.data.batches import ArrayBatches, Batch, Batches
from pellucid.data.dataset import Dataset, Part
from pellucid.data.images import ArrayImages, Images
from pellucid.data.opening import open_dataset
from pellucid.data.preprocessing import Pipeline, default_pipeline
from pellucid.data.steps import Center, MinMax, Scale, Standardize

__all__ = [
    "ArrayBatches", "ArrayImages", "Batch", "Batches", "Center", "Dataset", "Images", "MinMax", "Part", "Pipeline",
    "Scale", "Standardize", "default_pipeline", "open_dataset",
]
