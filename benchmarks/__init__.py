"""Side-by-side timing of scratchnet, Keras, PyTorch and JAX: ``python -m benchmarks``; see ``__main__.py``."""
