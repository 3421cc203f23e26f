"""What may happen beside learning: stop early, save, log, change the rate, or anything you write."""

from pellucid.training.absent import stand_in
from pellucid.training.backup import BackupAndRestore, TerminateOnNaN
from pellucid.training.callback import Callback, LambdaCallback
from pellucid.training.callbacks import History, LearningRateScheduler
from pellucid.training.checkpoints import CSVLogger, ModelCheckpoint
from pellucid.training.stages import Unfreeze
from pellucid.training.stopping import EarlyStopping, ReduceLROnPlateau
from pellucid.training.tensorboard import TensorBoard

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
    "Unfreeze",
]


def __getattr__(name: str) -> type:
    """Keras's other callbacks: importing one is fine, making one says what to use instead."""
    return stand_in(__name__, name)
