"""For test files: assert that gradients are right.

from scratchnet.testing import assert_gradients

def test_my_layer():
    assert_gradients(MyLayer(units=5), input_shape=(4, 6))
"""

from __future__ import annotations

from typing import Any

from scratchnet.gradient_check import Report, check_layer, check_loss, check_model
from scratchnet.losses import Loss
from scratchnet.models import Model


def assert_gradients(subject: Any, *arguments: Any, **options: Any) -> Report:
    """Check a layer, a loss or a model, and raise with the whole report if anything is wrong.

    Args:
        subject: a layer (then ``input_shape`` follows), a loss, or a model (then ``x`` and ``y`` follow).
        arguments, options: as for ``check_layer``, ``check_loss`` or ``check_model``.

    Returns:
        The report.

    Raises:
        AssertionError: if the check fails; the message is the report.
    """
    if isinstance(subject, Model):
        report = check_model(subject, *arguments, **options)
    elif isinstance(subject, Loss):
        report = check_loss(subject, *arguments, **options)
    else:
        report = check_layer(subject, *arguments, **options)
    if not report.passed:
        raise AssertionError(f"\n{report}")
    return report
