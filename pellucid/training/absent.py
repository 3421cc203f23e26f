"""What Pellucid does without of Keras's: a program may import it; making one says what to use instead."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError

SEQUENCES = "Layers of sequences, words and masks are not there yet; Pellucid learns from pictures and rows."
VOLUMES = "Maps of three axes are not there; Pellucid learns from pictures. Take slices as channels of Conv2D."
CHANGED = "Use pellucid train --augment {}, or RandomColorJitter, RandomRotation and RandomErasing."
INSTEAD = {
    "ActivityRegularization": "Give the output that is penalised a loss of its own, or use kernel_regularizer.",
    "CallbackList": "Pass fit, evaluate and predict a plain list of callbacks.",
    "custom_object_scope": "Leave it out: a file holds no code, so a model loads without its classes.",
    "CustomObjectScope": "Leave it out: a file holds no code, so a model loads without its classes.",
    "deserialize_keras_object": "Use from_config of the class, or load_model.",
    "get_custom_objects": "Leave it out: a file holds no code, so a model loads without its classes.",
    "Lambda": "A file holds no code; write a class with call, or use the functions of pellucid.ops on tensors.",
    "LossScaleOptimizer": "Numbers of 16 bits with a loss scale are not trained; compile with precision='bfloat16'.",
    "model_to_dot": "Use plot_model(model, 'model.svg'), which draws without Graphviz.",
    "OrbaxCheckpoint": "Use ModelCheckpoint(...).",
    "Progbar": "Pass fit verbose=1.",
    "ProgbarLogger": "Pass fit verbose=1.",
    "RandAugment": CHANGED.format("saturation=0.4,hue=0.1,sharpen=1"),
    "RemoteMonitor": "Nothing is sent over the network; write your own Callback.",
    "serialize_keras_object": "Use get_config of the object, or model.save.",
    "SpectralNormalization": "Use kernel_constraint=constraints.UnitNorm(), or MaxNorm(...).",
    "split_dataset": "Pass fit validation_split.",
    "SwapEMAWeights": "Leave it out: with use_ema=True the averaged weights are what is evaluated and saved.",
    "text_dataset_from_directory": "Pellucid learns from pictures and numbers.",
    "timeseries_dataset_from_array": "Cut windows with numpy.lib.stride_tricks.sliding_window_view.",
    **dict.fromkeys([
        "AdditiveAttention", "Attention", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "CTC",
        "ctc", "Embedding", "GroupQueryAttention", "GRU", "GRUCell", "IntegerLookup", "LSTM", "LSTMCell",
        "Masking", "MultiHeadAttention", "RNN", "SimpleRNN", "SimpleRNNCell", "StackedRNNCells",
        "StringLookup", "TextVectorization", "TimeDistributed",
    ], SEQUENCES),
    **dict.fromkeys([
        "AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D", "AveragePooling3D", "AvgPool3D", "Conv3D",
        "Conv3DTranspose", "Convolution3D", "Convolution3DTranspose", "MaxPool3D", "MaxPooling3D",
    ], VOLUMES),
}


def stand_in(page: str, name: str) -> type:
    """A class of that name that refuses to be made; raises AttributeError for a name Keras does not have either."""
    if name not in INSTEAD:
        raise AttributeError(f"module '{page}' has no attribute '{name}'")

    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise ArgumentError(f"{name} is not part of Pellucid. {INSTEAD[name]}")

    return type(name, (), {"__init__": refuse, "__doc__": f"Not part of Pellucid. {INSTEAD[name]}"})


def registered(package: Any = "Custom", name: Any = None) -> Any:
    """Taken for Keras's sake: a file holds no code, so a class needs no name in it; it is handed back as it is."""
    return package if isinstance(package, type) else lambda owner: owner
