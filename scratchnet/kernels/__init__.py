"""How the hot layers are run: NumPy + Numba, one file a layer, same name as in ``scratchnet/layers``.

The files here import Numba, which takes a while; `import scratchnet` therefore does not import them. The plan of a
model (``scratchnet/graph/plan.py``) does, the first time a model runs on the `numba` backend.
"""
