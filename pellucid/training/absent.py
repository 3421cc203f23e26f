"""What Pellucid does without of Keras's: a program may import it; making one says what to use instead."""

from __future__ import annotations

from typing import Any

from pellucid.errors import ArgumentError

INSTEAD = {
    "CallbackList": "Pass fit, evaluate and predict a plain list of callbacks.",
    "Lambda": "A file holds no code; write a class with call, or use the functions of pellucid.ops on tensors.",
    "LossScaleOptimizer": "Numbers of 16 bits with a loss scale are not trained; compile with precision='bfloat16'.",
    "OrbaxCheckpoint": "Use ModelCheckpoint(...).",
    "ProgbarLogger": "Pass fit verbose=1.",
    "RemoteMonitor": "Nothing is sent over the network; write your own Callback.",
    "SwapEMAWeights": "Leave it out: with use_ema=True the averaged weights are what is evaluated and saved.",
    "CustomObjectScope": "Leave it out: a file holds no code, so a model loads without its classes.",
    "Progbar": "Pass fit verbose=1.",
    "custom_object_scope": "Leave it out: a file holds no code, so a model loads without its classes.",
    "deserialize_keras_object": "Use from_config of the class, or load_model.",
    "get_custom_objects": "Leave it out: a file holds no code, so a model loads without its classes.",
    "model_to_dot": "Use plot_model(model, 'model.svg'), which draws without Graphviz.",
    "serialize_keras_object": "Use get_config of the object, or model.save.",
    "split_dataset": "Pass fit validation_split.",
    "text_dataset_from_directory": "Pellucid learns from pictures and numbers.",
    "timeseries_dataset_from_array": "Cut windows with numpy.lib.stride_tricks.sliding_window_view.",
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
