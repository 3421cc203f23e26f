"""What may happen beside learning: stop early, save, log, change the rate, or anything you write."""

from pellucid.training.callbacks import (
    Callback,
    CSVLogger,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
)
from pellucid.training.stages import Unfreeze
from pellucid.training.stopping import EarlyStopping, ReduceLROnPlateau

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "Unfreeze",
]
