"""Whether a model is the one that its file describes.

A description that nobody's ``save_model`` wrote may still lead to a model: a word is passed over, a list is taken for
True. So what has been made is described again, and must come out as the file has it. What an older version had no word
for may be missing in the file, and what the ``get_config`` of a user's class returns is the user's business.
"""

from __future__ import annotations

import math
from typing import Any

from scratchnet.errors import ModelFileError
from scratchnet.utils.numbers import shown

_NOTHING = object()


def expect_same(said: Any, made: Any, what: str) -> None:
    """Compare what a file says with what was made of it.

    Args:
        said: from the file, as JSON gives it.
        made: what describing the model again returns.
        what: the part of the file, for the error message.

    Raises:
        ModelFileError: if they differ; the message names the place.
    """
    to_do = [(said, made, what)]  # a list, for models may nest deeper than Python's stack
    while to_do:
        said, made, place = to_do.pop()
        if isinstance(said, dict) and isinstance(made, dict):
            passed_over = ("custom", "class", "config") if made.get("custom") is True else ("custom",)
            known = [key for key in said if key not in passed_over]
            to_do += [(said[key], made.get(key, _NOTHING), f"{place}, {key!r}") for key in known]
        elif isinstance(said, list) and isinstance(made, (list, tuple)) and len(said) == len(made):
            to_do += [(one, other, f"{place}, {number}") for number, (one, other) in enumerate(zip(said, made))]
        elif not _same(said, made):
            got = "nothing" if made is _NOTHING else shown(made)
            raise ModelFileError(
                f"its description of the model makes no sense: at {place} it has {shown(said)}, of which the model "
                f"makes {got}"
            )


def _same(said: Any, made: Any) -> bool:
    if isinstance(said, bool) or isinstance(made, bool):
        return said is made
    if isinstance(said, float) and isinstance(made, float) and math.isnan(said):
        return math.isnan(made)
    numbers = isinstance(said, (int, float)) and isinstance(made, (int, float))
    return (numbers or type(said) is type(made)) and bool(said == made)
