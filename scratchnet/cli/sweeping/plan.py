"""The plan of a sweep: which settings of ``train``'s options are tried, with which seeds, and for how many epochs.

It is worked out once, random draws included, and kept in ``sweep.json``: whoever goes on with the sweep has the same.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import typer
import typer.main

from scratchnet.cli.sweeping.choices import Choices
from scratchnet.errors import ScratchnetError, unknown_name
from scratchnet.utils.files import write_atomically

PLAN, TRIALS = "sweep.json", "trials"
_OWN = {"output", "resume", "data_parallel", "seed", "help"}
_CONTINUE = ("mlp", "cnn")  # a longer run of these begins with the very steps of a shorter one


@dataclass
class Rung:
    """Trials that are trained up to the same epoch; None as long as ``train`` does by itself.

    ``scores`` are the accuracies once all are trained, by trial; of those that failed there is none.
    """

    epochs: int | None
    trials: list[str] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    done: bool = False


@dataclass
class Plan:
    """A sweep.

    Attributes:
        network: which one is trained.
        options: what every trial is given beside the varied options.
        settings: the values of the varied options, one dictionary each.
        seeds: with which of these every setting is trained.
        keep: at the end of a rung the best setting of so many goes on; 0 without halving.
        rungs: from the shortest to the longest training.
    """

    network: str
    options: list[str]
    settings: list[dict[str, str]]
    seeds: list[int]
    keep: int
    rungs: list[Rung]

    @property
    def trials(self) -> dict[str, tuple[dict[str, str], int]]:
        """Every trial by its name, which is that of its folder, with its setting and its seed."""
        pairs = itertools.product(self.settings, self.seeds)
        return {_name(number, setting, seed): (setting, seed) for number, (setting, seed) in enumerate(pairs)}

    def arguments(self, trial: str) -> list[str]:
        """Return the command line of ``train`` for a trial, without its folder and its epochs."""
        setting, seed = self.trials[trial]
        varied = [text for name, value in setting.items() for text in (f"--{name}", value)]
        return ["train", self.network, *self.options, *varied, "--seed", str(seed)]

    def promote(self, number: int) -> None:
        """Let the best settings of a rung go on to the next."""
        rung = self.rungs[number]
        rung.done = True
        if number + 1 == len(self.rungs):
            return
        ranked = sorted(means(self, rung.scores).items(), key=lambda pair: -pair[1])
        kept = {index for index, _ in ranked[: math.ceil(len(self.settings) / self.keep ** (number + 1))]}
        place = {id(setting): index for index, setting in enumerate(self.settings)}
        trials = self.trials
        self.rungs[number + 1].trials = [
            trial for trial in rung.trials if place[id(trials[trial][0])] in kept and trial in rung.scores
        ]

    def write(self, folder: Path) -> None:
        """Write ``sweep.json``."""
        write_atomically(folder / PLAN, (json.dumps(asdict(self), indent=2) + "\n").encode())

    def same_sweep(self, other: Plan) -> bool:
        """Whether this is the same sweep, however far it has come."""
        mine, theirs = ([p.network, p.options, p.settings, p.seeds, p.keep] for p in (self, other))
        return mine == theirs and [r.epochs for r in self.rungs] == [r.epochs for r in other.rungs]


def means(plan: Plan, scores: Mapping[str, float]) -> dict[int, float]:
    """Return for each setting that has scores, by its number, their mean over the seeds."""
    place = {id(setting): index for index, setting in enumerate(plan.settings)}
    found: dict[int, list[float]] = {}
    for trial, (setting, _) in plan.trials.items():
        if trial in scores:
            found.setdefault(place[id(setting)], []).append(scores[trial])
    return {index: math.fsum(values) / len(values) for index, values in found.items()}


def read(folder: Path) -> Plan:
    """Return the plan of a sweep that has begun.

    Raises:
        ScratchnetError: if there is none, or it is damaged.
    """
    try:
        content = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        return Plan(**{**content, "rungs": [Rung(**rung) for rung in content["rungs"]]})
    except FileNotFoundError:
        raise ScratchnetError(f"{folder} holds no sweep, as it has no {PLAN}: give the folder of one.") from None
    except (ValueError, TypeError, KeyError) as error:
        raise ScratchnetError(f"{folder / PLAN} is damaged ({error!r}): begin the sweep anew.") from error


def make(
    train: Any,
    network: str,
    options: Sequence[str],
    vary: Sequence[str],
    draws: int | None,
    seeds: int,
    keep: int,
) -> Plan:
    """Return a new plan, every command line of which ``train`` would take.

    Args:
        train: the command ``train``, which is asked about its options.
        network: which network.
        options: what every trial is given.
        vary: ``name=choices``, see ``Choices``.
        draws: how many settings to draw at random; None for all combinations.
        seeds: how many seeds, from 42 on, as ``train``'s.
        keep: for successive halving, of how many settings one is kept; 0 without.

    Raises:
        typer.BadParameter: if an option does not exist, or would not be taken.
    """
    command = command_of(train)
    varied = dict(_varied(command, text) for text in vary)
    for name in ("output", "resume", "data_parallel", "seed"):
        if f"--{name.replace('_', '-')}" in options:
            raise typer.BadParameter(f"--{name.replace('_', '-')} is the sweep's own affair: leave it out behind --.")
    settings = _drawn(varied, draws) if draws else _grid(varied)
    options = [*options, *_held_back(command, options)]
    plan = Plan(network, options, settings, [42 + number for number in range(seeds)], keep, [])
    epochs = [_parsed(command, plan.arguments(trial)[1:]).get("epochs") for trial in plan.trials]
    plan.rungs = [Rung(None)] if not keep else _rungs(plan, epochs[0])
    plan.rungs[0].trials = list(plan.trials)
    return plan


def command_of(train: Any) -> Any:
    """Return the command that typer makes of the function ``train``."""
    app = typer.Typer(add_completion=False)
    app.command()(train)
    return typer.main.get_command(app)


def _parsed(command: Any, arguments: list[str]) -> dict[str, Any]:
    """Return what ``train`` would be given by a command line; raise its own error if it would refuse it."""
    return dict(command.make_context("train", list(arguments)).params)


def _varied(command: Any, text: str) -> tuple[str, Choices]:
    name, equals, choices = text.partition("=")
    name = name.removeprefix("--")
    if not equals:
        raise typer.BadParameter(f"expected NAME=VALUES, such as learning-rate=0.001,0.01, got {text}.")
    options = {o.removeprefix("--"): p for p in command.params if p.name not in _OWN for o in p.opts if o[:2] == "--"}
    if name == "seed":
        raise typer.BadParameter("the seeds are said by --seeds, how many there are.")
    if name not in options:
        raise typer.BadParameter(str(unknown_name("option of train", name, options)))
    if options[name].is_flag:
        raise typer.BadParameter(f"--{name} is a switch and has no values: give it to all trials, behind --.")
    return name, Choices.read(name, choices)


def _grid(varied: Mapping[str, Choices]) -> list[dict[str, str]]:
    for name, choices in varied.items():
        if not choices.values:
            raise typer.BadParameter(f"{name} has a range of values, so say with --random N how many to draw.")
    return [dict(zip(varied, values)) for values in itertools.product(*(c.values for c in varied.values()))]


def _drawn(varied: Mapping[str, Choices], draws: int) -> list[dict[str, str]]:
    """Return settings drawn at random, none of them twice; the same ones each time."""
    rng, found = np.random.default_rng(42), dict[tuple[str, ...], dict[str, str]]()
    for _ in range(100 * draws):
        setting = {name: choices.draw(rng) for name, choices in varied.items()}
        found.setdefault(tuple(setting.values()), setting)
        if len(found) == draws:
            break
    return list(found.values())


def _held_back(command: Any, options: Sequence[str]) -> list[str]:
    """Return what lets every trial be measured on images that are neither learnt from nor those of the test."""
    known = {option for parameter in command.params for option in parameter.opts}
    if "--hold-out" not in known or "--hold-out" in options:
        return []
    return ["--hold-out", "500" if "--mini" in options else "5000"]


def _rungs(plan: Plan, epochs: int | None) -> list[Rung]:
    if plan.network not in _CONTINUE:
        raise typer.BadParameter(
            f"a {plan.network} that is trained longer begins in another way, so a short training says nothing of it: "
            f"halving is for {' and '.join(_CONTINUE)}."
        )
    epochs = epochs or 10
    if any("epochs" in setting for setting in plan.settings):
        raise typer.BadParameter("halving says itself for how many epochs a trial is trained: do not vary epochs.")
    times = min(int(math.log(len(plan.settings), plan.keep) + 1e-9), int(math.log(epochs, plan.keep) + 1e-9))
    return [Rung(epochs // plan.keep ** (times - number)) for number in range(times + 1)]


def _name(number: int, setting: Mapping[str, str], seed: int) -> str:
    text = "-".join([*(f"{name}={value}" for name, value in setting.items()), f"seed={seed}"])
    return f"{number:03d}-" + re.sub(r"[^\w.=+-]", "_", text)[:80]
