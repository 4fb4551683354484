"""What files of earlier versions said in other words, in today's.

A version that writes something in another way adds a rule here, and files that the old one wrote to
``tests/saving/files``: they are read for good.
"""

from __future__ import annotations

from typing import Any

from scratchnet.constraints import CONSTRAINTS
from scratchnet.initializers import INITIALIZERS
from scratchnet.regularizers import REGULARIZERS
from scratchnet.schedules import SCHEDULES

_CLASS_NAMES = {
    name: cls.__name__
    for classes in (INITIALIZERS, REGULARIZERS, CONSTRAINTS, SCHEDULES)
    for short, cls in classes.items()
    for name in (short, cls.__name__)
}


def in_todays_words(said: Any) -> Any:
    """Return a part of the header as this version writes it; what makes no sense is left as it is.

    What a weight begins as and pays, and a schedule, had ``{"name": "zeros", "config": …}`` until ``serialize`` came.
    """
    if isinstance(said, list):
        return [in_todays_words(part) for part in said]
    if not isinstance(said, dict):
        return said
    if said.keys() == {"name", "config"} and isinstance(said["name"], str) and said["name"] in _CLASS_NAMES:
        return {"class_name": _CLASS_NAMES[said["name"]], "config": said["config"]}
    users = said.get("custom") is True  # whose configuration is the user's business
    return {key: part if users and key == "config" else in_todays_words(part) for key, part in said.items()}
