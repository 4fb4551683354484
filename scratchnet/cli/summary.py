"""``scratchnet summary``: the table of a network's layers."""

from __future__ import annotations

from scratchnet.cli.options import Network


def summary(network: Network) -> None:
    """Print the layers of a network and their parameters."""
    from scratchnet.architectures import ARCHITECTURES

    ARCHITECTURES[network]().summary()
