"""The recipe of the challenge in PyTorch, as its users write it: ``python -m benchmarks.challenge.twin``.

Augmentation by tensor operations on each batch, channels last, fused optimizer; nothing is left out that is usual.
One line of JSON for each epoch, and one for the end.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from scratchnet.datasets import fashion_mnist
from scratchnet.recipes import CHALLENGE, Recipe


def network(recipe: Recipe) -> nn.Sequential:
    """Return the network: images (N, 1, 28, 28) in, 10 logits out."""
    layers: list[nn.Module] = []
    channels = 1
    for filters, pooled in zip(recipe.filters, recipe.pooled, strict=True):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pooled else []
        layers += [nn.BatchNorm2d(filters, eps=1e-3, momentum=0.05)]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def varied(x: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """Return images (N, 1, 28, 28) mirrored, moved and with holes, at random."""
    N, device = len(x), x.device
    if recipe.flip:
        mirrored = torch.rand(N, 1, 1, 1, device=device) < 0.5
        x = torch.where(mirrored, x.flip(3), x)
    if recipe.shift:
        top, left = torch.randint(0, 2 * recipe.shift + 1, (2,)).tolist()
        x = functional.pad(x, (recipe.shift,) * 4)[:, :, top : top + 28, left : left + 28]
    if recipe.erase:
        rows, columns = _stretches(N, device), _stretches(N, device)
        hit = torch.rand(N, 1, 1, 1, device=device) < recipe.erase
        x = x.masked_fill(rows[:, None, :, None] & columns[:, None, None, :] & hit, 0)
    return x


def _stretches(N: int, device: torch.device) -> torch.Tensor:
    """Return for each image which of 28 rows, or columns, its rectangle covers, (N, 28)."""
    length = (0.02 + 0.31 * torch.rand(N, 1, device=device)).sqrt() * 28
    start = torch.rand(N, 1, device=device) * (28 - length)
    places = torch.arange(28, device=device)
    return (places >= start) & (places < start + length)


def optimizer_of(module: nn.Module, recipe: Recipe, steps: int) -> tuple[torch.optim.Optimizer, Callable[[int], float]]:
    """Return SGD and the schedule, as a factor of the highest learning rate.

    PyTorch's weight decay passes through the momentum, which makes it 1 / (1 - momentum) times as strong as ours.
    """
    kernels = [p for p in module.parameters() if p.ndim > 1]
    others = [p for p in module.parameters() if p.ndim <= 1]
    groups = [
        {"params": kernels, "weight_decay": recipe.weight_decay * (1 - recipe.momentum)},
        {"params": others, "weight_decay": 0.0},
    ]
    sgd = torch.optim.SGD(groups, recipe.learning_rate, recipe.momentum, nesterov=True, fused=True)
    rising = round(recipe.warm_up * steps)

    def factor(step: int) -> float:
        return step / rising if step < rising else (1 + np.cos(np.pi * (step - rising) / (steps - rising))) / 2

    return sgd, factor


@torch.inference_mode()  # type: ignore[untyped-decorator]
def accuracy(module: nn.Module, x: torch.Tensor, y: torch.Tensor, recipe: Recipe) -> float:
    """Return the share of images that are told right, looked at as the recipe says."""
    module.eval()
    right = 0
    for images, labels in zip(x.split(1000), y.split(1000)):
        looks = [images]
        if "mirrored" in recipe.views:
            looks.append(images.flip(3))
        if "moved" in recipe.views:
            wide = [functional.pad(look, (1, 1, 1, 1)) for look in looks]
            corners = ((0, 1), (2, 1), (1, 0), (1, 2))
            looks += [one[:, :, top : top + 28, left : left + 28] for one in wide for top, left in corners]
        chances = torch.stack([module(look).softmax(1) for look in looks]).sum(0)
        right += int((chances.argmax(1) == labels).sum())
    module.train()
    return right / len(x)


def train(recipe: Recipe, seed: int, device: str, hold_out: int, say: Callable[[dict[str, object]], None]) -> None:
    """Train, and say after each epoch what was reached: on held-back images, or at the end on the test images."""
    torch.manual_seed(seed)
    (images, labels), test = fashion_mnist.load_data()
    x = (torch.from_numpy(images).float() / 255)[:, None].to(device)
    y = torch.from_numpy(labels).long().to(device)
    held = (x[len(x) - hold_out :], y[len(y) - hold_out :])
    x, y = x[: len(x) - hold_out], y[: len(y) - hold_out]
    module = network(recipe).to(device).to(memory_format=torch.channels_last)
    steps = recipe.epochs * -(-len(x) // recipe.batch_size)
    sgd, factor = optimizer_of(module, recipe, steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(sgd, factor)
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    seconds = 0.0
    for epoch in range(recipe.epochs):
        begin = time.perf_counter()
        for rows in torch.randperm(len(x), device=device).split(recipe.batch_size):
            batch = varied(x[rows], recipe).contiguous(memory_format=torch.channels_last)
            loss = loss_of(module(batch), y[rows])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            schedule.step()
        if device != "cpu":
            torch.cuda.synchronize()
        seconds += time.perf_counter() - begin
        reached: dict[str, object] = {"epoch": epoch + 1, "seconds": round(seconds, 2), "loss": round(loss.item(), 4)}
        if hold_out:
            reached["held_back_accuracy"] = accuracy(module, *held, recipe)
        say(reached)
    if not hold_out:
        x_test = (torch.from_numpy(test[0]).float() / 255)[:, None].to(device)
        y_test = torch.from_numpy(test[1]).long().to(device)
        say({"seconds": round(seconds, 2), "test_accuracy": accuracy(module, x_test, y_test, recipe)})


def changed(recipe: Recipe, changes: list[str]) -> Recipe:
    """Return the recipe with entries like ``erase=0.25`` or ``filters=[16, 32]`` changed."""
    values = {name: json.loads(value) for name, _, value in (change.partition("=") for change in changes)}
    changes_made: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return replace(recipe, **changes_made)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser("python -m benchmarks.challenge.twin", description=__doc__)
    parser.add_argument("--budget", default="minutes", choices=CHALLENGE)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--hold-out", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=JSON", help="change the recipe, as in shift=0")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    recipe = changed(CHALLENGE[options.budget], options.set)
    about = {"budget": options.budget, "seed": options.seed, "device": options.device, "torch": torch.__version__}
    print(json.dumps(about | {"threads": options.threads, "recipe": asdict(recipe)}), flush=True)
    train(recipe, options.seed, options.device, options.hold_out, lambda line: print(json.dumps(line), flush=True))


if __name__ == "__main__":
    main()
