"""One right way for each exercise. There are others."""
