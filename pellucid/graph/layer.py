"""Layer: an identity with a name and a spec; Tensor: what a layer gives when it is called.

Two equal layers are two layers; one layer called twice shares its weights. The weights' values hang on the layer, so
all models cut from the same layers share them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from pellucid.errors import ArgumentError, ShapeError, UsageError, describe
from pellucid.errors import shown as quoted
from pellucid.graph.calculating import Calculating
from pellucid.graph.graph import Nested, dilated, fits
from pellucid.graph.holding import BUILD, Holding, handed
from pellucid.spec.base import rules, snake
from pellucid.spec.layer import LayerSpec
from pellucid.spec.legal import Flag, Illegal
from pellucid.spec.reshaping import InputLayer
from pellucid.spec.shapes import Shape, shown

CREATED = itertools.count()
TRAINABLE = Flag()
ON_NUMBERS: list[Callable[..., Any]] = []  # what calls a layer on numbers, once a page that can has been imported
OWN: list[Any] = []  # what makes layers of classes that a user wrote, entered likewise


class Tensor(Calculating):
    """A symbolic result: output number `index` of one call of a layer; `sizes` is its shape without the batch axis.

    `batched` is False of what is the same for all samples, such as a weight: there is no batch axis then.
    """

    def __init__(self, call: Call, index: int, shape: Shape, *, batched: bool = True) -> None:
        self.call = call
        self.index = index
        self.sizes = shape
        self.batched = batched

    @property
    def shape(self) -> Shape:
        """The shape with the batch axis, as Keras shows it: (None, 28, 28, 1)."""
        return (None, *self.sizes) if self.batched else self.sizes

    @property
    def name(self) -> str:
        """The name of the layer that gave it."""
        return self.call.layer.name or self.call.layer.label

    def now(self) -> Tensor:
        """The tensor itself; a variable of an update, which is assigned to, gives the one that it is by now."""
        return self

    def __repr__(self) -> str:
        return f"<Tensor {self.shape} of {self.call.layer.label}>"


class Call:
    """One call of a layer on tensors; `predicting`: with training=False, so in training too as afterwards.

    dilation: of this call, where it is not as the layer says.
    """

    def __init__(self, layer: Layer, inputs: tuple[Tensor, ...], *, predicting: bool = False,
                 dilation: int | None = None) -> None:  # fmt: skip
        self.layer = layer
        self.inputs = inputs
        self.predicting, self.dilation = predicting, dilation
        shapes = layer.output_shapes([tensor.sizes for tensor in inputs], dilation)
        batched = layer.spec.has_batch([tensor.batched for tensor in inputs])
        self.outputs = tuple(Tensor(self, index, shape, batched=batched) for index, shape in enumerate(shapes))


def without_batch(given: Any) -> list[Shape]:
    """The shape of one input, or those of several, without the batch axis."""
    several = bool(given) and isinstance(given[0], (list, tuple))
    return [tuple(shape[1:]) for shape in (given if several else [given])]


def of_own() -> Any:
    """What makes layers of classes that a user wrote; raises UsageError before a page that can has been imported."""
    if not OWN:
        raise UsageError("a layer of one's own: import pellucid.layers first.")
    return OWN[0]


class LayerHelp:
    """The signature or docstring of a layer class, read off its description when asked."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is not None and self.what == "signature":
            raise AttributeError("__signature__")  # that of a call
        from pellucid.spec import telling  # imported for help alone

        return getattr(telling, f"{self.what}_of_layer")(owner)


class Layer(Holding):
    """A layer of a network; subclasses name their spec, whose arguments they take.

    `name` is unique in a model and has no '/'; `trainable=False` freezes the layer; `input_shape` (without the batch
    axis) is for the first layer of a Sequential.
    """

    spec_class: ClassVar[type[LayerSpec]]
    input_shape: Shape | None = None

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if "spec_class" in vars(cls):  # help() shows every argument of the description
            cls.__signature__ = LayerHelp("signature")  # type: ignore[attr-defined]
            cls.__doc__ = LayerHelp("doc")  # type: ignore[assignment]

    def __init__(
        self,
        *args: Any,
        name: str | None = None,
        trainable: bool = True,
        input_shape: Sequence[int | None] | None = None,
        **arguments: Any,
    ) -> None:
        if self.own or not hasattr(type(self), "spec_class"):
            of_own().start(self, name, trainable, arguments)
            self.input_shape = None if input_shape is None else tuple(input_shape)
            return
        self._start(self._describe(args, arguments), name, trainable)
        if input_shape is None and "input_dim" in arguments:
            input_shape = (arguments["input_dim"],)
        self.input_shape = None if input_shape is None else InputLayer(input_shape).shape  # type: ignore[arg-type]

    def _start(self, spec: LayerSpec, name: str | None, trainable: bool) -> None:
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ArgumentError(describe(type(self).__name__, "name", "a word without '/'", repr(name)))
        self.spec = spec
        self.given_name = name
        self.name = name
        self._train(trainable)
        self.created = next(CREATED)
        self.held: dict[str, Any] = {}  # short name -> array or Undrawn; empty until a model is built
        self.inner: tuple[Layer, ...] = ()  # the layers of a sub-model, in its graph's order
        self.calls: list[Call] = []

    @property
    def trainable(self) -> bool:
        """Whether the layer's weights are trained; set it before compile, as in Keras."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._train(value)

    def _train(self, value: Any) -> None:
        try:
            self._trainable = TRAINABLE.check(value)
        except Illegal:
            where = self.label if "spec" in vars(self) else type(self).__name__
            raise ArgumentError(describe(where, "trainable", TRAINABLE.wanted, quoted(repr(value)))) from None

    def __setattr__(self, name: str, value: Any) -> None:
        spec = vars(self).get("spec")
        if spec is not None and name in rules(type(spec)):
            kind = type(spec).__name__
            remedy = f"Make a new layer: {kind}({name}=...)."
            raise ArgumentError(f"{self.label}: {name} does not change once the layer is made. {remedy}")
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        spec = vars(self).get("spec")
        if name in vars(self).get("held", ()):  # kernel, bias ...
            return handed(self, name)
        if name == "kernel" and "depthwise_kernel" in vars(self).get("held", ()):
            return self.depthwise_kernel  # Keras's name for it, where there is no other kernel
        if name == "bias" and getattr(spec, "use_bias", True) is False:
            return None
        if spec is None or name not in rules(type(spec)):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return getattr(spec, name)

    def _describe(self, args: tuple[Any, ...], arguments: dict[str, Any]) -> LayerSpec:
        fields = {word: value for word, value in arguments.items() if word not in ("input_dim", "dtype")}
        known = rules(self.spec_class)
        for word in fields:
            if word not in known:
                listed = ", ".join([*known, "name", "trainable", "input_shape"])
                raise ArgumentError(f"{type(self).__name__}: unknown argument '{word}'; known are: {listed}.")
        return self.spec_class(*args, **fields)

    @classmethod
    def of(cls, spec: LayerSpec, name: str | None = None, *, trainable: bool = True) -> Layer:
        """The layer of a spec, as a file gives it."""
        layer = cls.__new__(cls)
        layer._start(spec, name, trainable)
        return layer

    @property
    def label(self) -> str:
        """How messages name the layer: conv2d 'stem'."""
        return f"{self.prefix} '{self.name}'" if self.name else self.prefix

    @property
    def prefix(self) -> str:
        """What a layer without a name is called after: its kind, or the class that a user wrote."""
        return snake(type(self).__name__) if self.own else self.spec.prefix

    @property
    def own(self) -> bool:
        """Whether a user wrote what the layer does, as a class with `call`."""
        return type(self).call is not Layer.call

    def output_shapes(self, inputs: Sequence[Shape], dilation: int | None = None) -> tuple[Shape, ...]:
        """The outputs' shapes; raises ShapeError that names the layer."""
        if isinstance(self.spec, Nested):
            return self._nested_shapes(self.spec, inputs)
        fewest, most = self.spec.arity
        if len(inputs) < fewest or (most is not None and len(inputs) > most):
            wanted = f"{fewest}" if fewest == most else f"at least {fewest}"
            remedy = "Pass a list of tensors." if fewest > 1 else ""
            raise ShapeError(describe(self.label, "the number of inputs", wanted, len(inputs), remedy))
        outputs = (dilated(self.spec, dilation).output_shape(inputs, self.label),)
        if self.calls:
            self._refuse_other_weights(inputs)
        return outputs

    def _refuse_other_weights(self, inputs: Sequence[Shape]) -> None:
        first = [tensor.sizes for tensor in self.calls[0].inputs]
        shapes = [[w.shape for w in self.spec.weight_specs(given, self.label)] for given in (first, inputs)]
        if shapes[0] != shapes[1]:
            listed = [", ".join(shown(shape) for shape in given) for given in (first, inputs)]
            wanted = f"such that the weights made for {listed[0]} fit"
            raise ShapeError(describe(self.label, "input", wanted, listed[1], "Use two layers."))

    def _nested_shapes(self, spec: Nested, inputs: Sequence[Shape]) -> tuple[Shape, ...]:
        wanted = tuple(spec.graph.input_shapes.values())
        if len(wanted) != len(inputs):
            raise ShapeError(describe(self.label, "the number of inputs", str(len(wanted)), len(inputs)))
        for shape, given in zip(wanted, inputs, strict=True):
            if not fits(shape, given):
                raise ShapeError(describe(self.label, "input", shown(shape), shown(given)))
        return tuple(spec.graph.output_shapes.values())

    def __call__(self, inputs: Tensor | Sequence[Tensor] | Mapping[str, Tensor], *args: Any, **named: Any) -> Any:
        """The layer's output tensor for symbolic inputs; for numbers the numbers that it gives.

        In a network the engine knows whether it trains; with training=False this call does as in prediction always:
        no noise, and moving statistics that stay. With dilation_rate=d a layer that has one looks d pixels apart in
        this call, with the same weights.
        """
        if self.own:
            return of_own().called(self, (inputs, *args), named)
        tensors = self._listed(inputs)
        if not any(isinstance(tensor, Tensor) for tensor in tensors) and (tensors or self.spec.arity != (0, 0)):
            return self._on_numbers(inputs, args, named)
        self._refuse_arguments(args, named)
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                remedy = "Pass numbers alone, or pellucid.ops.convert_to_tensor(numbers) beside tensors."
                got = type(tensor).__name__
                raise ArgumentError(describe(self.label, "inputs", "tensors from Input or a layer", got, remedy))
        self.calls.append(Call(self, tensors, predicting=named.get("training") is False,
                               dilation=self._dilation(named)))  # fmt: skip
        outputs = self.calls[-1].outputs
        return outputs[0] if len(outputs) == 1 else list(outputs)

    @property
    def built(self) -> bool:
        """Whether the layer knows its inputs; a layer of one's own may set it at the end of its build."""
        return bool(vars(self).get("_has_built", self.held or self.calls))

    @built.setter
    def built(self, value: bool) -> None:
        vars(self)["_has_built"] = bool(value)

    @property
    def output_shape(self) -> Any:
        """The shape of the output with the batch axis; raises UsageError unless the layer was called once."""
        shapes = [tensor.shape for tensor in self._only_call().outputs]
        return shapes[0] if len(shapes) == 1 else shapes

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape, or of these, batch axis included.

        A layer of one's own writes it, with add_weight.
        """
        if not self.own and BUILD:
            BUILD[0](self, without_batch(input_shape))
            self.built = True

    def call(self, inputs: Any, *args: Any, **named: Any) -> Any:
        """What the layer makes of its inputs; a class of one's own writes it, and it is run once, with tensors."""
        return self(inputs, *args, **named)

    def add_weight(
        self, shape: Any = None, initializer: Any = None, dtype: Any = None, trainable: bool = True,
        regularizer: Any = None, constraint: Any = None, name: str | None = None, **ignored: Any,
    ) -> Tensor:  # fmt: skip
        """A weight of a layer of one's own, for __init__ or build; a tensor without a batch axis."""
        found: Tensor = of_own().add_weight(self, shape, initializer, trainable, regularizer, constraint, name)
        return found

    def add_loss(self, loss: Any) -> None:
        """Refused: a loss belongs to an output."""
        remedy = "Return the value as a second output and give it a loss, or pass regularizer= to add_weight."
        raise UsageError(f"{self.label}: add_loss is not there. {remedy}")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output, batch axis included, for inputs of this shape, or of these."""
        if self.own:
            return of_own().output_shape(self, input_shape)
        found = [(None, *shape) for shape in self.output_shapes(without_batch(input_shape))]
        return found[0] if len(found) == 1 else found

    def _on_numbers(self, inputs: Any, args: Any, named: Any) -> Any:
        """What the layer gives for numbers; the room that can calculate enters itself here."""
        if not ON_NUMBERS:
            remedy = "For numbers, import pellucid.layers."
            raise ArgumentError(describe(self.label, "inputs", "tensors from Input or a layer", "numbers", remedy))
        return ON_NUMBERS[0](self, inputs, *args, **named)

    def _refuse_arguments(self, args: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Raise ArgumentError for what a call in a network does not take."""
        known = ("training", "dilation_rate") if hasattr(self.spec, "dilation_rate") else ("training",)
        unknown = [word for word in named if word not in known] + ["a second argument" for _ in args[:1]]
        if unknown:
            wanted = "the inputs, and " + " and ".join(known)
            raise ArgumentError(describe(self.label, "arguments of a call", wanted, unknown[0]))

    def _dilation(self, named: Mapping[str, Any]) -> int | None:
        """The dilation of one call, where it is given. Raises ArgumentError for one that is no whole number."""
        given = named.get("dilation_rate")
        if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 1):
            raise ArgumentError(describe(self.label, "dilation_rate of a call", "a whole number >= 1", repr(given)))
        return given

    def _listed(self, inputs: Any) -> tuple[Any, ...]:
        """The inputs in order: a sub-model takes a mapping by the names of its inputs."""
        if isinstance(inputs, (list, tuple)):
            return tuple(inputs)
        if not isinstance(inputs, Mapping):
            return (inputs,)
        names = list(self.spec.graph.input_shapes) if isinstance(self.spec, Nested) else list(inputs)
        if set(names) != set(inputs):
            got = ", ".join(map(repr, inputs))
            raise ArgumentError(describe(self.label, "inputs", f"keyed by {', '.join(names)}", got))
        return tuple(inputs[name] for name in names)

    def _only_call(self) -> Call:
        if len(self.calls) != 1:
            times = "not been called yet" if not self.calls else f"been called {len(self.calls)} times"
            raise UsageError(f"{self.label} has {times}, so it has no one input and output. Keep the tensors you made.")
        return self.calls[0]

    @property
    def input(self) -> Any:
        """The tensor (or list) the layer was called on; raises UsageError unless it was called once."""
        tensors = self._only_call().inputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    @property
    def output(self) -> Any:
        """The tensor (or list) the layer gave, to cut a model from; raises UsageError unless it was called once."""
        tensors = self._only_call().outputs
        return tensors[0] if len(tensors) == 1 else list(tensors)

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments as JSON-ready data."""
        own = {} if self.own else self.spec.to_config()
        return {"name": self.name, "trainable": self.trainable, **own}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The layer that `get_config` told of."""
        return cls(**{word: value for word, value in config.items() if word not in ("type", "dtype")})

    def __repr__(self) -> str:
        return f"<{type(self.spec).__name__} {self.name or ''}>"
