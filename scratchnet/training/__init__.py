"""Training: one step (``step.py``), and the loop round it (``loop.py``)."""
