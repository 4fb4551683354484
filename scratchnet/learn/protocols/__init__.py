"""Protocols: how code is run so that every mistake shows, and written down as a signature (``signatures.py``)."""
