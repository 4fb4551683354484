"""The model of a run, compiled, and its labels: all that ``scratchnet train`` does in another way for the challenge."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scratchnet.errors import ScratchnetError
from scratchnet.typing import Array

if TYPE_CHECKING:
    from scratchnet.models import Model
    from scratchnet.recipes import Recipe

CHALLENGE = "challenge"


def defaults(network: str, budget: str) -> dict[str, Any]:
    """Return what a new run does unless told otherwise, as run.json has it."""
    from scratchnet.recipes import recipe

    if network != CHALLENGE:
        return {"epochs": 10, "batch_size": 64, "learning_rate": 0.001, "optimizer": "adam"}
    made = recipe(budget)
    found = {name: getattr(made, name) for name in ("epochs", "batch_size", "learning_rate")}
    return {**found, "optimizer": "sgd", "budget": budget, "recipe": asdict(made), "views": ", ".join(made.views)}


def model_of(record: dict[str, Any]) -> Model:
    """Return the model that a run begins with, compiled."""
    from scratchnet.architectures import ARCHITECTURES, challenge
    from scratchnet.optimizers import Adam

    if record["network"] == CHALLENGE:
        made = recipe_of(record)
        model = challenge(made)
        made.compile(model, record["data"]["training_images"])
        return model
    model = ARCHITECTURES[record["network"]]()
    model.compile(Adam(record["learning_rate"]), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def labels_of(record: dict[str, Any], y: Array) -> Array:
    """Return class numbers (N,) as the loss of the run wants them: as they are, or as rows (N, 10)."""
    from scratchnet.utils import to_categorical

    return to_categorical(y, 10) if record["network"] == CHALLENGE else y


def recipe_of(record: dict[str, Any]) -> Recipe:
    """Return the recipe that a run was begun with, whatever it is called by now.

    Raises:
        ScratchnetError: if run.json holds none.
    """
    from scratchnet.recipes import Recipe

    changed = {name: record[name] for name in ("epochs", "batch_size", "learning_rate")}
    try:
        return Recipe(**{name: _hashable(value) for name, value in {**record["recipe"], **changed}.items()})
    except (LookupError, TypeError) as error:
        raise ScratchnetError(f"The run.json of the run expected a recipe, got a damaged one ({error}).") from error


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
