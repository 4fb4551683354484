"""Stop quietly when the loss is no number any more."""

from __future__ import annotations

from scratchnet.callbacks.callback import Callback
from scratchnet.callbacks.checks import switch
from scratchnet.utils.screen import say


class TerminateOnNaN(Callback):
    """End ``fit`` where it would raise ``NonFiniteError``: at a loss or a gradient that is NaN or infinite.

    The step that it comes from has not been taken: parameters are those before it. The epoch is recorded, with a loss
    of NaN, and ``model.stop_training`` is True.

    Args:
        raise_error: whether to raise Keras's ``RuntimeError`` instead; the ``NonFiniteError`` is its cause, and says
            more.

    Raises:
        ValueError: if ``raise_error`` is no switch.
        RuntimeError: in ``fit``, if asked to.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = switch(self, "raise_error", raise_error)

    def _ends_at(self, error: ArithmeticError, batch: int) -> bool:
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}: {error} Terminating training immediately."
            ) from error
        say(f"Batch {batch}: Invalid loss, terminating training\n")
        self.model.stop_training = True
        return True
