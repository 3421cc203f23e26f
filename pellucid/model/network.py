"""Network: the part of a model that is there before anything is learnt: graph, layers, tensors, weights, files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.errors import ArgumentError, ShapeError, UsageError, describe
from pellucid.graph.build import Built, build
from pellucid.graph.graph import Graph, Nested
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.rebuild import refreshed, replay
from pellucid.graph.selecting import ALL_BUT_HEAD, EVERY, Selection
from pellucid.graph.summary import summarize, table
from pellucid.graph.temperature import temperature_of
from pellucid.keys import Key
from pellucid.model import freezing, weights
from pellucid.model.compiled import Compiled
from pellucid.training.events import Progress
from pellucid.training.seed import ROOT
from pellucid.training.session import require_torch

if TYPE_CHECKING:
    from torch import nn

    from pellucid.model.foreign.matching import WeightsReport

Path = str | os.PathLike[str]


class Network:
    """Layers between input and output tensors. Weights hang on the layers, so networks cut from them share them."""

    kind = "functional"
    name: str

    def _start(self, name: str) -> None:
        if not isinstance(name, str) or not name or "/" in name:
            raise ArgumentError(describe(type(self).__name__, "name", "a word without '/'", repr(name)))
        self.name = name
        self._built: Built | None = None
        self._inputs: list[Tensor] = []
        self._outputs: list[Tensor] = []
        self._layer: Layer | None = None
        self._compiled: Compiled | None = None
        self._keys: dict[str, str] = {}  # a user's keys for inputs and outputs, and the graph's names for them
        self._output_keys: dict[str, str] = {}  # those of the outputs, where the model was made with a mapping
        self._live: Progress | None = None  # while fit runs: where the weights of this moment are
        self.key: Key = ROOT.next_key()
        self.preprocessing: Any = None  # a fitted data.Pipeline, saved with the model
        self.class_names: list[str] | None = None
        self.input_record: dict[str, Any] | None = None
        self.training_record: dict[str, Any] | None = None
        self.loaded: WeightsReport | None = None  # what load_weights found in its file

    def _construct(
        self, inputs: list[Tensor], outputs: list[Tensor], training_only: Sequence[Tensor] = (),
        keys: tuple[list[str] | None, list[str] | None] = (None, None),
    ) -> None:  # fmt: skip
        self._built = build(inputs, outputs, training_only, keys)
        graph = self._built.graph
        into = dict(zip(keys[0] or (), graph.input_shapes, strict=False))
        out = dict(zip(keys[1] or (), graph.output_shapes, strict=False))
        self._output_keys = {key: name for key, name in out.items() if name in graph.lasting}
        self._keys = into | out
        self._inputs, self._outputs = inputs, outputs
        weights.promise_missing(self._built, self.key)

    def _restore(self, built: Built) -> None:
        """Take a graph and layers that a file gave."""
        self._built = built
        self._inputs, self._outputs = replay(built.graph, built.layers)

    @property
    def built(self) -> Built:
        """Graph and layers; raises UsageError while a Sequential does not know its input yet."""
        if self._built is None:
            raise UsageError(f"{self.name}: the input shape is not known yet. Add Input(shape) first, or call fit.")
        return self._built

    @property
    def graph(self) -> Graph:
        """The network as data, with every layer's spec and trainable flag as they are now."""
        return refreshed(self.built)

    @property
    def layers(self) -> list[Layer]:
        """The layers, in Keras's order."""
        return list(self.built.layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or place; raises ArgumentError that lists the names."""
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(describe(self.name, "index", f"below {len(self.layers)}", index))
            return self.layers[index]
        for layer, entry in zip(self.built.layers, self.built.graph.layers, strict=True):
            if entry.name == name:
                return layer
        known = ", ".join(entry.name for entry in self.built.graph.layers)
        raise ArgumentError(describe(self.name, "layer name", f"one of {known}", repr(name)))

    @property
    def inputs(self) -> list[Tensor]:
        """The input tensors, to cut another model from."""
        _ = self.built
        return list(self._inputs)

    @property
    def outputs(self) -> list[Tensor]:
        """The output tensors, to build on; without those for training only."""
        named = zip(self.built.graph.output_shapes, self._outputs, strict=True)
        return [tensor for name, tensor in named if name in self.built.graph.lasting]

    @property
    def input(self) -> Any:
        """The input tensor, or the list of them."""
        return self.inputs[0] if len(self.inputs) == 1 else self.inputs

    @property
    def output(self) -> Any:
        """The output tensor, or the list of them."""
        return self.outputs[0] if len(self.outputs) == 1 else self.outputs

    @property
    def input_shape(self) -> Any:
        """The input's shape with the batch axis; a mapping when there are several."""
        return with_batch(self.built.graph.input_shapes)

    @property
    def output_shape(self) -> Any:
        """The output's shape with the batch axis; a mapping when there are several."""
        graph = self.built.graph
        return with_batch({name: graph.output_shapes[name] for name in graph.lasting})

    @property
    def trainable(self) -> bool:
        """Whether any layer is trained; setting it sets every layer, those of sub-models too."""
        return any(deep.trainable for layer in self.layers for deep in layer.innermost())

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            for one in (layer, *layer.innermost()):
                one.trainable = value

    def freeze(self, layers: Selection = ALL_BUT_HEAD) -> list[str]:
        """Train these layers no more; return the paths of those with weights.

        `layers` is "all-but-head", shell patterns of names with commas between ("conv1*,bn1"), or a number: the first
        so many layers of the summary. Raises ArgumentError that lists the names when none fits.
        """
        return freezing.set_trained(self.built, self.name, layers, False)

    def unfreeze(self, layers: Selection = EVERY) -> list[str]:
        """Train these layers again, all of them by default; `layers` as in `freeze`."""
        return freezing.set_trained(self.built, self.name, layers, True)

    def prepare(self, x: Any) -> np.ndarray:
        """Pictures as the network reads them, float32 (N, ...), by what the model's file tells of its training.

        x: pictures (N, H, W, C), (N, H, W) of one channel in the model's own size, or a list of pictures (H, W) or
        (H, W, C) of any sizes. They are made gray or rgb, brought to the model's size and depth (uint8, uint16 or
        floats; 0..1 is the whole range) and preprocessed. Raises ArgumentError for a model without such a record, and
        for pictures that could be brought to it only by a guess.
        """
        from pellucid.model.admitting import prepared

        return prepared(self, x)

    def as_layer(self) -> Layer:
        """The one layer that stands for this model in others."""
        if self._layer is None:
            self._layer = Layer.of(Nested(self.built.graph), self.name if self.name != "model" else None)
            self._layer.inner = self.built.layers
        return self._layer

    @property
    def temperature(self) -> float:
        """What the logits are divided by before the last softmax; 1 unless `with_temperature` gave another."""
        return temperature_of(self.graph)

    def with_temperature(self, value: float) -> Self:
        """A copy whose logits are divided by `value`: above 1 it is less sure. Its order of classes stays the same.

        Raises ArgumentError when the model does not end in one softmax, or for a value that is not above 0.
        """
        from pellucid.model.cooling import cooled

        return cooled(self, value)

    def summary(self, print_fn: Any = None) -> None:
        """Print the table of layers: output shape, parameters, receptive field; totals below."""
        (print_fn or print)(table(self.graph))

    def count_params(self) -> int:
        """All parameters, trained or not."""
        return summarize(self.graph).total

    def weights_by_key(self) -> dict[str, np.ndarray]:
        """Every weight by "layer/kernel", in Keras's order; the arrays themselves, not copies."""
        if self._live is not None:
            weights.hang(self.built, self._live)
        return weights.by_key(self.built)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in Keras's order."""
        return [np.array(value) for value in self.weights_by_key().values()]

    def set_weights(self, values: Sequence[Any]) -> None:
        """Replace all weights, also while fit runs; raises ShapeError that names the first that does not fit."""
        own = list(self.built.graph.weights)
        if len(values) != len(own):
            raise ShapeError(describe(self.name, "weights", f"a list of {len(own)} arrays", f"{len(values)} arrays"))
        self._take(dict(zip(own, values, strict=True)))

    def _take(self, values: Mapping[str, Any]) -> None:
        weights.take(self.built, self.name, values)
        if self._live is not None:
            params, state = weights.native(self.built, self._live.engine)
            self._live.state = {**self._live.state, "params": params, "state": state}

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

        Class names and preprocessing are told in its metadata. Raises ArgumentError without the extra "export", for
        another format and for a layer of one's own; FileError when the file cannot be written.
        """
        from pellucid.model.exporting import export_onnx

        if format != "onnx":
            raise ArgumentError(describe("export", "format", "'onnx'", repr(format)))
        return export_onnx(self, path)

    def save(self, path: Path) -> None:
        """Write the model, weights and preprocessing to one .safetensors file; raises FileError that says why not."""
        from pellucid.model.files import save_model

        save_model(self, path)

    def save_weights(self, path: Path) -> None:
        """The same file as `save`: it holds the weights by name."""
        self.save(path)

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


def with_batch(shapes: Mapping[str, Any]) -> Any:
    """Shapes with the batch axis; a single one alone."""
    full = {name: (None, *shape) for name, shape in shapes.items()}
    return next(iter(full.values())) if len(full) == 1 else full
