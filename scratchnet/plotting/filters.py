"""What a network has learnt: the filters of its first layer."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from scratchnet.layers import Conv2D, Dense
from scratchnet.models import Model
from scratchnet.plotting.figure import SMALL, TEXT, TITLE, Picture, check_model, mosaic
from scratchnet.typing import Array
from scratchnet.utils.numbers import whole_number

_NEARLY_ALL, _FAR = 0.98, 1.5


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
    check_model(what, model)
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
    sheet, _ = mosaic(shown, columns)
    if title is None:
        part = f"{K} of {len(tiles)}" if len(tiles) > K else str(K)
        title = f"{layer.name}: {part} {_kind(layer, h, w)}"
    width = 7.5
    figure = Picture(width, min(max((width - 1.5) * sheet.shape[0] / sheet.shape[1] + 0.6, 2.0), 16))
    axes = figure.add_subplot()
    limit, beyond = _scale(np.abs(shown))
    # The middle of the scale, weight 0, is white, so the gaps between the tiles must not be.
    colours = colormaps["RdBu_r"].with_extremes(bad="0.55")
    picture = axes.imshow(sheet, cmap=colours, vmin=-limit, vmax=limit, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=TITLE, pad=10)
    bar = figure.colorbar(picture, shrink=0.7, pad=0.02, extend="both" if beyond else "neither")
    bar.set_label("weight", fontsize=TEXT)
    if beyond:
        axes.set_xlabel(f"colours end at ±{limit:.2g}: {beyond}", fontsize=SMALL)
    return figure


def _scale(sizes: Array) -> tuple[float, str]:
    """Return where a scale of colours ends, and what lies beyond it, in words.

    It ends at the largest of the sizes, if that is not far above nearly all others: a few weights must not make all
    others pale.
    """
    largest, most = float(sizes.max()), float(np.quantile(sizes, _NEARLY_ALL))
    if largest <= _FAR * most or most == 0:
        return largest or 1.0, ""
    count = int((sizes > most).sum())
    return most, f"{count:,} of {sizes.size:,} weights {'is' if count == 1 else 'are'} larger, up to {largest:.2g}"


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
