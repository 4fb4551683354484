"""Fashion-MNIST for the commands: the whole set, or else the embedded subset and a notice that it is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.cli.output import console
from scratchnet.errors import DatasetError, ScratchnetError, unknown_name
from scratchnet.recipes import VIEWS, averaged
from scratchnet.typing import Array

if TYPE_CHECKING:
    from scratchnet.models import Model

FULL, MINI = "full", "mini"


@dataclass
class Data:
    """The two parts of Fashion-MNIST, uint8 as they came.

    ``subset`` is "full" or "mini", ``notice`` says why it is not the whole set (None if it is), ``available`` how many
    training images there were before ``keep_first``, and ``held_back`` how many of them ``hold_back`` put in the place
    of the test images.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    subset: str
    notice: str | None = None

    def __post_init__(self) -> None:
        self.available, self.held_back = len(self.x_train), 0

    @property
    def measured_on(self) -> str:
        """What the images are called that the network is measured by: "test", or "held-back"."""
        return "held-back" if self.held_back else "test"

    @property
    def described(self) -> str:
        """What this is, in a few words."""
        what = "Fashion-MNIST" if self.subset == FULL else "the embedded subset of Fashion-MNIST"
        training = f"{len(self.x_train):,}"
        if len(self.x_train) < self.available:
            training = f"the first {training} of {self.available:,}"
        return f"{what}: {training} training and {len(self.x_test):,} {self.measured_on} images"

    def hold_back(self, count: int) -> None:
        """Put the last ``count`` training images in the place of the test images, which nobody sees then."""
        if count:
            self.held_back = count
            self.x_test, self.y_test = self.x_train[-count:], self.y_train[-count:]
            self.x_train, self.y_train = self.x_train[:-count], self.y_train[:-count]

    def keep_first(self, count: int) -> None:
        """Leave all training images but the first ``count`` out."""
        self.x_train, self.y_train = self.x_train[:count], self.y_train[:count]


def load(mini: bool) -> Data:
    """Return the whole data set; or, with ``mini`` or when it cannot be had, the embedded subset, and say so loudly."""
    from scratchnet.datasets import fashion_mnist

    if not mini:
        try:
            (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
            return Data(x_train, y_train, x_test, y_test, FULL)
        except DatasetError:
            reason = "The whole of Fashion-MNIST was not found on this machine and could not be fetched"
    else:
        reason = "As asked for with --mini"
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset="mini")
    notice = (
        f"{reason}: this uses only the {len(x_train):,} training and {len(x_test):,} test images that come with "
        f"scratchnet, instead of 60,000 and 10,000. Accuracies are lower and less certain than with the whole set."
    )
    data = Data(x_train, y_train, x_test, y_test, MINI, notice)
    announce(data, "" if mini else "What was tried, and what to do about it, says: scratchnet data fetch")
    return data


def load_again(subset: str, count: int, notice: str | None, held_back: int = 0) -> Data:
    """Return the data of a run that goes on: the same ones.

    Raises:
        ScratchnetError: if they are not to be had.
    """
    from scratchnet.datasets import fashion_mnist

    try:
        (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset=None if subset == FULL else subset)
    except DatasetError as error:
        raise ScratchnetError(
            f"The run was begun with the whole of Fashion-MNIST, which cannot be had now: get it with scratchnet data "
            f"fetch, then resume. ({error})"
        ) from error
    if not (1 <= count <= len(x_train) - held_back and held_back >= 0):
        besides = f" and {held_back:,} held back" if held_back else ""
        raise ScratchnetError(
            f"The run was begun with {count:,} training images{besides}, got {len(x_train):,} in all."
        )
    data = Data(x_train, y_train, x_test, y_test, subset, notice)
    data.hold_back(held_back)
    data.keep_first(count)
    announce(data)
    return data


def announce(data: Data, advice: str = "") -> None:
    """Print the notice that this is not the whole data set, if it is not, in a box that cannot be missed."""
    if data.notice is None:
        return
    from rich import box
    from rich.panel import Panel
    from rich.text import Text

    text = Text(data.notice + (f"\n{advice}" if advice else ""))
    title = "[bold]NOT THE WHOLE DATA SET[/]"
    width = min(80, console().width)
    console().print(Panel(text, title=title, box=box.HEAVY, border_style="bold yellow", width=width))


def as_input(model: Model, images: Array) -> Array:
    """Return uint8 images (N, 28, 28) as the model takes them: scaled to 0…1, with the axes that its input has.

    A model that scales by itself, with a ``Rescaling`` layer, be it in a model inside, gets 0…255.

    Raises:
        ScratchnetError: if it is no classifier of such images.
    """
    shape = model.inputs[0].shape[1:]
    if len(model.inputs) != 1 or shape not in ((28, 28), (28, 28, 1), (784,)):
        raise ScratchnetError(f"Expected a model of images (28, 28) or (28, 28, 1), got one with input {shape}.")
    if len(model.outputs) != 1 or model.outputs[0].shape[1:] != (10,):
        raise ScratchnetError(
            f"Expected a model with 10 outputs, one for each class, got outputs {model.outputs[0].shape[1:]}."
        )
    x = np.divide(images, pixel_scale(model), dtype=model.dtype)
    return x.reshape(len(x), *[n for n in shape if n is not None])


def probabilities(model: Model, x: Array, notes: Mapping[str, str]) -> Array:
    """Return what a model says of images from ``as_input``, (N, 10), averaged over the views that its notes name.

    Raises:
        ScratchnetError: if there is no such view, or an output is no answer.
    """
    views = tuple(name for name in notes.get("views", "").split(", ") if name)
    if unknown := [name for name in views if name not in VIEWS]:
        raise ScratchnetError(f"{unknown_name('view', unknown[0], VIEWS)} The notes of the model file name it.")
    if views and x.ndim < 3:
        raise ScratchnetError(f"Expected a model of images, to look at them in several ways, got input {x.shape[1:]}.")
    return averaged(lambda images: as_probabilities(model.predict(images, verbose=0)), x, views)


def pixel_scale(model: Model) -> float:
    """Return what the pixels 0…255 are divided by before the model gets them: 1 if it scales them by itself."""
    from scratchnet.layers import Rescaling

    return 1 if any(isinstance(layer, Rescaling) for _, layer, _ in model.leaves()) else 255


def as_probabilities(outputs: Array) -> Array:
    """Return outputs (N, 10) as they are if they are probabilities, else as logits through the softmax.

    Raises:
        ScratchnetError: if one is NaN or infinite, and so no answer.
    """
    broken = ~np.isfinite(outputs).all(axis=1)
    if broken.any():
        raise ScratchnetError(
            f"Expected the network to answer with numbers, got NaN or infinity for {broken.sum():,} of "
            f"{len(outputs):,} images: its weights are no good, as after a training that diverged; train again."
        )
    if outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return outputs
    from scratchnet.activations import Softmax

    return Softmax().forward(outputs)
