"""Data sets in Keras's form: `mnist.load_data()` and its like from local files, and batches from class folders."""

from pellucid.data.directory import flow_from_directory
from pellucid.data.keras_sets import cifar10, fashion_mnist, mnist

__all__ = ["cifar10", "fashion_mnist", "flow_from_directory", "mnist"]
