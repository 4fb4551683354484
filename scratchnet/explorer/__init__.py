"""The explorer: one HTML file in which every number of a training step opens into the sum that made it.

- ``page.py``        the file: the data, the script and the style in one, with nothing to fetch
- ``contents.py``    the data: how the network is wired, its weights, the images, the sources of its layers
- ``operations.py``  which layers the page computes by itself, and what it must know of them
- ``reference.py``   the same step by the NumPy definitions in float64, which the page checks itself against

The page computes everything anew in the browser, forward, backward and the optimizer's step. Its program is written in
TypeScript under ``explorer/`` in the repository; what is made of it lies in ``assets/``.
"""

from scratchnet.explorer.contents import Picture
from scratchnet.explorer.page import make_page

__all__ = ["Picture", "make_page"]
