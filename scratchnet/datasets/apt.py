"""Fashion-MNIST from the Debian or Ubuntu archive: the package is fetched and unpacked, not installed.

So it needs no root, and nothing outside a temporary folder is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "dataset-fashion-mnist"
FOLDER = "usr/share/datasets/fashion-mnist"
"""Where the package puts its files, below the root."""

TIMEOUT = 300.0
"""Seconds for one command; apt gives up a silent server much sooner by itself (``OPTIONS``)."""

OPTIONS = (
    "-q",
    "-o",
    "Acquire::http::Timeout=10",
    "-o",
    "Acquire::https::Timeout=10",
    "-o",
    "Acquire::Retries=0",
)


class AptFailed(Exception):
    """The package could not be had; the message says why and what to do."""


def available() -> bool:
    """Tell whether this machine has apt-get and dpkg-deb."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None


@contextmanager
def unpacked_package() -> Iterator[Path]:
    """Fetch and unpack the package; yield the folder of the four files, which is gone afterwards.

    Raises:
        AptFailed: apt-get or dpkg-deb failed.
    """
    with tempfile.TemporaryDirectory(prefix="scratchnet-apt-") as name:
        temporary = Path(name)
        _download_package(temporary)
        packages = sorted(temporary.glob("*.deb"))
        if not packages:
            raise AptFailed("apt-get download ended well but left no .deb file")
        root = temporary / "root"
        _run("dpkg-deb -x", "dpkg-deb", "-x", str(packages[0]), str(root))
        yield root / FOLDER


def _download_package(folder: Path) -> None:
    try:
        _apt_get(folder, _as_root(), "download", PACKAGE)
    except AptFailed as first:
        # The package lists may be missing, as in many containers, or too old. Only root may renew those of
        # the machine; a copy of our own does as well.
        private = _private_lists(folder)
        try:
            _apt_get(folder, private, "update")
            _apt_get(folder, private, "download", PACKAGE)
        except AptFailed as second:
            raise AptFailed(
                f"{first}; with new package lists, {second}; "
                "if this machine has a network, run `apt-get update` as root and try again"
            ) from None


def _as_root() -> tuple[str, ...]:
    # As root, apt would drop to the user _apt, who may not write to our private folder, and complain about
    # that.
    return ("-o", "APT::Sandbox::User=root") if os.geteuid() == 0 else ()


def _private_lists(folder: Path) -> tuple[str, ...]:
    """Make apt keep its lists and caches in ``folder``; the machine's configuration and keys stay in use."""
    lists, cache = folder / "lists", folder / "cache"
    (lists / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    return ("-o", f"Dir::State::lists={lists}/", "-o", f"Dir::Cache={cache}/", *_as_root())


def _apt_get(folder: Path, options: tuple[str, ...], *words: str) -> None:
    _run(f"apt-get {' '.join(words)}", "apt-get", *OPTIONS, *options, *words, cwd=folder)


def _run(called: str, *command: str, cwd: Path | None = None) -> None:
    """Run a command that an error message calls ``called``."""
    try:
        # The C locale, because the answer is searched for apt's words.
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AptFailed(f"`{called}` did not end within {TIMEOUT:g} s") from None
    except OSError as error:
        raise AptFailed(f"`{called}` cannot be run ({error.strerror})") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.startswith(("E:", "dpkg-deb:"))]
        raise AptFailed(f"`{called}` said: {'; '.join(lines[:3]) or f'nothing (exit code {done.returncode})'}")
