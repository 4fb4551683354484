"""Gradient checks: does ``backward`` compute the derivative of ``forward``?

    from scratchnet.gradient_check import check_layer

    report = check_layer(MyLayer(units=5), input_shape=(4, 6))
    print(report)

Every entry of every gradient is compared with a difference quotient under a random upstream gradient; the report says
what is wrong, where, and what the mistake looks like. It also checks what a layer promises beside its gradients, such
as not to change its input. How it works is told in ``differences.py``, ``kinks.py`` and ``contract.py``, in this order.
"""

from scratchnet.gradient_check.check_layers import check_layer
from scratchnet.gradient_check.check_losses import check_loss
from scratchnet.gradient_check.check_models import check_model
from scratchnet.gradient_check.report import Report

__all__ = ["Report", "check_layer", "check_loss", "check_model"]
