"""Callbacks: code of your own, called at fixed points of ``fit``, ``evaluate`` and ``predict``.

    fit → callbacks.on_epoch_end(epoch, logs) → each callback in order, on the same ``logs``

Names, arguments and hooks are Keras's. ``logs`` is a dict of floats; what one callback adds to it the next one sees,
and ``History``, which comes last, records.
"""

from scratchnet.callbacks.backup_and_restore import BackupAndRestore
from scratchnet.callbacks.callback import Callback
from scratchnet.callbacks.callback_list import CallbackList
from scratchnet.callbacks.csv_logger import CSVLogger
from scratchnet.callbacks.early_stopping import EarlyStopping
from scratchnet.callbacks.history import History
from scratchnet.callbacks.lambda_callback import LambdaCallback
from scratchnet.callbacks.learning_rate_scheduler import LearningRateScheduler
from scratchnet.callbacks.model_checkpoint import ModelCheckpoint
from scratchnet.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from scratchnet.callbacks.terminate_on_nan import TerminateOnNaN
from scratchnet.errors import nothing_else

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]


__getattr__ = nothing_else("callback", __name__)
