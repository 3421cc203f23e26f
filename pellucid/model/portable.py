"""Portable: what goes into a network and out of it: pictures, files, weights of others, other programs.

What reads and writes the files of others is imported when it is asked for: a model is made without it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError, UsageError, describe
from pellucid.model.network import Network
from pellucid.model.saving import save_model
from pellucid.training.session import require_torch

if TYPE_CHECKING:
    from torch import nn

    from pellucid.model.foreign.matching import WeightsReport

Path = str | os.PathLike[str]
Found = list[list[dict[str, Any]]]  # of each picture its boxes or points
FORMS: list[Callable[..., Any]] = []  # what makes a model of its configuration
DETECT: list[Callable[..., Found]] = []     # what finds boxes, once a page that can has been imported
KEYPOINTS: list[Callable[..., Found]] = []  # what finds points, likewise


class Portable(Network):
    """A network with the ways in and out of this program."""

    def prepare(self, x: Any) -> np.ndarray:
        """Pictures as the network reads them, float32 (N, ...), by what the model's file tells of its training.

        x: pictures (N, H, W, C), (N, H, W) of one channel in the model's own size, or a list of pictures (H, W) or
        (H, W, C) of any sizes. They are made gray or rgb, brought to the model's size and depth (uint8, uint16 or
        floats; 0..1 is the whole range) and preprocessed. Raises ArgumentError for a model without such a record, and
        for pictures that could be brought to it only by a guess.
        """
        from pellucid.model.admitting import prepared

        return prepared(self, x)

    def detect(self, images: Any, *, score: float | None = None) -> Found:
        """The boxes that a model trained on boxes finds; see `pellucid.detect`."""
        if not DETECT:
            raise UsageError(f"{self.name}: to detect, import pellucid.models first.")
        return DETECT[0](self, images, score=score)

    def keypoints(self, images: Any, boxes: Any = None) -> Found:
        """The points that a model trained on points finds, in pixels of each picture as given.

        images: paths, or pictures (H, W, C) of any sizes as read; boxes: of each the object's x0, y0, x1, y1 in pixels,
        where the model learnt from objects cut out by boxes. Of each a list of {"name", "x", "y", "score"}. Raises
        ArgumentError for a model that was not trained on points, ShapeError for what is no picture, FileError for a
        file that cannot be read.
        """
        if not KEYPOINTS:
            raise UsageError(f"{self.name}: to find points, import pellucid.models first.")
        return KEYPOINTS[0](self, images, boxes)

    def to_torch(self) -> nn.Module:
        """The network with copies of its weights as a plain torch.nn.Module, in eval mode; `print(m.code)` reads it.

        Maps go in and come out as (N, C, H, W); inputs in order, one output alone, several by name. In training batch
        norm moves its statistics as here. Preprocessing is not part of it. Raises ArgumentError without PyTorch and
        for a layer of one's own.
        """
        require_torch(self.name, "to_torch")
        from pellucid.engines.pytorch.plain_module import plain_module

        return plain_module(self.graph, self.weights_by_key(), self.name)

    def export(self, path: Path, format: str = "onnx") -> dict[str, Any]:
        """Write an ONNX file, float32, with inputs as `predict` takes them; return what is in it.

        With the format "packed" a .safetensors file that keeps one bit of each weight of layers of bits. Class names
        and preprocessing are told in its metadata. Raises ArgumentError without the extra "export", for another format
        and for a layer of one's own; FileError when the file cannot be written.
        """
        if format == "packed":
            from pellucid.model.exporting_bits import export_packed

            return export_packed(self, path)
        if format != "onnx":
            raise ArgumentError(describe("export", "format", "'onnx' or 'packed'", repr(format)))
        from pellucid.model.exporting import export_onnx

        return export_onnx(self, path)

    def save(self, path: Path, overwrite: bool = True) -> None:
        """Write the model, weights and preprocessing to one .safetensors file; raises FileError that says why not."""
        save_model(self, path, overwrite)

    def save_weights(self, path: Path, overwrite: bool = True) -> None:
        """The same file as `save`: it holds the weights by name."""
        self.save(path, overwrite)

    def load_weights(self, path: Path, *, new_head: bool = False, flatten: str = "CHW") -> WeightsReport:
        """Take the weights of a file and report what matched; all of them or, when they do not fit, none.

        The file is one of ours, a state dict of torchvision or timm saved as .safetensors, or Keras's .weights.h5.
        Where only the number of classes differs the head stays as it is, with `new_head` in any case. A state dict's
        dense layers are taken to read maps flattened as torch does it; pass flatten="HWC" for one of
        `model.to_torch()`. Raises ArgumentError that lists what is missing, unexpected or of another shape; FileError
        for a file that cannot be read, pickles (.pth, .pt, .bin) among them.
        """
        from pellucid.model.foreign.loading import load_weights

        return load_weights(self, path, new_head=new_head, flatten=flatten)

    def get_config(self) -> dict[str, Any]:
        """The network as JSON-ready data, without weights; `from_config` makes a model of it."""
        keys = {"keys": dict(self._keys), "output_keys": dict(self._output_keys)} if self._keys else {}
        return {"name": self.name, "kind": self.kind, "graph": self.graph.to_json(), **keys}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """The model that `get_config` told of, with weights drawn anew; of a class of one's own the network it became.

        Raises ArgumentError for what is no configuration of a model.
        """
        return FORMS[0](config)

    def to_json(self, **options: Any) -> str:
        """The network as JSON text, without weights; `models.model_from_json` reads it. `options` are json.dumps'."""
        kind = "Sequential" if self.kind == "sequential" else "Functional"
        return json.dumps({"module": "pellucid", "class_name": kind, "config": self.get_config()}, **options)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output with the batch axis for inputs of these shapes; raises ShapeError where none fits."""
        several = bool(input_shape) and isinstance(input_shape[0], (list, tuple))
        given = [tuple(shape) for shape in (input_shape if several else [input_shape])]
        if self._built is None and len(given) == 1 and hasattr(self, "build"):
            self.build(given[0])
        found = self.as_layer().output_shapes([shape[1:] for shape in given])
        shapes = [(given[0][0], *shape) for shape in found]
        return shapes[0] if len(shapes) == 1 else shapes
