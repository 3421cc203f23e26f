"""Data: from files to batches.

    dataset = open_dataset("mnist")                                     # parts, class names, fingerprint, notes
    dataset = split_validation(ensure_test(dataset), fraction=0.1, seed=0)
    preprocessing = default_pipeline().fit(dataset.part("train"), key=Key.of(1))
    batches = Batches(dataset.part("train"), batch_size=32, key=Key.of(1), preprocessing=preprocessing,
                      augmentation=Augmentation.parse("shift=2,rotate=10"))
    for batch in batches.epoch(0):                                      # batch.inputs["input"] (32, 28, 28, 1) float32
        ...
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.data.augmentation import Augmentation
    from pellucid.data.batches import ArrayBatches, Batch, Batches
    from pellucid.data.dataset import Dataset, Part
    from pellucid.data.file_images import FileImages
    from pellucid.data.images import ArrayImages, Images
    from pellucid.data.info import describe_dataset
    from pellucid.data.known import KNOWN, cache_folder, find_known
    from pellucid.data.opening import open_dataset
    from pellucid.data.options import options_of_record, parse_percent, parse_size
    from pellucid.data.pca import PCA, Whiten
    from pellucid.data.preprocessing import Pipeline, default_pipeline
    from pellucid.data.single import read_image
    from pellucid.data.splits import ensure_test, leaking_groups, split_train_dev, split_validation
    from pellucid.data.steps import Center, MinMax, Scale, Standardize

__all__ = [
    "open_dataset", "read_image", "describe_dataset", "split_validation", "split_train_dev", "ensure_test",
    "leaking_groups", "parse_size", "parse_percent", "options_of_record",
    "Dataset", "Part", "Images", "ArrayImages", "FileImages", "KNOWN", "find_known", "cache_folder",
    "Pipeline", "default_pipeline", "Scale", "Center", "Standardize", "MinMax", "PCA", "Whiten", "Augmentation",
    "Batch", "Batches", "ArrayBatches",
]

_HOMES = {  # each is imported when first asked for, so that a model is made without the readers of files
    "ArrayBatches": "batches",
    "ArrayImages": "images",
    "Augmentation": "augmentation",
    "Batch": "batches",
    "Batches": "batches",
    "cache_folder": "known",
    "Center": "steps",
    "Dataset": "dataset",
    "default_pipeline": "preprocessing",
    "describe_dataset": "info",
    "ensure_test": "splits",
    "FileImages": "file_images",
    "find_known": "known",
    "Images": "images",
    "KNOWN": "known",
    "leaking_groups": "splits",
    "MinMax": "steps",
    "open_dataset": "opening",
    "options_of_record": "options",
    "parse_percent": "options",
    "parse_size": "options",
    "Part": "dataset",
    "PCA": "pca",
    "Pipeline": "preprocessing",
    "read_image": "single",
    "Scale": "steps",
    "split_train_dev": "splits",
    "split_validation": "splits",
    "Standardize": "steps",
    "Whiten": "pca",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"pellucid.data.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pellucid.data' has no attribute {name!r}")
