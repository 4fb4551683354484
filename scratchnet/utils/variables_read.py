"""What a function reads that is neither an argument nor its own: variables of its module, and of functions round it."""

from __future__ import annotations

import types
from typing import Any


def variables_read_by(function: types.FunctionType) -> dict[str, Any]:
    """Return the variables round a function that its code names, or that of functions inside it."""
    names = names_in(function.__code__)
    found = {name: value for name, value in function.__globals__.items() if name in names}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    return found


def names_in(code: types.CodeType) -> set[str]:
    """Return the names of variables of the module, and of attributes, that code reads, functions in it included."""
    inner = [names_in(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*inner)
