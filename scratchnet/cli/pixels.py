"""An image in the terminal: what the network sees, two pixels to a character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchnet.cli.output import console
from scratchnet.typing import Array
from scratchnet.utils.terminal import can_write

if TYPE_CHECKING:
    from rich.text import Text

HALF = "▀"
RAMP = " .:-=+*#%@"
"""From black to white where there are no shades of grey."""


def print_pixels(pixels: Array) -> None:
    """Print an image (H, W) uint8, H even: in half blocks of two greys each, or in ASCII where that cannot be."""
    out = console()
    shades = out.is_terminal and out.color_system is not None and not out.no_color and can_write(HALF)
    for upper, lower in zip(pixels[::2], pixels[1::2]):
        out.print(half_blocks(upper, lower) if shades else ascii_line(upper, lower), soft_wrap=True, markup=False)


def half_blocks(upper: Array, lower: Array) -> Text:
    """Return two rows of pixels as one line: the upper in the colour of the characters, the lower behind them."""
    from rich.text import Text

    return Text.assemble("  ", *[(HALF, f"rgb({u},{u},{u}) on rgb({v},{v},{v})") for u, v in zip(upper, lower)])


def ascii_line(upper: Array, lower: Array) -> str:
    """Return two rows of pixels as one line of ASCII, brighter ones in fuller characters."""
    means = (upper.astype(int) + lower) // 2
    return "  " + "".join(RAMP[mean * len(RAMP) // 256] for mean in means)
