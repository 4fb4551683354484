"""What a network does: an image on its way through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scratchnet import layers
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model
from scratchnet.models.inside import model_of_maps, places_of_maps
from scratchnet.plotting.figure import (
    BLUE,
    SMALL,
    TEXT,
    TITLE,
    Picture,
    check_images,
    check_model,
    class_names,
    grey_range,
    mosaic,
    show_image,
)
from scratchnet.typing import Array
from scratchnet.utils.numbers import shown, whole_number

_CLASSES_AT_MOST = 20  # bars that can be told apart
_BY_CHANNEL = (
    *(layers.Activation, layers.Add, layers.Average, layers.AveragePooling2D, layers.BatchNormalization),
    *(layers.Dropout, layers.GaussianNoise, layers.LeakyReLU, layers.MaxPooling2D, layers.Multiply, layers.RandomCrop),
    *(layers.RandomErasing, layers.RandomFlip, layers.RandomTranslation, layers.ReLU, layers.Rescaling),
    *(layers.Subtract, layers.UpSampling2D, layers.ZeroPadding2D),
)
"""Layers whose channel c is made of channel c of what they are given."""

_LABEL = {"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 1}


def feature_maps(
    model: Model,
    image: Any,
    labels: Sequence[str] | None = None,
    maps: int = 16,
    title: str | None = None,
) -> Figure:
    """Draw one image on its way through the network: the maps of each layer that keeps the image's two dimensions.

    At the top the image, and beside it what the network says; below, a band of maps for each layer. All maps of a layer
    have one scale of colours: dark is the layer's smallest number, bright its largest. Shown are the maps with the
    strongest contrast, each with the number of its channel; a layer that works channel by channel, such as a pooling,
    shows those that are shown of the layer before it.

    Args:
        model: a network with one input, of images, and one output (N, C).
        image: one image as the model takes it, scaled as in training: (H, W, C), (H, W), or a batch of one.
        labels: the name of each class; its number if not given.
        maps: how many of each layer at most.
        title: above everything.

    Raises:
        ValueError: if no layer keeps the two dimensions, or the image is not what the model takes.
        TypeError: if it is not a model.
    """
    what = "feature_maps"
    check_model(what, model)
    maps = whole_number(f"maps of {what}", maps, 1)
    if len(model.inputs) != 1 or len(model.outputs) != 1 or model.outputs[0].ndim != 2:
        raise ValueError(f"{what} expected a model with one input and one output (N, C), got {shown(model)}.")
    x = _as_batch(what, model, image)
    places = places_of_maps(model)
    if not places:
        raise ValueError(
            f"{what} expected a layer with outputs (N, H, W, C), such as Conv2D, got only layers without in {model!r}."
        )
    values = model_of_maps(model).predict(x, verbose=0)
    outputs, chances = values[:-1], values[-1][0]  # (1, H, W, C) each, (C,)

    chosen = _channels(places, [output[0] for output in outputs], maps)
    sheets = [_band(output[0], numbers) for output, numbers in zip(outputs, chosen)]
    width = 9.0
    heights = [1.9, *(width * sheet.shape[0] / sheet.shape[1] + 0.35 for sheet, _ in sheets)]
    figure = Picture(width, sum(heights) + (0.4 if title else 0))
    if title:
        figure.suptitle(title, fontsize=TITLE)
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    _draw_ends(parts[0], x, chances, class_names(what, labels, len(chances)))
    for part, place, numbers, (sheet, corners) in zip(parts[1:], places, chosen, sheets):
        axes = part.add_subplot()
        axes.imshow(sheet, cmap="viridis", interpolation="nearest")
        axes.set_axis_off()
        caption = _caption(place, len(numbers), np.nanmin(sheet), np.nanmax(sheet))
        axes.set_title(caption, fontsize=TEXT, loc="left", pad=4)
        for number, (top, left) in zip(numbers, corners):
            axes.text(left, top, str(number), fontsize=SMALL - 2, color="white", ha="left", va="top", bbox=_LABEL)
    return figure


def _as_batch(what: str, model: Model, image: Any) -> Array:
    """Return the image as a batch of one for the model."""
    array = np.asarray(image)
    wanted = model.inputs[0].shape[1:]
    plain = wanted[:-1] if wanted[-1] == 1 else wanted
    if array.shape not in {(*batch, *shape) for batch in ((), (1,)) for shape in (wanted, plain, (*plain, 1))}:
        raise ValueError(f"{what} expected one image of shape {wanted}, got {array.shape}.")
    array = array.reshape(1, *[n for n in wanted if n is not None])  # (1, H, W, C) or (1, H, W)
    check_images(what, array)
    return array


def _channels(places: Sequence[SymbolicTensor], outputs: Sequence[Array], most: int) -> list[Array]:
    """Return for each layer, whose output is (H, W, C), the channels to show: those of the layer before it, or the
    ones with the strongest contrast."""
    chosen: dict[SymbolicTensor, Array] = {}
    for place, output in zip(places, outputs):
        before = next((source for source in place.inputs if source in chosen), None)
        if before is not None and type(place.layer) in _BY_CHANNEL and before.shape[-1] == place.shape[-1]:
            chosen[place] = chosen[before]
        else:
            contrast = output.reshape(-1, output.shape[-1]).std(axis=0)  # (C,)
            chosen[place] = np.sort(np.argsort(-contrast, kind="stable")[:most])
    return list(chosen.values())


def _band(output: Array, chosen: Array) -> tuple[Array, list[tuple[int, int]]]:
    """Return these maps of one layer, (H, W, C), side by side in one or two rows, and where each of them begins."""
    tiles = output[:, :, chosen].transpose(2, 0, 1)  # (K, H, W)
    return mosaic(tiles, min(len(chosen), 8))


def _caption(place: SymbolicTensor, count: int, low: float, high: float) -> str:
    H, W, C = place.shape[1:]
    part = f"{count} of {C} maps" if C is not None and count < C else f"{C} map{'s' if C != 1 else ''}"
    scale = f"from {low:.3g} (dark) to {high:.3g} (bright)"
    return f"{place.layer.name} ({type(place.layer).__name__}): {part} of {H}×{W}, {scale}"


def _draw_ends(part: Any, x: Array, chances: Array, names: Sequence[str]) -> None:
    """Draw the input image at the left, and the network's output as bars at the right."""
    left, right = part.subplots(1, 2, width_ratios=[1, 2.2])
    image = check_images("feature_maps", x)
    show_image(left, image[0], grey_range(image))
    left.set_title("input", fontsize=TEXT, pad=4)
    top = np.sort(np.argsort(-chances, kind="stable")[:_CLASSES_AT_MOST])
    bars = right.barh([names[k] for k in top], chances[top], color=BLUE)
    right.bar_label(bars, [f"{chances[k]:.0%}" if chances[k] >= 0.005 else "" for k in top], padding=3, fontsize=SMALL)
    right.invert_yaxis()
    right.set_xlim(0, max(1.0, float(chances.max())) * 1.08)
    right.set_xticks([])
    right.tick_params(axis="y", length=0, labelsize=SMALL)
    for side in ("top", "right", "bottom"):
        right.spines[side].set_visible(False)
    right.set_title("output", fontsize=TEXT, pad=4, loc="left")  # bars are often short: it ends at 1
