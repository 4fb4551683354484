"""How much an installed framework takes on disk, with everything that it requires."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def required(packages: Iterable[str]) -> dict[str, Distribution]:
    """Return the installed distributions that these need to run, themselves included and extras left out."""
    found: dict[str, Distribution] = {}
    waiting = list(packages)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # it is named for another platform or Python
        for line in found[name].requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return found


def installed_bytes(packages: Iterable[str]) -> int:
    """Return the bytes of all files of these packages and of what they require."""
    files: dict[Path, int] = {}
    for name, dist in required(packages).items():
        paths = [Path(str(dist.locate_file(file))) for file in dist.files or []]
        if not any(path.suffix == ".py" and path.parent.name == name for path in paths):
            paths += _source_files(name)  # an editable installation lists no modules
        files |= {path.resolve(): path.stat().st_size for path in paths if path.is_file()}
    return sum(files.values())


def _source_files(package: str) -> list[Path]:
    """Return the files of a package that is imported from a checkout, without what Python and Numba cache there."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return []
    return [
        path
        for folder in spec.submodule_search_locations
        for path in Path(folder).rglob("*")
        if "__pycache__" not in path.parts
    ]
