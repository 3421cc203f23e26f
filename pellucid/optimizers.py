"""Update rules and learning-rate schedules, with Keras's formulas and defaults; `apply` moves numbers."""

from pellucid.eager.own_rules import Optimizer
from pellucid.eager.rules import deserialize, get, serialize
from pellucid.spec import schedules
from pellucid.spec.matrix_rules import Adafactor, Muon
from pellucid.spec.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lion,
    Nadam,
    RMSprop,
    newton,
)
from pellucid.training.absent import stand_in

__all__ = [
    "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Muon", "Nadam", "Optimizer",
    "RMSprop", "deserialize", "get", "newton", "schedules", "serialize",
]  # fmt: skip


def __getattr__(name: str) -> type:
    """Keras's other rules: importing one is fine, making one says what to use instead."""
    return stand_in(__name__, name)
