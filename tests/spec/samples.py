"""For every spec of every table: arguments it can be made with, so that the tests can spoil one at a time."""

from __future__ import annotations

from typing import Any

from pellucid.graph.graph import Graph
from pellucid.graph.vocabulary import Dense, Input
from pellucid.model import Model
from pellucid.spec.base import Spec, Table
from pellucid.spec.constraints import CONSTRAINTS
from pellucid.spec.initializers import INITIALIZERS
from pellucid.spec.layer import LAYERS
from pellucid.spec.losses import LOSSES, METRICS
from pellucid.spec.optimizers import OPTIMIZERS
from pellucid.spec.quantizers import QUANTIZERS
from pellucid.spec.regularizers import REGULARIZERS
from pellucid.spec.schedules import SCHEDULES, ExponentialDecay

TABLES: tuple[Table[Any], ...] = (
    LAYERS, LOSSES, METRICS, OPTIMIZERS, SCHEDULES, INITIALIZERS, REGULARIZERS, CONSTRAINTS,
    QUANTIZERS,
)  # fmt: skip


def small_graph() -> Graph:
    """A sub-model's graph."""
    x = Input((3,))
    return Model(x, Dense(2, name="inner")(x)).graph


REQUIRED: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 3, "target_class_ids": (0, 2)},
    "MeanIoU": {"num_classes": 3},
    "MeanOfLoss": {"loss": "mse"},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": (0, 2)},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "TracedRule": {"name": "own", "kept_beside": (("momentum", 0.0),), "graphs": (small_graph(),)},
    "TracedLoss": {"graphs": (small_graph(),)},
    "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"bin_boundaries": (0.0, 1.0)},
    "EinsumDense": {"equation": "...x,xy->...y", "partial_output_shape": 3},
    "AlphaDropout": {"rate": 0.2},
    "GaussianDropout": {"rate": 0.2},
    "GaussianNoise": {"stddev": 0.2},
    "SpatialDropout1D": {"rate": 0.2},
    "SpatialDropout2D": {"rate": 0.2},
    "SpatialDropout3D": {"rate": 0.2},
    "AdaptiveAveragePooling2D": {"output_size": (2, 3)},
    "AdaptiveMaxPooling2D": {"output_size": (2, 3)},
    "AdaptiveAveragePooling1D": {"output_size": 2},
    "AdaptiveMaxPooling1D": {"output_size": 2},
    "CenterCrop": {"height": 4, "width": 3},
    "Resizing": {"height": 4, "width": 3},
    "RandomCrop": {"height": 4, "width": 3},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": (0.0, 0.1)},
    "RandomRotation": {"factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "RandomContrast": {"factor": 0.2},
    "RandomBrightness": {"factor": 0.2},
    "RandomColorDegeneration": {"factor": 0.2},
    "RandomHue": {"factor": 0.2},
    "RandomSaturation": {"factor": 0.2},
    "Conv1D": {"filters": 4, "kernel_size": 3},
    "Conv1DTranspose": {"filters": 4, "kernel_size": 3},
    "DepthwiseConv1D": {"kernel_size": 3},
    "Dot": {"axes": 1},
    "RepeatVector": {"n": 2},
    "SeparableConv1D": {"filters": 4, "kernel_size": 3},
    "ArgReduce": {"function": "argmax"},
    "Binary": {"function": "add"},
    "BroadcastTo": {"shape": (2, 3)},
    "ConstantValue": {"value": ((1.0, 2.0), (3.0, 4.0))},
    "Cumulative": {"function": "cumsum"},
    "Einsum": {"equation": "bij,bjk->bik", "shared": (False, False)},
    "OneHot": {"classes": 3},
    "Pad": {"widths": ((1, 2), (0, 1))},
    "Permute": {"dims": (2, 1)},
    "Reduce": {"function": "sum", "axes": (1, 2)},
    "Repeat": {"repeats": 2},
    "Slice": {"places": (1, (None, 3, 2))},
    "SoftmaxAlong": {"axes": (1,)},
    "Take": {"indices": (2, 0)},
    "TopK": {"k": 2},
    "Unary": {"function": "exp"},
    "Variable": {"shape": (3, 4)},
    "Activation": {"activation": "relu"},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "Conv2D": {"filters": 4, "kernel_size": 3},
    "Conv2DTranspose": {"filters": 4, "kernel_size": 3},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "Dense": {"units": 4},
    "QuantConv2D": {"filters": 4, "kernel_size": 3, "kernel_quantizer": "magnitude_aware_sign",
                    "kernel_constraint": "weight_clip"},
    "QuantDense": {"units": 4},
    "QuantDepthwiseConv2D": {"kernel_size": 3, "depthwise_quantizer": "approx_sign", "input_quantizer": "ste_sign"},
    "DepthwiseConv2D": {"kernel_size": 3},
    "Dropout": {"rate": 0.5},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    "InputLayer": {"shape": (8, 8, 1)},
    "InverseSquareRootDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5},
    "Nested": {"graph": small_graph()},
    "OneCycle": {"max_learning_rate": 0.1, "total_steps": 10},
    "PiecewiseConstantDecay": {"boundaries": (3,), "values": (0.1, 0.01)},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "Rescaling": {"scale": 0.5},
    "Reshape": {"target_shape": (2, -1)},
    "RisingCosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "SeparableConv2D": {"filters": 4, "kernel_size": 3},
    "Temperature": {"value": 1.5},
    "WarmUp": {"learning_rate": 0.1, "warmup_steps": 3},
}

# Beside the defaults: values that take another stored form (a pair from a number, a spec from a word, a schedule).
OTHERS: dict[str, dict[str, Any]] = {
    "Adam": {"learning_rate": ExponentialDecay(0.1, 5, 0.5), "amsgrad": True},
    "AdamW": {"weight_decay": 0.1, "global_clipnorm": 1, "use_ema": True, "undecayed": ["bias"]},
    "SGD": {"weight_decay": 0.1, "clipvalue": 1, "gradient_accumulation_steps": 4, "ema_momentum": 0.9},
    "PiecewiseConstantDecay": {"boundaries": [3, 9], "values": [0.1, 0.01, 0]},
    "WarmUp": {"learning_rate": ExponentialDecay(0.1, 5, 0.5)},
    "Conv2D": {"strides": 2, "padding": (1, 2), "activation": "leaky_relu", "kernel_initializer": "he_normal",
               "kernel_regularizer": "l2", "bias_regularizer": None},
    "Dense": {"activation": {"type": "ELU", "alpha": 0.5}, "use_bias": False, "kernel_regularizer": "l1"},
    "InputLayer": {"shape": (None, None, 3)},
    "PReLU": {"shared_axes": (1, 2)},
    "ZeroPadding2D": {"padding": ((1, 2), (3, 4))},
}  # fmt: skip


def arguments_of(owner: type[Spec]) -> dict[str, Any]:
    """Legal arguments of a spec."""
    return dict(REQUIRED.get(owner.__name__, {}))


def every_spec() -> list[type[Spec]]:
    """All of all tables, without what other tests have registered."""
    return [owner for table in TABLES for owner in table if owner.__module__.startswith("pellucid.")]


def table_of(owner: type[Spec]) -> Table[Any]:
    """The table a spec stands in."""
    return next(table for table in TABLES if owner in tuple(table))
