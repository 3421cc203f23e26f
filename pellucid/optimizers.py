"""Update rules and learning-rate schedules, with Keras's formulas and defaults."""

from pellucid.spec import schedules
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

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "RMSprop", "newton", "schedules",
]  # fmt: skip
