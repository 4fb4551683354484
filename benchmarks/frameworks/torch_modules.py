"""The networks as PyTorch modules: channels first, and logits at the end."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from benchmarks import networks
from benchmarks.networks import Network, Part

Shape = tuple[int, ...]
"""Of one sample, channels first."""

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class Rescale(nn.Module):
    """uint8 images to 0…1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x / 255 as float32."""
        return x.float() / 255


class GlobalAverage(nn.Module):
    """The mean of each channel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, C) of (N, C, H, W)."""
        return x.mean((2, 3))


class Residual(nn.Module):
    """relu(body(x) + shortcut(x))."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sum, rectified."""
        return torch.relu(self.body(x) + self.shortcut(x))


def build(network: Network, rescaling: bool = False) -> nn.Sequential:
    """Return the module with Keras's initial weights."""
    height_width_channels = network.input_shape
    shape = (*height_width_channels[2:], *height_width_channels[:2])
    module, _ = _sequence(network.parts, shape, "part")
    if rescaling:
        module.insert(0, Rescale())
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return module


def _sequence(parts: tuple[Part, ...], shape: Shape, name: str) -> tuple[nn.Sequential, Shape]:
    modules: list[nn.Module] = []
    for number, part in enumerate(parts):
        added, shape = _modules(part, shape, f"{name}_{number}")
        modules += added
    return nn.Sequential(*modules), shape


def _modules(part: Part, shape: Shape, name: str) -> tuple[list[nn.Module], Shape]:
    """Return what computes a part, and the shape of what comes out."""
    match part:
        case networks.Convolution():
            return _convolution(part, shape, name)
        case networks.MaxPooling():
            return [nn.MaxPool2d(2)], (shape[0], shape[1] // 2, shape[2] // 2)
        case networks.Normalization():
            norm = _named(nn.BatchNorm2d(shape[0], eps=1e-3, momentum=0.01), name)
            return [norm, *_activation(part.activation)], shape
        case networks.GlobalAverage():
            return [GlobalAverage()], shape[:1]
        case networks.Flatten():
            flatten = nn.Flatten()
            flatten.flattened = shape
            return [flatten], (_size(shape),)
        case networks.Dense():
            linear = _named(nn.Linear(_size(shape), part.units), name)
            return [linear, *_activation(part.activation)], (part.units,)
        case networks.Residual():
            body, out = _sequence(part.body, shape, f"{name}_body")
            shortcut, _ = _sequence(part.shortcut, shape, f"{name}_shortcut")
            return [Residual(body, shortcut)], out


def _convolution(part: networks.Convolution, shape: Shape, name: str) -> tuple[list[nn.Module], Shape]:
    same, height_width = part.padding == "same", shape[1:]
    padding = part.size // 2 if same else 0
    if part.transposed:
        out = tuple(n * part.strides for n in height_width)
        made: nn.Module = nn.ConvTranspose2d(
            shape[0], part.filters, part.size, part.strides, padding, part.strides - 1, bias=part.use_bias
        )
    else:
        out = tuple((n + 2 * padding - part.size) // part.strides + 1 for n in height_width)
        made = nn.Conv2d(shape[0], part.filters, part.size, part.strides, padding, bias=part.use_bias)
    return [_named(made, name), *_activation(part.activation)], (part.filters, *out)


def _activation(name: str) -> list[nn.Module]:
    """Return its module; nothing for softmax, which the loss brings along."""
    return [_ACTIVATIONS[name]()] if name in _ACTIVATIONS else []


def _named(module: nn.Module, name: str) -> nn.Module:
    module.part_name = name
    return module


def _size(shape: Shape) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


@torch.no_grad()
def set_weights(module: nn.Module, weights: dict[str, list[Any]]) -> None:
    """Give each module the weights of its part, from Keras's layouts.

    Raises:
        RuntimeError: if shapes do not belong together.
    """
    flattened: Shape = ()
    for layer in module.modules():
        flattened = getattr(layer, "flattened", flattened)
        if name := getattr(layer, "part_name", None):
            first, *others = (torch.from_numpy(array) for array in weights[name])
            if isinstance(layer, nn.Conv2d):
                first = first.permute(3, 2, 0, 1)  # (height, width, channels, filters)
            elif isinstance(layer, nn.ConvTranspose2d):
                first = first.permute(3, 2, 0, 1)  # (height, width, filters, channels)
            elif isinstance(layer, nn.Linear):
                if len(flattened) == 3:  # the places come before the channels in Keras
                    channels, height, width = flattened
                    first = first.reshape(height, width, channels, -1).permute(2, 0, 1, 3).flatten(0, 2)
                first, flattened = first.T, ()
            tensors = [layer.weight, layer.bias]
            if isinstance(layer, nn.BatchNorm2d):
                tensors += [layer.running_mean, layer.running_var]
            for tensor, values in zip(tensors, [first, *others]):
                tensor.copy_(values)
