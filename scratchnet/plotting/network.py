"""What a network has learnt and what it does: its first filters, and an image on its way through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from scratchnet.layers import Conv2D, Dense
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model
from scratchnet.plotting.figure import (
    BLUE,
    SMALL,
    TEXT,
    TITLE,
    Picture,
    check_images,
    class_names,
    grey_range,
    mosaic,
    show_image,
)
from scratchnet.typing import Array
from scratchnet.utils.numbers import shown, whole_number

_CLASSES_AT_MOST = 20  # bars that can be told apart


def first_layer_filters(model: Model, most: int = 64, title: str | None = None) -> Figure:
    """Draw the weights of the first layer with weights, one tile for each filter, all in one scale of colours.

    Of a ``Conv2D`` a tile is one filter (KH, KW), its channels below each other. Of a ``Dense`` that looks at a whole
    image a tile is one unit: the weight of each pixel, where the pixel is. Blue is negative, red positive.

    Args:
        model: a network whose first layer with weights is one of the two.
        most: how many filters to draw; the others are left out, which the title says.
        title: above everything.

    Raises:
        ValueError: if the layer is of another kind, or is a ``Dense`` whose input is not an image; if ``most`` is not
            positive.
        TypeError: if it is not a model.
    """
    what = "first_layer_filters"
    _check_model(what, model)
    most = whole_number(f"most of {what}", most, 1)
    layer = next((layer for _, layer, _ in model.leaves() if layer.params and not layer.is_model), None)
    if not isinstance(layer, (Conv2D, Dense)):
        found = f"{layer.name!r} ({type(layer).__name__})" if layer is not None else "a model without weights"
        raise ValueError(f"{what} expected Conv2D or Dense as the first layer with weights, got {found}.")
    tiles = _conv_tiles(layer.params["kernel"]) if isinstance(layer, Conv2D) else _dense_tiles(what, model, layer)
    shown = tiles[:most]
    K, h, w = shown.shape
    widest = min(K, 8 if h <= 1.5 * w else 16)
    columns = next((n for n in range(widest, widest // 2, -1) if K % n == 0), widest)  # no gap at the end, if possible
    sheet = mosaic(shown, columns)
    if title is None:
        part = f"{K} of {len(tiles)}" if len(tiles) > K else str(K)
        title = f"{layer.name}: {part} {_kind(layer, h, w)}"
    width = 7.5
    figure = Picture(width, min(max((width - 1.5) * sheet.shape[0] / sheet.shape[1] + 0.6, 2.0), 16))
    axes = figure.add_subplot()
    # A few extreme weights of a large layer must not make all others pale.
    limit = float(np.quantile(np.abs(shown), 0.995 if shown.size > 1000 else 1.0)) or 1.0
    # The middle of the scale, weight 0, is white, so the gaps between the tiles must not be.
    colours = colormaps["RdBu_r"].with_extremes(bad="0.55")
    picture = axes.imshow(sheet, cmap=colours, vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=TITLE, pad=10)
    bar = figure.colorbar(picture, shrink=0.7, pad=0.02, extend="both" if np.abs(shown).max() > limit else "neither")
    bar.set_label("weight", fontsize=TEXT)
    return figure


def _kind(layer: Conv2D | Dense, h: int, w: int) -> str:
    if isinstance(layer, Dense):
        return f"units, {h}×{w} weights each"
    KH, KW, C, _ = layer.params["kernel"].shape
    return f"filters of {KH}×{KW}" + (f", their {C} channels below each other" if C > 1 else "")


def _conv_tiles(kernel: Array) -> Array:
    KH, KW, C, F = kernel.shape
    return kernel.transpose(3, 2, 0, 1).reshape(F, C * KH, KW)  # (F, C·KH, KW)


def _dense_tiles(what: str, model: Model, layer: Dense) -> Array:
    image = model.inputs[0].shape[1:]
    if len(image) == 3 and image[-1] == 1:
        image = image[:-1]
    D, U = layer.params["kernel"].shape
    if len(image) != 2 or image[0] is None or image[1] is None or image[0] * image[1] != D:
        raise ValueError(
            f"{what} expected {layer.name!r} to look at all pixels of a grey image (N, H, W), got a layer of {D} "
            f"features in a model with input {model.inputs[0].shape}."
        )
    return layer.params["kernel"].T.reshape(U, image[0], image[1])  # (U, H, W)


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
    strongest contrast, in the order of the channels.

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
    _check_model(what, model)
    maps = whole_number(f"maps of {what}", maps, 1)
    if len(model.inputs) != 1 or len(model.outputs) != 1 or model.outputs[0].ndim != 2:
        raise ValueError(f"{what} expected a model with one input and one output (N, C), got {shown(model)}.")
    x = _as_batch(what, model, image)
    places = [t for t in model.graph.tensors if t.ndim == 4 and t not in model.inputs and t is not model.outputs[0]]
    if not places:
        raise ValueError(
            f"{what} expected a layer with outputs (N, H, W, C), such as Conv2D, got only layers without in {model!r}."
        )
    values = Model(model.inputs, [*places, model.outputs[0]]).predict(x, verbose=0)
    outputs, chances = values[:-1], values[-1][0]  # (1, H, W, C) each, (C,)

    sheets = [_band(output[0], maps) for output in outputs]
    width = 9.0
    heights = [1.9, *(width * sheet.shape[0] / sheet.shape[1] + 0.35 for sheet, _ in sheets)]
    figure = Picture(width, sum(heights) + (0.4 if title else 0))
    if title:
        figure.suptitle(title, fontsize=TITLE)
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    _draw_ends(parts[0], x, chances, class_names(what, labels, len(chances)))
    for part, place, (sheet, count) in zip(parts[1:], places, sheets):
        axes = part.add_subplot()
        axes.imshow(sheet, cmap="viridis", interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(_caption(place, count, np.nanmin(sheet), np.nanmax(sheet)), fontsize=TEXT, loc="left", pad=4)
    return figure


def _check_model(what: str, model: Any) -> None:
    if not isinstance(model, Model):
        raise TypeError(f"{what} expected a Model, got {type(model).__name__}.")


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


def _band(output: Array, most: int) -> tuple[Array, int]:
    """Return the maps of one layer, (H, W, C), side by side in one or two rows, and how many they are."""
    C = output.shape[-1]
    contrast = output.reshape(-1, C).std(axis=0)  # (C,)
    chosen = np.sort(np.argsort(-contrast, kind="stable")[:most])
    tiles = output[:, :, chosen].transpose(2, 0, 1)  # (K, H, W)
    return mosaic(tiles, min(len(chosen), 8)), len(chosen)


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
    right.set_title("output", fontsize=TEXT, pad=4)
