"""A mistake is explained, not just detected: each kind of mistake gets its sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scratchnet.gradient_check import Report, check_layer
from scratchnet.layers import Conv2D, Dense, ReLU

IMAGE = (3, 6, 7, 2)


def text(report: Report) -> str:
    """Return what is printed, without its line breaks."""
    return " ".join(str(report).split())


def check_dense(mistake: Callable[[Any, Any], Any], shape: tuple[int, int] = (4, 6), units: int = 5) -> Report:
    """Check a Dense whose gradients ``mistake(layer, dx)`` spoils; it returns the new dx or None."""

    class Wrong(Dense):
        def backward(self, dy: Any) -> Any:
            dx = super().backward(dy)
            spoilt = mistake(self, dx)
            return dx if spoilt is None else spoilt

    return check_layer(Wrong(units, activation="tanh"), shape)


def check_conv(mistake: Callable[[Any, Any], Any], **options: Any) -> Report:
    class Wrong(Conv2D):
        def backward(self, dy: Any) -> Any:
            dx = super().backward(dy)
            spoilt = mistake(self, dx)
            return dx if spoilt is None else spoilt

    return check_layer(Wrong(3, 3, **options), IMAGE)


def scale_kernel(factor: float) -> Callable[[Any, Any], None]:
    def mistake(layer: Any, dx: Any) -> None:
        layer.grads["kernel"] *= factor

    return mistake


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (0.25, "0.25 = 1/N, at every wrong entry: a layer sums over the batch"),
        (4.0, "times 4 = N, at every wrong entry"),
        (2.0, "times 2, at every wrong entry: something is added twice"),
        (-1.0, "times -1, at every wrong entry: the sign is turned round"),
        (1 / 16, "1/N²"),
        (0.3, "times 0.3, at every wrong entry."),
        (0.0, "Backward says zero there: was it ever written?"),
    ],
)
def test_a_constant_factor_is_named(factor: float, words: str) -> None:
    report = check_dense(scale_kernel(factor))
    assert words in text(report)
    assert "30 of 30 entries are wrong: everywhere." in text(report)


def test_the_mean_over_places_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        layer.grads["bias"] /= 3 * 4 * 5

    assert "1/(N·OH·OW)" in text(check_conv(mistake))


def test_a_transpose_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        layer.grads["kernel"][...] = layer.grads["kernel"].T.copy()

    assert "right if transposed: the axes d and u are swapped" in text(check_dense(mistake, (4, 5)))


def test_a_transpose_of_another_shape_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        layer.grads["kernel"][...] = layer.grads["kernel"].T.copy().reshape(6, 5)

    assert "laid out as if the axes d and u were swapped" in text(check_dense(mistake))


def test_a_flip_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        layer.grads["kernel"][...] = layer.grads["kernel"][::-1, ::-1].copy()

    assert "right if flipped along kh and kw" in text(check_conv(mistake))


def test_a_shift_is_named() -> None:
    report = check_conv(lambda layer, dx: np.roll(dx, 1, axis=2))
    assert "right if shifted by 1 along w, towards lower indices" in text(report)


def test_one_channel_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        dx[..., 1] *= 3

    report = check_conv(mistake)
    assert "126 of 252 entries are wrong: all those at channel c=1; the rest is right." in text(report)


def test_one_sample_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        dx[2] *= 3

    assert "all those at sample n=2" in text(check_dense(mistake))


def test_a_row_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        dx[:, -1] = 0

    assert "all those at the last row (h=5)" in text(check_conv(mistake))


def test_the_border_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        inside = dx[:, 1:-1, 1:-1].copy()
        dx *= 2
        dx[:, 1:-1, 1:-1] = inside

    assert "all of them within 1 pixel of the image's border" in text(check_conv(mistake, padding="same"))


def test_a_single_entry_is_named_with_both_numbers() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        dx[1, 2] += 1

    report = check_dense(mistake)
    tensor = report.tensors[0]
    assert tensor.worst_index == (1, 2)
    assert tensor.analytic[tensor.worst] - tensor.estimate.value[tensor.worst] == pytest.approx(1)
    assert "1 of 24 entries is wrong" in text(report)
    assert "Worst at [n=1, d=2]" in text(report)


def test_what_is_right_narrows_down_what_is_wrong() -> None:
    report = check_dense(scale_kernel(2))
    assert "dx and dbias are right" in report.conclusion
    assert report.conclusion.endswith("look at the line that computes dkernel.")


def test_when_all_is_wrong_the_common_cause_is_named() -> None:
    class Wrong(Dense):
        def backward(self, dy: Any) -> Any:
            return super().backward(dy * 3)

    assert "No gradient is right: look first at what they share" in check_layer(Wrong(5), (4, 6)).conclusion


def test_a_parameter_that_forward_does_not_read_is_named() -> None:
    class Stale(Dense):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.stale = self.params["kernel"].copy()

        def forward(self, x: Any, training: bool = False) -> Any:
            super().forward(x)
            return x @ self.stale.copy()

    assert 'in place of self.params["kernel"]?' in text(check_layer(Stale(5, use_bias=False), (4, 6)))


def test_a_wrong_shape_is_named() -> None:
    report = check_dense(lambda layer, dx: dx.T.copy())
    assert "dx has the shape (6, 4), but x has (4, 6): its axes are in the wrong order." in text(report)


def test_nan_is_named() -> None:
    report = check_dense(lambda layer, dx: dx * np.nan)
    assert "It is NaN there." in text(report)
    assert not report.passed


def test_a_shift_along_both_axes_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> Any:
        return np.roll(dx, (-1, -1), axis=(1, 2))

    assert "right if shifted by 1 along h and w, towards higher indices" in text(check_conv(mistake))


def test_every_second_row_is_named() -> None:
    def mistake(layer: Any, dx: Any) -> None:
        dx[:, 1::2] = 0

    assert "all those at h=1, 3, … (every 2nd one); the rest is right." in text(check_conv(mistake))


def test_overlapping_windows_that_overwrite_are_named() -> None:
    from scratchnet.learn.mistakes.conv2d import WindowsOverwrite
    from tests.mutants.conv2d import IMAGE as image

    report = check_layer(WindowsOverwrite(3, 3), image)
    assert "all that are right lie at the image's border, where fewer windows overlap" in text(report)
    assert "added up (+=)?" in text(report)


def test_a_wrong_mask_is_named() -> None:
    class Wrong(ReLU):
        def backward(self, dy: Any) -> Any:
            return np.where(dy > 0, dy, 0)

    assert "look at the mask or the winners, which should be those that forward saw" in text(
        check_layer(Wrong(), (4, 6))
    )


def test_a_term_that_is_left_out_is_named() -> None:
    from tests.mutants.activations import SoftmaxWithoutOffDiagonal

    report = check_layer(SoftmaxWithoutOffDiagonal(), (4, 6))
    assert "does it leave out what goes through a sum or mean along d?" in text(report)


def test_right_numbers_at_wrong_places_are_named() -> None:
    from tests.mutants.shapes import IMAGE as image
    from tests.mutants.shapes import FlattenChannelsFirst

    assert "the right numbers at the wrong places" in text(check_layer(FlattenChannelsFirst(), image))
