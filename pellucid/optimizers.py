"""Update rules and learning-rate schedules, with Keras's formulas and defaults."""

from pellucid.spec import schedules
from pellucid.spec.optimizers import SGD, Adagrad, Adam, RMSprop, newton

__all__ = ["SGD", "Adagrad", "Adam", "RMSprop", "newton", "schedules"]
