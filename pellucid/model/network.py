"""Network: the part of a model that is there before anything is learnt: graph, layers, tensors, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.protocol import Engine
from pellucid.engines.weight import Weight
from pellucid.errors import ArgumentError, ShapeError, UsageError, describe
from pellucid.graph.build import Built, build
from pellucid.graph.graph import Graph, Nested
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.rebuild import refreshed, replay
from pellucid.graph.selecting import ALL_BUT_HEAD, EVERY, Selection
from pellucid.graph.summary import summarize, table
from pellucid.keys import Key
from pellucid.model import freezing, weights
from pellucid.model.compiled import Compiled
from pellucid.training.callbacks import History
from pellucid.training.events import Progress
from pellucid.training.program import with_weights
from pellucid.training.seed import ROOT
from pellucid.training.session import engine_named

if TYPE_CHECKING:
    from pellucid.model.foreign.matching import WeightsReport


class Network:
    """Layers between input and output tensors. Weights hang on the layers, so networks cut from them share them."""

    kind = "functional"
    name: str
    stop_training = False  # a callback sets it while fit runs
    history: History | None = None
    _stepping: Any = None  # while a train_step of a user's own is at work

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
        self._resting: weights.Resting | None = None  # weights as the last prediction used them
        self._live: Progress | None = None  # while fit runs: where the weights of this moment are
        self.key: Key = ROOT.next_key()
        self.preprocessing: Any = None  # a fitted data.Pipeline, saved with the model
        self.class_names: list[str] | None = None
        self.task: dict[str, Any] | None = None  # name, format, record
        self.input_record: dict[str, Any] | None = None
        self.training_record: dict[str, Any] | None = None
        self.loaded: WeightsReport | None = None  # what load_weights found in its file

    def _construct(
        self, inputs: list[Tensor], outputs: list[Tensor], training_only: Sequence[Tensor] = (),
        keys: tuple[list[str] | None, list[str] | None] = (None, None),
    ) -> None:  # fmt: skip
        self._adopt(build(inputs, outputs, training_only, keys), inputs, outputs, keys)

    def _adopt(
        self, built: Built, inputs: list[Tensor], outputs: list[Tensor],
        keys: tuple[list[str] | None, list[str] | None] = (None, None),
    ) -> None:  # fmt: skip
        """Be this network; `keys` are a user's own words for its inputs and outputs."""
        self._built, graph = built, built.graph
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

    def _build_for(self, x: Any) -> None:
        """A Sequential without an input shape takes it from the first data."""

    @property
    def engine(self) -> Engine:
        """What runs the model: what compile chose, until then what engine='auto' would."""
        return self._compiled.engine if self._compiled else engine_named("auto", "float32", None)

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

    def as_layer(self) -> Layer:
        """The one layer that stands for this model in others."""
        if self._layer is None:
            self._layer = Layer.of(Nested(self.built.graph), self.name if self.name != "model" else None)
            self._layer.inner = self.built.layers
        return self._layer

    def summary(
        self, line_length: Any = None, positions: Any = None, print_fn: Any = None, expand_nested: bool = False,
        show_trainable: bool = False, layer_range: Any = None,
    ) -> None:  # fmt: skip
        """Print the table of layers: output shape, parameters, receptive field; totals below.

        `print_fn` may be passed first; the other words are taken for Keras's sake: the table is as wide as it must be.
        """
        written = print_fn or (line_length if callable(line_length) else print)
        written(table(self.graph))

    def count_params(self) -> int:
        """All parameters, trained or not."""
        return summarize(self.graph).total

    def weights_by_key(self) -> dict[str, np.ndarray]:
        """Every weight by "layer/kernel", in Keras's order; the arrays themselves, not copies."""
        if self._live is not None:
            weights.hang(self.built, self._live)
        return weights.by_key(self.built)

    def at_rest(self, engine: Engine) -> weights.Resting:
        """Parameters and moving statistics of this moment as the engine's arrays, to predict with."""
        if self._live is not None:
            weights.hang(self.built, self._live)
        found = weights.Resting.of(self.built, engine, self._resting)
        self._resting = found if found.seen else None
        return found

    @property
    def weights(self) -> list[np.ndarray]:
        """All weights, in Keras's order; the arrays themselves, not copies."""
        return [Weight.named(value, key, self.graph.weights[key].trainable) for key, value in
                self.weights_by_key().items()]  # fmt: skip

    @property
    def losses(self) -> list[Any]:
        """The penalty of each weight that has one; in a train_step of one's own, their sum as a tensor."""
        if self._stepping is not None:
            found: list[Any] = self._stepping.penalties()
            return found
        bounds = {name: weight.regularizer for name, weight in self.graph.weights.items() if weight.regularizer}
        held = self.weights_by_key() if bounds else {}
        return [np.float32(p.l1 * np.abs(held[name]).sum() + p.l2 * np.square(held[name]).sum())
                for name, p in bounds.items()]  # fmt: skip

    @property
    def loss(self) -> Any:
        """The loss as it was passed to compile, None without one."""
        wanted = getattr(getattr(self, "_compiled", None), "wanted", None)
        return None if wanted is None else wanted.loss

    @property
    def metrics_names(self) -> list[str]:
        """What evaluate tells, in its order, once compiled."""
        compiled = getattr(self, "_compiled", None)
        if compiled is None:
            return []
        objective = compiled.objective_of(self.graph)
        several = [term.name for term in objective.terms if len(objective.terms) > 1]
        return ["loss", *(f"{name}_loss" for name in several), *(measure.name for measure in objective.measures)]

    def reset_metrics(self) -> None:
        """Taken for Keras's sake: compiled metrics begin anew with each epoch and each call."""

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Those that training changes."""
        return self._handed(True)

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """Those that training leaves: moving statistics, and all of frozen layers."""
        return self._handed(False)

    def _handed(self, trainable: bool) -> list[np.ndarray]:
        own = self.graph.weights
        return [Weight.named(value, key, trainable) for key, value in self.weights_by_key().items()
                if own[key].trainable == trainable]  # fmt: skip

    variables, trainable_variables, non_trainable_variables = weights, trainable_weights, non_trainable_weights

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
            self._live.state = with_weights(self._live.engine, self._live.state, params, state)


def with_batch(shapes: Mapping[str, Any]) -> Any:
    """Shapes with the batch axis; a single one alone."""
    full = {name: (None, *shape) for name, shape in shapes.items()}
    return next(iter(full.values())) if len(full) == 1 else full
